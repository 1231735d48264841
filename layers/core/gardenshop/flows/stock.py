"""Units held for an order, given back, or sold; each an operation on the SKU's `inventory` document."""

from collections.abc import Mapping
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, update
from gardenshop.cloud.errors import Internal
from gardenshop.flows.balances import Operation, perform
from gardenshop.flows.orders import demand_of
from gardenshop.rules.solar_terms import term_of_day

INVENTORY = "inventory"
LEDGER = "stock_ledger"


def hold(order: Document) -> list[Operation]:
    """Take the order's units out of what is available; refused for a SKU that has too few."""
    return [
        _operation(
            order, sku_id, "hold", {"available": -units, "reserved": units}, started=order["createdAt"]
        )
        for sku_id, units in demand_of(order["lines"]).items()
    ]


def release(order: Document, *, started: int) -> list[Operation]:
    """Give back the units the order holds.

    Where the order never got as far as waiting for payment some of its holds may have been refused; only
    those whose key is in the SKU's ring are given back.
    """
    held = any(step["to"] == "pending_payment" for step in order["history"])
    return [
        _operation(
            order,
            sku_id,
            "release",
            {"available": units, "reserved": -units},
            started=started,
            guard={} if held else {"$and": [{"recentOps.key": _key(sku_id, "hold", order)}]},
        )
        for sku_id, units in demand_of(order["lines"]).items()
    ]


def commit(order: Document, *, started: int) -> list[Operation]:
    """Book the order's held units as sold on the day it was paid."""
    day = day_of(order["paidAt"])
    term = f"{day[:4]}-{term_of_day(day).key}"
    return [
        _operation(
            order,
            sku_id,
            "commit",
            {"onHand": -units, "reserved": -units},
            started=started,
            sold={f"dailySales.{day}": units, f"termSales.{term}": units},
        )
        for sku_id, units in demand_of(order["lines"]).items()
    ]


def release_held(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Give back what *order* holds; return the writes that close the books on it."""
    return _settle(db, order, release(order, started=started), now, needed=False)


def commit_held(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Book what *order* holds as sold; return the writes that close the books on it."""
    return _settle(db, order, commit(order, started=started), now, needed=True)


def _settle(
    db: Database, order: Document, operations: list[Operation], now: int, *, needed: bool
) -> list[Command]:
    """Perform *operations* and say that the order's lines hold nothing any more.

    Raises Internal when the stock cannot tell, or, where every operation is *needed*, does not allow it.
    """
    outcome = perform(db, operations, now)
    if outcome.unknown or (needed and outcome.refused):
        raise Internal(cause=f"stock of {order['_id']}: {sorted(outcome.unknown | outcome.refused)}")
    empty = {f"lines.{i}.reserved": 0 for i in range(len(order["lines"]))}
    return [*outcome.closing, update("orders", {"_id": order["_id"]}, {"$set": empty})]


def _key(sku_id: str, reason: str, order: Document) -> str:
    return f"{sku_id}:{reason}:{order['_id']}"


def _operation(
    order: Document,
    sku_id: str,
    reason: str,
    deltas: Mapping[str, int],
    *,
    started: int,
    guard: Mapping[str, Any] | None = None,
    sold: Mapping[str, int] | None = None,
) -> Operation:
    """Build a change of *deltas*, guarded so that no counter falls below 0."""
    floors = {name: {"$gte": -delta} for name, delta in deltas.items() if delta < 0}
    return Operation(
        key=_key(sku_id, reason, order),
        balance=INVENTORY,
        target=sku_id,
        guard={**floors, **(guard or {})},
        change={"$inc": {**deltas, **(sold or {})}},
        started=started,
        ledger=LEDGER,
        row={
            "skuId": sku_id,
            "reason": reason,
            "ref": order["_id"],
            "deltas": dict(deltas),
            "actor": order["userId"],
            "day": day_of(started),
        },
    )
