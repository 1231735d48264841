"""restock_check: one open suggestion a SKU, with its reasons; the next run changes nothing."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from functions.builders import NOW, die_everywhere, edit, inventory, product, promotion, remove, rule, sku
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.context import Context
from gardenshop.cloud.database import Command, update
from gardenshop.cloud.errors import DatabaseUnavailable
from gardenshop.flows import restocking
from gardenshop.rules.budget import USED_UP
from harness import ENV, A, Shop, context, function, open_shop
from localcloud.adapter import EngineAdapter

SOLD = {str(date(2026, 11, 23) - timedelta(days=i)): 5 for i in range(1, 29)}


@pytest.fixture(autouse=True)
def _stock(shop: Shop, clock: object) -> None:
    del clock
    shop.add("inventory", inventory("tofu-500g", 8, dailySales=SOLD))
    shop.add("inventory", inventory("tea-500g", 500, dailySales=SOLD))


def suggestion(shop: Shop, sku_id: str = "tofu-500g") -> Any:
    return shop.one("inventory", sku_id).get("suggestion")


def run(shop: Shop) -> Any:
    """Let the day's run begin anew, and return how it ended."""
    return shop.ok("restock_check", {"Message": "again"})


def stock(shop: Shop) -> Any:
    return shop.dump()["inventory"]


def test_a_sku_that_is_malformed_is_told_of_and_holds_up_no_other(shop: Shop) -> None:
    shop.add("products", product("tofu"))
    shop.add("inventory", {"_id": "malformed", "dailySales": {"2026-11-22": 1}})

    told = shop.ok("restock_check")

    assert (told["checked"], told["proposed"]) == (3, 1)
    (breach,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert (breach["state"], breach["payload"]["id"]) == ("dead", "malformed")
    remove(shop, "inventory", "malformed")


def test_a_suggestion_that_is_malformed_is_told_of_and_the_others_are_paid_for(shop: Shop) -> None:
    shop.add("inventory", {"_id": "malformed", "suggestion": {"returnBp": 5}})

    told = shop.ok("restock_check")

    assert (told["proposed"], told["costFen"]) == (1, suggestion(shop)["costFen"])
    (breach,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert (breach["state"], breach["payload"]["id"]) == ("dead", "malformed")
    remove(shop, "inventory", "malformed")


def test_what_runs_short_is_proposed_with_its_reasons(shop: Shop) -> None:
    shop.add("products", product("tofu"))

    checked = shop.ok("restock_check")

    found = suggestion(shop)
    quantity = found["quantity"]
    assert checked == {
        "checked": 2,
        "proposed": 1,
        "withdrawn": 0,
        "heldBack": 0,
        "costFen": quantity * 840,
    }
    assert quantity > 5 * 8 - 8
    assert found == {
        "suggestionId": "tofu-500g:2026-11-23",
        "quantity": quantity,
        "reasons": found["reasons"],
        "inputs": found["inputs"],
        "costFen": quantity * 840,
        "gainFen": found["gainFen"],
        "returnBp": found["gainFen"] * 10_000 // found["costFen"],
        "withinBudget": True,
        "arrivesOn": "2026-11-30",
        "projection": found["projection"],
        "at": NOW,
    }
    assert 0 < found["gainFen"] <= quantity * 360
    assert len(found["reasons"]) == 2
    assert shop.one("inventory", "tofu-500g")["forecast"]["perDayMilli"] == 5000


def test_the_stock_to_come_is_drawn_with_the_order_and_without_it(shop: Shop) -> None:
    shop.ok("restock_check")

    projection = suggestion(shop)["projection"]

    assert (projection["from"], projection["stepDays"]) == ("2026-11-23", 1)
    assert projection["unordered"]["expected"] == [3, *[0] * 15]
    assert projection["ordered"]["expected"][:7] == [3, *[0] * 6]
    assert projection["ordered"]["expected"][7:9] == [
        suggestion(shop)["quantity"] - 5,
        suggestion(shop)["quantity"] - 10,
    ]


def test_once_over_the_run_of_a_day_does_nothing_more(shop: Shop) -> None:
    first = shop.ok("restock_check")
    edit(shop, "inventory", "tofu-500g", {"available": 2, "onHand": 2})
    before = shop.dump()

    assert shop.ok("restock_check") == first
    assert shop.dump() == before


def test_a_run_begun_anew_changes_nothing_where_nothing_has_changed(shop: Shop) -> None:
    shop.add("business_rules", rule("restock", {"budgetFen": 0}))
    first = shop.ok("restock_check")
    before = stock(shop)
    written: list[Command] = []
    shop.adapter.before = lambda commands: written.extend(each for each in commands if "update" in each)

    assert run(shop) == first
    assert stock(shop) == before
    assert {command["update"] for command in written} == {"data_dashboard"}


def test_the_one_suggestion_is_brought_up_to_date(shop: Shop, clock: Any) -> None:
    run(shop)
    edit(shop, "inventory", "tofu-500g", {"available": 2, "onHand": 2})
    clock.now += 3_600_000
    before = suggestion(shop)["quantity"]

    run(shop)

    assert suggestion(shop)["quantity"] == before + 6
    assert suggestion(shop)["at"] == clock.now


def test_on_the_next_day_the_same_suggestion_is_drawn_anew(shop: Shop, clock: Any) -> None:
    run(shop)
    before = suggestion(shop)
    clock.now += DAY
    edit(shop, "inventory", "tofu-500g", {"dailySales.2026-11-23": 5})

    run(shop)

    assert suggestion(shop)["suggestionId"] == before["suggestionId"]
    assert suggestion(shop)["projection"]["from"] == "2026-11-24"
    assert suggestion(shop)["at"] == clock.now


@pytest.mark.parametrize("arrived", [{"available": 500, "onHand": 500}, {"inbound": 500}], ids=str)
def test_a_suggestion_no_longer_needed_is_withdrawn(shop: Shop, arrived: dict[str, Any]) -> None:
    run(shop)
    edit(shop, "inventory", "tofu-500g", arrived)

    assert run(shop) == {"checked": 2, "proposed": 0, "withdrawn": 1, "heldBack": 0, "costFen": 0}
    assert suggestion(shop) is None


def test_a_snoozed_sku_is_left_alone_until_its_time(shop: Shop, clock: Any) -> None:
    edit(shop, "inventory", "tofu-500g", {"reorder.snoozeUntil": NOW + DAY})
    assert run(shop)["proposed"] == 0

    clock.now += DAY
    assert run(shop)["proposed"] == 1


def test_a_day_that_ended_with_an_empty_shelf_is_noted_once_and_not_taken_for_low_demand(shop: Shop) -> None:
    sold = {**SOLD, "2026-11-22": 0}
    shop.add("inventory", inventory("rice-5kg", 0, dailySales=sold))

    run(shop)
    noted = stock(shop)
    run(shop)

    assert shop.one("inventory", "rice-5kg")["stockoutDays"] == ["2026-11-22"]
    assert shop.one("inventory", "rice-5kg")["forecast"]["perDayMilli"] == 5000
    assert stock(shop) == noted


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


def test_a_promotion_that_is_planned_is_ordered_for(shop: Shop) -> None:
    shop.add("products", product("tofu"))
    shop.add("products", product("tea", categoryPath=["茶"]))
    run(shop)
    usual = suggestion(shop)["quantity"]
    shop.add(
        "promotions", promotion(scope={"categories": ["豆制品"]}, startAt=NOW + DAY, endAt=NOW + 4 * DAY)
    )

    run(shop)

    assert suggestion(shop)["quantity"] > usual
    assert suggestion(shop)["reasons"][1] == "其间4天有促销，促销日按平日的1.50倍估计"


def test_promotions_are_read_once_a_run_and_to_the_last(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restocking, "PAGE", 2)
    for number in range(5):
        when = {"startAt": NOW + number * DAY, "endAt": NOW + number * DAY + 1}
        shop.add("promotions", promotion(f"p{number}", **when))

    shop.ok("restock_check")

    assert suggestion(shop)["reasons"][1] == "其间5天有促销，促销日按平日的1.50倍估计"


def test_a_promotion_that_is_malformed_is_told_of_and_the_others_are_ordered_for(shop: Shop) -> None:
    when = {"startAt": NOW, "endAt": NOW + 1}
    shop.add("promotions", {"_id": "a-malformed", "state": "live", **when})
    shop.add("promotions", promotion("p1", **when))

    shop.ok("restock_check")

    assert suggestion(shop)["reasons"][1] == "其间1天有促销，促销日按平日的1.50倍估计"
    (breach,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert (breach["state"], breach["payload"]["id"]) == ("dead", "a-malformed")
    remove(shop, "promotions", "a-malformed")


def held_back(shop: Shop) -> list[str]:
    """Return the SKUs whose suggestions have to wait, having seen that their reasons say so."""
    waiting = [
        each["_id"] for each in stock(shop) if not each.get("suggestion", {}).get("withinBudget", True)
    ]
    told = [each["_id"] for each in stock(shop) if USED_UP in each.get("suggestion", {}).get("reasons", ())]
    assert told == waiting
    return waiting


class TestBudget:
    @pytest.fixture(autouse=True)
    def _goods(self, shop: Shop) -> None:
        """Besides tofu, cheap for what it earns, dear rice of the same supplier and plain tea of another."""
        prices = {"rice": 3000, "tofu": 1200}
        for name, supplier_id, cost in (("rice", "north", 2900), ("tofu", "north", 400)):
            shop.add("products", product(name, skus=[sku(f"{name}-500g", priceFen=prices[name])]))
            supplier = {"supplierId": supplier_id, "name": supplier_id, "costFen": cost}
            if name == "rice":
                shop.add("inventory", inventory("rice-500g", 8, dailySales=SOLD, supplier=supplier))
            else:
                edit(shop, "inventory", "tofu-500g", {"supplier": supplier})

    def test_what_gains_most_a_fen_is_paid_for_first(self, shop: Shop) -> None:
        free = run(shop)
        assert (free["heldBack"], held_back(shop)) == (0, [])
        quantity = suggestion(shop)["quantity"]
        shop.add("business_rules", rule("restock", {"budgetFen": quantity * 400}))

        short = run(shop)

        assert (short["proposed"], short["heldBack"], short["costFen"]) == (2, 1, quantity * 400)
        assert held_back(shop) == ["rice-500g"]
        assert suggestion(shop, "rice-500g")["quantity"] == quantity

    def test_a_purse_that_is_filled_again_pays_again(self, shop: Shop) -> None:
        shop.add("business_rules", rule("restock", {"budgetFen": 0}))
        assert (run(shop)["costFen"], len(held_back(shop))) == (0, 2)
        edit(shop, "business_rules", "restock:1", {"body": {}})

        assert run(shop)["heldBack"] == 0
        assert held_back(shop) == []

    def test_a_supplier_has_a_budget_of_its_own(self, shop: Shop) -> None:
        shop.add("business_rules", rule("restock", {"suppliers": {"north": {"budgetFen": 0}}}))
        edit(shop, "inventory", "rice-500g", {"supplier.supplierId": "south"})

        run(shop)

        assert held_back(shop) == ["tofu-500g"]

    def test_pages_of_suggestions_are_paid_in_one_order(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop.add("business_rules", rule("restock", {"budgetFen": 30_000}))
        run(shop)
        whole = stock(shop)
        edit(shop, "business_rules", "restock:1", {"body": {}})
        run(shop)
        edit(shop, "business_rules", "restock:1", {"body": {"budgetFen": 30_000}})
        monkeypatch.setattr(restocking, "PAGE", 1)

        run(shop)

        assert stock(shop) == whole

    def test_a_share_out_that_ran_out_of_time_is_done_again_from_the_best(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shop.add("business_rules", rule("restock", {"budgetFen": 0}))
        monkeypatch.setattr(restocking, "PAGE", 1)
        left = iter([9.0, 9.0, 9.0, 0.0])

        with monkeypatch.context() as short:
            short.setattr(Context, "seconds_left", lambda _: next(left))
            assert shop.ok("restock_check")["nextAfter"] == "tofu-500g"
        assert held_back(shop) == ["tofu-500g"]

        assert shop.ok("restock_check")["heldBack"] == 2
        assert held_back(shop) == ["tofu-500g", "rice-500g"]

    def test_what_a_person_accepts_meanwhile_is_not_marked(self, shop: Shop) -> None:
        run(shop)
        shop.add("business_rules", rule("restock", {"budgetFen": 0}))

        def accept(commands: Sequence[Command]) -> None:
            if any("suggestion.withinBudget" in str(command.get("updates")) for command in commands):
                shop.adapter.before = lambda _: None
                accepted = {"$unset": {"suggestion": ""}}
                EngineAdapter(shop.engine, ENV).run([update("inventory", {"_id": "tofu-500g"}, accepted)])

        shop.adapter.before = accept
        run(shop)

        assert suggestion(shop) is None
        assert held_back(shop) == ["rice-500g"]


class TestInSeveralTicks:
    @pytest.fixture(autouse=True)
    def _pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(restocking, "SKUS_AT_ONCE", 1)

    def tick(self, shop: Shop, *, pages: int) -> Any:
        """Let one tick have time for so many pages."""
        trips = shop.adapter.trips
        most = trips + 3 + 2 * pages

        def no_more(_: Any) -> None:
            if shop.adapter.trips > most:
                raise DatabaseUnavailable

        shop.adapter.before = no_more
        reply = shop.call("restock_check", {})
        shop.adapter.before = lambda _: None
        return reply

    def run_of(self, shop: Shop) -> Any:
        return shop.one("data_dashboard", "restock:2026-11-23")

    def test_each_goes_on_where_the_last_one_stopped(self, shop: Shop) -> None:
        self.tick(shop, pages=1)
        assert self.run_of(shop)["inputs"] == {"after": "tea-500g"}
        assert (self.run_of(shop)["metrics"]["checked"], self.run_of(shop)["final"]) == (1, False)

        assert shop.ok("restock_check")["checked"] == 2
        assert self.run_of(shop)["final"] is True

    def test_ticks_at_the_same_moment_count_each_sku_once(
        self, shop: Shop, at_once: Callable[..., list[Any]]
    ) -> None:
        for number in range(6):
            shop.add("inventory", inventory(f"sku-{number}", 8, dailySales=SOLD))

        at_once(*[("restock_check", {}, "")] * 4)
        done = shop.ok("restock_check")

        assert (done["checked"], done["proposed"]) == (8, 7)
        assert self.run_of(shop)["final"] is True

    def test_broken_off_anywhere_it_comes_to_the_same(self) -> None:
        def furnish(shop: Shop) -> None:
            shop.add("inventory", inventory("tofu-500g", 8, dailySales=SOLD))
            shop.add("inventory", inventory("rice-500g", 0, dailySales=SOLD))
            shop.add("products", product("tofu"))
            shop.add("products", product("rice"))
            shop.add("business_rules", rule("restock", {"budgetFen": 60_000}))

        def verify(shop: Shop) -> None:
            assert (stock(shop), self.run_of(shop)["metrics"], self.run_of(shop)["final"]) == whole

        with open_shop() as shop:
            furnish(shop)
            shop.ok("restock_check")
            whole = stock(shop), self.run_of(shop)["metrics"], True
            assert held_back(shop) == ["tofu-500g"]

        assert die_everywhere(furnish, lambda shop: shop.call("restock_check"), verify) > 4

    def test_a_run_begun_anew_while_one_is_under_way_goes_on_with_that(self, shop: Shop) -> None:
        self.tick(shop, pages=1)
        edit(shop, "data_dashboard", "restock:2026-11-23", {"metrics.checked": 10})

        assert run(shop)["checked"] == 11

    def test_a_run_short_of_time_says_where_the_next_goes_on(self, shop: Shop) -> None:
        reply = function("restock_check").main({}, context(time_limit_ms=5_000))

        assert reply["data"] == {
            "checked": 0,
            "proposed": 0,
            "withdrawn": 0,
            "heldBack": 0,
            "costFen": 0,
            "nextAfter": "",
        }
        assert suggestion(shop) is None

    def test_the_next_day_begins_anew_whatever_became_of_the_last(self, shop: Shop, clock: Any) -> None:
        self.tick(shop, pages=1)
        clock.now += DAY

        assert shop.ok("restock_check")["checked"] == 2
        assert self.run_of(shop)["final"] is False


def test_a_member_may_not(shop: Shop) -> None:
    assert shop.refused("restock_check", openid=A)["error"] == "FORBIDDEN"
