"""Complaint 6: a coupon is worth more than the goods; a negative quantity lowers the total.

(macrozheng/mall#1002, newbee-ltd/newbee-mall#127)
"""

from typing import Any

import pytest

from functions.bought import furnish
from functions.builders import assert_lawful, line, place_order, user_coupon
from functions.conftest import WeChat
from harness import A, Shop


@pytest.mark.usefixtures("clock")
def test_a_coupon_takes_no_more_than_the_goods_cost_and_pays_no_freight(shop: Shop) -> None:
    furnish(shop)
    terms = {"kind": "amount", "name": "减 999", "valueFen": 99_900}
    shop.add("user_coupons", user_coupon("mine", terms=terms))

    totals = place_order(shop, lines=[line("tofu-500g", 2)], coupon_id="mine")["totals"]

    assert (totals["couponFen"], totals["freightFen"], totals["payableFen"]) == (2400, 1000, 1000)
    assert_lawful(shop)


def test_an_order_that_costs_nothing_is_paid_with_nothing(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    terms = {"kind": "amount", "name": "减 999", "valueFen": 99_900}
    long: dict[str, Any] = {"from": wechat.clock.now - 1, "until": wechat.clock.now + 10**9}
    shop.add("user_coupons", user_coupon("mine", terms=terms, **long))
    shop.add("promotions", free_delivery(wechat.clock.now))

    order = place_order(shop, coupon_id="mine")
    paid = shop.ok("order_pay", {"orderNo": order["_id"]}, openid=A)

    assert (order["totals"]["payableFen"], paid["status"]) == (0, "paid")
    assert wechat.standin.ledger.trades() == []
    assert_lawful(shop)
    assert shop.one("user_coupons", "mine")["state"] == "used"


def free_delivery(now: int) -> dict[str, Any]:
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    named = {"_id": "free", "name": "免运费", "kind": "free_shipping", "level": "freight", "benefit": {}}
    return {**named, "state": "live", "startAt": now - 1, "endAt": now + 10**9, **stamps}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("quantity", [-1, 0, 1000, 1.5, "1", None])
@pytest.mark.parametrize("name", ["checkout", "checkout_preview", "cart_add", "coupon_center"])
def test_a_quantity_that_is_none_is_refused_at_the_door(shop: Shop, name: str, quantity: Any) -> None:
    furnish(shop)
    lines = [line("tofu-500g", 3), {"skuId": "tea-500g", "quantity": quantity}]
    events = {
        "checkout": {"lines": lines, "clientToken": "token-0001", "expectedTotalFen": 1000},
        "checkout_preview": {"lines": lines},
        "coupon_center": {"lines": lines},
        "cart_add": {"skuId": "tofu-500g", "quantity": quantity},
    }

    assert shop.refused(name, events[name], openid=A)["error"] == "INVALID_REQUEST"
