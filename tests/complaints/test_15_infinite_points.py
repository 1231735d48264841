"""Complaint 15: points kept after a refund, or spent without being taken, are infinite points.

(odoo/odoo PR #257854, frappe/erpnext#32951, #59050, nopSolutions/nopCommerce#5595)
"""

from collections.abc import Callable
from typing import Any

from functions.bought import apply, books, buy, decide, furnish, part, settle, ship
from functions.builders import assert_lawful, edit, line, lot, place_order
from functions.conftest import WeChat
from gardenshop.cloud.clock import DAY
from harness import A, Shop, user_id

HERS = 300


def open_with_points(shop: Shop, wechat: WeChat) -> None:
    """The shop, and its customer with 300 shop points."""
    furnish(shop)
    edit(shop, "users", user_id(A), {"points.shop.available": HERS})
    hers = {"left": HERS, "expiresAt": wechat.clock.now + 300 * DAY}
    shop.add("points_ledger", lot("award:hers", HERS, book="shop", lot=hers))


def test_what_an_order_earned_goes_with_its_refund(shop: Shop, wechat: WeChat) -> None:
    open_with_points(shop, wechat)
    order = buy(shop, wechat, [line("tofu-500g", 3)])
    assert books(shop)["shop"]["pending"] == 3

    decide(shop, apply(shop, order["_id"], kind="refund_only"), "approve")
    settle(shop, wechat)

    assert (books(shop)["shop"]["available"], books(shop)["shop"]["pending"]) == (HERS, 0)


def test_points_that_are_not_final_cannot_be_spent(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    buy(shop, wechat, [line("tofu-500g", 5)])

    shown = shop.ok("checkout_preview", {"lines": [line()], "points": 1}, openid=A)

    assert books(shop)["shop"]["pending"] == 6
    assert (shown["points"]["available"], shown["ready"]) == (0, False)


def test_buying_with_points_and_giving_back_makes_none(shop: Shop, wechat: WeChat) -> None:
    open_with_points(shop, wechat)
    for round_no in range(3):
        token = f"token-000{round_no}"
        order = buy(shop, wechat, [line("tofu-500g", 2)], token=token, points=HERS)
        assert books(shop)["shop"]["available"] == 0
        back = f"return-000{round_no}"
        for number in range(2):
            sale = apply(shop, order["_id"], part("L1"), kind="refund_only", token=f"{back}-{number}")
            decide(shop, sale, "approve")
            settle(shop, wechat)
        assert books(shop)["shop"]["available"] == HERS


def test_cancelling_again_and_again_returns_the_points_once(
    shop: Shop, wechat: WeChat, at_once: Callable[..., list[Any]]
) -> None:
    open_with_points(shop, wechat)
    order_no = place_order(shop, points=HERS)["_id"]

    at_once(*[("order_cancel", {"orderNo": order_no}, A)] * 3, *[("outbox_pump", {}, "")] * 3)
    assert_lawful(shop)

    assert (books(shop)["shop"]["available"], books(shop)["shop"]["reserved"]) == (HERS, 0)


def test_one_points_balance_pays_for_one_order(
    shop: Shop, wechat: WeChat, at_once: Callable[..., list[Any]]
) -> None:
    open_with_points(shop, wechat)
    wish = {"lines": [line()], "points": HERS, "expectedTotalFen": 1200 - HERS + 1000}

    replies = at_once(*(("checkout", {**wish, "clientToken": f"token-000{i}"}, A) for i in range(5)))

    assert sum(reply["code"] == 0 for reply in replies) == 1
    assert_lawful(shop)


def test_points_that_paid_for_a_shipped_order_do_not_come_back_by_cancelling(
    shop: Shop, wechat: WeChat
) -> None:
    open_with_points(shop, wechat)
    order_no = buy(shop, wechat, [line()], points=HERS)["_id"]
    ship(shop, order_no)

    assert shop.call("order_cancel", {"orderNo": order_no}, openid=A)["code"] != 0
    assert_lawful(shop)
    assert books(shop)["shop"]["available"] == 0
