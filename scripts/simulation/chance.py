"""Chance, all of it from one seed: every thing that draws has dice of its own, so none disturbs another."""

import random
from typing import TypeVar

T = TypeVar("T")


def dice(*names: object) -> random.Random:
    """Return the dice of *names*: the same names, the same throws, in every process."""
    return random.Random("/".join(map(str, names)))


def weighted(chance: random.Random, weights: dict[T, int]) -> T:
    """Draw one of *weights*."""
    return chance.choices(list(weights), list(weights.values()))[0]
