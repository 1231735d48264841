"""What one day of the shop comes to: sales, funnel, points, recommendation; each a fold over records.

A day's tally holds who was there on that day and grows with nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Record = Mapping[str, Any]
Figures = dict[str, Any]

GIVEN = ("meal", "order", "lesson", "harvest", "award", "exchange_in", "opening", "merge")
TAKEN_BACK = ("claw_back", "repay")
SPENT = ("hold", "spend", "release", "plant", "refund_back", "exchange_out")
"""Points held for an order count as spent when they are held, and no more when they come back."""
BOOKS = ("garden", "shop")
NO_VARIANT = "-"


class Span(NamedTuple):
    """From one instant, inclusive, to another, exclusive."""

    since: int
    until: int

    def holds(self, instant: int | None) -> bool:
        """Say whether *instant* is in it."""
        return instant is not None and self.since <= instant < self.until


class Sales:
    """Orders by the day they were paid, refunds by the day the money went back."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self.buyers: set[str] = set()
        self._sums = Counter[str]()

    def paid(self, orders: Iterable[Record]) -> None:
        """Count *orders* that were paid on the day."""
        for order in orders:
            self._sums["gmvFen"] += order["totals"]["paidFen"]
            self._sums["orders"] += 1
            self.buyers.add(order["userId"])

    def refunded(self, orders: Iterable[Record]) -> None:
        """Count those refunds of *orders* that ended on the day with the money gone back."""
        for order in orders:
            for refund in order["refunds"]:
                if refund["state"] == "success" and self._span.holds(refund.get("doneAt")):
                    self._sums["refundFen"] += refund["amountFen"]
                    self._sums["refunds"] += 1

    def figures(self, *, returning: int) -> Figures:
        """Return the day's sales, when *returning* of its buyers had bought before it."""
        sums = {name: self._sums[name] for name in ("orders", "gmvFen", "refunds", "refundFen")}
        orders, gmv = sums["orders"], sums["gmvFen"]
        return {
            **sums,
            "netFen": gmv - sums["refundFen"],
            "buyers": len(self.buyers),
            "newBuyers": len(self.buyers) - returning,
            "averageFen": gmv // orders if orders else 0,
        }


class Funnel:
    """Members by the furthest step they came to; who reached one has passed those before it.

    Events are only kept of members who agreed, so a step that they tell of is a lower bound.
    """

    STEPS = ("viewed", "carted", "ordered", "paid")

    def __init__(self) -> None:
        self._members: dict[str, set[str]] = {step: set() for step in self.STEPS}

    def reached(self, step: str, members: Iterable[str]) -> None:
        """Count *members* at *step*."""
        self._members[step].update(members)

    def figures(self) -> Figures:
        """Return how many came to each step, or beyond it."""
        beyond: set[str] = set()
        found = {}
        for step in reversed(self.STEPS):
            beyond |= self._members[step]
            found[step] = len(beyond)
        return {step: found[step] for step in self.STEPS}


def recommendation(events: Iterable[Record], ordered: Mapping[str, int]) -> Figures:
    """Return what was shown, clicked, put into carts and ordered, by the variant of the list.

    *events* are counts by type and variant; *ordered* are lines of orders by variant.
    """
    found: dict[str, Counter[str]] = {}
    names = {"exposure": "shown", "click": "clicked", "cart": "carted"}
    for event in events:
        variant = event["_id"].get("variant") or NO_VARIANT
        found.setdefault(variant, Counter())[names[event["_id"]["type"]]] += event["count"]
    for variant, lines in ordered.items():
        found.setdefault(variant, Counter())["ordered"] += lines
    steps = ("shown", "clicked", "carted", "ordered")
    return {variant: {step: found[variant][step] for step in steps} for variant in sorted(found)}


def points(sums: Iterable[Record]) -> Figures:
    """Return what was given, spent, taken back and lapsed, by book, from *sums* by book and kind."""
    of_kind = {(each["_id"]["book"], each["_id"]["kind"]): each["delta"] for each in sums}

    def total(book: str, kinds: Iterable[str]) -> int:
        return sum(of_kind.get((book, kind), 0) for kind in kinds)

    return {
        book: {
            "given": total(book, GIVEN),
            "spent": -total(book, SPENT),
            "takenBack": -total(book, TAKEN_BACK),
            "lapsed": -total(book, ("expire",)),
        }
        for book in BOOKS
    }
