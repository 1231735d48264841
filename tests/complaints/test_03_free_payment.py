"""Complaint 3: the client says that it has paid (macrozheng/mall#613, #998). Only WeChat is believed."""

from typing import Any

import pytest

from functions.bought import furnish
from functions.builders import place_order
from functions.conftest import WeChat
from harness import A, Shop


@pytest.fixture(name="attempt")
def _attempt(shop: Shop, wechat: WeChat) -> str:
    del wechat
    furnish(shop)
    order = place_order(shop)
    return str(shop.ok("order_pay", {"orderNo": order["_id"]}, openid=A)["attemptNo"])


@pytest.mark.parametrize(
    "event",
    [{"sync": True}, {"status": "paid"}, {"sync": True, "amountFen": 1}, {"paid": True}],
)
def test_saying_so_is_not_paying(shop: Shop, attempt: str, event: dict[str, Any]) -> None:
    before = shop.dump()

    reply = shop.call("order_pay", {"orderNo": attempt[:-2], **event}, openid=A)

    assert reply["code"] in {0, 40000}
    assert reply.get("data", {}).get("status", "pending_payment") == "pending_payment"
    assert shop.dump() == before


@pytest.mark.parametrize("tamper", ["signature", "body", "serial", "amount", "payer", "appid", "mchid"])
def test_a_forged_or_foreign_notice_pays_nothing(
    shop: Shop, wechat: WeChat, attempt: str, tamper: str
) -> None:
    before = shop.dump()

    assert shop.call("pay_notify", wechat.pay(attempt, tamper=tamper))["statusCode"] >= 400
    assert shop.dump() == before


def test_our_own_question_to_wechat_finds_the_payment(shop: Shop, wechat: WeChat, attempt: str) -> None:
    wechat.pay(attempt)

    asked = shop.ok("order_pay", {"orderNo": attempt[:-2], "sync": True}, openid=A)

    assert (asked["status"], "payment" in asked) == ("paid", False)
    before = shop.dump()
    assert shop.ok("order_pay", {"orderNo": attempt[:-2], "sync": True}, openid=A) == asked
    assert shop.call("pay_notify", wechat.notice_of(attempt))["statusCode"] == 204
    assert shop.dump() == before
