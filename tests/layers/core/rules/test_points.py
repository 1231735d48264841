"""How many points things earn and when those lapse."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.points import garden_points_for, lot_expiry, shop_points_for
from gardenshop.rules.policy import PointsPolicy

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
