"""Past visits as the ranking would have met them: with what was known then, and what was bought."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from gardenshop.rules.hindsight import looks
from gardenshop.rules.lookback import Lately, Past
from gardenshop.rules.recommend import PRIOR
from gardenshop.rules.worth import Look

LAST = date(2026, 11, 23)
CHINA = timezone(timedelta(hours=8))
BUYER, OTHER = "u1", "u2"


def product(product_id: str, **changes: Any) -> dict[str, Any]:
    return {"_id": product_id, "title": product_id, "categoryPath": ["粮油"], "status": "on_sale", **changes}


SHELF = [
    product("rice", onAt=0),
    product("tea", terms=["xiaoxue"]),
    product("yam", fit={"suits": ["qi_deficiency"], "source": "古籍"}),
    product("jam", onAt=int(datetime(2026, 11, 20, tzinfo=CHINA).timestamp() * 1000)),
]


def order(day: date, *products: str, user_id: str = BUYER) -> dict[str, Any]:
    items = [{"product_id": each, "quantity": 2, "paid_cents": 900} for each in products]
    return {"user_id": user_id, "date": day.isoformat(), "items": items}


def lately(*orders: dict[str, Any], segments: dict[str, str] | None = None) -> Lately:
    """Return the last weeks of a shop whose last visit was on `LAST`."""
    past = Past()
    past.add([*orders, order(LAST, "rice", user_id=OTHER)])
    goods = {"type": "粮油", "category": "粮油", "brand": "", "list_price_cents": 900}
    return past.lately([{"product_id": each["_id"], **goods} for each in SHELF], PRIOR, segments or {})


def look(*orders: dict[str, Any], of: str = BUYER, **who: Any) -> Look:
    """Return the one visit of the last weeks that *of* made."""
    seen = lately(*orders, segments=who.get("segments"))
    mine = [each for each in seen.visits if each[0] == of]
    (found,) = looks(seen._replace(visits=mine), SHELF, who.get("types", {}), who.get("segments", {}))
    return found


def test_what_goes_with_the_first_product_of_a_visit_was_to_be_shown() -> None:
    weekly = [order(LAST - timedelta(days=days), "rice", "tea") for days in (30, 37, 44)]

    found = look(*weekly, order(LAST, "rice", "tea", "yam"))

    assert (found.bought, "rice" in found.values) == (["tea", "yam"], False)
    assert (found.values["tea"]["copurchase"], found.values["yam"]["copurchase"]) == (1.0, 0.0)


def test_a_visit_for_one_product_is_one_to_the_front_page() -> None:
    found = look(order(LAST, "tea"))

    assert (found.bought, set(found.values)) == (["tea"], {"rice", "tea", "yam", "jam"})
    assert {each["copurchase"] for each in found.values.values()} == {0.0}


@pytest.mark.parametrize(("day", "values"), [(date(2026, 11, 22), 0.5), (LAST, 1.0)])
def test_its_season_is_that_of_the_day(day: date, values: float) -> None:
    """小雪 of 2026 begins in the afternoon of November 22."""
    assert look(order(day, "rice")).values["tea"]["term"] == values


def test_what_was_not_on_sale_yet_could_not_be_shown() -> None:
    assert "jam" not in look(order(date(2026, 11, 19), "rice")).values
    assert "jam" in look(order(date(2026, 11, 20), "rice")).values


def test_a_habit_is_judged_by_the_visits_before() -> None:
    weekly = [order(LAST - timedelta(days=days), "yam") for days in (35, 42, 49)]

    assert look(*weekly, order(LAST, "rice")).values["yam"]["history"] > 0.5
    assert look(order(LAST, "yam")).values["yam"]["history"] == 0.0


def test_sales_are_those_of_the_month_before_the_last_weeks() -> None:
    long_ago, before, since = (LAST - timedelta(days=days) for days in (70, 40, 3))

    seen = lately(order(long_ago, "jam"), order(before, "yam", "tea"), order(since, "rice"))

    assert seen.sold == {"yam": 2, "tea": 2}


def test_constitution_counts_as_far_as_its_use_is_agreed_to() -> None:
    visit = order(LAST, "rice")

    assert look(visit).values["yam"]["constitution"] == 0.0
    assert look(visit, types={BUYER: ("qi_deficiency",)}).values["yam"]["constitution"] == 1.0


def test_buyers_of_her_segment_are_those_before_the_last_weeks() -> None:
    members = [f"m{number}" for number in range(6)]
    segments = dict.fromkeys([*members, BUYER], "qi_deficiency")
    early = [order(LAST - timedelta(days=40), "yam", user_id=member) for member in members]
    late = [order(LAST - timedelta(days=2), "tea", user_id=member) for member in members]

    found = look(*early, *late, order(LAST, "rice"), segments=segments)

    assert (found.values["yam"]["popularity"], found.values["tea"]["popularity"]) == (1.0, 0.0)
