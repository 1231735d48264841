"""order_view: her orders, page by page or one whole."""

from typing import Any

import pytest

from functions.builders import FREIGHT, HOME, NOW, edit, line, pages, place_order, rule, stock_up, user
from functions.conftest import Clock
from gardenshop.cloud.clock import MINUTE
from harness import A, B, Shop


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user())
    stock_up(shop)


def test_one_order_is_shown_whole(shop: Shop) -> None:
    order = place_order(shop)

    assert shop.ok("order_view", {"orderNo": order["_id"]}, openid=A) == {
        "orders": [
            {
                "orderNo": order["_id"],
                "status": "pending_payment",
                "label": "待付款",
                "buttons": ["pay", "cancel"],
                "lines": [
                    {
                        "lineId": "L1",
                        "skuId": "tofu-500g",
                        "productId": "tofu",
                        "title": "北豆腐",
                        "spec": "500g",
                        "quantity": 1,
                        "shipped": 0,
                        "refundable": 1,
                        "priceFen": 1200,
                        "paidFen": 1200,
                        "refundedFen": 0,
                        "freightFen": 1000,
                        "carbonG": 500,
                    }
                ],
                "totals": {
                    "goodsFen": 1200,
                    "promoFen": 0,
                    "couponFen": 0,
                    "pointsFen": 0,
                    "pointsUsed": 0,
                    "freightFen": 1000,
                    "payableFen": 2200,
                    "paidFen": 0,
                },
                "address": HOME,
                "remark": "",
                "trace": ["商品合计 ¥12.00", "运费 ¥10.00（满 ¥99.00 免运费）"],
                "garden": {"state": "none", "savedG": 0, "points": 0},
                "shipments": [],
                "afterSales": [],
                "createdAt": NOW,
                "payBy": NOW + 30 * MINUTE,
            }
        ]
    }
    assert shop.adapter.trips == 1


def test_the_list_is_newest_first_and_goes_on(shop: Shop, clock: Clock) -> None:
    numbers = []
    for i in range(5):
        clock.now = NOW + i // 2
        numbers.append(place_order(shop, token=f"token-{i:04}")["_id"])

    seen = [order["orderNo"] for page in pages(shop, "order_view", {"limit": 2}) for order in page["orders"]]

    assert seen == [numbers[4], *sorted(numbers[2:4], reverse=True), *sorted(numbers[:2], reverse=True)]


def test_the_list_can_be_of_one_status(shop: Shop) -> None:
    place_order(shop)
    paid = place_order(shop, token="token-0002")["_id"]
    edit(shop, "orders", paid, {"status": "paid"})

    page = shop.ok("order_view", {"status": "paid"}, openid=A)

    assert [(order["orderNo"], order["label"], order["buttons"]) for order in page["orders"]] == [
        (paid, "待发货", ["cancel", "refund"])
    ]


@pytest.mark.parametrize("change", [{"status": "creating"}, {"status": "create_failed"}, {"hidden": True}])
def test_what_is_hidden_is_not_listed(shop: Shop, change: dict[str, Any]) -> None:
    edit(shop, "orders", place_order(shop)["_id"], change)

    assert shop.ok("order_view", openid=A) == {"orders": []}


def test_a_price_changed_later_does_not_change_the_order(shop: Shop) -> None:
    order = place_order(shop, lines=[line("tofu-500g", 2)])
    edit(shop, "products", "tofu", {"skus.0.priceFen": 9900, "minPriceFen": 9900, "title": "新豆腐"})

    (shown,) = shop.ok("order_view", {"orderNo": order["_id"]}, openid=A)["orders"]

    assert (shown["lines"][0]["priceFen"], shown["lines"][0]["title"]) == (1200, "北豆腐")


def test_another_members_order_is_not_found_and_not_listed(shop: Shop) -> None:
    order = place_order(shop)

    assert shop.refused("order_view", {"orderNo": order["_id"]}, openid=B)["code"] == 40400
    assert shop.ok("order_view", openid=B) == {"orders": []}


def test_an_unknown_order_is_not_found(shop: Shop) -> None:
    assert shop.refused("order_view", {"orderNo": "20261123000000000000"}, openid=A)["code"] == 40400


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("order_view")["error"] == "FORBIDDEN"
