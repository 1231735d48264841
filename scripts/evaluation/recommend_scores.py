"""How good ranked lists are: NDCG, recall and hits at *k*, macro averages with intervals over members."""

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
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


def score(ranked: Sequence[str], bought: Collection[str], k: int = K) -> Score:
    """Return how well the first *k* of *ranked* meet *bought*; the best list has all hits on top."""
    places = [place for place, product in enumerate(ranked[:k]) if product in bought]
    gain = sum(1 / math.log2(place + 2) for place in places)
    best = sum(1 / math.log2(place + 2) for place in range(min(k, len(bought))))
    return Score(gain / best, len(places) / len(bought), float(bool(places)))


def summary(scores: Sequence[tuple[str, Score]], *, seed: int = 1) -> Summary:
    """Return the mean of the *scores*, each with its member, and how far chance in members may move it."""
    by_member = defaultdict[str, list[Score]](list)
    for member, each in scores:
        by_member[member].append(each)
    members, dice = list(by_member.values()), Random(seed)
    draws = [
        _mean([each for mine in dice.choices(members, k=len(members)) for each in mine])
        for _ in range(_DRAWS)
    ]
    return Summary(
        len(scores),
        _mean([each for _, each in scores]),
        _half_width([draw.ndcg for draw in draws]),
        _half_width([draw.recall for draw in draws]),
    )


def _mean(scores: Sequence[Score]) -> Score:
    return Score(*(sum(values) / len(scores) for values in zip(*scores, strict=True)))


def _half_width(values: list[float]) -> float:
    values = sorted(values)
    tail = int(_TAIL * len(values))
    return (values[-1 - tail] - values[tail]) / 2
