"""What the shop's own orders teach: the figures of its products, and how much each number of a habit weighs.

The weights are learnt by looking back: the shop as it was some weeks ago, the visits that followed, and what
was in those baskets.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from gardenshop.rules.figures import figures, neighbours
from gardenshop.rules.habits import shopper, suggested
from gardenshop.rules.logistic import fit
from gardenshop.rules.recommend import PRIOR, Known, bought_rows, new_rows
from gardenshop.rules.visits import Days, Visit, collect, visits_in

POPULAR = 60
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
            bought.add([(row, product in basket) for product, row in bought_rows(who, shop).items()], dice)
            pulls = suggested(who, shop.near, shop.popular)
            new.add([(row, product in basket) for product, row in new_rows(who, shop, pulls).items()], dice)
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
