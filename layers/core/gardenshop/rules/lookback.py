"""What the shop's own orders teach: the figures of its products, and how much each number of a habit weighs.

The weights are learnt by looking back: the shop as it was some weeks ago, the visits that followed, and what
was in those baskets.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from gardenshop.rules.factors import factors
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
_LATE_VISITS = 300
_SALES_DAYS = 30


class Lately(NamedTuple):
    """The shop before the last weeks, as far as it is known tonight, and visits of those weeks.

    *sold* counts the units of each product in the month before, *buyers* the members of each segment, as
    `Past.buyers` does. A visit is its member, all her visits, and its place among them.
    """

    known: Known
    sold: Mapping[str, int]
    buyers: Mapping[str, Mapping[str, int]]
    visits: Sequence[tuple[str, Sequence[Visit], int]]


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
        members = self._visits()
        until = _end(members)
        weights = _learnt(members, catalogue, until)
        shop = _shop(members.values(), catalogue, until)
        return {
            "products": {product: list(figure) for product, figure in shop.products.items()},
            "near": shop.near,
            "factors": shop.factors,
            "popular": shop.popular,
            "weights": weights,
        }

    def lately(
        self,
        catalogue: Sequence[Mapping[str, Any]],
        weights: Mapping[str, Sequence[float]],
        segments: Mapping[str, str],
    ) -> Lately:
        """Return the shop that sold *catalogue* before the last weeks; its models weigh *weights*."""
        members = self._visits()
        start = _end(members) - _WINDOW_DAYS
        before = _before(members, start)
        shop = _shop(before.values(), catalogue, start)
        sold = Counter[str]()
        for visit in (visit for visits in before.values() for visit in visits):
            if visit.day >= start - _SALES_DAYS:
                sold.update({product: units for product, units, _ in visit.lines})
        return Lately(
            shop._replace(weights=weights),
            sold,
            self.buyers(segments, start - 1),
            _looked_at(members, start, Random(0), before=0, most=_LATE_VISITS),
        )

    def buyers(self, segments: Mapping[str, str], until: int | None = None) -> dict[str, Counter[str]]:
        """Count for each product who of each segment bought it in the weeks up to the day *until*.

        *segments* is by member; the last day with an order takes the place of no day.
        """
        if until is None:
            until = max((max(days) for days in self._members.values()), default=0)
        found = defaultdict[str, Counter[str]](Counter)
        for member, segment in segments.items():
            days = self._members.get(member, {}).items()
            recent = (basket for day, basket in days if until - _LATELY_DAYS < day <= until)
            for product in {product for basket in recent for product in basket}:
                found[product][segment] += 1
        return found

    def _visits(self) -> dict[str, list[Visit]]:
        return {member: visits_in(days) for member, days in self._members.items()}


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
    members: Mapping[str, Sequence[Visit]], catalogue: Sequence[Mapping[str, Any]], until: int
) -> dict[str, list[float]]:
    bought, new, dice = _Rows(), _Rows(), Random(0)
    for back in _LOOK_BACK_DAYS:
        start = until - back
        shop = _shop(_before(members, start).values(), catalogue, start)
        for _, visits, place in _looked_at(members, start, dice):
            who = shopper(visits[:place], visits[place].day, shop.products)
            basket = {product for product, *_ in visits[place].lines}
            bought.add([(row, product in basket) for product, row in bought_rows(who, shop).items()], dice)
            pulls = suggested(who, shop.near, shop.factors, shop.popular)
            new.add([(row, product in basket) for product, row in new_rows(who, shop, pulls).items()], dice)
    return {"bought": bought.fitted(PRIOR["bought"]), "new": new.fitted(PRIOR["new"])}


def _end(members: Mapping[str, Sequence[Visit]]) -> int:
    """Return the day after the last visit of all."""
    return 1 + max((visits[-1].day for visits in members.values()), default=0)


def _before(members: Mapping[str, Sequence[Visit]], day: int) -> dict[str, list[Visit]]:
    """Return the visits before *day* of those who made any."""
    earlier = {member: [visit for visit in visits if visit.day < day] for member, visits in members.items()}
    return {member: visits for member, visits in earlier.items() if visits}


def _looked_at(
    members: Mapping[str, Sequence[Visit]],
    start: int,
    dice: Random,
    *,
    before: int = _VISITS_BEFORE,
    most: int = _VISITS,
) -> list[tuple[str, Sequence[Visit], int]]:
    """Return *most* visits of the window from *start* on, of members with so many *before*.

    Each comes as its member, all her visits, and its place among them.
    """
    found = []
    for member, visits in members.items():
        places = [
            place
            for place, visit in enumerate(visits)
            if start <= visit.day < start + _WINDOW_DAYS and place >= before
        ]
        found += [(member, visits, place) for place in places[:_VISITS_EACH]]
    return found if len(found) <= most else dice.sample(found, most)


def _shop(members: Iterable[Sequence[Visit]], catalogue: Sequence[Mapping[str, Any]], until: int) -> Known:
    visits = [*members]
    products = figures(visits, catalogue, until)
    popular = sorted(products, key=lambda product: -products[product].sold_4w)
    return Known(products, neighbours(visits, catalogue), factors(visits), popular[:POPULAR])
