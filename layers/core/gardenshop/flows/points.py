"""Points earned and spent: operations on the two books of a member, each with its ledger row."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gardenshop.cloud.clock import day_of
from gardenshop.flows.balances import Operation
from gardenshop.rules.points import lot_expiry
from gardenshop.rules.policy import Policy

LEDGER = "points_ledger"
RING = "points.recentOps"
_OWED = ":owed"
_OTHER_BOOK = {"garden": "shop", "shop": "garden"}


class Cause(NamedTuple):
    """Why points are taken from a member without her asking, and by which rules they were given."""

    type: str
    id: str
    rules_version: str

    def stamp(self, at: int) -> dict[str, Any]:
        """Return what a ledger row says of it."""
        ref = {"type": self.type, "id": self.id}
        return {"ref": ref, "actor": "platform", "rulesVersion": self.rules_version, "day": day_of(at)}


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
    rules_version: str,
    at: int,
    actor: str,
    reserve: bool = False,
) -> Operation:
    """Take *points* from what *user_id* may spend of *book*; refused when there are fewer, or debts to repay.

    The counter still holds the *lapsed* points (`lots.lapsed`), which nobody may spend. Those taken for an
    order that may still die are in *reserve*.

    Which lots they come from is settled afterwards, by `lots.settle`.
    """
    row: dict[str, Any] = {"book": book, "delta": -points, "kind": kind, "ref": dict(ref)}
    row |= {"lotsUsed": [], "final": True, "actor": actor}
    row |= {"reservedDelta": points} if reserve else {}
    row |= {"rulesVersion": rules_version, "day": day_of(at)}
    operation = _operation(key, user_id, row, at)
    enough = {f"points.{book}.available": {"$gte": points + lapsed}}
    return operation._replace(guard={**enough, f"points.{book}.debt": {"$in": [0, None]}})


def take_back(
    key: str, *, user_id: str, book: str, points: int, cause: Cause, at: int, final: bool = True
) -> Operation:
    """Take *points* that were earned and are not deserved any more; refused when there are fewer.

    Those that were not *final* yet are taken from what is pending.
    """
    row: dict[str, Any] = {"book": book, "delta": -points, "kind": "claw_back", "final": final}
    row |= {"lotsUsed": []} if final else {}
    return _operation(key, user_id, {**row, **cause.stamp(at)}, at)


def owe(key: str, *, user_id: str, book: str, points: int, cause: Cause, at: int) -> Operation:
    """Book *points* as owed instead of taking them back under *key*: never both."""
    row = {"book": book, "delta": 0, "debtDelta": points, "kind": "claw_back", "final": True}
    return _operation(f"{key}{_OWED}", user_id, {**row, **cause.stamp(at)}, at)


def repay(key: str, *, user_id: str, book: str, points: int, cause: Cause, at: int) -> Operation:
    """Repay *points* of a debt from what may be spent."""
    row: dict[str, Any] = {"book": book, "delta": -points, "debtDelta": -points, "kind": "repay"}
    row |= {"lotsUsed": [], "final": True}
    return _operation(key, user_id, {**row, **cause.stamp(at)}, at)


def lapse(lot: Mapping[str, Any], *, at: int) -> Operation:
    """Take what is left of *lot*, the ledger row of an earning whose time is over."""
    left, cause = lot["lot"]["left"], Cause("lot", lot["_id"], lot["rulesVersion"])
    row: dict[str, Any] = {"book": lot["book"], "delta": -left, "kind": "expire", "final": True}
    row |= {"lotsUsed": []}
    return _operation(f"exp:{lot['_id']}:{left}", lot["userId"], {**row, **cause.stamp(at)}, at)


def finalise(order_no: str, *, user_id: str, points: int, at: int) -> Operation:
    """Move the *points* that an order earned from pending to spendable; its rows become final beside it."""
    moved = {"points.shop.pending": -points, "points.shop.available": points}
    return Operation(
        key=f"final:order:{order_no}",
        balance="users",
        target=user_id,
        guard={"points.shop.pending": {"$gte": points}},
        change={"$inc": moved},
        started=at,
        ring=RING,
    )


def again(row: Mapping[str, Any]) -> Operation:
    """Rebuild the operation of a pending ledger *row*, so that it can be finished."""
    return _operation(row["_id"], row["userId"], row, row["createdAt"])


def _stamp(policy: Policy, at: int) -> dict[str, Any]:
    return {"rulesVersion": policy.version, "day": day_of(at)}


def _operation(key: str, user_id: str, row: Mapping[str, Any], at: int) -> Operation:
    """Build the change that *row* stands for: its lot is spendable, an earning not final is pending."""
    book = f"points.{row['book']}"
    changes = {
        f"{book}.{'available' if row['final'] else 'pending'}": row["delta"],
        f"{book}.debt": row.get("debtDelta", 0),
        f"{book}.reserved": row.get("reservedDelta", 0),
    }
    if "twinDelta" in row:
        changes[f"points.{_OTHER_BOOK[row['book']]}.available"] = row["twinDelta"]
    floors: dict[str, Any] = {name: {"$gte": -delta} for name, delta in changes.items() if delta < 0}
    if row["kind"] == "claw_back":
        rival = key.removesuffix(_OWED) if key.endswith(_OWED) else f"{key}{_OWED}"
        floors["$nor"] = [{f"{RING}.key": rival}]
    return Operation(
        key=key,
        balance="users",
        target=user_id,
        guard=floors,
        change={"$inc": {name: delta for name, delta in changes.items() if delta}},
        started=at,
        ledger=LEDGER,
        row={**row, "userId": user_id},
        ring=RING,
        refusal={"dueAt": at},
        mark=key.rpartition(":")[0] if "twinDelta" in row else "",
    )
