"""Complaint 13: a partial refund ignores or takes the whole discount, or fails over a fen.

(smartlabsAT/sonata-project-ecommerce#177, PrestaShop/PrestaShop#18319, woocommerce/woocommerce#64668)
"""

from functions.bought import apply, decide, furnish, part, pay, settle
from functions.builders import line, place_order
from functions.conftest import WeChat
from harness import Shop


def test_each_unit_gives_back_its_share_and_the_last_one_the_odd_fen(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    order_no = place_order(shop, lines=[line("tofu-500g", 3), line("tea-500g")])["_id"]
    price = {"goodsFen": 4000, "freightFen": 100, "reason": "老客户优惠", "clientToken": "reprice-0001"}
    shop.ok("admin_order_ship", {"orderNo": order_no, "action": "reprice", **price})
    pay(shop, wechat, order_no)

    for i in range(3):
        decide(shop, apply(shop, order_no, part("L1"), token=f"return-{i:04}"), "approve")
        settle(shop, wechat)
    decide(shop, apply(shop, order_no, token="return-0009"), "approve")
    settle(shop, wechat)

    order = shop.one("orders", order_no)
    assert [line["paidFen"] for line in order["lines"]] == [3000, 1000]
    assert [each["amountFen"] for each in order["refunds"]] == [1000, 1000, 1000, 1100]
    assert order["status"] == "refunded"
    assert sum(each["amount"]["refund"] for each in wechat.standin.ledger.refunds()) == 4100


def test_three_units_of_a_hundred_fen(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    order_no = place_order(shop, lines=[line("tofu-500g", 3)])["_id"]
    price = {"goodsFen": 100, "freightFen": 0, "reason": "老客户优惠", "clientToken": "reprice-0001"}
    shop.ok("admin_order_ship", {"orderNo": order_no, "action": "reprice", **price})
    pay(shop, wechat, order_no)
    sales = [apply(shop, order_no, part("L1"), token=f"return-{i:04}") for i in range(3)]
    decide(shop, sales[1], "refuse")
    again = apply(shop, order_no, part("L1"), token="return-0004")

    for sale in (again, sales[2], sales[0]):
        decide(shop, sale, "approve")
        settle(shop, wechat)

    order = shop.one("orders", order_no)
    assert [each["amountFen"] for each in order["refunds"]] == [33, 33, 34]
    assert (order["status"], order["lines"][0]["refundedFen"]) == ("refunded", 100)
