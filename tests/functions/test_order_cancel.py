"""order_cancel: closed at WeChat Pay first, then here; what was held comes back."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.bought import apply, buy, decide, furnish, parcel, part, settle, ship
from functions.builders import (
    FREIGHT,
    assert_lawful,
    die_everywhere,
    edit,
    line,
    place_order,
    rule,
    stock_up,
    user,
)
from functions.conftest import WeChat
from gardenshop.cloud.clock import MINUTE
from harness import A, B, Shop


def prepare(shop: Shop) -> None:
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user())
    stock_up(shop)
    place_order(shop, lines=[line("tofu-500g", 2)])


@pytest.fixture(name="order_no")
def _order_no(shop: Shop, clock: object) -> str:
    del clock
    prepare(shop)
    (order,) = shop.documents("orders")
    return str(order["_id"])


def cancel(shop: Shop, order_no: str) -> dict[str, Any]:
    return shop.ok("order_cancel", {"orderNo": order_no}, openid=A)


def stock(shop: Shop) -> tuple[int, int, int]:
    stored = shop.one("inventory", "tofu-500g")
    return stored["onHand"], stored["available"], stored["reserved"]


def test_a_cancelled_order_gives_its_units_back(shop: Shop, order_no: str) -> None:
    assert cancel(shop, order_no) == {"orderNo": order_no, "status": "cancelled"}

    assert shop.adapter.trips == 3
    assert_lawful(shop)
    assert stock(shop) == (10, 10, 0)


def test_cancelling_again_changes_nothing(shop: Shop, order_no: str) -> None:
    first = cancel(shop, order_no)
    before = shop.dump()

    assert cancel(shop, order_no) == first
    assert shop.dump() == before


def test_an_open_payment_is_closed_at_wechat(shop: Shop, wechat: WeChat, order_no: str) -> None:
    attempt = shop.ok("order_pay", {"orderNo": order_no}, openid=A)["attemptNo"]

    cancel(shop, order_no)

    assert wechat.standin.ledger.trade(attempt)["transaction"]["trade_state"] == "CLOSED"
    assert [each["state"] for each in shop.one("orders", order_no)["attempts"]] == ["closed"]


def test_a_payment_made_just_before_wins(shop: Shop, wechat: WeChat, order_no: str) -> None:
    attempt = shop.ok("order_pay", {"orderNo": order_no}, openid=A)["attemptNo"]
    wechat.pay(attempt)

    assert cancel(shop, order_no) == {"orderNo": order_no, "status": "paid"}
    assert_lawful(shop)
    assert stock(shop) == (8, 8, 0)


def test_when_wechat_does_not_answer_the_order_stays(
    shop: Shop, wechat: WeChat, order_no: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del wechat
    shop.ok("order_pay", {"orderNo": order_no}, openid=A)
    monkeypatch.setenv("WECHATPAY_GATEWAY", "http://127.0.0.1:9")

    assert shop.refused("order_cancel", {"orderNo": order_no}, openid=A)["code"] == 50302


def test_cancels_at_once_give_back_once(shop: Shop, order_no: str, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("order_cancel", {"orderNo": order_no}, A)] * 5)

    assert {reply["data"]["status"] for reply in replies} == {"cancelled"}
    assert_lawful(shop)
    assert stock(shop) == (10, 10, 0)


@pytest.mark.parametrize("again", [True, False], ids=["called again", "never called again"])
def test_a_cancel_broken_off_anywhere_gives_back_once(clock: Any, *, again: bool) -> None:
    def act(shop: Shop) -> None:
        shop.call("order_cancel", {"orderNo": shop.documents("orders")[0]["_id"]}, openid=A)

    def verify(shop: Shop) -> None:
        clock.now += 31 * MINUTE
        shop.ok("order_timeout")
        assert_lawful(shop)
        clock.now -= 31 * MINUTE
        assert stock(shop) == (10, 10, 0)

    assert die_everywhere(prepare, act, verify, again=again) == 3


@pytest.mark.parametrize("status", ["creating", "create_failed", "shipped", "received", "completed"])
def test_only_an_order_that_nothing_was_done_for_is_cancelled(shop: Shop, order_no: str, status: str) -> None:
    edit(shop, "orders", order_no, {"status": status})

    reply = shop.refused("order_cancel", {"orderNo": order_no}, openid=A)

    assert (reply["code"], reply["details"]) == (40903, {"status": status})


def test_another_members_order_is_not_found(shop: Shop, order_no: str) -> None:
    assert shop.refused("order_cancel", {"orderNo": order_no}, openid=B)["code"] == 40400


def test_nobody_but_a_member_is_served(shop: Shop, order_no: str) -> None:
    assert shop.refused("order_cancel", {"orderNo": order_no})["error"] == "FORBIDDEN"


def test_a_paid_order_is_refunded_whole_and_at_once_given_back(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    order_no = buy(shop, wechat)["_id"]

    assert cancel(shop, order_no) == {"orderNo": order_no, "status": "refunding"}
    assert shop.adapter.trips == 3
    assert cancel(shop, order_no)["status"] == "refunding"
    settle(shop, wechat)

    order = shop.one("orders", order_no)
    assert cancel(shop, order_no) == {"orderNo": order_no, "status": "refunded"}
    assert [(each["refundNo"], each["amountFen"]) for each in order["refunds"]] == [(f"R{order_no}-1", 6000)]
    assert order["afterSales"][0]["kind"] == "cancel"
    assert stock(shop) == (10, 10, 0)
    points = shop.documents("users", {"openid": A})[0]["points"]
    assert (points["shop"]["pending"], points["garden"]["available"]) == (0, 0)


def test_what_was_shipped_or_is_disputed_is_not_cancelled(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    order_no = buy(shop, wechat)["_id"]
    sale = apply(shop, order_no, part("L1"))
    assert shop.refused("order_cancel", {"orderNo": order_no}, openid=A)["message"] == (
        "有售后正在处理，请先撤销"
    )
    decide(shop, sale, "refuse")
    ship(shop, order_no, parcel(part("L2")))

    assert shop.refused("order_cancel", {"orderNo": order_no}, openid=A)["message"] == (
        "订单已部分发货，请申请售后"
    )


def test_a_refund_of_the_whole_that_wechat_closes_waits_for_a_person(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    order_no = buy(shop, wechat)["_id"]
    cancel(shop, order_no)
    settle(shop, wechat, "CLOSED")
    order = shop.one("orders", order_no)
    assert (order["status"], order["afterSales"][0]["state"]) == ("refund_failed", "abnormal")

    decide(shop, order["afterSales"][0], "refund_again")
    settle(shop, wechat)

    assert shop.one("orders", order_no)["status"] == "refunded"
