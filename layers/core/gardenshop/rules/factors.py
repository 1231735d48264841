"""What products have in common in the eyes of the members who buy them, as eight numbers a product.

The numbers are the right singular vectors of the table of members and products, whose cells say how often
each bought what, found by subspace iteration (Halko, Martinsson and Tropp 2011). Two products whose vectors
point one way are bought by the same kind of members, even if no basket and no member ever had both.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import mul
from random import Random
from typing import NamedTuple

from gardenshop.rules.visits import Visit

RANK = 8
_ROUNDS = 10
_FEW_BUYERS = 5.0
"""So many buyers are added to each product's, so that one that hardly anybody bought weighs little."""
_NOTHING_NEW = 1e-9
"""A column of which no more is left beside the others is what rounding made of them."""

Line = tuple[list[int], list[float]]
"""A row or a column of the table: the places of its cells, and their values."""
Vector = Sequence[float]


class _Table(NamedTuple):
    rows: list[Line]
    columns: list[Line]


def factors(members: Iterable[Sequence[Visit]]) -> dict[str, list[float]]:
    """Return the factors of each product that *members* bought; their mean square length is 1."""
    times = [Counter(product for visit in visits for product, *_ in visit.lines) for visits in members]
    buyers = Counter(product for hers in times for product in hers)
    products = sorted(buyers)
    table = _table(times, {product: place for place, product in enumerate(products)}, buyers)
    dice = Random(0)
    vectors: list[Vector] = [[dice.gauss(0, 1) for _ in range(RANK)] for _ in products]
    for _ in range(_ROUNDS):
        vectors = _orthonormal(_along(table.columns, _along(table.rows, vectors)))
    scale = math.sqrt(len(products) / len(vectors[0])) if vectors else 1.0
    return {
        product: [round(value * scale, 2) for value in vector]
        for product, vector in zip(products, vectors, strict=True)
    }


def _table(
    times: Sequence[Mapping[str, int]], places: Mapping[str, int], buyers: Mapping[str, int]
) -> _Table:
    """Return the cells: the logarithm of the times, less for who buys much and for what all buy."""
    common = {product: (count + _FEW_BUYERS) ** -0.25 for product, count in buyers.items()}
    table = _Table([], [([], []) for _ in places])
    for row, hers in enumerate(times):
        logs = {product: math.log1p(count) for product, count in hers.items()}
        much = 1 / math.sqrt(1 + sum(value * value for value in logs.values()))
        cells = [(places[product], value * much * common[product]) for product, value in logs.items()]
        table.rows.append(([place for place, _ in cells], [value for _, value in cells]))
        for place, value in cells:
            table.columns[place][0].append(row)
            table.columns[place][1].append(value)
    return table


def _along(lines: Iterable[Line], vectors: Sequence[Vector]) -> list[Vector]:
    """Return for each of *lines* the sum of *vectors*, each times the value of its cell."""
    return [
        [sum(map(mul, values, column)) for column in zip(*map(vectors.__getitem__, places), strict=True)]
        for places, values in lines
    ]


def _orthonormal(vectors: Sequence[Vector]) -> list[Vector]:
    """Return *vectors* with their columns at right angles to each other and of length 1 (Gram-Schmidt)."""
    found: list[Vector] = []
    for column in zip(*vectors, strict=True):
        left, least = [*column], _NOTHING_NEW * math.hypot(*column)
        for other in found:
            part = sum(map(mul, left, other))
            left = [value - part * along for value, along in zip(left, other, strict=True)]
        if (length := math.hypot(*left)) > least:
            found.append([value / length for value in left])
    return [*zip(*found, strict=True)]
