"""A month's batch: what was confirmed up to its end, less what was carried."""

import pytest

from gardenshop.rules.settlement import Batch, batch_of, month_before


@pytest.mark.parametrize(
    ("day", "month"),
    [("2026-11-01", "2026-10"), ("2026-12-31", "2026-11"), ("2027-01-01", "2026-12")],
)
def test_the_last_month_that_is_over(day: str, month: str) -> None:
    assert month_before(day) == month


def counters(confirmed: int, debt: int = 0) -> dict[str, int]:
    return {"confirmedFen": confirmed, "debtFen": debt}


def test_a_batch_leaves_what_is_of_the_present_month() -> None:
    assert batch_of(counters(700), {"2026-10": 500, "2026-11": 200}, last="2026-10") == Batch(
        "2026-10", 500, 0
    )


def test_months_that_were_missed_come_one_after_the_other_the_oldest_first() -> None:
    months = {"2026-09": 100, "2026-10": 30, "2026-11": 7}

    assert batch_of(counters(137), months, last="2026-10") == Batch("2026-09", 100, 0)
    del months["2026-09"]
    assert batch_of(counters(37), months, last="2026-10") == Batch("2026-10", 30, 0)


def test_what_was_booked_too_late_for_its_month_goes_with_the_next() -> None:
    assert batch_of(counters(45), {"2026-11": 5}, last="2026-10") == Batch("2026-10", 40, 0)


def test_a_debt_is_repaid_first_and_what_is_left_of_it_stays() -> None:
    assert batch_of(counters(500, debt=120), {"2026-10": 500}, last="2026-10").deltas == {
        "confirmedFen": -500,
        "debtFen": -120,
        "settledFen": 380,
    }
    assert batch_of(counters(500, debt=900), {"2026-10": 500}, last="2026-10").deltas == {
        "confirmedFen": -500,
        "debtFen": -500,
        "settledFen": 0,
    }


def test_a_month_without_anything_settles_nothing() -> None:
    assert batch_of(counters(200), {"2026-11": 200}, last="2026-10") == Batch("2026-10", 0, 0)
