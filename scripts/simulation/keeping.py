"""The warehouse in a play: what arrives, and what is counted while the shop sells."""

from collections.abc import Iterator
from typing import Any

from simulation import stage
from simulation.acting import Play
from simulation.evidence import Evidence
from simulation.world import Script


def keep_stock(play: Play) -> Script:
    """Take some units in, or count a shelf, sometimes twice at once."""
    sku_id, token = play.dice.choice(list(stage.STOCK)), f"token-{play.name}"
    event: dict[str, Any] = {"clientToken": token, "skuId": sku_id}
    if play.happens(0.5):
        units = play.dice.randint(1, 3)
        event |= {"action": "receive", "supplierOrderNo": play.name, "quantity": units}
        found = units
    else:
        (stock,) = play.world.read("inventory", {"_id": sku_id})
        found = play.dice.choice((-1, 0, 1))
        seen = stock["onHand"]
        event |= {"action": "count", "seen": seen, "counted": max(0, seen + found)}
        found = event["counted"] - seen
    reply = yield from play.ask("admin_stock_adjust", event, "")
    if reply is not None and reply["code"] in {0, _MOVED}:
        key = f"{sku_id}:{event['action']}:{token}"
        play.told("kept", entry=key, units=0 if reply["code"] else found)


_MOVED = 40_942


def entries_are_as_told(seen: Evidence) -> Iterator[str]:
    """What the warehouse was told is on hand came to be, once; what it was told is refused never did."""
    moved = {
        row["_id"]: row["deltas"].get("onHand", 0)
        for row in seen.read("stock_ledger")
        if row["state"] == "final"
    }
    for kind, _, facts in seen.told:
        if kind == "kept" and moved.get(facts["entry"], 0) != facts["units"]:
            yield f"told {facts['units']} of {facts['entry']}, {moved.get(facts['entry'], 0)} moved"


def entries_leave_a_trail(seen: Evidence) -> Iterator[str]:
    """Every entry of the warehouse is in the trail of operators."""
    trail = {row["_id"] for row in seen.read("audit_logs")}
    for row in seen.read("stock_ledger"):
        if row["reason"] in {"receive", "count"} and f"stock:{row['ref']}" not in trail:
            yield f"entry {row['_id']} left no trail"


def what_is_awaited_adds_up(seen: Evidence) -> Iterator[str]:
    """What is inbound is the sum of its ledger, and what suppliers owe is part of it."""
    for stock in seen.read("inventory"):
        rows = (row for row in seen.read("stock_ledger") if row["skuId"] == stock["_id"])
        due = sum(row["deltas"].get("inbound", 0) for row in rows if row["state"] == "final")
        owed = sum(each["units"] for each in (stock.get("deliveries") or {}).values())
        if stock.get("inbound", 0) != due or owed > due:
            yield f"stock {stock['_id']}: {stock.get('inbound', 0)} inbound, {due} in its ledger, {owed} owed"


KEEPING_LAWS = (entries_are_as_told, entries_leave_a_trail, what_is_awaited_adds_up)
