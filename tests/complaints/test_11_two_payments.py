"""Complaint 11: two tabs pay one order twice, and the second payment is kept (mollie/WooCommerce#1204)."""

from functions.bought import furnish, settle
from functions.builders import line, place_order
from functions.conftest import WeChat
from harness import A, Shop


def test_only_the_payment_that_was_asked_for_last_is_kept(shop: Shop, wechat: WeChat) -> None:
    """The price changed between the tabs, so each tab has an attempt of its own; both are paid."""
    furnish(shop)
    order_no = place_order(shop, lines=[line("tofu-500g", 2)])["_id"]
    first = shop.ok("order_pay", {"orderNo": order_no}, openid=A)["attemptNo"]
    price = {"goodsFen": 2000, "freightFen": 0, "reason": "老客户优惠", "clientToken": "reprice-0001"}
    shop.ok("admin_order_ship", {"orderNo": order_no, "action": "reprice", **price})
    second = shop.ok("order_pay", {"orderNo": order_no}, openid=A)["attemptNo"]

    assert shop.call("pay_notify", wechat.pay(second))["statusCode"] == 204
    assert shop.call("pay_notify", wechat.pay(first, force=True))["statusCode"] == 204
    settle(shop, wechat)

    order = shop.one("orders", order_no)
    assert (order["status"], order["totals"]["paidFen"]) == ("paid", 2000)
    assert [(each["refundNo"], each["amountFen"], each["state"]) for each in order["refunds"]] == [
        (f"LR{first}", 3400, "success")
    ]
    assert [each["out_trade_no"] for each in wechat.standin.ledger.refunds()] == [first]
    assert [entry["attemptNo"] for entry in order["payLog"]] == [second, first]
