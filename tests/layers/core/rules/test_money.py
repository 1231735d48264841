"""The parts of an amount always add up to it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.money import cumulative_share, spread

amounts = st.integers(0, 10**9)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("amount", "given_weights", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (1000, [1999, 1, 0], [1000, 0, 0]),
        (5, [0, 0], [3, 2]),
        (0, [3, 4], [0, 0]),
        (0, [], []),
        (7, [9], [7]),
        (2, [1, 1, 1], [1, 1, 0]),
    ],
)
def test_the_largest_remainders_get_what_is_left_over(
    amount: int, given_weights: list[int], parts: list[int]
) -> None:
    assert spread(amount, given_weights) == parts


def test_an_amount_for_nobody_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        spread(1, [])


@given(amounts, weights)
def test_parts_add_up_and_are_fair(amount: int, given_weights: list[int]) -> None:
    parts = spread(amount, given_weights)

    assert sum(parts) == amount
    total = sum(given_weights)
    for part, weight in zip(parts, given_weights, strict=True):
        if total:
            assert amount * weight // total <= part <= -(-amount * weight // total)
        else:
            assert amount // len(parts) <= part <= amount // len(parts) + 1


@given(amounts, weights)
def test_more_weight_never_gets_less(amount: int, given_weights: list[int]) -> None:
    parts = spread(amount, given_weights)

    ranked = sorted(zip(given_weights, parts, strict=True))
    for (lighter, less), (heavier, more) in pairwise(ranked):
        assert less <= more or lighter == heavier


@given(amounts, st.lists(st.integers(1, 20), min_size=1, max_size=20))
def test_whatever_the_steps_all_units_take_the_whole(amount: int, steps: list[int]) -> None:
    whole, done, taken = sum(steps), 0, 0
    for more in steps:
        share = cumulative_share(amount, done=done, more=more, whole=whole)
        assert 0 <= share <= -(-amount * more // whole)
        taken += share
        done += more

    assert taken == amount


def test_a_refund_of_each_of_three_units_of_ten_fen() -> None:
    assert [cumulative_share(10, done=done, more=1, whole=3) for done in range(3)] == [3, 3, 4]
