"""How many points things earn, when those lapse, what they pay for and where they go back to."""

from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.points import (
    exchanged,
    garden_points_for,
    given_back,
    lot_expiry,
    redeemable,
    shop_points_for,
    spendable,
)
from gardenshop.rules.policies.points import PointsPolicy

CHINA = timezone(timedelta(hours=8))
POLICY = PointsPolicy()


def at(text: str) -> int:
    """Return the instant of a UTC+8 time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp() * 1000)


@pytest.mark.parametrize(("fen", "points"), [(0, 0), (999, 0), (1000, 1), (1999, 1), (99_900, 99)])
def test_ten_yuan_earn_a_shop_point(fen: int, points: int) -> None:
    assert shop_points_for(fen, POLICY) == points


@pytest.mark.parametrize(("grams", "points"), [(-5000, 0), (0, 0), (99, 0), (100, 1), (22_827, 228)])
def test_a_kilogram_saved_earns_ten_garden_points(grams: int, points: int) -> None:
    assert garden_points_for(grams, POLICY) == points


@pytest.mark.parametrize(
    ("earned", "last_moment"),
    [
        ("2026-11-01T00:00:00", "2027-11-30T23:59:59.999"),
        ("2026-11-30T23:59:59", "2027-11-30T23:59:59.999"),
        ("2026-12-01T00:00:00", "2027-12-31T23:59:59.999"),
        ("2027-02-10T12:00:00", "2028-02-29T23:59:59.999"),
    ],
)
def test_a_lot_lasts_to_the_end_of_its_month_a_year_later(earned: str, last_moment: str) -> None:
    assert lot_expiry(at(earned), POLICY) == at(last_moment)


@given(st.integers(0, 4_000_000_000_000), st.integers(0, 60))
def test_no_lot_lapses_before_its_months_are_over(earned_at: int, months: int) -> None:
    expiry = lot_expiry(earned_at, PointsPolicy(expire_months=months))

    earned = datetime.fromtimestamp(earned_at / 1000, CHINA)
    last = datetime.fromtimestamp(expiry / 1000, CHINA)
    assert (last.year * 12 + last.month) - (earned.year * 12 + earned.month) == months
    assert (last + timedelta(milliseconds=2)).month != last.month
    assert lot_expiry(earned_at + 1, PointsPolicy(expire_months=months)) >= expiry


@pytest.mark.parametrize(
    ("book", "lapsed", "left"),
    [
        ({"available": 100}, 30, 70),
        ({"available": 100, "debt": 0}, 0, 100),
        ({"available": 100, "debt": 1}, 0, 0),
        ({"available": 10}, 30, 0),
        ({}, 0, 0),
    ],
)
def test_what_lapsed_or_is_owed_cannot_be_spent(book: dict[str, int], lapsed: int, left: int) -> None:
    assert spendable(book, lapsed) == left


@pytest.mark.parametrize(
    ("points", "goods_fen", "policy", "most"),
    [
        (700, 2400, PointsPolicy(), 700),
        (5000, 2400, PointsPolicy(), 1000),
        (5000, 300, PointsPolicy(), 300),
        (5000, 333, PointsPolicy(redeem_bp=5000), 166),
        (0, 2400, PointsPolicy(), 0),
        (700, 2400, PointsPolicy(redeem_cap=0), 0),
    ],
)
def test_what_may_be_redeemed_is_the_least_of_balance_cap_and_goods(
    points: int, goods_fen: int, policy: PointsPolicy, most: int
) -> None:
    assert redeemable(points, goods_fen, policy) == most


@pytest.mark.parametrize(
    ("points", "bp", "taken", "gained"),
    [(300, 1000, 300, 30), (150, 300, 134, 4), (99, 100, 0, 0), (100, 10_000, 100, 100), (100, 0, 0, 0)],
)
def test_an_exchange_takes_no_more_than_its_whole_points_cost(
    points: int, bp: int, taken: int, gained: int
) -> None:
    assert exchanged(points, PointsPolicy(exchange_bp=bp)) == (taken, gained)


@given(points=st.integers(0, 10**6), bp=st.integers(0, 10_000))
def test_no_exchange_gains_by_being_split_or_costs_more_than_was_asked(points: int, bp: int) -> None:
    taken, gained = exchanged(points, PointsPolicy(exchange_bp=bp))

    assert 0 <= taken <= points
    assert gained * 10_000 <= taken * bp
    assert exchanged(taken, PointsPolicy(exchange_bp=bp)) == (taken, gained)


def test_points_go_back_to_the_lots_that_lapse_last_first() -> None:
    uses = [("soon", 300), ("late", 200)]

    assert given_back(uses, done=0, points=166) == {"late": 166}
    assert given_back(uses, done=166, points=167) == {"late": 34, "soon": 133}
    assert given_back(uses, done=333, points=167) == {"soon": 167}
    assert given_back(uses, done=0, points=500) == {"late": 200, "soon": 300}


@given(
    uses=st.lists(st.integers(1, 50), min_size=1, max_size=6), cuts=st.lists(st.integers(0, 60), max_size=6)
)
def test_whatever_the_steps_each_lot_gets_back_what_it_gave(uses: list[int], cuts: list[int]) -> None:
    lots = [(str(place), points) for place, points in enumerate(uses)]
    back: Counter[str] = Counter()
    done = 0
    for more in [*cuts, sum(uses)]:
        step = min(more, sum(uses) - done)
        parts = given_back(lots, done=done, points=step)
        assert sum(parts.values()) == step
        back.update(parts)
        done += step

    assert back == Counter(dict(lots))
