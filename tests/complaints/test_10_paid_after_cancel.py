"""Complaint 10: the payment lands after the cancel, and the order is "cancelled + paid".

(coreshop/CoreShop#2529, paynl/magento2-plugin#220) It is never revived: the money goes back by itself.
"""

import pytest

from functions.bought import furnish, settle, stock
from functions.builders import edit, place_order
from functions.conftest import WeChat
from harness import A, Shop


@pytest.mark.parametrize("by", ["order_cancel", "order_timeout"])
def test_money_that_comes_too_late_goes_back(shop: Shop, wechat: WeChat, by: str) -> None:
    furnish(shop)
    order = place_order(shop)
    attempt = shop.ok("order_pay", {"orderNo": order["_id"]}, openid=A)["attemptNo"]
    if by == "order_cancel":
        shop.ok("order_cancel", {"orderNo": order["_id"]}, openid=A)
    else:
        edit(shop, "orders", order["_id"], {"payBy": wechat.clock.now})
        assert shop.ok("order_timeout")["cancelled"] == 1

    late = wechat.pay(attempt, force=True)
    assert [shop.call("pay_notify", late)["statusCode"] for _ in range(3)] == [204] * 3
    settle(shop, wechat)

    stored = shop.one("orders", order["_id"])
    assert (stored["status"], stored["totals"]["paidFen"]) == ("cancelled", 0)
    (refund,) = stored["refunds"]
    assert (refund["refundNo"], refund["amountFen"], refund["state"]) == (f"LR{attempt}", 2200, "success")
    (sent,) = wechat.standin.ledger.refunds()
    assert (sent["status"], sent["amount"]["refund"]) == ("SUCCESS", 2200)
    assert stock(shop) == (10, 10, 0, 0)
    assert shop.documents("meals") == []
