"""Entries that operators make in the stock: deliveries, counts, corrections, orders on their way.

An entry is fixed by its ledger row, which says all that it presumes, so whoever finds the row pending can
carry it out. One that the stock does not allow is refused for good: a void in the SKU's ring keeps a copy
that is still on its way from being applied.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, get, update
from gardenshop.cloud.errors import Busy, Outdated
from gardenshop.flows.balances import Operation, finish, perform, record
from gardenshop.flows.stock import INVENTORY, LEDGER
from gardenshop.rules.stock_entries import Plan

REASONS = ("receive", "count", "adjust", "inbound")
"""The reasons of the rows that are operators' entries."""


class Entry(NamedTuple):
    """A *plan* for the SKU that an operator asks for under the token *ref*."""

    sku_id: str
    ref: str
    plan: Plan
    actor: str
    note: str = ""


def key_of(sku_id: str, reason: str, ref: str) -> str:
    """Return the id of an entry's ledger row."""
    return f"{sku_id}:{reason}:{ref}"


def fix(db: Database, entry: Entry, now: int) -> Document:
    """Store the row of *entry* unless its token has one, and return the row that stands. Raises Busy."""
    plan = entry.plan
    row: Document = {
        "skuId": entry.sku_id,
        "reason": plan.reason,
        "ref": entry.ref,
        "deltas": {name: units for name, units in plan.deltas.items() if units},
        "actor": entry.actor,
        "day": day_of(now),
        "createdAt": now,
    }
    extra = {"note": entry.note, "terms": dict(plan.terms)}
    row |= {name: value for name, value in extra.items() if value}
    key = key_of(entry.sku_id, plan.reason, entry.ref)
    db.write(record(_operation({**row, "_id": key}), now))
    stored = db.one(get(LEDGER, key))
    if stored is None:
        raise Busy
    return stored


def settle(db: Database, row: Document, now: int) -> bool:
    """Carry out the entry of *row*, or find that it was; False when it is refused.

    Raises Busy when the SKU's ring can no longer tell.
    """
    if row["state"] != "pending":
        return bool(row["state"] == "final")
    operation = _operation(row)
    outcome = perform(db, [operation], now)
    applied = operation.key in outcome.applied
    if operation.key in outcome.refused:
        voided = perform(db, [_void(operation)], now)
        applied = bool(voided.refused)
        outcome = outcome._replace(unknown=voided.unknown)
    if outcome.unknown:
        raise Busy
    tidied = _tidied(row) if applied else []
    db.write(*tidied, finish(operation, "final" if applied else "refused", now))
    return applied


def end(db: Database, rows: Sequence[Document], now: int) -> int:
    """Carry out the entries of *rows* and return how many ended; those in doubt are left."""
    ended = 0
    for row in rows:
        try:
            settle(db, row, now)
        except Busy:
            continue
        ended += 1
    return ended


def is_aside(stock: Document, key: str) -> bool:
    """Say whether the operation *key* has taken a suggestion away."""
    return any(each["key"] == key for each in stock.get("recentOps") or ())


def put_aside(db: Database, stock: Document, key: str, *, started: int, until: int | None, now: int) -> None:
    """Take the open suggestion of *stock* away; with *until* none is made before.

    Raises Outdated when there is another suggestion by now.
    """
    change: dict[str, Document] = {"$unset": {"suggestion": ""}}
    if until is not None:
        change["$set"] = {"reorder.snoozeUntil": until}
    guard = {"suggestion.at": (stock.get("suggestion") or {}).get("at")}
    operation = Operation(
        key=key, balance=INVENTORY, target=stock["_id"], guard=guard, change=change, started=started
    )
    outcome = perform(db, [operation], now)
    if outcome.unknown:
        raise Busy
    if outcome.refused:
        raise Outdated("补货建议已变化，请刷新后重试")


def _operation(row: Document) -> Operation:
    """Return the operation of *row*, guarded so that no counter falls below 0 and its terms hold."""
    deltas, terms = row["deltas"], row.get("terms") or {}
    units = f"deliveries.{terms['orderNo']}.units" if deltas.get("inbound") else ""
    counters = {**deltas, **({units: deltas["inbound"]} if units else {})}
    guard: Document = {name: {"$gte": -delta} for name, delta in counters.items() if delta < 0}
    guard["$nor"] = [{"recentOps.key": f"{row['_id']}:void"}]
    change: dict[str, Document] = {"$inc": counters} if counters else {}
    if "seen" in terms:
        guard["onHand"] = terms["seen"]
    if "suggestionAt" in terms:
        guard["suggestion.at"] = terms["suggestionAt"]
        change["$unset"] = {"suggestion": ""}
        change["$set"] = {f"deliveries.{terms['orderNo']}.expectedOn": terms["expectedOn"]}
    return Operation(
        key=row["_id"],
        balance=INVENTORY,
        target=row["skuId"],
        guard=guard,
        change=change,
        started=row["createdAt"],
        ledger=LEDGER,
        row={name: value for name, value in row.items() if name not in {"_id", "state"}},
    )


def _void(operation: Operation) -> Operation:
    """Keep *operation*, if it has not happened, from happening."""
    return Operation(
        key=f"{operation.key}:void",
        balance=INVENTORY,
        target=operation.target,
        guard={"$nor": [{"recentOps.key": operation.key}]},
        change={},
        started=operation.started,
    )


def _tidied(row: Document) -> list[Command]:
    """Return the write that forgets a delivery of which nothing is awaited any more."""
    if row["deltas"].get("inbound", 0) >= 0:
        return []
    place = f"deliveries.{row['terms']['orderNo']}"
    return [update(INVENTORY, {"_id": row["skuId"], f"{place}.units": 0}, {"$unset": {place: ""}})]
