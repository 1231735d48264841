"""What a member's own visits say about a product, as the numbers the two models of `recommend` weigh.

One model is for products she has bought: how often and how lately (decayed by visit as in TIFU-KNN, Hu et al.
2020, and by day), whether it is due, and how everybody buys it. The other is for products new to her: what
goes with hers, what her like buy, which kinds she buys, and what sells. Most shares enter as logarithms, so
that they multiply.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from operator import mul
from typing import NamedTuple

from gardenshop.rules.visits import Figure, Visit

_SLOW, _FAST = 0.95, 0.8
"""What a visit still counts when there is one more after it."""
_HALF_LIFE_DAYS = 56
_LATELY = 5
FEW = 0.01
"""What a share is taken for above itself, so that none has a logarithm."""
_LAST_BASKETS = 3
_SOURCES = 40
"""So many of her products, the most usual first, vote for products new to her."""
_SUGGESTED = 100
_SHORT = 0.1
"""What is added to the length of a product's factors: of few buyers they say little."""


class Habit:
    """How she buys one product."""

    __slots__ = (
        "discount",
        "fast",
        "first",
        "fresh",
        "last",
        "price",
        "same_weekday",
        "slow",
        "times",
        "units",
    )

    def __init__(self, price: int, day: int) -> None:
        self.price = price
        self.first = self.last = day
        self.slow = self.fast = self.fresh = self.discount = 0.0
        self.times = self.same_weekday = self.units = 0


class Shopper(NamedTuple):
    """A member as she comes in: her habits by product, and her ways by kind, category and so on."""

    habits: dict[str, Habit]
    visits: int
    gap: float
    """Logarithm of the days since the last visit; so is *basket* of the usual lines of one."""
    basket: float
    kinds: Mapping[str, float]
    categories: Mapping[str, float]
    variety: Mapping[str, int]
    """Her different products of a kind."""
    brands: Mapping[str, float]
    bought: float
    """All of *kinds* together: the products of a usual basket."""
    last: frozenset[str]
    now: int


class Pull(NamedTuple):
    """How a product new to her goes with hers: in all, with the nearest of them, with the last baskets."""

    whole: float
    nearest: float
    last: float
    source: str = ""
    """The nearest of hers."""
    kindred: float = 0.0
    """How far it is bought by members who buy as she does, in −1 to 1."""


BOUGHT = (
    "intercept", "slow", "fast", "fresh", "times", "again", "again type", "again x visits", "sold",
    "sold x visits", "trend", "season", "since", "lately", "slow x gap", "slow x basket", "early", "late",
    "once", "weekday", "units", "discount", "kind", "slow share", "fast share", "fresh share", "slow squared",
    "slow x again",
)  # fmt: skip
NEW = (
    "intercept", "sold lately", "sold", "sold ever", "buyers", "loyal", "again", "whole", "nearest", "last",
    "category", "kind", "brand", "kindred",
)  # fmt: skip


def shopper(visits: Sequence[Visit], now: int, products: Mapping[str, Figure]) -> Shopper:
    """Return who comes in on day *now* after *visits*, as far as the shop has *products*."""
    habits = _habits(visits, now, products)
    kinds, categories = defaultdict[str, float](float), defaultdict[str, float](float)
    variety, brands = Counter[str](), Counter[str]()
    for product, habit in habits.items():
        figure = products[product]
        kinds[figure.kind] += habit.slow
        categories[figure.category] += habit.slow
        variety[figure.kind] += 1
        brands[figure.brand] += habit.times
    times = max(1, sum(brands.values()))
    lines = sum(len(visit.lines) for visit in visits)
    return Shopper(
        habits,
        len(visits),
        math.log1p(max(0, now - visits[-1].day)) if visits else 0.0,
        math.log(max(1.0, lines / max(1, len(visits)))),
        kinds,
        categories,
        variety,
        {brand: count / times for brand, count in brands.items()},
        sum(kinds.values()) or 1.0,
        frozenset(product for visit in visits[-_LAST_BASKETS:] for product, *_ in visit.lines),
        now,
    )


def bought_features(who: Shopper, product: str, figure: Figure) -> list[float]:
    """Return the numbers of `BOUGHT` for a product she has had."""
    habit, log = who.habits[product], math.log
    visits, since = log(who.visits + 1), max(0, who.now - habit.last)
    slow = log(habit.slow + FEW)
    cycle = (habit.last - habit.first + figure.cycle_days) / habit.times
    due = log(max(0.02, (since + 0.5) / max(1.0, cycle)))
    return [
        1.0,
        slow,
        log(habit.fast + FEW),
        log(habit.fresh + FEW),
        log((habit.times + 0.5) / (who.visits + 1.5)),
        figure.again,
        figure.again_type,
        figure.again * visits,
        figure.sold_4w,
        figure.sold_4w * visits,
        figure.sold_2w - figure.sold_12w,
        figure.sold_12w,
        log(since + 1.0),
        float(since <= _LATELY),
        slow * who.gap,
        slow * who.basket,
        min(0.0, due),
        max(0.0, due),
        float(habit.times == 1),
        habit.same_weekday / habit.times,
        log(max(1, habit.units) / habit.times),
        max(-1.0, habit.discount / habit.times),
        log(who.kinds[figure.kind] + FEW),
        habit.slow,
        habit.fast,
        habit.fresh,
        slow * slow,
        slow * figure.again,
    ]


def new_features(who: Shopper, pull: Pull, figure: Figure) -> list[float]:
    """Return the numbers of `NEW` for a product she has never had."""
    log = math.log
    return [
        1.0,
        figure.sold_2w,
        figure.sold_4w,
        figure.sold,
        figure.buyers,
        figure.loyal,
        figure.again,
        log(pull.whole + FEW),
        log(pull.nearest + FEW),
        log(pull.last + FEW),
        log(who.categories.get(figure.category, 0.0) / who.bought + FEW),
        log(who.variety.get(figure.kind, 0) / max(1, len(who.habits)) + FEW),
        log(who.brands.get(figure.brand, 0.0) + FEW),
        pull.kindred,
    ]


def suggested(
    who: Shopper,
    near: Mapping[str, Mapping[str, float]],
    factors: Mapping[str, Sequence[float]],
    popular: Sequence[str],
) -> dict[str, Pull]:
    """Return products she has never had that are worth a thought, and how each goes with hers."""
    sources = sorted(who.habits.items(), key=lambda pair: -pair[1].slow)[:_SOURCES]
    whole, last = defaultdict[str, float](float), defaultdict[str, float](float)
    nearest, closest = dict[str, float](), dict[str, str]()
    for source, habit in sources:
        if source not in near:
            continue
        weight, recent = math.sqrt(habit.slow), source in who.last
        for product, alike in near[source].items():
            if product in who.habits:
                continue
            whole[product] += weight * alike
            if alike > nearest.get(product, 0.0):
                nearest[product], closest[product] = alike, source
            if recent:
                last[product] += alike
    best = sorted(whole, key=lambda product: -whole[product])[:_SUGGESTED]
    fresh = [product for product in popular if product not in who.habits]
    size, leaning = max(1, len(who.last)), _leaning(who, factors)
    return {
        product: Pull(
            whole.get(product, 0.0),
            nearest.get(product, 0.0),
            last.get(product, 0.0) / size,
            closest.get(product, ""),
            _alike(leaning, factors[product]) if product in factors else 0.0,
        )
        for product in dict.fromkeys([*best, *fresh])
    }


def _leaning(who: Shopper, factors: Mapping[str, Sequence[float]]) -> list[float]:
    """Return where all that she bought points among the *factors*, as a vector of length 1."""
    hers = [(math.log1p(habit.times), factors[key]) for key, habit in who.habits.items() if key in factors]
    times = [count for count, _ in hers]
    total = [sum(map(mul, times, column)) for column in zip(*(vector for _, vector in hers), strict=True)]
    length = math.hypot(*total)
    return [value / length for value in total] if length else []


def _alike(leaning: Sequence[float], vector: Sequence[float]) -> float:
    return sum(map(mul, leaning, vector), 0.0) / (math.hypot(*vector) + _SHORT)


def _habits(visits: Sequence[Visit], now: int, products: Mapping[str, Figure]) -> dict[str, Habit]:
    """Add the visits up, each product's share of what all of them count together."""
    count = len(visits)
    fresh = [2.0 ** ((visit.day - now) / _HALF_LIFE_DAYS) for visit in visits]
    whole = sum(fresh) or 1.0
    slow = (1 - _SLOW) / (1 - _SLOW**count) if count else 0.0
    fast = (1 - _FAST) / (1 - _FAST**count) if count else 0.0
    habits: dict[str, Habit] = {}
    for place, visit in enumerate(visits):
        left = count - 1 - place
        shares = slow * _SLOW**left, fast * _FAST**left, fresh[place] / whole
        weekday = visit.day % 7 == now % 7
        for product, units, paid in visit.lines:
            habit = habits.get(product)
            if habit is None:
                if product not in products:
                    continue
                habit = habits[product] = Habit(products[product].price, visit.day)
            habit.slow += shares[0]
            habit.fast += shares[1]
            habit.fresh += shares[2]
            habit.times += 1
            habit.same_weekday += weekday
            habit.units += units
            habit.discount += 1 - paid / (max(1, units) * habit.price)
            habit.last = visit.day
    return habits
