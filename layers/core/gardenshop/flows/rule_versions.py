"""Rules as operators publish them: versions that are drafted, checked, and take each other's place.

The body of a version never changes. It goes live in one write, which gives it the `liveKey` of the version it
takes the place of; that is unique, so of two that would follow one version one does. From then on it counts,
being the newer, and what is left, to mark the former version old, may be done by anybody at any time.
A version keeps its `liveKey` when it is old: nothing else can ever follow what it followed.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Command, Document, find, get, insert, update
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import Busy, RuleReplaced, RuleUnchecked, TokenUsed
from gardenshop.flows.audit import audit
from gardenshop.flows.orders import first_no
from gardenshop.flows.purchases import BOUGHT
from gardenshop.rules.live_rules import newest
from gardenshop.rules.rulebook import category_of, differences

RULES = "business_rules"
NOTHING = 0
"""The version that is live where none is."""

_TRIES = 5
_ORDER_FIELDS = (
    "totals",
    "address.province",
    "garden.savedG",
    "lines.lineId",
    "lines.quantity",
    "lines.gift",
    "lines.snapshot",
    "lines.paidFen",
    "lines.practitionerId",
    "lines.via",
    "lines.commissionBp",
)


class Wish(NamedTuple):
    """A version to be drafted, once a token. `checked_against` is set where its body was live before."""

    rule_id: str
    body: Mapping[str, Any]
    title: str
    token: str
    action: str = "draft"
    checked_against: int | None = None

    @property
    def digest(self) -> str:
        """Stands for all that is wished for, but not for what it is checked against."""
        text = repr((self.rule_id, self.action, sorted(map(repr, self.body.items())), self.title))
        return hashlib.sha256(text.encode()).hexdigest()


def all_live() -> Command:
    """Return the read of every live version of every rule."""
    return find(RULES, {"state": "live"})


def version_id(rule_id: str, version: int) -> str:
    """Return the id of a version."""
    return f"{rule_id}:{version}"


def live_version(live: Sequence[Document], rule_id: str) -> int:
    """Return the version of *rule_id* that counts among the *live* documents, or `NOTHING`."""
    found = newest(live).get(rule_id)
    return int(found["version"]) if found else NOTHING


def yesterdays_orders(now: int) -> Command:
    """Return the read of what was bought the day before *now*: a thousand orders at most, newest first.

    Their numbers begin with their day.
    """
    where = {"_id": {"$gte": first_no(now - DAY), "$lt": first_no(now)}, "status": {"$in": list(BOUGHT)}}
    return find("orders", where, fields=_ORDER_FIELDS, sort={"createdAt": -1})


def draft(ctx: Context, wish: Wish) -> tuple[Document, bool]:
    """Store what is wished for as the next version; return it, and whether the token had done so before.

    A token is of one version, by a unique index: a copy of the call may store it between two of the reads.
    Raises TokenUsed when the token stands for another wish, or Busy when many draft at once.
    """
    key = f"rule:{wish.action}:{wish.token}"
    named = {"ruleId": wish.rule_id}
    for _ in range(_TRIES):
        trails, mine, latest = ctx.db.read(
            get("audit_logs", key),
            find(RULES, {**named, "clientToken": wish.token}, limit=1),
            find(RULES, named, fields=("version",), sort={"version": -1}, limit=1),
        )
        if trails and trails[0]["diff"]["asked"] != wish.digest:
            raise TokenUsed
        if mine:
            return mine[0], True
        document = _document(wish, latest[0]["version"] + 1 if latest else 1, ctx)
        diff = {"asked": wish.digest, "body": dict(wish.body), "title": wish.title}
        _leave_trail(ctx, key, wish.action, wish.rule_id, diff)
        (written,) = ctx.db.write(insert(RULES, document))
        if written.happened:
            return document, False
    raise Busy


def _document(wish: Wish, version: int, ctx: Context) -> Document:
    checked = {} if wish.checked_against is None else {"checkedAgainst": wish.checked_against}
    return {
        "_id": version_id(wish.rule_id, version),
        "ruleId": wish.rule_id,
        "version": version,
        "category": category_of(wish.rule_id),
        "title": wish.title,
        "body": dict(wish.body),
        "state": "draft",
        "author": ctx.actor,
        "clientToken": wish.token,
        **checked,
        "schemaVersion": 1,
        "createdAt": ctx.now,
        "updatedAt": ctx.now,
    }


def check(ctx: Context, version: Document, against: int) -> None:
    """Note that the draft *version* was found sound beside the live version *against*."""
    key = f"rule:validate:{version['_id']}:{against}"
    change = {"$set": {"checkedAgainst": against, "updatedAt": ctx.now}}
    _leave_trail(ctx, key, "validate", version["_id"], {"against": against})
    ctx.db.write(update(RULES, {"_id": version["_id"], "state": "draft"}, change))


def publish(ctx: Context, version: Document, live: Sequence[Document], seen: int) -> bool:
    """Let *version* take the place of the version that was *seen* to be live; say whether it had done so.

    Raises RuleReplaced when another one is live by now, RuleUnchecked when it was not checked against it.
    """
    key = _live_key(version["ruleId"], seen)
    repeated = version.get("liveKey") == key
    if not repeated:
        _demand_publishable(version, live_version(live, version["ruleId"]), seen)
        _switch(ctx, version, key, live)
    _retire(ctx, version)
    return repeated


def _live_key(rule_id: str, follows: int) -> str:
    return version_id(rule_id, follows) if follows else rule_id


def _demand_publishable(version: Document, live: int, seen: int) -> None:
    if version["state"] != "draft" or live != seen:
        raise RuleReplaced(liveVersion=live)
    if version["version"] < live:
        raise RuleReplaced("草稿早于当前生效的版本，请重新起草", liveVersion=live)
    if version.get("checkedAgainst") != live:
        raise RuleUnchecked


def _switch(ctx: Context, version: Document, key: str, live: Sequence[Document]) -> None:
    """Make *version* live in one write, unless another one has followed the same version."""
    before = newest(live).get(version["ruleId"], {})
    changes = [each._asdict() for each in differences(before.get("body", {}), version["body"])]
    trail = f"rule:publish:{version['_id']}:{key}"
    _leave_trail(ctx, trail, "publish", version["_id"], {"changes": changes})
    went = {"state": "live", "liveKey": key, "from": ctx.now, "updatedAt": ctx.now}
    (switched,) = ctx.db.write(update(RULES, {"_id": version["_id"], "state": "draft"}, {"$set": went}))
    if switched.happened:
        return
    now = ctx.db.one(get(RULES, version["_id"], fields=("liveKey",))) or {}
    if now.get("liveKey") != key:
        raise RuleReplaced


def _retire(ctx: Context, version: Document) -> None:
    """Mark what is live and older than *version*, which was or is live, as old."""
    older = {"ruleId": version["ruleId"], "state": "live", "version": {"$lt": version["version"]}}
    went = {"$set": {"state": "old", "to": ctx.now, "updatedAt": ctx.now}}
    ctx.db.write(update(RULES, older, went, multi=True))


def _leave_trail(ctx: Context, key: str, action: str, target: str, diff: Mapping[str, Any]) -> None:
    audit(
        ctx,
        key=key,
        role=ctx.role,
        function="admin_rules_publish",
        action=action,
        target=target,
        diff=diff,
    )
