"""Which products a member will want at her next visit, learnt every night from the shop's own orders.

Two small models, one for products she has bought and one for products new to her, give log odds on one scale,
so that one list holds both. What they weigh is in `habits`; how much each number weighs is learnt by looking
back: the shop as it was some weeks ago, the visits that followed, and what was in those baskets. The prior is
what other shops taught, for a shop that has little to look back on. What was tried: ``layers/README.md``.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import mul
from random import Random
from typing import Any, NamedTuple

from gardenshop.rules.figures import Figure, Visit, day_number, figures, neighbours, visits_of
from gardenshop.rules.habits import (
    Shopper,
    bought_features,
    new_features,
    shopper,
    suggested,
)
from gardenshop.rules.logistic import fit

_POPULAR = 60
_CONSIDERED = 100
"""Of the products she has bought, the most usual, unless more are asked for."""
_LOOK_BACK_DAYS = (28, 56, 84)
_WINDOW_DAYS = 28
_VISITS_BEFORE = 3
_VISITS_EACH = 4
"""Of one member, so many visits of a window are looked at."""
_VISITS = 1000
"""Of one window."""
_NEGATIVES = 30
"""So many products not bought are looked at for each visit, and each stands for its share of them."""
_RIDGE = 30.0
"""What other shops taught stands for so many rows of our own."""

_PRIOR = {
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


class _Shop(NamedTuple):
    """Everything a recommendation reads beside the member's own history."""

    products: Mapping[str, Figure]
    near: Mapping[str, Mapping[str, float]]
    popular: Sequence[str]


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


def prepare(orders: Sequence[Mapping[str, Any]], catalogue: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what `recommend` needs to know of the shop, as plain JSON, from all *orders*, oldest first."""
    members = _by_member(orders)
    until = 1 + max((visits[-1].day for visits in members), default=0)
    weights = _learnt(members, catalogue, until)
    shop = _shop(members, catalogue, until)
    return {
        "products": {product: list(figure) for product, figure in shop.products.items()},
        "near": shop.near,
        "popular": shop.popular,
        "weights": weights,
    }


def recommend(
    user_history: Sequence[Mapping[str, Any]], prepared: Mapping[str, Any], k: int, now: str
) -> list[str]:
    """Return the *k* products likeliest in the basket of a member with *user_history* on the day *now*."""
    shop = _Shop(_Figures(prepared["products"]), prepared["near"], prepared["popular"])
    who = shopper(visits_of(user_history), day_number(now), shop.products)
    odds = {
        product: _weigh(row, prepared["weights"]["bought"]) for product, row in _bought(who, shop, k).items()
    }
    odds.update(
        (product, _weigh(row, prepared["weights"]["new"])) for product, row in _new(who, shop).items()
    )
    best = sorted(odds, key=odds.__getitem__, reverse=True)
    if len(best) < k:
        best += [product for product in prepared["products"] if product not in odds]
    return best[:k]


class _Figures(dict[str, Figure]):
    """Reads only the figures that are asked for out of their JSON."""

    def __init__(self, rows: Mapping[str, Sequence[Any]]) -> None:
        super().__init__()
        self.rows = rows

    def __missing__(self, product: str) -> Figure:
        figure = self[product] = Figure._make(self.rows[product])
        return figure

    def __contains__(self, product: object) -> bool:
        return product in self.rows


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
            new.add([(row, product in basket) for product, row in _new(who, shop).items()], dice)
    return {"bought": bought.fitted(_PRIOR["bought"]), "new": new.fitted(_PRIOR["new"])}


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


def _shop(members: Sequence[Sequence[Visit]], catalogue: Sequence[Mapping[str, Any]], until: int) -> _Shop:
    products = figures(members, catalogue, until)
    popular = sorted(products, key=lambda product: -products[product].sold_4w)
    return _Shop(products, neighbours(members, catalogue), popular[:_POPULAR])


def _by_member(orders: Iterable[Mapping[str, Any]]) -> list[list[Visit]]:
    mine = defaultdict[str, list[Mapping[str, Any]]](list)
    for order in orders:
        mine[order["user_id"]].append(order)
    return [visits_of(each) for each in mine.values()]


def _bought(who: Shopper, shop: _Shop, k: int = 0) -> dict[str, list[float]]:
    usual = sorted(who.habits, key=lambda product: -who.habits[product].slow)[: max(k, _CONSIDERED)]
    return {product: bought_features(who, product, shop.products[product]) for product in usual}


def _new(who: Shopper, shop: _Shop) -> dict[str, list[float]]:
    pulls = suggested(who, shop.near, shop.popular)
    return {product: new_features(who, pull, shop.products[product]) for product, pull in pulls.items()}


def _weigh(row: Sequence[float], weights: Sequence[float]) -> float:
    return sum(map(mul, weights, row), 0.0)
