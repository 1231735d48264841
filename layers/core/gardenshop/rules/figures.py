"""What the orders of all say about each product: how it sells, how often it is bought again, with what."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from gardenshop.rules.visits import Figure, Visit

_WEEKS2, _WEEKS4, _WEEKS12, _EVER = 14, 28, 84, 1_000_000
_NEIGHBOURS = 30
_BASKET = 60
"""A basket counts with so many of its products: in a wholesale order everything goes together."""
_SHY = 5.0
"""So many baskets without the pair are added to each side: seen together once is not yet alike."""
_STEADY = 20.0
"""Visits at the rate of the type that steady the rate of a product, and at the shop's that of a type."""
_FEW_GAPS = _FEW_BUYERS = 5


def figures(
    members: Sequence[Sequence[Visit]], catalogue: Sequence[Mapping[str, Any]], until: int
) -> dict[str, Figure]:
    """Return the figure of each product of *catalogue*, from the visits of *members* before day *until*."""
    sold, total = _sold(members, until)
    again, chances, gaps = _again(members)
    buyers, loyal = _buyers(members)
    kinds = {product["product_id"]: product["type"] for product in catalogue}
    rates = _rates(again, chances, kinds)
    faithful = sum(loyal.values()) / max(1, sum(buyers.values()))
    usual = _median([gap for each in gaps.values() for gap in each]) or 30.0
    found = {}
    for product in catalogue:
        key = product["product_id"]
        mine = gaps.get(key, ())
        again_log, type_log = (round(math.log(rate + 0.001), 4) for rate in rates[key])
        found[key] = Figure(
            sold_2w=_log_share(sold[_WEEKS2][key], total[_WEEKS2], 0.0005),
            sold_4w=_log_share(sold[_WEEKS4][key], total[_WEEKS4], 0.0005),
            sold_12w=_log_share(sold[_WEEKS12][key], total[_WEEKS12], 0.0005),
            sold=_log_share(sold[_EVER][key], total[_EVER], 0.0005),
            buyers=_log_share(buyers[key], len(members), 0.002),
            loyal=_log_share(loyal[key] + _FEW_BUYERS * faithful, buyers[key] + _FEW_BUYERS, 0.01),
            again=again_log,
            again_type=type_log,
            cycle_days=round((_median(mine) * len(mine) + usual * _FEW_GAPS) / (len(mine) + _FEW_GAPS), 2),
            kind=product["type"],
            category=product["category"],
            brand=product["brand"],
            price=max(1, product["list_price_cents"]),
        )
    return found


def neighbours(
    members: Sequence[Sequence[Visit]], catalogue: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, float]]:
    """Return for each product those most alike, by the cosine of the baskets that hold them, in 0-1."""
    sold = {product["product_id"] for product in catalogue}
    baskets = [
        [product for product, *_ in visit.lines if product in sold][:_BASKET]
        for visits in members
        for visit in visits
    ]
    holding = defaultdict[str, list[int]](list)
    for place, basket in enumerate(baskets):
        for product in basket:
            holding[product].append(place)
    roots = {product: math.sqrt(len(places) + _SHY) for product, places in holding.items()}
    return {product: _nearest(product, holding[product], baskets, roots) for product in holding}


def _nearest(
    product: str, places: Sequence[int], baskets: Sequence[Sequence[str]], roots: Mapping[str, float]
) -> dict[str, float]:
    together = Counter[str]()
    for place in places:
        together.update(baskets[place])
    del together[product]
    near = sorted(((count / roots[other], other) for other, count in together.items()), reverse=True)
    return {other: round(value / roots[product], 4) for value, other in near[:_NEIGHBOURS]}


def _sold(members: Sequence[Sequence[Visit]], until: int) -> tuple[dict[int, Counter[str]], dict[int, int]]:
    sold = {span: Counter[str]() for span in (_WEEKS2, _WEEKS4, _WEEKS12, _EVER)}
    total = dict.fromkeys(sold, 0)
    for visits in members:
        for visit in visits:
            for span, counts in sold.items():
                if visit.day >= until - span:
                    total[span] += 1
                    counts.update(product for product, *_ in visit.lines)
    return sold, total


def _again(
    members: Sequence[Sequence[Visit]],
) -> tuple[Counter[str], Counter[str], dict[str, list[int]]]:
    """Count how often each product was bought again, of how many later visits, and the days between."""
    again, chances, gaps = Counter[str](), Counter[str](), defaultdict[str, list[int]](list)
    for visits in members:
        last: dict[str, int] = {}
        for place, visit in enumerate(visits):
            for product, *_ in visit.lines:
                if product in last:
                    again[product] += 1
                    gaps[product].append(visit.day - last[product])
                else:
                    chances[product] += len(visits) - 1 - place
                last[product] = visit.day
    return again, chances, gaps


def _rates(
    again: Mapping[str, int], chances: Mapping[str, int], kinds: Mapping[str, str]
) -> dict[str, tuple[float, float]]:
    """Return how likely each product, and its type, is bought again at a later visit."""
    hits, tries = Counter[str](), Counter[str]()
    for product, kind in kinds.items():
        hits[kind] += again.get(product, 0)
        tries[kind] += chances.get(product, 0)
    shop = sum(hits.values()) / max(1, sum(tries.values()))
    usual = {kind: (hits[kind] + _STEADY * shop) / (tries[kind] + _STEADY) for kind in hits}
    return {
        product: (
            (again.get(product, 0) + _STEADY * usual[kind]) / (chances.get(product, 0) + _STEADY),
            usual[kind],
        )
        for product, kind in kinds.items()
    }


def _buyers(members: Sequence[Sequence[Visit]]) -> tuple[Counter[str], Counter[str]]:
    """Count the members who bought each product, and those who did so more than once."""
    buyers, loyal = Counter[str](), Counter[str]()
    for visits in members:
        times = Counter(product for visit in visits for product, *_ in visit.lines)
        buyers.update(times.keys())
        loyal.update(product for product, count in times.items() if count > 1)
    return buyers, loyal


def _log_share(count: float, total: int, least: float) -> float:
    return round(math.log(count / max(1, total) + least), 4)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
