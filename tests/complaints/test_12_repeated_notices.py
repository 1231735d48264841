"""Complaint 12: WeChat repeats its notices and the merchant serves each of them.

(binarywang/WxJava#3355, Anankke/SSPanel-UIM#2336: a rebate paid four times)
"""

from collections.abc import Callable
from typing import Any

from functions.bought import apply, books, buy, decide, furnish, part, settle, stock
from functions.builders import assert_lawful
from functions.conftest import WeChat
from harness import Shop


def test_a_payment_and_a_refund_told_ten_times_happen_once(
    shop: Shop, wechat: WeChat, at_once: Callable[..., list[Any]]
) -> None:
    furnish(shop)
    order = buy(shop, wechat)
    before = shop.dump()
    copies = [("pay_notify", wechat.notice_of(order["attempts"][0]["attemptNo"]), "")] * 10
    assert {reply["statusCode"] for reply in at_once(*copies)} == {204}
    assert shop.dump() == before

    decide(shop, apply(shop, order["_id"], part("L1")), "approve")
    assert_lawful(shop)
    notice = wechat.settle_refund(f"R{order['_id']}-1")
    assert {reply["statusCode"] for reply in at_once(*[("pay_notify", notice, "")] * 5)} <= {204, 503}
    settle(shop, wechat)
    after = shop.dump()
    for _ in range(10):
        assert shop.call("pay_notify", notice)["statusCode"] == 204
    assert_lawful(shop)

    assert shop.dump() == after
    assert stock(shop) == (8, 8, 0, 0)
    assert books(shop)["shop"]["pending"] == 3
