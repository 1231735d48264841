"""Points that an order is paid with: held while it waits, spent once it is paid, or given back to their lots.

Whoever takes points moves the counter first and the lots after it; whoever gives back does it the other way
round. So the lots never hold less than the counter lets others spend. What goes back to which lot is planned
in the ledger row before anything is done. A lot that has lapsed by then takes nothing back: the row becomes
a lot of its own, which gives its owner time to use it.
"""

from typing import NamedTuple

from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import Command, Database, Document, find, get, update
from gardenshop.cloud.errors import AppError, Internal
from gardenshop.flows import lots
from gardenshop.flows.balances import Operation, demand, finish, perform, record
from gardenshop.flows.orders import was_held
from gardenshop.flows.points import LEDGER, RING, again, spend
from gardenshop.rules.points import given_back

GRACE = 30 * DAY
"""How long points can be spent whose lot lapsed while an order kept them."""


class Return(NamedTuple):
    """Points of an order that go back, after *done* others did; while *reserved* they were not spent yet."""

    key: str
    kind: str
    ref: Document
    points: int
    done: int = 0
    reserved: bool = False


def points_of(order: Document) -> int:
    """Return how many points *order* is paid with."""
    return int(order["totals"].get("pointsUsed", 0))


def hold(order: Document) -> list[Operation]:
    """Take the order's points off what may be spent; refused when there are fewer, or once void.

    Lots that were alive when the order was priced are alive for it.
    """
    points = points_of(order)
    if not points:
        return []
    operation = spend(
        _hold_key(order),
        user_id=order["userId"],
        book="shop",
        points=points,
        kind="hold",
        ref={"type": "order", "id": order["_id"]},
        lapsed=order["pointsLapsed"],
        rules_version=order["rulesVersion"],
        at=order["createdAt"],
        actor=order["userId"],
        reserve=True,
    )
    not_void = {"$nor": [{f"{RING}.key": _void_key(order)}]}
    row = {**operation.row, "createdAt": order["createdAt"]}
    return [operation._replace(guard={**operation.guard, **not_void}, row=row)]


def settle(db: Database, order: Document, now: int) -> None:
    """Take the points that *order* holds out of their lots. Raises Busy when they keep changing."""
    if points_of(order):
        lots.settle(db, _hold_key(order), now)


def commit(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Book the points that the paid *order* holds as spent; return the writes that end it."""
    points = points_of(order)
    operation = Operation(
        key=f"commit:{order['_id']}",
        balance="users",
        target=order["userId"],
        guard={"points.shop.reserved": {"$gte": points}},
        change={"$inc": {"points.shop.reserved": -points}},
        started=started,
        ring=RING,
    )
    demand(perform(db, [operation], now), f"points of {order['_id']}")
    spent = {"kind": "spend", "reservedDelta": 0, "updatedAt": now}
    return [update(LEDGER, {"_id": _hold_key(order), "kind": "hold"}, {"$set": spent})]


def release(db: Database, order: Document, *, now: int) -> list[Command]:
    """Give back the points that *order* holds, and keep a copy of its checkout from holding them now.

    Return the writes that end it. Raises Internal when the counter can no longer tell.
    """
    if not points_of(order):
        return []
    (held,) = hold(order)
    if not was_held(order) and _void(db, order, now):
        return [finish(held, "refused", now)]
    settle(db, order, now)
    back = Return(
        key=f"release:{order['_id']}",
        kind="release",
        ref={"type": "order", "id": order["_id"]},
        points=points_of(order),
        reserved=True,
    )
    return [finish(held, "final", now), *return_points(db, order, back, now)]


def return_points(db: Database, order: Document, back: Return, now: int) -> list[Command]:
    """Give points of *order* back to the lots they came from; return the writes that end it."""
    return _carry_out(db, _planned(db, order, back, now), now)


def _carry_out(db: Database, row: Document, now: int) -> list[Command]:
    lots.give_back(db, row, now)
    outcome = perform(db, [again(row)], now)
    demand(outcome, f"points of {row['userId']}: {row['_id']}")
    return list(outcome.closing)


def finish_hold(db: Database, row: Document, now: int) -> bool:
    """End the pending *row* of a hold as its order says; False when it must be tried again later."""
    try:
        order = db.one(get("orders", row["ref"]["id"]))
        outcome = perform(db, hold(order) if order else [], now)
        if order and outcome.applied:
            settle(db, order, now)
        db.write(*outcome.closing)
    except AppError:
        return False
    return bool(outcome.closing)


def finish_return(db: Database, row: Document, now: int) -> bool:
    """Give back what the pending *row* says; False when it must be tried again later."""
    try:
        db.write(*_carry_out(db, row, now))
    except AppError:
        return False
    return True


def _planned(db: Database, order: Document, back: Return, now: int) -> Document:
    """Return the row that says which lots get what: the plan of whoever came first."""
    planned, held = db.read(get(LEDGER, back.key), get(LEDGER, _hold_key(order)))
    if planned:
        return planned[0]
    if not held:
        raise Internal(cause=f"no points held by {order['_id']}")
    taken = {use["lotId"]: use["points"] for use in held[0]["lotsUsed"]}
    by_expiry = {"lot.expiresAt": 1, "_id": 1}
    (found,) = db.read(find(LEDGER, {"_id": {"$in": list(taken)}}, fields=("lot",), sort=by_expiry))
    parts = given_back([(lot["_id"], taken[lot["_id"]]) for lot in found], done=back.done, points=back.points)
    alive = {lot["_id"] for lot in found if lot["lot"]["expiresAt"] > now}
    db.write(record(again(_row(order, back, parts, alive, now)), now))
    row = db.one(get(LEDGER, back.key))
    if row is None:
        raise Internal(cause=back.key)
    return row


def _row(order: Document, back: Return, parts: dict[str, int], alive: set[str], now: int) -> Document:
    uses = [{"lotId": lot_id, "points": part} for lot_id, part in parts.items() if lot_id in alive]
    late = sum(part for lot_id, part in parts.items() if lot_id not in alive)
    return {
        "_id": back.key,
        "userId": order["userId"],
        "book": "shop",
        "delta": back.points,
        **({"reservedDelta": -back.points} if back.reserved else {}),
        "kind": back.kind,
        "ref": back.ref,
        **({"lot": {"left": late, "expiresAt": now + GRACE}} if late else {}),
        "lotsUsed": uses,
        "final": True,
        "actor": "platform",
        "rulesVersion": order["rulesVersion"],
        "day": day_of(now),
        "createdAt": now,
    }


def _void(db: Database, order: Document, now: int) -> bool:
    """Keep a hold that has not happened from happening; False when it has. Raises Internal when unknown."""
    operation = Operation(
        key=_void_key(order),
        balance="users",
        target=order["userId"],
        guard={"$nor": [{f"{RING}.key": _hold_key(order)}]},
        change={},
        started=order["createdAt"],
        ring=RING,
    )
    outcome = perform(db, [operation], now)
    if outcome.unknown:
        raise Internal(cause=f"points of {order['_id']}")
    return bool(outcome.applied)


def _hold_key(order: Document) -> str:
    return f"hold:{order['_id']}"


def _void_key(order: Document) -> str:
    return f"void:{order['_id']}"
