"""What the shelf will hold in the days ahead, with an order and without it: a series that a chart draws.

Nine in ten times demand stays under the one that leaves `low`, and above the one that leaves `high`. What is
on its way comes when the order would, at the latest; what spoils meanwhile is not taken off.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple

from gardenshop.rules.demand import Units
from gardenshop.rules.outlook import Forecast, Stock

MOST_POINTS = 40

_FEWEST_DAYS = 14
_NINE_IN_TEN = 1.2816
"""Standard deviations."""


class Band(NamedTuple):
    """Units on the shelf, a number a point of time."""

    low: tuple[int, ...]
    expected: tuple[int, ...]
    high: tuple[int, ...]


class Projection(NamedTuple):
    """Stock at the close of every `step_days`-th day, the first of them after as many days."""

    step_days: int
    ordered: Band
    unordered: Band


def project(stock: Stock, expected: Forecast, quantity: int) -> Projection:
    """Return the stock to come when *quantity* is ordered today, twice as far ahead as a decision looks."""
    days = max(2 * (stock.lead_days + stock.review_days), _FEWEST_DAYS)
    step = -(-days // MOST_POINTS)
    ahead = expected.ahead(days // step * step)

    def band(arriving: int) -> Band:
        def closing(asked: Callable[[Units], float]) -> tuple[int, ...]:
            return tuple(_closing(stock, arriving, [asked(each) for each in ahead])[step - 1 :: step])

        return Band(closing(_much), closing(lambda units: units.mean), closing(_little))

    return Projection(step, band(stock.inbound + quantity), band(stock.inbound))


def _much(units: Units) -> float:
    return units.mean + _NINE_IN_TEN * sqrt(units.variance)


def _little(units: Units) -> float:
    return max(0.0, units.mean - _NINE_IN_TEN * sqrt(units.variance))


def _closing(stock: Stock, arriving: int, asked: Sequence[float]) -> list[int]:
    """Return the stock after each day when *asked* units have been asked for by then; none are owed."""
    held, before, closing = float(stock.available), 0.0, list[int]()
    for day, until in enumerate(asked):
        held += arriving if day == stock.lead_days else 0
        held = max(0.0, held - max(0.0, until - before))
        before = max(before, until)
        closing.append(round(held))
    return closing
