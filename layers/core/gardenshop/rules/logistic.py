"""Logistic regression with a prior, fitted by Newton's method, for a few dozen features and no library.

A step that would make the fit worse, as the first ones from a bold prior can, is halved until it does not.

The ridge pulls the coefficients towards a *prior* instead of zero: the less there is to learn from, the more
of what other shops taught remains.
"""

import math
from collections.abc import Sequence
from operator import mul, sub
from typing import NamedTuple

_STEPS = 30
_ENOUGH = 0.02
"""A step as small as this is the last: what it leaves of the error is of the order of its square."""
_STEEP = 30.0


def fit(
    columns: Sequence[Sequence[float]],
    labels: Sequence[float],
    weights: Sequence[float],
    *,
    prior: Sequence[float],
    ridge: float,
) -> list[float]:
    """Return one coefficient a column, such that the weighted likelihood of *labels* (0 or 1) is highest.

    The intercept is a column of ones like any other; *ridge* counts as so many rows in favour of *prior*.
    """
    data = _Data(columns, labels, weights, prior, ridge)
    found = list(prior)
    loss = data.loss(found)
    for _ in range(_STEPS):
        step = data.step(found)
        while (lost := data.loss(tried := _moved(found, step))) > loss and _matters(step):
            step = [change / 2 for change in step]
        if lost <= loss:
            found, loss = tried, lost
        if not _matters(step):
            break
    return found


class _Data(NamedTuple):
    columns: Sequence[Sequence[float]]
    labels: Sequence[float]
    weights: Sequence[float]
    prior: Sequence[float]
    ridge: float

    def loss(self, found: Sequence[float]) -> float:
        """Return how unlikely the labels are by *found*, and how far that is from the prior."""
        rows = zip(self.weights, self.labels, _scores(self.columns, found), strict=True)
        away = sum((new - old) ** 2 for new, old in zip(found, self.prior, strict=True))
        unlikely = sum(weight * (_softplus(score) - label * score) for weight, label, score in rows)
        return unlikely + self.ridge / 2 * away

    def step(self, found: Sequence[float]) -> list[float]:
        """Return Newton's step from *found*."""
        chances = [chance(score) for score in _scores(self.columns, found)]
        errors = list(map(mul, self.weights, map(sub, self.labels, chances)))
        spread = [weight * each * (1 - each) for weight, each in zip(self.weights, chances, strict=True)]
        pull = [self.ridge * (old - new) for old, new in zip(self.prior, found, strict=True)]
        slope = [_dot(column, errors) + force for column, force in zip(self.columns, pull, strict=True)]
        return _solve(_curvature(self.columns, spread, self.ridge), slope)


def chance(score: float) -> float:
    """Return the probability that *score* (log odds) stands for."""
    return 1 / (1 + math.exp(-max(-_STEEP, min(_STEEP, score))))


def _softplus(score: float) -> float:
    """Return log(1 + e^score), the loss of a row that is labelled 0."""
    return max(score, 0.0) + math.log1p(math.exp(-abs(score)))


def _matters(step: Sequence[float]) -> bool:
    return max(map(abs, step)) >= _ENOUGH


def _moved(found: Sequence[float], step: Sequence[float]) -> list[float]:
    return [value + change for value, change in zip(found, step, strict=True)]


def _scores(columns: Sequence[Sequence[float]], coefficients: Sequence[float]) -> list[float]:
    totals = [0.0] * len(columns[0])
    for column, coefficient in zip(columns, coefficients, strict=True):
        totals = [total + coefficient * value for total, value in zip(totals, column, strict=True)]
    return totals


def _curvature(
    columns: Sequence[Sequence[float]], spread: Sequence[float], ridge: float
) -> list[list[float]]:
    size = len(columns)
    table = [[0.0] * size for _ in range(size)]
    for row, column in enumerate(columns):
        scaled = list(map(mul, column, spread))
        for other in range(row, size):
            table[row][other] = table[other][row] = _dot(scaled, columns[other])
        table[row][row] += ridge
    return table


def _solve(table: list[list[float]], right: list[float]) -> list[float]:
    """Solve the symmetric positive definite system by elimination; the ridge makes pivots needless."""
    rows = [[*row, value] for row, value in zip(table, right, strict=True)]
    for place, pivot in enumerate(rows):
        for row in rows[place + 1 :]:
            factor = row[place] / pivot[place]
            row[place:] = [
                value - factor * other for value, other in zip(row[place:], pivot[place:], strict=True)
            ]
    found = [0.0] * len(rows)
    for place in reversed(range(len(rows))):
        known = _dot(rows[place][place + 1 : -1], found[place + 1 :])
        found[place] = (rows[place][-1] - known) / rows[place][place]
    return found


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(map(mul, one, other), 0.0)
