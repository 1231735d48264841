"""What each feature of the ranking is worth, as far as the shop's own orders show it.

A weight stands for log odds: how much likelier a product is bought that the feature speaks for in full, when
all others say the same. The usual weights are the prior; past visits pull them to what they show, down to
nothing, so that a feature by which nobody buys does not push away what is bought.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import mul
from typing import NamedTuple

from gardenshop.rules.logistic import fit

FULL = 10_000
_PAST = "history"
_ODDS = 11.4
"""The log odds of all usual weights together; those of `history` span eight."""
_RIDGE = 3.0
"""The usual weights stand for so many products on offer."""
_HEAD = 40
"""So many products, the best by the usual weights, are looked at: among them a list is decided."""


class Look(NamedTuple):
    """A past visit: the values of the features for each product on offer, and what was bought."""

    values: Mapping[str, Mapping[str, float]]
    bought: Collection[str]


class Learnt(NamedTuple):
    """Weights, of 10,000 together: for members with a past, and for those of whom none is known."""

    regulars: dict[str, int]
    newcomers: dict[str, int]


def learnt_weights(looks: Iterable[Look], usual: Mapping[str, int]) -> Learnt:
    """Return the weights that *looks* teach; the *usual* ones when there are none.

    Newcomers are shown what the same visits teach to one who cannot see the members' pasts: a feature by
    which members chose once is then not taken for the habit that came of it.
    """
    seen, unseen = _Lesson(usual), _Lesson(usual)
    for look in looks:
        seen.add(look)
        unseen.add(Look({key: {**each, _PAST: 0.0} for key, each in look.values.items()}, look.bought))
    return Learnt(seen.weights(), unseen.weights())


class _Lesson:
    """The products that lists were decided among, and which of them were bought."""

    def __init__(self, usual: Mapping[str, int]) -> None:
        self._usual = usual
        self._rows: list[list[float]] = []
        self._labels: list[float] = []

    def add(self, look: Look) -> None:
        offered = [[each.get(name, 0.0) for name in self._usual] for each in look.values.values()]
        bought = [float(product in look.bought) for product in look.values]
        for row, label in _head(zip(offered, bought, strict=True), list(self._usual.values())):
            self._rows.append(row)
            self._labels.append(label)

    def weights(self) -> dict[str, int]:
        if not self._rows:
            return dict(self._usual)
        odds = _fitted(self._rows, self._labels, list(self._usual.values()))
        return dict(zip(self._usual, _shares(odds), strict=True))


def _head(
    offered: Iterable[tuple[list[float], float]], usual: Sequence[int]
) -> list[tuple[list[float], float]]:
    return sorted(offered, key=lambda pair: -sum(map(mul, usual, pair[0])))[:_HEAD]


def _fitted(rows: Sequence[Sequence[float]], labels: Sequence[float], usual: Sequence[int]) -> list[float]:
    """Return the log odds of each feature; the intercept starts where all is bought as often as it is."""
    columns = list(zip(*rows, strict=True))
    slopes = [_ODDS * weight / (sum(usual) or 1) for weight in usual]
    means = [sum(column) / len(rows) for column in columns]
    bought = sum(labels)
    base = math.log((bought + 1) / (len(rows) - bought + 1)) - sum(map(mul, slopes, means))
    ones = [1.0] * len(rows)
    return fit([ones, *columns], labels, ones, prior=[base, *slopes], ridge=_RIDGE)[1:]


def _shares(odds: Sequence[float]) -> list[int]:
    kept = [max(0.0, each) for each in odds]
    whole = sum(kept) or 1.0
    return [round(FULL * each / whole) for each in kept]
