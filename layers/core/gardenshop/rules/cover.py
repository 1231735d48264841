"""How many units to have on the shelf and on their way, given what will be asked for.

A unit more is worth it while the margin on a sale it may save outweighs the cost of keeping it and, for goods
that spoil, of throwing it away: ``margin * P(D >= S) >= keeping + waste * P(D' < S)``, where D is the demand
until the next delivery could come and D' that until the goods ordered now go out of date. Without spoiling
this is the newsvendor's critical ratio. Demand is negative binomial, by its mean and variance.
"""

from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import NamedTuple

from gardenshop.rules.demand import Units

Batch = Sequence[int | None]
"""Units, and the days they can still be sold on."""

_LOT = 400
"""Larger means are counted in lots, about this many of them."""
_LEAST_EXCESS = 1.02
_LEAST_CHANCE = 1e-9
_KEEPING_DAYS = 3
"""How long a unit too many lies until fewer are ordered and sales have come up with it."""


class Costs(NamedTuple):
    """What a unit earns and costs, as shares of its price."""

    margin: float = 0.3
    waste: float = 0.7
    holding: float = 0.001
    """A day."""

    @property
    def service(self) -> float:
        """The chance, of selling no more than there is, that pays best."""
        return self.margin / (self.margin + _KEEPING_DAYS * self.holding)


COSTS = Costs()


def order_up_to(near: Units, life: Units | None, costs: Costs = COSTS, service: float | None = None) -> int:
    """Return how many units to have for the demand *near*, of which those unsold after *life* are wasted.

    *service* is the chance to aim at that nothing lacks until the next delivery; without it, the one that
    pays best by *costs*.
    """
    chance = max(1 - (costs.service if service is None else service), _LEAST_CHANCE)
    lot = _lot(near)
    lacking = (1 - below for below in _below(near, lot))
    wasted = _below(life, lot) if life else iter(lambda: 0.0, None)
    share = costs.waste / costs.margin
    units = next(
        units
        for units, lack, waste in zip(count(), lacking, wasted, strict=False)
        if lack < chance + share * waste
    )
    return units * lot


def sold_of(more: int, held: int, near: Units) -> float:
    """Return how many of *more* units, beside those *held*, the demand *near* is expected to take."""
    lot = _lot(near)
    chances = (1 - below for below in _below(near, lot))
    return lot * sum(islice(chances, held // lot, (held + more) // lot))


def outdated(batches: Sequence[Batch], arrivals: Sequence[int], ahead: Sequence[Units], life: int) -> float:
    """Return the units that will be thrown away before the last day of *ahead*, if its means are asked for.

    *ahead* is cumulative. *batches* are on the shelf, oldest first; *arrivals* come in the mornings of the
    days and last *life* days.
    """
    shelf = [(float(units or 0), left or life) for units, left in batches]
    gone = before = 0.0
    for arriving, until in zip(arrivals[:-1], ahead[:-1], strict=True):
        shelf.append((float(arriving), life))
        shelf = [(units, left - 1) for units, left in _sell(shelf, until.mean - before)]
        before = until.mean
        gone += sum(units for units, left in shelf if left <= 0)
        shelf = [(units, left) for units, left in shelf if left > 0]
    return gone


def _sell(shelf: list[tuple[float, int]], units: float) -> Iterator[tuple[float, int]]:
    """Yield what is left of each batch when *units* are sold, the oldest first."""
    for held, left in shelf:
        sold = min(held, units)
        units -= sold
        if held > sold:
            yield held - sold, left


def _lot(demand: Units) -> int:
    return max(1, -(-int(demand.mean) // _LOT))


def _below(demand: Units, lot: int) -> Iterator[float]:
    """Yield the chances that demand, counted in *lot*s, is below 1, 2 and so on."""
    mean = demand.mean / lot
    variance = max(demand.variance / lot**2, mean * _LEAST_EXCESS)
    fail, size = 1 - mean / variance, mean * mean / (variance - mean)
    chance = total = (1 - fail) ** size
    for number in count(1):
        yield total
        chance *= fail * (size + number - 1) / number
        total += chance
