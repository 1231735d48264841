"""Factors tell which products the same kind of members buy."""

import math
from collections.abc import Sequence
from random import Random

import pytest

from gardenshop.rules.factors import RANK, factors
from gardenshop.rules.visits import Visit

KINDS, SIZE, MEMBERS = 10, 6, 150


def visit(day: int, *products: str) -> Visit:
    return Visit(day, [(each, 1, 100) for each in products])


def member(kind: int, dice: Random) -> list[Visit]:
    """Return a member who buys three products of one kind, though never both of the first two."""
    while {0, 1} <= set(mine := dice.sample(range(SIZE), 3)):
        pass
    return [visit(day, f"{kind} {product}") for day, product in enumerate(mine)]


@pytest.fixture(scope="module", name="found")
def _found() -> dict[str, list[float]]:
    dice = Random(1)
    return factors([member(number % KINDS, dice) for number in range(MEMBERS)])


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True)) / (math.hypot(*one) * math.hypot(*other))


def test_what_alike_members_buy_points_one_way_even_if_no_member_has_both(
    found: dict[str, list[float]],
) -> None:
    together = [cosine(found[f"{kind} 0"], found[f"{kind} 1"]) for kind in range(KINDS)]
    apart = [cosine(found["0 0"], found[f"{kind} 1"]) for kind in range(1, KINDS)]

    assert sum(together) / len(together) > 0.6
    assert abs(sum(apart) / len(apart)) < 0.1


def test_each_product_has_as_many_numbers_and_their_mean_square_length_is_one(
    found: dict[str, list[float]],
) -> None:
    assert set(found) == {f"{kind} {product}" for kind in range(KINDS) for product in range(SIZE)}
    assert {len(vector) for vector in found.values()} == {RANK}
    squares = [math.hypot(*vector) ** 2 for vector in found.values()]
    assert sum(squares) / len(squares) == pytest.approx(1, abs=0.01)


def test_there_are_no_more_factors_than_members_or_products() -> None:
    one, two = [visit(1, "tea")], [visit(1, "rice", "soy"), visit(2, "rice")]

    assert factors([]) == {}
    assert [[abs(number) for number in vector] for vector in factors([one]).values()] == [[1]]
    assert {len(vector) for vector in factors([one, two]).values()} == {2}


def test_the_same_purchases_give_the_same_factors(found: dict[str, list[float]]) -> None:
    dice = Random(1)

    assert factors(member(number % KINDS, dice) for number in range(MEMBERS)) == found
