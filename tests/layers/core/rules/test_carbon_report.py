"""What days add up to, and how it is told."""

import pytest

from gardenshop.rules.carbon_report import (
    Group,
    Sums,
    change_text,
    comparison_text,
    days_up_to,
    equivalents,
    streak,
    sums_of,
    versions_text,
)

DAYS = [
    {"day": "2026-11-20", "eaten": 2, "mealSavedG": 900, "savedG": 6900, "mealCarbonG": 800},
    {"day": "2026-11-21", "savedG": -500, "shopCarbonG": -100},
    {"day": "2026-11-22", "eaten": 1, "mealSavedG": 607, "savedG": 607, "mealBaselineG": 923},
]


def test_meals_and_purchases_are_told_apart() -> None:
    sums = sums_of(DAYS)

    assert sums == Sums(3, 800, 923, 1507, 0, 5500)
    assert sums.saved_g == 7007


def test_a_refund_alone_saves_nothing_and_emits_nothing() -> None:
    assert sums_of(DAYS[1:2]) == Sums()


def test_days_end_with_today() -> None:
    assert days_up_to("2026-03-01", 3) == ["2026-02-27", "2026-02-28", "2026-03-01"]


@pytest.mark.parametrize(("today", "count"), [("2026-11-22", 1), ("2026-11-23", 1), ("2026-11-24", 0)])
def test_a_streak_waits_for_today_and_ends_with_a_day_without_a_meal(today: str, count: int) -> None:
    assert streak(DAYS, today) == count


def test_a_streak_goes_over_the_end_of_a_year() -> None:
    days = [{"day": day, "eaten": 1} for day in days_up_to("2027-01-02", 5)]
    assert streak(days, "2027-01-02") == 5


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (1000, 400, "比前 7 天多 600 克"),
        (400, 1000, "比前 7 天少 600 克"),
        (1000, 950, "和前 7 天差不多"),
        (0, 0, "和前 7 天差不多"),
    ],
)
def test_a_change_is_told_when_it_is_one(now: int, before: int, text: str) -> None:
    assert change_text(now, before, 7) == text


def test_without_a_meal_there_is_nothing_to_compare() -> None:
    assert comparison_text(Sums()) == ""
    assert comparison_text(Sums(2, 800, 1800)).startswith("2 餐约排放 800 克")


def test_equivalents_are_whole_and_rounded_down() -> None:
    assert equivalents(500) == []
    assert equivalents(922) == []
    assert equivalents(1900) == ["大约是 2 份（每份 75 克）猪肉的排放"]


def rows(number: int, version: str, replaced: str | None = None) -> Group:
    """So many rows of a *version*, which *replaced* another if they are revisions."""
    key = {"version": version, **({"replaced": replaced} if replaced else {})}
    return {"_id": key, "rows": number}


@pytest.mark.parametrize(
    ("standing", "undone", "text"),
    [
        ([], [], ""),
        ([rows(3, "v1")], [], ""),
        ([rows(3, "v1"), rows(1, "m+v2")], [], "数字依据 3 个版本的排放系数（m、v1、v2）。"),
        ([rows(3, "v1"), rows(3, "v2", "v1")], [], "有的餐食已按新版排放系数（v2）重新估算。"),
        (
            [rows(3, "v1"), rows(1, "v2", "v1")],
            [],
            "数字依据 2 个版本的排放系数（v1、v2），有的餐食已按新版系数重新估算。",
        ),
        ([rows(3, "v1"), rows(1, "v2", "v1")], [rows(1, "v1"), rows(1, "v2", "v1")], ""),
        ([rows(3, "v1"), rows(1, "v2")], [rows(1, "v2")], ""),
        (
            [rows(3, "v1"), rows(3, "v2", "v1"), rows(3, "v1", "v2")],
            [],
            "有的餐食已按新版排放系数（v1）重新估算。",
        ),
    ],
    ids=[
        "nothing",
        "one version",
        "of foods and meat",
        "all recalculated",
        "some recalculated",
        "recalculated and taken back",
        "taken back",
        "and back again",
    ],
)
def test_versions_are_told_when_there_are_several(
    standing: list[Group], undone: list[Group], text: str
) -> None:
    assert versions_text(standing, undone) == text
