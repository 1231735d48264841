"""pay_notify: a real signed and encrypted notice moves its order once; anything else moves nothing."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

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
from functions.conftest import Clock, WeChat
from gardenshop.cloud.clock import MINUTE
from harness import A, B, Shop, context, function

ACCEPTED = {
    "isBase64Encoded": False,
    "statusCode": 204,
    "headers": {"Content-Type": "application/json; charset=utf-8"},
    "body": "",
}


def prepare(shop: Shop, token: str = "token-0001") -> None:
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user())
    stock_up(shop)
    order = place_order(shop, token=token, lines=[line("tofu-500g", 2)])
    shop.ok("order_pay", {"orderNo": order["_id"]}, openid=A)


@pytest.fixture(name="attempt")
def _attempt(shop: Shop, wechat: WeChat) -> str:
    """The number under which the one order is to be paid."""
    del wechat
    prepare(shop)
    return f"{order_of(shop)['_id']}A1"


def order_of(shop: Shop) -> dict[str, Any]:
    (order,) = shop.documents("orders")
    return order


def notify(shop: Shop, event: dict[str, Any]) -> int:
    status: int = shop.call("pay_notify", event)["statusCode"]
    return status


def unmoved(shop: Shop, event: Any, status: int) -> None:
    """The notice is answered with *status*, in the form that makes WeChat Pay send it again."""
    before = shop.dump()
    reply = shop.call("pay_notify", event)
    assert reply["statusCode"] == status
    assert reply["body"].startswith('{"code":"FAIL","message":"')
    assert shop.dump() == before


def test_a_notice_pays_its_order(shop: Shop, wechat: WeChat, attempt: str) -> None:
    event = wechat.pay(attempt)

    assert shop.call("pay_notify", event) == ACCEPTED

    assert shop.adapter.trips == 3
    order, paid = order_of(shop), wechat.standin.ledger.trade(attempt)["transaction"]
    assert (order["status"], order["paidAt"], order["totals"]["paidFen"]) == ("paid", wechat.clock.now, 3400)
    assert order["attempts"][0]["state"] == "paid"
    assert order["payLog"] == [
        {
            "key": f"{paid['transaction_id']}:paid",
            "at": wechat.clock.now,
            "attemptNo": attempt,
            "transactionId": paid["transaction_id"],
            "amountFen": 3400,
        }
    ]
    assert "outboxAt" not in order
    assert {task["topic"] for task in shop.documents("sync_tasks")} == {
        "stock.commit",
        "points.accrue",
        "garden.sync",
    }
    assert_lawful(shop)
    stock = shop.one("inventory", "tofu-500g")
    assert (stock["onHand"], stock["available"], stock["reserved"]) == (8, 8, 0)


def test_a_body_in_base64_is_the_same_notice(shop: Shop, wechat: WeChat, attempt: str) -> None:
    event = wechat.pay(attempt)
    event |= {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}

    assert notify(shop, event) == 204
    assert order_of(shop)["status"] == "paid"


def test_ten_copies_change_nothing_more(shop: Shop, wechat: WeChat, attempt: str) -> None:
    event = wechat.pay(attempt)
    assert notify(shop, event) == 204
    before = shop.dump()

    assert [notify(shop, event) for _ in range(10)] == [204] * 10
    assert shop.dump() == before


def test_ten_copies_at_once_are_one_payment(shop: Shop, wechat: WeChat, attempt: str) -> None:
    event = wechat.pay(attempt)
    main = function("pay_notify").main

    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda i: main(event, context(request_id=f"copy-{i}")), range(10)))

    assert [reply["statusCode"] for reply in replies] == [204] * 10
    order = order_of(shop)
    assert (order["status"], len(order["payLog"]), order.get("refunds", [])) == ("paid", 1, [])
    assert len(shop.documents("sync_tasks")) == 3
    assert_lawful(shop)


@pytest.mark.parametrize(
    ("tamper", "status"),
    [
        ("signature", 400),
        ("signature_type", 400),
        ("serial", 400),
        ("body", 400),
        ("timestamp", 400),
        ("probe", 400),
        ("amount", 409),
        ("payer", 409),
        ("appid", 400),
        ("mchid", 400),
        ("order", 404),
    ],
)
def test_a_wrong_notice_moves_nothing(
    shop: Shop, wechat: WeChat, attempt: str, tamper: str, status: int
) -> None:
    unmoved(shop, wechat.pay(attempt, tamper=tamper), status)

    assert order_of(shop)["status"] == "pending_payment"


def test_a_notice_from_five_minutes_ago_is_stale(
    shop: Shop, wechat: WeChat, attempt: str, clock: Clock
) -> None:
    event = wechat.pay(attempt)
    clock.now += 6 * MINUTE

    unmoved(shop, event, 400)


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "notice",
        7,
        {},
        {"httpMethod": 5},
        {"httpMethod": "POST"},
        {"httpMethod": "POST", "headers": [], "body": {"a": 1}},
        {"httpMethod": "POST", "headers": {"wechatpay-timestamp": "\ud800"}, "body": "\ud800"},
        {"httpMethod": "POST", "body": "!", "isBase64Encoded": True},
        {"httpMethod": "POST", "body": "x" * 200_000},
        {"httpMethod": "GET", "headers": {"Wechatpay-Serial": "PUB_KEY_ID_0"}},
    ],
)
@pytest.mark.usefixtures("attempt")
def test_what_is_no_notice_is_refused(shop: Shop, event: Any) -> None:
    unmoved(shop, event, 400)


def test_a_payment_after_the_cancel_goes_back(shop: Shop, wechat: WeChat, attempt: str) -> None:
    shop.ok("order_cancel", {"orderNo": order_of(shop)["_id"]}, openid=A)
    event = wechat.pay(attempt, force=True)

    assert [notify(shop, event) for _ in range(3)] == [204] * 3

    order = order_of(shop)
    assert order["status"] == "cancelled"
    assert order["refunds"] == [
        {
            "refundNo": f"LR{attempt}",
            "attemptNo": attempt,
            "amountFen": 3400,
            "reason": "订单已不再等待付款，原路退回",
            "state": "due",
            "createdAt": wechat.clock.now,
        }
    ]
    assert_lawful(shop)
    assert order_of(shop)["refunds"][0]["state"] == "submitted"
    (refund,) = wechat.standin.ledger.refunds()
    assert (refund["out_refund_no"], refund["amount"]["refund"]) == (f"LR{attempt}", 3400)

    settled = wechat.settle_refund(f"LR{attempt}")
    assert [notify(shop, settled) for _ in range(2)] == [204] * 2
    done = order_of(shop)["refunds"][0]
    assert (done["state"], done["wechatRefundId"], done["doneAt"]) == (
        "success",
        refund["refund_id"],
        wechat.clock.now,
    )
    stock = shop.one("inventory", "tofu-500g")
    assert (stock["onHand"], stock["available"], stock["reserved"]) == (10, 10, 0)


def test_a_refund_that_failed_can_still_succeed_but_not_the_other_way(
    shop: Shop, wechat: WeChat, attempt: str
) -> None:
    shop.ok("order_cancel", {"orderNo": order_of(shop)["_id"]}, openid=A)
    notify(shop, wechat.pay(attempt, force=True))
    assert_lawful(shop)
    abnormal = wechat.settle_refund(f"LR{attempt}", "ABNORMAL")
    assert notify(shop, abnormal) == 204
    assert order_of(shop)["refunds"][0]["state"] == "abnormal"

    edit(shop, "orders", order_of(shop)["_id"], {"refunds.0.state": "success"})
    assert notify(shop, abnormal) == 204
    assert order_of(shop)["refunds"][0]["state"] == "success"


def test_a_payment_of_a_paid_order_by_another_attempt_goes_back(
    shop: Shop, wechat: WeChat, attempt: str
) -> None:
    first = wechat.pay(attempt)
    order_no = order_of(shop)["_id"]
    closed = {**order_of(shop)["attempts"][0], "state": "closed"}
    edit(shop, "orders", order_no, {"attempts": [closed]})
    again = shop.ok("order_pay", {"orderNo": order_no}, openid=A)["attemptNo"]
    assert notify(shop, wechat.pay(again)) == 204

    assert notify(shop, first) == 204

    order = order_of(shop)
    assert (order["status"], order["totals"]["paidFen"]) == ("paid", 3400)
    assert [refund["refundNo"] for refund in order["refunds"]] == [f"LR{attempt}"]
    assert_lawful(shop)
    assert [each["out_trade_no"] for each in wechat.standin.ledger.refunds()] == [attempt]


@pytest.mark.parametrize("again", [True, False], ids=["sent again", "never sent again"])
def test_a_notice_broken_off_anywhere_pays_once(wechat: WeChat, again: bool) -> None:  # noqa: FBT001
    def act(shop: Shop) -> None:
        order = order_of(shop)
        attempt = order["attempts"][0]["attemptNo"]
        trade = wechat.standin.ledger.trade(attempt)["transaction"]
        if trade["trade_state"] == "NOTPAY":
            wechat.standin.ledger.pay(attempt)
        shop.call("pay_notify", wechat.notice_of(attempt))

    def verify(shop: Shop) -> None:
        before = wechat.clock.now
        wechat.clock.now += 31 * MINUTE
        shop.ok("order_timeout")
        assert_lawful(shop)
        order = order_of(shop)
        assert (order["status"], len(order["payLog"]), order.get("refunds", [])) == ("paid", 1, [])
        assert shop.one("inventory", "tofu-500g")["onHand"] == 8
        wechat.clock.now = before

    tokens = (f"token-{number:04}" for number in count())

    def fresh(shop: Shop) -> None:
        prepare(shop, next(tokens))

    assert die_everywhere(fresh, act, verify, again=again) == 5


@pytest.mark.parametrize("openid", [A, B])
def test_a_member_cannot_pretend_to_be_wechat(shop: Shop, wechat: WeChat, attempt: str, openid: str) -> None:
    event = wechat.pay(attempt)
    before = shop.dump()

    reply = shop.call("pay_notify", event, openid=openid)

    assert reply["statusCode"] == 403
    assert shop.dump() == before


def test_a_notice_and_the_timeout_at_once_agree(
    shop: Shop, wechat: WeChat, attempt: str, at_once: Callable[..., list[Any]]
) -> None:
    edit(shop, "orders", order_of(shop)["_id"], {"payBy": wechat.clock.now})
    event = wechat.pay(attempt)

    at_once(("pay_notify", event, ""), ("order_timeout", {}, ""))

    assert order_of(shop)["status"] == "paid"
    assert_lawful(shop)
