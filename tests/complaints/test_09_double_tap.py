"""Complaint 9: a double tap, or the client and the notice at once, make two orders or two payments.

(medusajs/medusa#13301, #4798; saleor/saleor#19220)
"""

from collections.abc import Callable
from typing import Any

from functions.bought import furnish
from functions.builders import assert_lawful, line
from functions.conftest import WeChat
from harness import A, Shop


def test_taps_make_one_order_one_attempt_and_one_payment(
    shop: Shop, wechat: WeChat, at_once: Callable[..., list[Any]]
) -> None:
    furnish(shop)
    wanted = {"lines": [line()], "clientToken": "token-0001", "expectedTotalFen": 2200}

    placed = at_once(*[("checkout", wanted, A)] * 4)
    order_no = shop.ok("checkout", wanted, openid=A)["orderNo"]
    at_once(*[("order_pay", {"orderNo": order_no}, A)] * 4)
    attempt = shop.ok("order_pay", {"orderNo": order_no}, openid=A)["attemptNo"]
    notice = wechat.pay(attempt)
    at_once(*[("pay_notify", notice, "")] * 3, *[("order_pay", {"orderNo": order_no, "sync": True}, A)] * 3)
    assert shop.call("pay_notify", notice)["statusCode"] == 204

    assert {reply.get("data", {}).get("orderNo", order_no) for reply in placed} == {order_no}
    (order,) = shop.documents("orders")
    assert (order["status"], len(order["attempts"]), len(order["payLog"])) == ("paid", 1, 1)
    assert order.get("refunds", []) == []
    assert len(wechat.standin.ledger.trades()) == 1
    assert_lawful(shop)
