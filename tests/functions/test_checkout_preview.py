"""checkout_preview: what it costs and what stands in the way; nothing is changed."""

from typing import Any

import pytest

from functions.builders import FREIGHT, HOME, NOW, document, line, rule, sku, stock_up, user
from harness import A, B, Shop, user_id

NO_PROBLEMS: dict[str, list[str]] = {"invalid": [], "short_of_stock": [], "over_limit": [], "no_delivery": []}


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    far = {"provinces": ["海南省"], "firstFen": 1500, "nextFen": 500}
    shop.add("business_rules", rule("freight", {**FREIGHT, "regions": [far], "noDelivery": ["台湾省"]}))
    shop.add(
        "users",
        user(addresses=[HOME, {**HOME, "addressId": "sea", "province": "海南省", "isDefault": False}]),
    )
    stock_up(shop)


def lines(*wanted: dict[str, Any]) -> dict[str, Any]:
    return {"lines": list(wanted)}


def test_lines_given_are_priced_to_the_fen(shop: Shop) -> None:
    before = shop.dump()

    assert shop.ok("checkout_preview", lines(line("tofu-500g", 2)), openid=A) == {
        "ready": True,
        "lines": [
            {
                "lineId": "L1",
                "skuId": "tofu-500g",
                "productId": "tofu",
                "title": "北豆腐",
                "spec": "500g",
                "quantity": 2,
                "priceFen": 1200,
                "listFen": 2400,
                "promoFen": 0,
                "couponFen": 0,
                "pointsFen": 0,
                "freightFen": 1000,
                "paidFen": 2400,
            }
        ],
        "gifts": [],
        "coupons": {"usable": [], "others": []},
        "points": {"available": 0, "cap": 0, "used": 0},
        "problems": NO_PROBLEMS,
        "addressId": "home",
        "totals": {
            "goodsFen": 2400,
            "promoFen": 0,
            "couponFen": 0,
            "pointsFen": 0,
            "pointsUsed": 0,
            "freightFen": 1000,
            "payableFen": 3400,
            "paidFen": 0,
        },
        "payableFen": 3400,
        "trace": ["商品合计 ¥24.00", "运费 ¥10.00（满 ¥99.00 免运费）"],
        "rulesVersion": "freight1",
    }
    assert shop.adapter.trips == 1
    assert shop.dump() == before


def test_without_lines_the_selected_ones_of_the_cart_are_priced(shop: Shop) -> None:
    stock_up(shop, "tea")
    stored = [
        {**line(f"{name}-500g"), "productId": name, "addedAt": NOW, "selected": name == "tea"}
        for name in ("tofu", "tea")
    ]
    shop.add("shopping_cart", document("shopping_cart", id=user_id(A), lines=stored))

    quote = shop.ok("checkout_preview", openid=A)

    assert [each["skuId"] for each in quote["lines"]] == ["tea-500g"]
    assert shop.adapter.trips == 1


def test_two_lines_of_one_sku_are_taken_together(shop: Shop) -> None:
    quote = shop.ok("checkout_preview", lines(line("tofu-500g", 6), line("tofu-500g", 5)), openid=A)

    assert quote["problems"]["short_of_stock"] == ["tofu-500g"]
    assert (quote["ready"], quote["lines"]) == (False, [])


def test_freight_is_free_from_the_threshold_on(shop: Shop) -> None:
    stock_up(shop, "oil", skus=[sku("oil-500g", priceFen=9900)])
    stock_up(shop, "nut", skus=[sku("nut-500g", priceFen=9899)])

    assert shop.ok("checkout_preview", lines(line("oil-500g")), openid=A)["payableFen"] == 9900
    assert shop.ok("checkout_preview", lines(line("nut-500g")), openid=A)["payableFen"] == 10899


def test_the_shares_of_the_freight_add_up(shop: Shop) -> None:
    for name in ("tea", "oil"):
        stock_up(shop, name, skus=[sku(f"{name}-500g", weightG=333)])

    quote = shop.ok("checkout_preview", lines(*(line(f"{n}-500g") for n in ("tofu", "tea", "oil"))), openid=A)

    assert [each["freightFen"] for each in quote["lines"]] == [514, 343, 343]
    assert quote["totals"]["freightFen"] == 1200


def test_the_address_asked_for_sets_the_freight(shop: Shop) -> None:
    quote = shop.ok("checkout_preview", {**lines(line()), "addressId": "sea"}, openid=A)

    assert (quote["addressId"], quote["totals"]["freightFen"]) == ("sea", 1500)


def test_where_nothing_is_delivered_every_line_says_so(shop: Shop) -> None:
    shop.add("users", user(B, addresses=[{**HOME, "province": "台湾省"}]))

    quote = shop.ok("checkout_preview", lines(line()), openid=B)

    assert (quote["ready"], quote["problems"]["no_delivery"]) == (False, ["tofu-500g"])


def test_without_an_address_it_is_not_ready(shop: Shop) -> None:
    shop.add("users", user(B, addresses=[]))

    quote = shop.ok("checkout_preview", lines(line()), openid=B)

    assert quote["ready"] is False
    assert "addressId" not in quote


@pytest.mark.parametrize("openid", [A, B])
def test_an_address_that_is_not_hers_is_not_found(shop: Shop, openid: str) -> None:
    shop.add("users", user(B, addresses=[{**HOME, "addressId": "of-b"}]))
    address = {A: "of-b", B: "home"}[openid]

    reply = shop.refused("checkout_preview", {**lines(line()), "addressId": address}, openid=openid)

    assert (reply["code"], reply["error"]) == (40400, "NOT_FOUND")


def test_more_than_one_order_line_can_hold_is_over_the_limit(shop: Shop) -> None:
    stock_up(shop, "tea", 5000)

    quote = shop.ok("checkout_preview", lines(line("tea-500g", 999), line("tea-500g", 1)), openid=A)

    assert quote["problems"]["over_limit"] == ["tea-500g"]


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("checkout_preview", lines(line()))["error"] == "FORBIDDEN"
