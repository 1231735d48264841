"""Which products a member will want at her next visit, learnt every night from the shop's own orders.

Two small models, one for products she has bought and one for products new to her, give log odds on one scale,
so that one list holds both. What they weigh is in `habits`; how much each number weighs is learnt by looking
back: the shop as it was some weeks ago, the visits that followed, and what was in those baskets. The prior is
what other shops taught, for a shop that has little to look back on. What was tried: ``layers/README.md``.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import mul
from random import Random
from typing import Any, Generic, NamedTuple, TypeVar

from gardenshop.rules.figures import (
    Days,
    Figure,
    Visit,
    collect,
    day_number,
    figures,
    neighbours,
    visits_in,
    visits_of,
)
from gardenshop.rules.habits import (
    Pull,
    Shopper,
    bought_features,
    new_features,
    shopper,
    suggested,
)
from gardenshop.rules.logistic import fit

R = TypeVar("R")
T = TypeVar("T")

POPULAR = 60
_CONSIDERED = 100
"""Of the products she has bought, the most usual, unless more are asked for."""
_LOOK_BACK_DAYS = (28, 56, 84)
_WINDOW_DAYS = 28
_LATELY_DAYS = 84
_VISITS_BEFORE = 3
_VISITS_EACH = 4
"""Of one member, so many visits of a window are looked at."""
_VISITS = 1000
"""Of one window."""
_NEGATIVES = 30
"""So many products not bought are looked at for each visit, and each stands for its share of them."""
_RIDGE = 30.0
"""What other shops taught stands for so many rows of our own."""

PRIOR = {
    "bought": (
        -0.112, -0.279, 0.143, 0.076, 0.82, 0.256, 0.089, -0.132, 0.338, -0.053, 0.145, -0.022,
        -0.054, -0.171, -0.082, -0.005, 0.319, -0.087, -0.098, 0.287, 0.066, -0.118, 0.054, 0.123,
        0.931, 0.127, 0.024, -0.188,
    ),
    "new": (
        -1.705, 0.146, 0.543, -0.511, 0.368, -0.319, 0.033, 0.502, -0.117, -0.083, 0.073, 0.294,
        0.203,
    ),
}  # fmt: skip
"""In the order of `BOUGHT` and `NEW`."""


class Known(NamedTuple):
    """Everything a recommendation reads beside the member's own history; *weights* by model."""

    products: Mapping[str, Figure]
    near: Mapping[str, Mapping[str, float]]
    popular: Sequence[str]
    weights: Mapping[str, Sequence[float]] = PRIOR


NOTHING_KNOWN = Known({}, {}, ())
"""Before the first night."""


class Outlook(NamedTuple):
    """What a member may want: the log odds of each product worth a thought, and what they come from."""

    odds: dict[str, float]
    who: Shopper
    pulls: dict[str, Pull]


class Past:
    """The orders of all, fed page by page and in any order; only what teaches is kept of them."""

    def __init__(self) -> None:
        self._members: dict[str, Days] = {}
        self._names: dict[str, str] = {}

    def add(self, orders: Iterable[Mapping[str, Any]]) -> None:
        """Take *orders* in."""
        for order in orders:
            collect(self._members.setdefault(order["user_id"], {}), order, self._names)

    def prepared(self, catalogue: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return what `recommend` needs to know of the shop that sells *catalogue*, as plain JSON."""
        members = [visits_in(days) for days in self._members.values()]
        until = 1 + max((visits[-1].day for visits in members), default=0)
        weights = _learnt(members, catalogue, until)
        shop = _shop(members, catalogue, until)
        return {
            "products": {product: list(figure) for product, figure in shop.products.items()},
            "near": shop.near,
            "popular": shop.popular,
            "weights": weights,
        }

    def buyers(self, segments: Mapping[str, str]) -> dict[str, Counter[str]]:
        """Count for each product who of each segment bought it in the last weeks; *segments* is by member."""
        since = max((max(days) for days in self._members.values()), default=0) - _LATELY_DAYS
        found = defaultdict[str, Counter[str]](Counter)
        for member, segment in segments.items():
            recent = (basket for day, basket in self._members.get(member, {}).items() if day > since)
            for product in {product for basket in recent for product in basket}:
                found[product][segment] += 1
        return found


class _Rows:
    """What was looked back on: rows of features, whether each was bought, and how much it counts."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []
        self.labels: list[float] = []
        self.weights: list[float] = []

    def add(self, candidates: Sequence[tuple[list[float], bool]], dice: Random) -> None:
        """Add one visit: all that was bought, and some of the rest. A large basket counts less a product."""
        hits = [row for row, hit in candidates if hit]
        misses = [row for row, hit in candidates if not hit]
        some = misses if len(misses) <= _NEGATIVES else dice.sample(misses, _NEGATIVES)
        weight = 1 / math.sqrt(max(1, len(hits)))
        self.rows += [*hits, *some]
        self.labels += [1.0] * len(hits) + [0.0] * len(some)
        self.weights += [weight] * len(hits) + [weight * len(misses) / max(1, len(some))] * len(some)

    def fitted(self, prior: Sequence[float]) -> list[float]:
        """Return the weights that these rows teach, starting from *prior*."""
        if not self.rows:
            return list(prior)
        columns = list(zip(*self.rows, strict=True))
        return fit(columns, self.labels, self.weights, prior=prior, ridge=_RIDGE)


def prepare(orders: Iterable[Mapping[str, Any]], catalogue: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what `recommend` needs to know of the shop, as plain JSON, from all *orders*."""
    past = Past()
    past.add(orders)
    return past.prepared(catalogue)


def recommend(
    user_history: Sequence[Mapping[str, Any]], prepared: Mapping[str, Any], k: int, now: str
) -> list[str]:
    """Return the *k* products likeliest in the basket of a member with *user_history* on the day *now*."""
    figures_read = Lazily(prepared["products"], Figure._make)
    shop = Known(figures_read, prepared["near"], prepared["popular"], prepared["weights"])
    odds = outlook(user_history, shop, now, k).odds
    best = sorted(odds, key=odds.__getitem__, reverse=True)
    if len(best) < k:
        best += [product for product in prepared["products"] if product not in odds]
    return best[:k]


def outlook(user_history: Sequence[Mapping[str, Any]], shop: Known, now: str, k: int = 0) -> Outlook:
    """Weigh what a member with *user_history* may want on the day *now*, at least *k* of what she has had."""
    who = shopper(visits_of(user_history), day_number(now), shop.products)
    pulls = suggested(who, shop.near, shop.popular)
    bought, new = shop.weights["bought"], shop.weights["new"]
    odds = {product: _weigh(row, bought) for product, row in _bought(who, shop, k).items()}
    odds.update((product, _weigh(row, new)) for product, row in _new(who, shop, pulls).items())
    return Outlook(odds, who, pulls)


class Lazily(dict[str, T], Generic[R, T]):
    """A mapping of *rows* as *read* understands them, each when it is first asked for."""

    def __init__(self, rows: Mapping[str, R], read: Callable[[R], T]) -> None:
        super().__init__()
        self._rows = rows
        self._read = read

    def __missing__(self, key: str) -> T:
        value = self[key] = self._read(self._rows[key])
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._rows


def _learnt(
    members: Sequence[Sequence[Visit]], catalogue: Sequence[Mapping[str, Any]], until: int
) -> dict[str, list[float]]:
    bought, new, dice = _Rows(), _Rows(), Random(0)
    for back in _LOOK_BACK_DAYS:
        start = until - back
        before = [[visit for visit in visits if visit.day < start] for visits in members]
        shop = _shop([visits for visits in before if visits], catalogue, start)
        for visits, place in _looked_at(members, start, dice):
            who = shopper(visits[:place], visits[place].day, shop.products)
            basket = {product for product, *_ in visits[place].lines}
            bought.add([(row, product in basket) for product, row in _bought(who, shop).items()], dice)
            pulls = suggested(who, shop.near, shop.popular)
            new.add([(row, product in basket) for product, row in _new(who, shop, pulls).items()], dice)
    return {"bought": bought.fitted(PRIOR["bought"]), "new": new.fitted(PRIOR["new"])}


def _looked_at(
    members: Sequence[Sequence[Visit]], start: int, dice: Random
) -> list[tuple[Sequence[Visit], int]]:
    """Return visits of the window from *start* on, each as its member's visits and its place among them."""
    found = []
    for visits in members:
        places = [
            place
            for place, visit in enumerate(visits)
            if start <= visit.day < start + _WINDOW_DAYS and place >= _VISITS_BEFORE
        ]
        found += [(visits, place) for place in places[:_VISITS_EACH]]
    return found if len(found) <= _VISITS else dice.sample(found, _VISITS)


def _shop(members: Sequence[Sequence[Visit]], catalogue: Sequence[Mapping[str, Any]], until: int) -> Known:
    products = figures(members, catalogue, until)
    popular = sorted(products, key=lambda product: -products[product].sold_4w)
    return Known(products, neighbours(members, catalogue), popular[:POPULAR])


def _bought(who: Shopper, shop: Known, k: int = 0) -> dict[str, list[float]]:
    usual = sorted(who.habits, key=lambda product: -who.habits[product].slow)[: max(k, _CONSIDERED)]
    return {product: bought_features(who, product, shop.products[product]) for product in usual}


def _new(who: Shopper, shop: Known, pulls: Mapping[str, Pull]) -> dict[str, list[float]]:
    return {product: new_features(who, pull, shop.products[product]) for product, pull in pulls.items()}


def _weigh(row: Sequence[float], weights: Sequence[float]) -> float:
    return sum(map(mul, weights, row), 0.0)
