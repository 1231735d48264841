"""cart_view: every line priced and checked now, in one round trip."""

from typing import Any

import pytest

from functions.builders import FREIGHT, HOME, NOW, document, line, product, rule, sku, stock_up, user
from harness import A, B, Shop, user_id

EMPTY_PROBLEMS: dict[str, list[str]] = {
    "invalid": [],
    "short_of_stock": [],
    "over_limit": [],
    "no_delivery": [],
}


@pytest.fixture(autouse=True)
def _rules(shop: Shop, clock: object) -> None:
    del clock
    far = {"provinces": ["海南省"], "firstFen": 1500, "nextFen": 500}
    shop.add("business_rules", rule("freight", {**FREIGHT, "regions": [far]}))


def fill(shop: Shop, *lines: dict[str, Any]) -> None:
    stored = [{**each, "productId": each["skuId"].rsplit("-", 1)[0], "addedAt": NOW} for each in lines]
    shop.add("shopping_cart", document("shopping_cart", id=user_id(A), lines=stored))


def test_a_cart_shows_lines_totals_and_what_is_missing_to_free_freight(shop: Shop) -> None:
    stock_up(shop, media={"cover": "cloud://tofu.jpg"})
    shop.add("users", user())
    fill(shop, line("tofu-500g", 3))

    assert shop.ok("cart_view", openid=A) == {
        "lines": [
            {
                "skuId": "tofu-500g",
                "productId": "tofu",
                "title": "北豆腐",
                "spec": "500g",
                "cover": "cloud://tofu.jpg",
                "quantity": 3,
                "selected": True,
                "priceFen": 1200,
                "totalFen": 3600,
                "available": 10,
                "fit": {"verdict": "neutral", "reasons": []},
            }
        ],
        "gifts": [],
        "problems": EMPTY_PROBLEMS,
        "selectedCount": 3,
        "goodsFen": 3600,
        "promoFen": 0,
        "freightFen": 1200,
        "payableFen": 4800,
        "freeFreightGapFen": 6300,
        "trace": ["商品合计 ¥36.00", "运费 ¥12.00（满 ¥99.00 免运费）"],
        "version": 0,
    }
    assert shop.adapter.trips == 1


def test_without_a_cart_there_is_an_empty_one(shop: Shop) -> None:
    cart = shop.ok("cart_view", openid=A)

    assert (cart["lines"], cart["payableFen"], cart["freeFreightGapFen"]) == ([], 0, 0)
    assert shop.documents("shopping_cart") == []


def test_the_price_is_that_of_now(shop: Shop) -> None:
    stock_up(shop, skus=[sku(priceFen=1900)])
    fill(shop, line("tofu-500g", 2))

    assert shop.ok("cart_view", openid=A)["lines"][0]["totalFen"] == 3800


def test_lines_that_cannot_be_bought_say_why_and_cost_nothing(shop: Shop) -> None:
    stock_up(shop, units=1)
    stock_up(shop, "tea", status="off_sale")
    stock_up(shop, "rice", skus=[sku("rice-500g", limitPerUser=1)])
    fill(shop, line("tofu-500g", 2), line("tea-500g"), line("rice-500g", 2), line("gone-500g"))

    cart = shop.ok("cart_view", openid=A)

    assert cart["problems"] == {
        "invalid": ["tea-500g", "gone-500g"],
        "short_of_stock": ["tofu-500g"],
        "over_limit": ["rice-500g"],
        "no_delivery": [],
    }
    assert [each["problem"] for each in cart["lines"]] == [
        "short_of_stock",
        "invalid",
        "over_limit",
        "invalid",
    ]
    assert (cart["selectedCount"], cart["payableFen"]) == (0, 0)


def test_a_line_not_selected_counts_for_nothing(shop: Shop) -> None:
    stock_up(shop)
    fill(shop, {**line("tofu-500g", 2), "selected": False})

    cart = shop.ok("cart_view", openid=A)

    assert (cart["lines"][0]["totalFen"], cart["selectedCount"], cart["goodsFen"]) == (2400, 0, 0)


@pytest.mark.parametrize(
    ("product_changes", "profile", "verdict", "reason"),
    [
        ({"allergens": ["soy"]}, {"allergens": ["soy"]}, "not_advised", "大豆"),
        ({"contains": ["fivePungent"]}, {"avoid": ["fivePungent"]}, "not_advised", "五辛"),
    ],
)
def test_a_line_says_how_it_suits_her(
    shop: Shop, product_changes: dict[str, Any], profile: dict[str, Any], verdict: str, reason: str
) -> None:
    stock_up(shop, **product_changes)
    shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), **profile))
    fill(shop, line())

    fit = shop.ok("cart_view", openid=A)["lines"][0]["fit"]

    assert fit["verdict"] == verdict
    assert any(reason in text for text in fit["reasons"])


def test_what_suits_her_constitution_is_said_with_its_source(shop: Shop) -> None:
    fit = {"suits": ["qi_deficiency"], "avoid": [], "source": "ZYYXH/T157-2009"}
    stock_up(shop, fit=fit)
    results = [{"code": "qi_deficiency", "score": 60, "verdict": "yes"}]
    assessed = {"primary": "qi_deficiency", "results": results, "standard": "GB/T 46939—2025", "at": NOW}
    shop.add(
        "user_profiles_extended", document("user_profiles_extended", id=user_id(A), constitution=assessed)
    )
    fill(shop, line())

    shown = shop.ok("cart_view", openid=A)["lines"][0]["fit"]

    assert shown["verdict"] == "suits"
    assert "气虚质" in shown["reasons"][0]


def test_the_freight_is_that_of_her_own_province(shop: Shop) -> None:
    stock_up(shop)
    shop.add("users", user(addresses=[{**HOME, "province": "海南省"}]))
    fill(shop, line())

    assert shop.ok("cart_view", openid=A)["freightFen"] == 1500


def test_the_cart_of_another_member_is_not_shown(shop: Shop) -> None:
    stock_up(shop)
    fill(shop, line())

    assert shop.ok("cart_view", openid=B)["lines"] == []


def test_two_skus_of_one_product_are_two_lines(shop: Shop) -> None:
    shop.add("products", product(skus=[sku(), sku("tofu-1kg", priceFen=2100)]))
    fill(shop, line("tofu-500g"), line("tofu-1kg"))

    assert [each["priceFen"] for each in shop.ok("cart_view", openid=A)["lines"]] == [1200, 2100]


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("cart_view")["error"] == "FORBIDDEN"
