"""recipe_buy: a recipe becomes packs, and the packs come into the cart together, once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import NOW, document, edit, line, sku, stock_up
from gardenshop.models.cart import MAX_LINES
from harness import A, Shop, user_id

PREVIEW = {"recipeId": "mapo"}
ADD = {"recipeId": "mapo", "mode": "add", "clientToken": "recipe-0001"}


def ingredient(key: str, name: str, *, grams: int = 500, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "name": name,
        "nameKey": key,
        "category": "食材",
        "factorG": 1000,
        "factorSource": "测试数据",
        "factorVersion": "test",
        "skuLinks": [{"skuId": f"{key}-500g", "gramsPerUnit": grams}],
        **changes,
    }
    return document("ingredients", id=key, **fields)


@pytest.fixture(autouse=True)
def _kitchen(shop: Shop, clock: object) -> None:
    del clock
    for key in ("tofu", "tempeh", "shiitake"):
        stock_up(shop, key)
    shop.add("ingredients", ingredient("tofu", "豆腐", substitutes=["tempeh"]))
    shop.add("ingredients", ingredient("tempeh", "天贝"))
    shop.add("ingredients", ingredient("shiitake", "香菇"))
    items = [
        {"ingredientId": "tofu", "name": "老豆腐", "grams": 400},
        {"ingredientId": "shiitake", "name": "香菇", "grams": 60},
        {"name": "豆瓣酱", "grams": 15},
        {"ingredientId": "tempeh", "name": "天贝碎", "grams": 50, "optional": True},
    ]
    named = {"title": "素麻婆豆腐", "category": "热菜", "servings": 2, "items": items, "steps": []}
    shop.add("recipes", document("recipes", id="mapo", carbonG=1000, **named))


def about(shop: Shop, **fields: Any) -> None:
    shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), **fields))


def bought(data: dict[str, Any]) -> list[tuple[str, int]]:
    return [(each["skuId"], each["quantity"]) for each in data["packs"]]


def in_cart(shop: Shop) -> dict[str, int]:
    return {each["skuId"]: each["quantity"] for each in shop.one("shopping_cart", user_id(A))["lines"]}


def test_a_preview_says_everything_and_changes_nothing(shop: Shop) -> None:
    before = shop.dump()

    data = shop.ok("recipe_buy", {**PREVIEW, "servings": 3}, openid=A)

    assert shop.adapter.trips == 2
    assert shop.dump() == before
    assert data["packs"][0] == {
        "name": "老豆腐",
        "grams": 600,
        "skuId": "tofu-500g",
        "productId": "tofu",
        "title": "北豆腐",
        "spec": "500g",
        "quantity": 2,
        "priceFen": 1200,
        "totalFen": 2400,
        "carbonG": 1000,
    }
    assert bought(data) == [("tofu-500g", 2), ("shiitake-500g", 1)]
    assert data["missing"] == [{"name": "豆瓣酱", "grams": 23, "reason": "not_sold"}]
    assert data["leftOut"] == ["天贝碎"]
    assert (data["totalFen"], data["carbonG"], data["dishCarbonG"]) == (3600, 1500, 1500)
    assert (data["servings"], data["added"]) == (3, False)


def test_optional_things_are_bought_when_asked(shop: Shop) -> None:
    data = shop.ok("recipe_buy", {**PREVIEW, "withOptional": True}, openid=A)

    assert bought(data)[-1] == ("tempeh-500g", 1)
    assert data["leftOut"] == []


def test_what_is_at_home_is_not_bought(shop: Shop) -> None:
    about(shop, pantry=[{"ingredientId": "shiitake", "grams": 100}])

    data = shop.ok("recipe_buy", PREVIEW, openid=A)

    assert data["atHome"] == [{"name": "香菇", "grams": 60}]
    assert bought(data) == [("tofu-500g", 1)]


@pytest.mark.parametrize(
    "gone", [{"status": "off_sale"}, {"onAt": NOW + 1}, {"allergens": ["soy"]}, {"contains": ["fivePungent"]}]
)
def test_a_substitute_stands_in_for_what_she_cannot_buy_or_eat(shop: Shop, gone: dict[str, Any]) -> None:
    about(shop, allergens=["soy"], avoid=["fivePungent"])
    edit(shop, "products", "tofu", gone)

    data = shop.ok("recipe_buy", PREVIEW, openid=A)

    first = data["packs"][0]
    assert (first["name"], first["instead"], first["skuId"]) == ("老豆腐", "天贝", "tempeh-500g")


def test_what_she_does_not_eat_is_never_bought_whatever_the_label_of_the_goods_says(shop: Shop) -> None:
    about(shop, allergens=["soy"], pantry=[{"ingredientId": "tofu", "grams": 900}])
    edit(shop, "ingredients", "tofu", {"allergens": ["soy"], "substitutes": []})

    data = shop.ok("recipe_buy", PREVIEW, openid=A)

    assert {"name": "老豆腐", "grams": 400, "reason": "not_eaten"} in data["missing"]
    assert bought(data) == [("shiitake-500g", 1)]
    assert data["atHome"] == []


def test_all_packs_come_into_the_cart_at_once(shop: Shop) -> None:
    shop.ok("cart_add", line("tofu-500g"), openid=A)

    data = shop.ok("recipe_buy", ADD, openid=A)

    assert shop.adapter.trips == 3
    assert data["added"]
    assert in_cart(shop) == {"tofu-500g": 2, "shiitake-500g": 1}
    stored = shop.one("shopping_cart", user_id(A))
    assert stored["version"] == 2
    assert stored["lines"][1] == {
        "skuId": "shiitake-500g",
        "productId": "shiitake",
        "quantity": 1,
        "selected": True,
        "addedAt": NOW,
        "from": {"scene": "recipe", "recipeId": "mapo"},
    }


def test_the_same_token_adds_once(shop: Shop) -> None:
    first = shop.ok("recipe_buy", ADD, openid=A)
    before = shop.dump()

    assert shop.ok("recipe_buy", ADD, openid=A) == first
    assert shop.dump() == before


def test_many_at_once_add_all_or_nothing(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    calls = [("recipe_buy", {**ADD, "clientToken": f"recipe-{i:04}"}, A) for i in range(6)]

    replies = at_once(*calls)

    won = sum(reply["code"] == 0 for reply in replies)
    assert won >= 1
    assert {reply["code"] for reply in replies} <= {0, 40900}
    assert in_cart(shop) == {"tofu-500g": won, "shiitake-500g": won}


def test_what_the_cart_holds_is_not_bought_again_from_the_same_stock(shop: Shop) -> None:
    shop.ok("cart_add", line("tofu-500g", 10), openid=A)

    assert bought(shop.ok("recipe_buy", PREVIEW, openid=A))[0] == ("tempeh-500g", 1)


def test_adding_needs_a_token(shop: Shop) -> None:
    reply = shop.refused("recipe_buy", {**PREVIEW, "mode": "add"}, openid=A)

    assert reply["details"] == {"fields": [{"field": "clientToken", "problem": "missing"}]}


def test_a_full_cart_takes_none_of_it(shop: Shop) -> None:
    held = [{**line(f"other-{i}"), "productId": "tofu", "addedAt": NOW} for i in range(MAX_LINES - 1)]
    shop.add("shopping_cart", document("shopping_cart", id=user_id(A), lines=held))

    assert shop.refused("recipe_buy", ADD, openid=A)["error"] == "CART_FULL"


def test_a_recipe_that_is_unknown_or_not_out_yet_is_not_found(shop: Shop) -> None:
    assert shop.refused("recipe_buy", {"recipeId": "nothing"}, openid=A)["error"] == "NOT_FOUND"
    edit(shop, "recipes", "mapo", {"status": "draft"})
    assert shop.refused("recipe_buy", PREVIEW, openid=A)["error"] == "NOT_FOUND"


def test_the_limit_for_one_member_is_kept(shop: Shop) -> None:
    edit(shop, "products", "tofu", {"skus": [sku(limitPerUser=1)]})

    assert bought(shop.ok("recipe_buy", {**PREVIEW, "servings": 4}, openid=A))[0] == ("tempeh-500g", 2)
