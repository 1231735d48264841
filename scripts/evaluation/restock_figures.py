"""What replays come to: fill rate, days of cover, waste and profit, with intervals over products."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from random import Random

from evaluation.restock_shelf import Result
from gardenshop.rules.cover import COSTS, Costs

FILLS = (0.90, 0.95, 0.98)
RESAMPLES = 200


@dataclass(frozen=True)
class Figures:
    """Of all products together; *profit* is a share of what all demand would earn at no cost."""

    fill: float
    cover: float
    waste: float
    profit: float


@dataclass(frozen=True)
class Interval:
    """A *value* with its 95 % interval over products; None where it does not exist."""

    value: float | None
    low: float | None
    high: float | None

    def plain(self) -> dict[str, float | None]:
        """Return it for JSON."""
        return asdict(self)


def figures(results: Sequence[Result], costs: Costs = COSTS) -> Figures:
    """Sum up *results*."""
    demand = sum(each.demand for each in results)
    sold = sum(each.sold for each in results)
    wasted = sum(each.wasted for each in results)
    earned = sum(
        each.price * (costs.margin * each.sold - costs.waste * each.wasted - costs.holding * each.kept)
        for each in results
    )
    best = sum(each.price * costs.margin * each.demand for each in results)
    return Figures(
        fill=sold / max(1, demand),
        cover=sum(each.kept for each in results) / max(1, demand),
        waste=wasted / max(1, sold + wasted),
        profit=earned / best if best else 0.0,
    )


def cover_at(fill: float, points: Sequence[Figures]) -> float | None:
    """Return the days of cover that *fill* takes, between the nearest of *points*; None outside of them."""
    ordered = sorted(points, key=lambda each: (each.fill, each.cover))
    for lower, upper in pairwise(ordered):
        if lower.fill <= fill <= upper.fill:
            share = (fill - lower.fill) / max(upper.fill - lower.fill, 1e-12)
            return lower.cover + (upper.cover - lower.cover) * share
    return None


def interval(
    value_of: Callable[[Sequence[int]], float | None], products: int, *, seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Return the value for all *products*, with its bootstrap interval; *value_of* takes their numbers."""
    chance = Random(seed)
    drawn = [value_of(chance.choices(range(products), k=products)) for _ in range(resamples)]
    known = sorted(each for each in drawn if each is not None)
    value = value_of(range(products))
    if value is None or len(known) < resamples * 0.95:
        return Interval(value, None, None)
    tail = len(known) // 40
    return Interval(value, known[tail], known[-1 - tail])
