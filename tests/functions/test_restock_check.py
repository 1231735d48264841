"""restock_check: one open suggestion a SKU, with its reasons; the next run changes nothing."""

from datetime import date, timedelta
from typing import Any

import pytest

from functions.builders import NOW, edit, inventory
from gardenshop.cloud.clock import DAY
from harness import A, Shop, context, function

SOLD = {str(date(2026, 11, 23) - timedelta(days=i)): 5 for i in range(1, 29)}


@pytest.fixture(autouse=True)
def _stock(shop: Shop, clock: object) -> None:
    del clock
    shop.add("inventory", inventory("tofu-500g", 8, dailySales=SOLD))
    shop.add("inventory", inventory("tea-500g", 500, dailySales=SOLD))


def suggestion(shop: Shop, sku_id: str = "tofu-500g") -> Any:
    return shop.one("inventory", sku_id).get("suggestion")


def test_what_runs_short_is_proposed_with_its_reasons(shop: Shop) -> None:
    checked = shop.ok("restock_check")

    (proposed,) = checked["suggestions"]
    assert (checked["checked"], checked["withdrawn"], proposed["skuId"]) == (2, 0, "tofu-500g")
    assert proposed["quantity"] > 5 * 14 - 8
    assert proposed["reasons"]
    assert suggestion(shop) == {
        "suggestionId": "tofu-500g:2026-11-23",
        "quantity": proposed["quantity"],
        "reasons": proposed["reasons"],
        "inputs": suggestion(shop)["inputs"],
        "at": NOW,
    }
    assert shop.one("inventory", "tofu-500g")["forecast"]["perDayMilli"] == 5000


def test_the_next_run_changes_nothing(shop: Shop) -> None:
    first = shop.ok("restock_check")
    before = shop.dump()

    assert shop.ok("restock_check") == first
    assert shop.dump() == before


def test_the_one_suggestion_is_brought_up_to_date(shop: Shop, clock: Any) -> None:
    shop.ok("restock_check")
    edit(shop, "inventory", "tofu-500g", {"available": 2, "onHand": 2})
    clock.now += 3_600_000

    (proposed,) = shop.ok("restock_check")["suggestions"]

    assert suggestion(shop)["quantity"] == proposed["quantity"]
    assert suggestion(shop)["at"] == clock.now


@pytest.mark.parametrize("arrived", [{"available": 500, "onHand": 500}, {"inbound": 500}], ids=str)
def test_a_suggestion_no_longer_needed_is_withdrawn(shop: Shop, arrived: dict[str, Any]) -> None:
    shop.ok("restock_check")
    edit(shop, "inventory", "tofu-500g", arrived)

    assert shop.ok("restock_check") == {"checked": 2, "suggestions": [], "withdrawn": 1}
    assert suggestion(shop) is None


def test_a_snoozed_sku_is_left_alone_until_its_time(shop: Shop, clock: Any) -> None:
    edit(shop, "inventory", "tofu-500g", {"reorder.snoozeUntil": NOW + DAY})
    assert shop.ok("restock_check")["suggestions"] == []

    clock.now += DAY
    assert len(shop.ok("restock_check")["suggestions"]) == 1


def test_a_day_that_ended_with_an_empty_shelf_is_noted_once_and_not_taken_for_low_demand(shop: Shop) -> None:
    sold = {**SOLD, "2026-11-22": 0}
    shop.add("inventory", inventory("rice-5kg", 0, dailySales=sold))

    shop.ok("restock_check")
    noted = shop.dump()
    shop.ok("restock_check")

    assert shop.one("inventory", "rice-5kg")["stockoutDays"] == ["2026-11-22"]
    assert shop.one("inventory", "rice-5kg")["forecast"]["perDayMilli"] == 5000
    assert shop.dump() == noted


@pytest.mark.parametrize(("available", "sold"), [(1, SOLD), (0, {})], ids=["something left", "never sold"])
def test_other_days_are_not_noted(shop: Shop, available: int, sold: dict[str, int]) -> None:
    shop.add("inventory", inventory("rice-5kg", available, dailySales=sold))

    shop.ok("restock_check")

    assert shop.one("inventory", "rice-5kg")["stockoutDays"] == []


def test_days_noted_do_not_grow_without_end(shop: Shop) -> None:
    days = [str(date(2026, 11, 22) - timedelta(days=i)) for i in range(400, 0, -1)]
    shop.add("inventory", inventory("rice-5kg", 0, dailySales=SOLD, stockoutDays=days))

    shop.ok("restock_check")

    assert shop.one("inventory", "rice-5kg")["stockoutDays"] == [*days[1:], "2026-11-22"]


def test_a_run_goes_on_after_the_sku_named(shop: Shop) -> None:
    assert shop.ok("restock_check", {"Message": "tea-500g"})["checked"] == 1


def test_a_run_short_of_time_says_where_it_stopped() -> None:
    reply = function("restock_check").main({"Message": "tea-500g"}, context(time_limit_ms=5_000))

    assert reply["data"] == {"checked": 0, "suggestions": [], "withdrawn": 0, "nextAfter": "tea-500g"}


def test_a_member_may_not(shop: Shop) -> None:
    assert shop.refused("restock_check", openid=A)["error"] == "FORBIDDEN"
