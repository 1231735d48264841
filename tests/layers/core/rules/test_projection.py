"""The stock to come, as a chart draws it."""

from datetime import date, timedelta
from typing import Any

import pytest

from gardenshop.rules.outlook import Stock, forecast
from gardenshop.rules.projection import MOST_POINTS, Projection, project

TODAY = "2026-11-23"
SOLD = {(date(2026, 11, 23) - timedelta(days=number)).isoformat(): 4 for number in range(1, 57)}


def projection(available: int, quantity: int, **changes: Any) -> Projection:
    """Return that of a SKU that sells 4 a day and takes 2 days to come."""
    stock = Stock(available, **{"daily_sales": SOLD, "lead_days": 2, **changes})
    return project(stock, forecast(stock, TODAY), quantity)


def test_stock_falls_by_what_is_expected_and_rises_when_the_order_comes() -> None:
    found = projection(20, 30)
    assert found.step_days == 1
    assert found.unordered.expected == (16, 12, 8, 4, *[0] * 10)
    assert found.ordered.expected == (16, 12, 38, 34, 30, 26, 22, 18, 14, 10, 6, 2, 0, 0)


def test_what_lacked_is_not_owed_when_the_order_comes() -> None:
    assert projection(4, 10).ordered.expected[:4] == (0, 0, 6, 2)


def test_what_is_on_its_way_comes_without_an_order() -> None:
    assert projection(4, 0, inbound=10).unordered.expected[:4] == (0, 0, 6, 2)


def test_the_band_holds_what_is_expected_and_widens() -> None:
    found = projection(60, 0).unordered
    assert all(
        low <= expected <= high
        for low, expected, high in zip(found.low, found.expected, found.high, strict=True)
    )
    assert found.high[0] - found.low[0] < found.high[6] - found.low[6]


@pytest.mark.parametrize(("lead", "points", "step"), [(2, 14, 1), (19, 40, 1), (20, 21, 2), (364, 38, 19)])
def test_however_long_the_way_there_are_few_points(lead: int, points: int, step: int) -> None:
    found = projection(60, 10, lead_days=lead)
    assert (len(found.ordered.low), found.step_days) == (points, step)
    assert points <= MOST_POINTS
