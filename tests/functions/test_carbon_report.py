"""carbon_report: sums of the days, read in one trip; estimates with their method and sources."""

from typing import Any

import pytest

from dataio import carbon
from functions.builders import Document, document, edit, user
from harness import A, B, Shop, user_id

NOTHING = {
    "meals": 0,
    "carbonG": 0,
    "baselineG": 0,
    "savedG": 0,
    "mealSavedG": 0,
    "shopSavedG": 0,
    "shopCarbonG": 0,
    "comparison": "",
}


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    shop.add("users", user())


def day(day: str, meals: int = 1, *, openid: str = A, **changes: Any) -> Document:
    """A day with so many meals of tofu in it, and what *changes* say."""
    fields: Document = {
        "userId": user_id(openid),
        "day": day,
        "meals": meals,
        "eaten": meals,
        "mealCarbonG": 316 * meals,
        "mealBaselineG": 923 * meals,
        "mealSavedG": 607 * meals,
        "savedG": 607 * meals,
    }
    return document("daily_stats", id=f"{user_id(openid)}:{day}", **fields | changes)


def test_who_has_recorded_nothing_is_told_how_to_begin(shop: Shop) -> None:
    before = shop.dump()

    report = shop.ok("carbon_report", openid=A)

    assert (shop.adapter.trips, shop.dump() == before) == (1, True)
    assert (report["total"], report["streak"], report["equivalents"]) == (NOTHING, 0, [])
    assert report["week"] == {**NOTHING, "change": "和前 7 天差不多"}
    assert report["text"] == "还没有记录。记下一餐素食，减碳就从这里开始算。"
    assert len(report["days"]) == 30


def test_days_add_up_to_periods(shop: Shop) -> None:
    shop.add("daily_stats", day("2026-11-23", 2))
    shop.add("daily_stats", day("2026-11-22", 1, savedG=6388, shopCarbonG=2528))
    shop.add("daily_stats", day("2026-11-15", 3))
    shop.add("daily_stats", day("2026-10-01", 5))
    shop.add("daily_stats", day("2025-01-01", 10))

    report = shop.ok("carbon_report", {"days": 2}, openid=A)

    assert shop.adapter.trips == 1
    periods = {name: report[name] for name in ("today", "week", "month", "total")}
    assert {name: (each["meals"], each["savedG"]) for name, each in periods.items()} == {
        "today": (2, 1214),
        "week": (3, 7602),
        "month": (6, 9423),
        "total": (21, 18_528),
    }
    assert report["week"] == {
        "meals": 3,
        "carbonG": 948,
        "baselineG": 2769,
        "savedG": 7602,
        "mealSavedG": 1821,
        "shopSavedG": 5781,
        "shopCarbonG": 2528,
        "comparison": "3 餐约排放 948 克二氧化碳当量；同样的主食和蔬菜配对照的肉，约 2769 克",
        "change": "比前 7 天多 5781 克",
    }
    assert report["days"] == [
        {"day": "2026-11-22", "meals": 1, "mealSavedG": 607, "shopSavedG": 5781},
        {"day": "2026-11-23", "meals": 2, "mealSavedG": 1214, "shopSavedG": 0},
    ]
    assert (report["streak"], report["text"]) == (2, "累计估算减碳 18528 克，已连续 2 天有记录。")
    assert report["equivalents"] == ["大约是 20 份（每份 75 克）猪肉的排放"]


def test_method_and_sources_stand_beside_the_figures(shop: Shop) -> None:
    report = shop.ok("carbon_report", openid=A)

    assert report["method"].startswith("估算值")
    assert report["sources"] == ["Poore & Nemecek 2018（Science 360:987），零售重量全球均值"]


def test_the_days_of_another_are_not_counted(shop: Shop) -> None:
    shop.add("daily_stats", day("2026-11-23", openid=B))

    assert shop.ok("carbon_report", openid=A)["total"] == NOTHING


def test_what_meal_record_counted_is_what_is_reported(shop: Shop) -> None:
    factor = {"factorG": 3160, "factorSource": "测试数据", "factorVersion": "test"}
    food = document("ingredients", id="tofu", name="豆腐", nameKey="豆腐", category="豆制品", **factor)
    shop.add("ingredients", food)
    meal = {"action": "record", "items": [{"ingredientId": "tofu", "grams": 100}]}
    for n in range(3):
        shop.ok("meal_record", {**meal, "clientToken": f"meal-{n:05}"}, openid=A)
    shop.ok("meal_record", {"action": "undo", "clientToken": "meal-00000"}, openid=A)

    today = shop.ok("carbon_report", openid=A)["today"]

    assert (today["meals"], today["carbonG"], today["savedG"]) == (2, 632, 1214)


def test_meals_that_were_recalculated_are_told_of_in_one_trip(shop: Shop) -> None:
    factor = {"factorG": 3160, "factorSource": "测试数据", "factorVersion": "test-1"}
    food = document("ingredients", id="tofu", name="豆腐", nameKey="豆腐", category="豆制品", **factor)
    shop.add("ingredients", food)
    shop.add("users", user(B))
    meal = {
        "action": "record",
        "items": [{"ingredientId": "tofu", "grams": 100}],
        "clientToken": "meal-00000",
    }
    for openid in (A, B):
        shop.ok("meal_record", meal, openid=openid)
    edit(shop, "ingredients", "tofu", {"factorG": 5000, "factorVersion": "test-2"})
    for page in carbon.pages(shop.adapter, user_id(A)):
        carbon.store(shop.adapter, page)

    mine, hers = (shop.ok("carbon_report", openid=openid) for openid in (A, B))

    assert shop.adapter.trips == 1
    told = "数字依据 2 个版本的排放系数（pn2018-mean、test-2），有的餐食已按新版系数重新估算。"
    assert (mine["today"]["savedG"], mine["versions"]) == (423, told)
    told = "数字依据 2 个版本的排放系数（pn2018-mean、test-1）。"
    assert (hers["today"]["savedG"], hers["versions"]) == (607, told)


@pytest.mark.parametrize("days", [0, 367, "30", True])
def test_a_curve_has_a_day_to_a_year(shop: Shop, days: Any) -> None:
    reply = shop.refused("carbon_report", {"days": days}, openid=A)

    assert [each["field"] for each in reply["details"]["fields"]] == ["days"]


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("carbon_report")["error"] == "FORBIDDEN"
