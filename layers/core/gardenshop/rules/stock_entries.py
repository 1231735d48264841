"""What an operator's entry does to the counters of a SKU, as they were read."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gardenshop.models.inventory import MOST_DELIVERIES

COUNTERS = ("onHand", "available", "reserved", "damaged", "inbound")

Stock = Mapping[str, Any]
_ORDER_NO = 40


class Plan(NamedTuple):
    """An entry of one *reason*: how it moves the counters, and its `StockTerms`."""

    reason: str
    deltas: Mapping[str, int]
    terms: Mapping[str, Any] = {}


def receipt(stock: Stock, *, units: int, bad: int, order_no: str) -> Plan:
    """Take *units* in, *bad* of them damaged; what was awaited of the order is awaited no more.

    More than was awaited, or what nobody awaited, is taken in all the same.
    """
    awaited = (stock.get("deliveries") or {}).get(order_no, {}).get("units", 0)
    arrived = min(units, awaited)
    deltas = {"onHand": units, "available": units - bad, "damaged": bad, "inbound": -arrived}
    return Plan("receive", deltas, {"orderNo": order_no})


def count(*, seen: int, counted: int) -> Plan:
    """Correct what is on hand from what was *seen* to what was *counted*; damaged units count as before."""
    found = counted - seen
    return Plan("count", {"onHand": found, "available": found}, {"seen": seen})


def correction(*, good: int, bad: int) -> Plan:
    """Change the *good* and the *bad* units: opposite changes are the same goods in another condition."""
    return Plan("adjust", {"onHand": good + bad, "available": good, "damaged": bad})


def order(stock: Stock, *, units: int, order_no: str, expected_on: str) -> Plan:
    """Await *units* of the open suggestion on a day, under the number of the order."""
    terms = {"orderNo": order_no, "expectedOn": expected_on, "suggestionAt": stock["suggestion"]["at"]}
    return Plan("inbound", {"inbound": units}, terms)


def order_no_of(day: str, stock: Stock) -> str:
    """Return the shop's number of what is ordered on *day* from the supplier of *stock*."""
    supplier = (stock.get("supplier") or {}).get("supplierId", "")
    said = f"PO{day.replace('-', '')}-{supplier}".rstrip("-")
    return re.sub(r"[^A-Za-z0-9_\-]", "-", said)[:_ORDER_NO]


def counters_of(stock: Stock) -> dict[str, int]:
    """Return the counters of *stock*, those not stored as 0."""
    return {name: stock.get(name) or 0 for name in COUNTERS}


def fits(stock: Stock, plan: Plan) -> bool:
    """Say whether *stock* allows *plan*: no counter falls below 0, what was seen is so, few are awaited."""
    counters = counters_of(stock)
    if any(counters[name] + units < 0 for name, units in plan.deltas.items()):
        return False
    if plan.reason == "inbound":
        return len({*(stock.get("deliveries") or ()), plan.terms["orderNo"]}) <= MOST_DELIVERIES
    return bool(plan.terms.get("seen", counters["onHand"]) == counters["onHand"])
