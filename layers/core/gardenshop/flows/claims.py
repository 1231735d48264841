"""Issuing coupons: one copy for one source, never more than the template has, nor than a member may have.

A copy is the ledger row of its own issuing. It is stored ``pending`` under the member's lowest free number,
with terms and period frozen; the template counts it, in one guarded update that also pushes the copy's key
into its ring; then the copy is ``available``. When the template refuses, it is told that the copy is void
before the copy says so: its ring takes one of the two keys, whichever comes first, and a command that
arrives late changes nothing. Whoever dies in between leaves a pending copy, which the same call or
`outbox_pump` ends.

A template that was claimed so often within the last seconds that its ring hardly reaches back answers Busy
before anything is written: its pace is some 25 claims a second. A copy that a rush overtakes between its
writing and its counting stays pending, under its member's number: whether it was counted can no longer be
told from the template, and the nightly reconcile has the word.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gardenshop.cloud import log
from gardenshop.cloud.database import PAGE, Command, Database, Document, find, get, put, update
from gardenshop.cloud.errors import Busy
from gardenshop.flows.balances import CLOCK_SKEW_MS, Operation, perform
from gardenshop.flows.coupons import COUPONS
from gardenshop.models.base import RING_SIZE, dump
from gardenshop.models.promotion import Coupon, UserCoupon
from gardenshop.rules.coupons import free_slot, period
from gardenshop.rules.promotions import RUNNING

TEMPLATES = "coupons"
MOST_AT_ONCE = 50
_TRIES = 5
_FIELDS = ("couponId", "userId", "source", "state", "createdAt", "from", "until", "terms")


class Issued(NamedTuple):
    """The copies by member; those *limited* have had all they may have; for others nothing was left."""

    copies: Mapping[str, Document]
    limited: frozenset[str] = frozenset()


def issue(db: Database, template: Coupon, user_ids: Sequence[str], *, source: str, now: int) -> Issued:
    """Give each of *user_ids* the one copy of *template* that *source* stands for.

    A member whose copy of that source is void gets none. Raises Busy when it must be tried again.
    """
    step = max(1, min(MOST_AT_ONCE, PAGE // (2 * template.per_user)))
    copies: dict[str, Document] = {}
    limited: frozenset[str] = frozenset()
    for place in range(0, len(user_ids), step):
        found = _issue(db, template, user_ids[place : place + step], source, now)
        copies |= found.copies
        limited |= found.limited
    return Issued(copies, limited)


def _issue(db: Database, template: Coupon, user_ids: Sequence[str], source: str, now: int) -> Issued:
    """Write what is missing, end what is pending, and look again until nothing is."""
    for _ in range(_TRIES):
        (found,) = db.read(copies_of(template.id, user_ids))
        mine = {copy["userId"]: copy for copy in found if copy["source"] == source}
        missing = [user_id for user_id in user_ids if user_id not in mine]
        slots = {user_id: _slot(template, user_id, found) for user_id in missing}
        limited = frozenset(user_id for user_id, slot in slots.items() if slot is None)
        drafts = _drafts(template, slots, source, now)
        pending = [copy for copy in mine.values() if copy["state"] == "pending"]
        if not drafts and not pending:
            given = {user_id: copy for user_id, copy in mine.items() if copy["state"] != "void"}
            return Issued(given, limited)
        settle(db, template, [*drafts, *pending], now, before=[put(COUPONS, draft) for draft in drafts])
    raise Busy


def copies_of(coupon_id: str, user_ids: Sequence[str]) -> Command:
    """Return the read of all the copies of *coupon_id* that *user_ids* have had."""
    where = {"userId": {"$in": list(user_ids)}, "couponId": coupon_id}
    return find(COUPONS, where, fields=_FIELDS)


def states_by_number(copies: Sequence[Document]) -> dict[int, str]:
    """Return the states of one member's *copies* of one template, by number."""
    return {int(copy["_id"].rpartition(":")[2]): copy["state"] for copy in copies}


def _slot(template: Coupon, user_id: str, found: Sequence[Document]) -> int | None:
    return free_slot(template, states_by_number([copy for copy in found if copy["userId"] == user_id]))


def _drafts(template: Coupon, slots: Mapping[str, int | None], source: str, now: int) -> list[Document]:
    """Return the copies to write: none when the template has none left, as far as was read.

    Raises Busy when the template's ring hardly reaches back any more.
    """
    wanted = {user_id: slot for user_id, slot in slots.items() if slot is not None}
    if not wanted or template.issued >= template.total:
        return []
    ring = template.recent_ops
    if len(ring) >= RING_SIZE and ring[0].at > now - 2 * CLOCK_SKEW_MS:
        raise Busy
    since, until = period(template.validity, claimed_at=now, end_at=template.end_at)
    return [
        dump(
            UserCoupon(
                id=f"{template.id}:{user_id}:{slot}",
                created_at=now,
                updated_at=now,
                coupon_id=template.id,
                user_id=user_id,
                state="pending",
                since=since,
                until=until,
                source=source,
                terms=template.terms,
            )
        )
        for user_id, slot in wanted.items()
    ]


def settle(
    db: Database, template: Coupon, copies: Sequence[Document], now: int, *, before: Sequence[Command] = ()
) -> None:
    """End pending *copies* of *template*, after the writes *before*: counted, or void.

    A copy of which the template said neither stays pending. Raises Busy when it cannot tell any more.
    """
    counted = perform(db, [_count(template, copy) for copy in copies], now, before=before)
    refused = [copy for copy in copies if _key("claim", copy) in counted.refused]
    voided = perform(db, [_void(copy) for copy in refused], now)
    ends = {_key("claim", copy): _end(copy, "available", now) for copy in copies}
    ends |= {_key("void", copy): _end(copy, "void", now) for copy in refused}
    db.write(*(end for key, end in ends.items() if key in counted.applied | voided.applied))
    if counted.unknown or voided.unknown:
        raise Busy


def finish(db: Database, copies: Sequence[Document], now: int) -> int:
    """End the pending *copies* that somebody left; return of how many their templates could tell."""
    ended = 0
    for coupon_id in sorted({copy["couponId"] for copy in copies}):
        template = db.one(get(TEMPLATES, coupon_id))
        mine = [copy for copy in copies if copy["couponId"] == coupon_id]
        try:
            if template is not None:
                settle(db, Coupon.model_validate(template), mine, now)
                ended += len(mine)
        except Busy as error:
            log.emit("coupon", couponId=coupon_id, error=error.error)
    return ended


def _count(template: Coupon, copy: Document) -> Operation:
    """Count *copy*, if one was left when it was claimed; refused once it is void."""
    on = {"state": {"$in": list(RUNNING)}, "startAt": {"$lte": copy["createdAt"]}}
    left = {"total": {"$gte": template.total}, "issued": {"$lt": template.total}}
    not_void = {"$nor": [{"recentOps.key": _key("void", copy)}]}
    guard = {**on, "endAt": {"$gt": copy["createdAt"]}, **left, **not_void}
    return _operation("claim", copy, guard)._replace(change={"$inc": {"issued": 1}})


def _void(copy: Document) -> Operation:
    """Keep *copy* from being counted; refused once it is."""
    return _operation("void", copy, {"$nor": [{"recentOps.key": _key("claim", copy)}]})


def _operation(reason: str, copy: Document, guard: Mapping[str, object]) -> Operation:
    return Operation(
        key=_key(reason, copy),
        balance=TEMPLATES,
        target=copy["couponId"],
        guard=guard,
        change={},
        started=copy["createdAt"],
    )


def _end(copy: Document, state: str, now: int) -> Command:
    where = {"_id": copy["_id"], "state": "pending"}
    return update(COUPONS, where, {"$set": {"state": state, "updatedAt": now}})


def _key(reason: str, copy: Document) -> str:
    return f"{reason}:{copy['_id']}"
