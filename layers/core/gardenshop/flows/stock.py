"""Units held for an order, given back, or sold; each an operation on the SKU's `inventory` document."""

from collections.abc import Mapping
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, update
from gardenshop.cloud.errors import Busy, Internal
from gardenshop.flows.balances import Operation, Outcome, finish, perform
from gardenshop.flows.orders import demand_of, was_held
from gardenshop.rules.solar_terms import term_of_day

INVENTORY = "inventory"
LEDGER = "stock_ledger"


def hold(order: Document) -> list[Operation]:
    """Take the order's units out of what is available; refused where too few are, or once void."""
    return [
        _operation(
            order,
            sku_id,
            "hold",
            {"available": -units, "reserved": units},
            started=order["createdAt"],
            guard={"$nor": [{"recentOps.key": _key(sku_id, "void", order)}]},
        )
        for sku_id, units in demand_of(order["lines"]).items()
    ]


def release(order: Document, *, started: int) -> list[Operation]:
    """Give back the units the order holds.

    Where the order never got as far as waiting for payment some of its holds may have been refused; only
    those whose key is in the SKU's ring are given back, so the ring must then reach back to the order.
    """
    held = was_held(order)
    return [
        _operation(
            order,
            sku_id,
            "release",
            {"available": units, "reserved": -units},
            started=started if held else order["createdAt"],
            guard={} if held else {"$and": [{"recentOps.key": _key(sku_id, "hold", order)}]},
        )
        for sku_id, units in demand_of(order["lines"]).items()
    ]


def void(order: Document, sku_id: str) -> Operation:
    """Keep a hold that has not happened from happening: a copy of the checkout may still be on its way."""
    return Operation(
        key=_key(sku_id, "void", order),
        balance=INVENTORY,
        target=sku_id,
        guard={"$nor": [{"recentOps.key": _key(sku_id, "hold", order)}]},
        change={},
        started=order["createdAt"],
    )


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
    """Give back what *order* holds; return the writes that close the books on it.

    Raises Internal when the stock cannot tell, Busy when a hold happened just now.
    """
    operations = release(order, started=started)
    outcome = perform(db, operations, now)
    _demand(order, outcome.unknown | (outcome.refused if was_held(order) else frozenset()))
    voids = [void(order, each.target) for each in operations if each.key in outcome.refused]
    voided = perform(db, voids, now)
    _demand(order, voided.unknown)
    if voided.refused:
        raise Busy
    return _closing(order, operations, outcome, now)


def commit_held(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Book what *order* holds as sold; return the writes that close the books on it.

    Raises Internal when the stock cannot tell or does not allow it.
    """
    operations = commit(order, started=started)
    outcome = perform(db, operations, now)
    _demand(order, outcome.unknown | outcome.refused)
    return _closing(order, operations, outcome, now)


def _demand(order: Document, wrong: frozenset[str]) -> None:
    if wrong:
        raise Internal(cause=f"stock of {order['_id']}: {sorted(wrong)}")


def _closing(order: Document, operations: list[Operation], outcome: Outcome, now: int) -> list[Command]:
    """End the rows of *operations* and of the holds they end, and say that the lines hold nothing any more.

    A checkout that stopped halfway left the rows of its holds pending; what became of those is known now.
    """
    holds = [
        finish(held, "refused" if each.key in outcome.refused else "final", now)
        for held, each in zip(hold(order), operations, strict=True)
    ]
    empty = {f"lines.{i}.reserved": 0 for i in range(len(order["lines"]))}
    return [*outcome.closing, *holds, update("orders", {"_id": order["_id"]}, {"$set": empty})]


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
