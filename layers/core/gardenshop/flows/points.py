"""Points earned and spent: operations on the two books of a member, each with its ledger row."""

from collections.abc import Mapping
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.flows.balances import Operation
from gardenshop.rules.points import lot_expiry
from gardenshop.rules.policy import Policy

LEDGER = "points_ledger"
RING = "points.recentOps"


def earn(
    key: str,
    *,
    user_id: str,
    book: str,
    points: int,
    kind: str,
    ref: Mapping[str, str],
    policy: Policy,
    at: int,
    actor: str = "platform",
    note: str | None = None,
) -> Operation:
    """Add *points*, spendable at once, to the *book* of *user_id*, as one lot."""
    lot = {"left": points, "expiresAt": lot_expiry(at, policy.points)}
    row: dict[str, Any] = {"book": book, "delta": points, "kind": kind, "ref": dict(ref)}
    row |= {"lot": lot, "final": True, "actor": actor}
    if note:
        row["note"] = note
    return _operation(key, user_id, {**row, **_stamp(policy, at)}, at)


def accrue(key: str, *, user_id: str, points: int, order_no: str, policy: Policy, at: int) -> Operation:
    """Add *points* earned by an order to the shop book as pending: they are final when it completes."""
    row = {"book": "shop", "delta": points, "kind": "order", "ref": {"type": "order", "id": order_no}}
    row |= {"final": False, "actor": "platform"}
    return _operation(key, user_id, {**row, **_stamp(policy, at)}, at)


def spend(
    key: str,
    *,
    user_id: str,
    book: str,
    points: int,
    kind: str,
    ref: Mapping[str, str],
    lapsed: int,
    policy: Policy,
    at: int,
    actor: str,
) -> Operation:
    """Take *points* from what *user_id* may spend of *book*; refused when there are fewer.

    The counter still holds the *lapsed* points (`lots.lapsed`), which nobody may spend.

    Which lots they come from is settled afterwards, by `lots.settle`.
    """
    row: dict[str, Any] = {"book": book, "delta": -points, "kind": kind, "ref": dict(ref)}
    row |= {"lotsUsed": [], "final": True, "actor": actor}
    operation = _operation(key, user_id, {**row, **_stamp(policy, at)}, at)
    return operation._replace(guard={f"points.{book}.available": {"$gte": points + lapsed}})


def again(row: Mapping[str, Any]) -> Operation:
    """Rebuild the operation of a pending ledger *row*, so that it can be finished."""
    return _operation(row["_id"], row["userId"], row, row["createdAt"])


def _stamp(policy: Policy, at: int) -> dict[str, Any]:
    return {"rulesVersion": policy.version, "day": day_of(at)}


def _operation(key: str, user_id: str, row: Mapping[str, Any], at: int) -> Operation:
    """Build the change that *row* stands for: its lot is spendable, an earning not final is pending."""
    counter = f"points.{row['book']}.{'available' if row['final'] else 'pending'}"
    return Operation(
        key=key,
        balance="users",
        target=user_id,
        guard={counter: {"$gte": -row["delta"]}} if row["delta"] < 0 else {},
        change={"$inc": {counter: row["delta"]}},
        started=at,
        ledger=LEDGER,
        row={**row, "userId": user_id},
        ring=RING,
    )
