"""A member's orders as visits, and a product's figure in the eyes of all."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple


class Visit(NamedTuple):
    """All that a member bought in one day: the day's number, then product, units and fen a line."""

    day: int
    lines: Sequence[tuple[str, int, int]]


Days = dict[int, dict[str, tuple[int, int]]]
"""What a member bought, by the day's number: units and fen of each product."""


class Figure(NamedTuple):
    """One product in the eyes of all. Logarithms of shares, of visits unless said otherwise."""

    sold_2w: float
    sold_4w: float
    sold_12w: float
    sold: float
    buyers: float
    """Share of members."""
    loyal: float
    """Share of its buyers who came back for it."""
    again: float
    """Share of the later visits of those who bought it once."""
    again_type: float
    cycle_days: float
    kind: str
    category: str
    brand: str
    price: int


@lru_cache(maxsize=1024)
def day_number(day: str) -> int:
    """Return the number of *day* (``YYYY-MM-DD``), so that days can be subtracted."""
    return date.fromisoformat(day).toordinal()


def visits_of(orders: Iterable[Mapping[str, Any]]) -> list[Visit]:
    """Return one member's *orders* as her visits; orders of one day are one."""
    days, names = Days(), dict[str, str]()
    for order in orders:
        collect(days, order, names)
    return visits_in(days)


def collect(days: Days, order: Mapping[str, Any], names: dict[str, str]) -> None:
    """Add *order* to the *days* of its member; equal ids become one string, the one in *names*."""
    basket = days.setdefault(day_number(order["date"]), {})
    for item in order["items"]:
        product = names.setdefault(item["product_id"], item["product_id"])
        units, paid = basket.get(product, (0, 0))
        basket[product] = units + item["quantity"], paid + item["paid_cents"]


def visits_in(days: Days) -> list[Visit]:
    """Return *days* as visits, oldest first."""
    return [
        Visit(day, [(product, units, paid) for product, (units, paid) in days[day].items()])
        for day in sorted(days)
    ]
