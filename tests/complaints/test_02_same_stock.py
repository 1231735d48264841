"""Complaint 2: two lines that share one stock item are checked alone, and together they oversell it.

(medusajs/medusa#16502) Lines of a list, packs of a recipe, and a gift beside what is bought.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from functions.bought import TOFU, furnish, stock
from functions.builders import NOW, assert_lawful, document, edit, line, promotion
from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Command, Document
from harness import A, Shop, user_id

GIFT = {"kind": "gift", "condition": {"minFen": 0}, "benefit": {"giftSkuId": TOFU, "giftQuantity": 1}}


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: Any) -> None:
    """Ten tofu, and a dish that takes 2 packs of it by one name, twice, and 3 by another."""
    clock.now = NOW
    furnish(shop)
    for key in ("soft", "firm"):
        shop.add("ingredients", food(key))
    named = [("soft", 500), ("soft", 500), ("firm", 1500)]
    items = [{"ingredientId": key, "name": key, "grams": grams} for key, grams in named]
    dish = {"title": "双豆腐", "category": "热菜", "servings": 2, "items": items, "steps": []}
    shop.add("recipes", document("recipes", id="two-tofu", carbonG=900, **dish))


def food(key: str) -> Document:
    """An ingredient that is sold as tofu."""
    factor = {"factorG": 1000, "factorSource": "测试数据", "factorVersion": "test"}
    named = {"name": key, "nameKey": key, "category": "豆制品"}
    links = [{"skuId": TOFU, "gramsPerUnit": 500}]
    return document("ingredients", id=key, **named, **factor, skuLinks=links)


def order(*quantities: int, total: int) -> Document:
    lines = [line(TOFU, quantity) for quantity in quantities]
    return {"lines": lines, "clientToken": "token-0001", "expectedTotalFen": total}


def cook(shop: Shop, token: str) -> Document:
    return shop.ok("recipe_buy", {"recipeId": "two-tofu", "mode": "add", "clientToken": token}, openid=A)


def sell(shop: Shop, units: int) -> None:
    """Let *units* of tofu go to others, just before the order is written."""

    def before(commands: Sequence[Command]) -> None:
        if any(command.get("insert") == "orders" for command in commands):
            shop.adapter.before = lambda _: None
            edit(shop, "inventory", TOFU, {"available": 10 - units, "reserved": units})

    shop.adapter.before = before


@pytest.mark.parametrize("quantities", [(6, 5), (10, 1), (1,) * 11], ids=str)
def test_lines_of_one_sku_that_are_too_many_together_are_refused(
    shop: Shop, quantities: tuple[int, ...]
) -> None:
    refused = shop.refused("checkout", order(*quantities, total=13_200), openid=A)

    assert refused["error"] == "OUT_OF_STOCK"
    assert refused["details"]["problems"]["short_of_stock"] == [TOFU]


def test_lines_of_one_sku_that_are_few_enough_together_are_held_as_one(shop: Shop) -> None:
    order_no = shop.ok("checkout", order(6, 4, total=12_000), openid=A)["orderNo"]

    assert [each["quantity"] for each in shop.one("orders", order_no)["lines"]] == [10]
    assert stock(shop) == (10, 0, 10, 0)
    assert_lawful(shop)


def test_what_a_recipe_takes_under_several_names_is_counted_together(shop: Shop) -> None:
    for token in ("recipe-0001", "recipe-0002"):
        assert [each["quantity"] for each in cook(shop, token)["packs"]] == [2, 3]

    third = cook(shop, "recipe-0003")

    assert (third["packs"], [each["reason"] for each in third["missing"]]) == ([], ["out_of_stock"] * 2)
    assert [each["quantity"] for each in shop.one("shopping_cart", user_id(A))["lines"]] == [10]


def test_what_is_in_the_cart_already_counts_against_what_a_recipe_can_have(shop: Shop) -> None:
    shop.ok("cart_add", {"skuId": TOFU, "quantity": 6}, openid=A)

    recipe = cook(shop, "recipe-0001")

    assert [each["quantity"] for each in recipe["packs"]] == [2]
    assert [(each["name"], each["reason"]) for each in recipe["missing"]] == [("firm", "out_of_stock")]


def test_a_gift_is_given_only_from_what_the_order_leaves(shop: Shop) -> None:
    shop.add("promotions", promotion("gift", **GIFT))

    all_ten = shop.ok("checkout_preview", {"lines": [line(TOFU, 10)]}, openid=A)
    nine = shop.ok("checkout_preview", {"lines": [line(TOFU, 9)]}, openid=A)

    assert (all_ten["gifts"], [each["quantity"] for each in nine["gifts"]]) == ([], [1])


def test_what_is_bought_and_its_gift_are_held_together_or_not_at_all(shop: Shop, clock: Any) -> None:
    shop.add("promotions", promotion("gift", **GIFT))
    sell(shop, 1)

    reply = shop.call("checkout", order(9, total=10_800), openid=A)

    assert (reply["error"], reply["details"]) == ("OUT_OF_STOCK", {"problems": {"short_of_stock": [TOFU]}})
    assert stock(shop) == (10, 9, 1, 0)
    clock.now += 3 * MINUTE
    shop.ok("outbox_pump")
    assert stock(shop) == (10, 9, 1, 0)


def test_what_is_bought_and_its_gift_are_one_hold(shop: Shop) -> None:
    shop.add("promotions", promotion("gift", **GIFT))

    order_no = shop.ok("checkout", order(9, total=10_800), openid=A)["orderNo"]

    (row,) = shop.documents("stock_ledger", {"ref": order_no})
    assert (row["deltas"], stock(shop)) == ({"available": -10, "reserved": 10}, (10, 0, 10, 0))
    assert_lawful(shop)
