"""Complaint 18: refund with restock, then cancel, and the goods are on the shelf twice.

(PrestaShop/PrestaShop#35460, woocommerce/woocommerce#22489, #27504, reactioncommerce/reaction#3678)
"""

from functions.bought import apply, buy, decide, furnish, parcel, part, settle, ship, stock
from functions.conftest import WeChat
from harness import A, Shop


def test_what_was_refunded_is_not_there_to_be_restocked_by_a_cancel(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    order_no = buy(shop, wechat)["_id"]
    decide(shop, apply(shop, order_no, part("L1", 2)), "approve")
    settle(shop, wechat)
    assert stock(shop) == (9, 9, 0, 0)

    assert shop.ok("order_cancel", {"orderNo": order_no}, openid=A)["status"] == "refunding"
    settle(shop, wechat)
    assert shop.ok("order_cancel", {"orderNo": order_no}, openid=A)["status"] == "refunded"
    settle(shop, wechat)

    assert (stock(shop), stock(shop, "tea-500g")) == ((10, 10, 0, 0), (10, 10, 0, 0))
    order = shop.one("orders", order_no)
    assert sum(each["amountFen"] for each in order["refunds"]) == order["totals"]["paidFen"]


def test_units_that_came_back_do_not_come_back_again(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    order_no = buy(shop, wechat)["_id"]
    ship(shop, order_no, parcel(part("L1", 2)))
    sale = apply(shop, order_no, part("L1", 1))
    decide(shop, sale, "approve")
    settle(shop, wechat)
    returned = apply(shop, order_no, part("L1", 2), token="return-0002", kind="return")
    decide(shop, returned, "approve")
    decide(shop, returned, "receive", condition="good")
    settle(shop, wechat)

    assert stock(shop) == (10, 10, 0, 0)
    more = {"orderNo": order_no, "lines": [part("L1")], "kind": "return", "clientToken": "return-0003"}
    assert shop.refused("refund_apply", more, openid=A)["message"] == "申请数量超过可退数量"
