"""Complaint 7: a coupon is burned or stuck when the payment fails or takes a second step.

(saleor/saleor#7588, #8219; woocommerce/woocommerce#31245, #27673; linlinjava/litemall#163)
"""

from typing import Any

import pytest

from functions.bought import furnish, pay, settle
from functions.builders import assert_lawful, edit, line, place_order, sell_out, user_coupon
from functions.conftest import WeChat
from harness import A, Shop

LINES = [line("tofu-500g", 2)]
ORDER = {"lines": LINES, "userCouponId": "mine", "clientToken": "token-0001", "expectedTotalFen": 3100}


@pytest.fixture(autouse=True)
def _open(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    times: dict[str, Any] = {"from": wechat.clock.now - 1, "until": wechat.clock.now + 10**9}
    shop.add("user_coupons", user_coupon("mine", **times))


def held(shop: Shop) -> tuple[str, str | None]:
    copy = shop.one("user_coupons", "mine")
    return copy["state"], copy.get("orderNo")


def test_asking_again_and_paying_later_keep_it_with_its_order(shop: Shop, wechat: WeChat) -> None:
    order_no = shop.ok("checkout", ORDER, openid=A)["orderNo"]
    assert shop.ok("checkout", ORDER, openid=A)["orderNo"] == order_no
    for _ in range(2):
        shop.ok("order_pay", {"orderNo": order_no}, openid=A)
    assert held(shop) == ("locked", order_no)

    pay(shop, wechat, order_no)

    assert held(shop) == ("used", order_no)


@pytest.mark.parametrize("by", ["order_cancel", "order_timeout"])
def test_an_order_that_is_closed_gives_it_back_for_the_next(shop: Shop, wechat: WeChat, by: str) -> None:
    order_no = place_order(shop, lines=LINES, coupon_id="mine")["_id"]
    if by == "order_cancel":
        shop.ok("order_cancel", {"orderNo": order_no}, openid=A)
    else:
        edit(shop, "orders", order_no, {"payBy": wechat.clock.now})
        assert shop.ok("order_timeout")["cancelled"] == 1
    assert_lawful(shop)
    assert held(shop) == ("available", None)

    following = place_order(shop, lines=LINES, coupon_id="mine", token="token-0002")["_id"]

    pay(shop, wechat, following)
    assert held(shop) == ("used", following)


def test_an_order_that_could_not_be_made_has_not_taken_it(shop: Shop) -> None:
    def too_late(commands: Any) -> None:
        if any("insert" in command for command in commands):
            shop.adapter.before = lambda _: None
            sell_out(shop, "tofu-500g")

    shop.adapter.before = too_late

    assert shop.call("checkout", ORDER, openid=A)["error"] == "OUT_OF_STOCK"
    assert held(shop) == ("available", None)
    assert_lawful(shop)


def test_a_refund_of_the_whole_order_gives_it_back(shop: Shop, wechat: WeChat) -> None:
    order_no = place_order(shop, lines=LINES, coupon_id="mine")["_id"]
    pay(shop, wechat, order_no)

    shop.ok("order_cancel", {"orderNo": order_no}, openid=A)
    settle(shop, wechat)

    assert held(shop) == ("available", None)
