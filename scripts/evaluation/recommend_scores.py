"""How good ranked lists are: NDCG, recall and hits at *k*, macro averages with intervals over members.

All intervals of one seed come from the same draws of members, so a difference is one of the same members.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from operator import sub
from random import Random
from typing import NamedTuple

K = 10
_DRAWS = 400
_TAIL = 0.025


class Score(NamedTuple):
    """One case, or the mean of many."""

    ndcg: float
    recall: float
    hit: float


class Summary(NamedTuple):
    """The mean over *cases*, and half of the 95 % intervals of NDCG and recall."""

    cases: int
    mean: Score
    ndcg_within: float
    recall_within: float


class Gain(NamedTuple):
    """A mean difference and the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Lead(NamedTuple):
    """How much better one way is than another."""

    ndcg: Gain
    recall: Gain
    hit: Gain


Scored = tuple[str, Score]
"""A case: its member, and how well the list met it."""


def score(ranked: Sequence[str], bought: Collection[str], k: int = K) -> Score:
    """Return how well the first *k* of *ranked* meet *bought*; the best list has all hits on top."""
    places = [place for place, product in enumerate(ranked[:k]) if product in bought]
    gain = sum(1 / math.log2(place + 2) for place in places)
    best = sum(1 / math.log2(place + 2) for place in range(min(k, len(bought))))
    return Score(gain / best, len(places) / len(bought), float(bool(places)))


def summary(scores: Sequence[Scored], *, seed: int = 1) -> Summary:
    """Return the mean of the *scores*, and how far chance in members may move it."""
    drawn = list(zip(*_draws(scores, seed), strict=True))
    return Summary(len(scores), _mean(scores), _half_width(drawn[0]), _half_width(drawn[1]))


def lead(ours: Sequence[Scored], theirs: Sequence[Scored], *, seed: int = 1) -> Lead:
    """Return how much better *ours* are than *theirs*, case by case; both are of the same cases."""
    gains = [
        (member, Score(*map(sub, mine, other)))
        for (member, mine), (_, other) in zip(ours, theirs, strict=True)
    ]
    drawn = zip(*_draws(gains, seed), strict=True)
    return Lead(*(Gain(value, *_ends(draws)) for value, draws in zip(_mean(gains), drawn, strict=True)))


def _draws(scores: Sequence[Scored], seed: int) -> list[Score]:
    """Return the means of as many draws of members, each with all of her cases."""
    by_member = defaultdict[str, list[Score]](list)
    for member, each in scores:
        by_member[member].append(each)
    sums = [(len(mine), *map(sum, zip(*mine, strict=True))) for mine in by_member.values()]
    dice, means = Random(seed), list[Score]()
    for _ in range(_DRAWS):
        cases, *totals = map(sum, zip(*dice.choices(sums, k=len(sums)), strict=True))
        means.append(Score(*(total / cases for total in totals)))
    return means


def _mean(scores: Sequence[Scored]) -> Score:
    return Score(*(sum(values) / len(scores) for values in zip(*(each for _, each in scores), strict=True)))


def _ends(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the middle 95 % of *values*."""
    ordered = sorted(values)
    tail = int(_TAIL * len(ordered))
    return ordered[tail], ordered[-1 - tail]


def _half_width(values: Sequence[float]) -> float:
    low, high = _ends(values)
    return (high - low) / 2
