"""order_pay: one open attempt an order, opened at WeChat Pay and signed for the mini-program."""

from collections.abc import Callable
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
    sku,
    stock_up,
    user,
)
from functions.conftest import Clock, WeChat
from gardenshop.cloud.clock import MINUTE
from harness import A, B, Shop


def prepare(shop: Shop) -> None:
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user())
    stock_up(shop)
    place_order(shop, lines=[line("tofu-500g", 2)])


@pytest.fixture(name="order")
def _order(shop: Shop, wechat: WeChat) -> dict[str, Any]:
    del wechat
    prepare(shop)
    return shop.documents("orders")[0]


def pay(shop: Shop, order: dict[str, Any], openid: str = A) -> Any:
    return shop.ok("order_pay", {"orderNo": order["_id"]}, openid=openid)


def test_what_the_mini_program_gets_is_signed_and_pays_the_order(
    shop: Shop, wechat: WeChat, order: dict[str, Any]
) -> None:
    opened = pay(shop, order)

    fields = opened.pop("payment")
    attempt_no = f"{order['_id']}A1"
    assert opened == {
        "orderNo": order["_id"],
        "status": "pending_payment",
        "amountFen": 3400,
        "attemptNo": attempt_no,
    }
    assert set(fields) == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert wechat.standin.keys.is_pay_sign(fields)
    trade = wechat.standin.ledger.trade(attempt_no)
    assert trade["asked"]["amount"] == {"total": 3400, "currency": "CNY"}
    assert trade["asked"]["payer"] == {"openid": A}
    assert trade["asked"]["description"] == "九悦素供-北豆腐"
    (attempt,) = shop.one("orders", order["_id"])["attempts"]
    assert attempt == {
        "attemptNo": attempt_no,
        "kind": "wechat",
        "amountFen": 3400,
        "openid": A,
        "prepayId": fields["package"].removeprefix("prepay_id="),
        "state": "open",
        "createdAt": order["createdAt"],
        "expiresAt": order["payBy"],
    }


def test_opening_it_again_keeps_the_attempt(shop: Shop, wechat: WeChat, order: dict[str, Any]) -> None:
    first = pay(shop, order)
    before = shop.dump()

    second = pay(shop, order)

    assert second["payment"]["package"] == first["payment"]["package"]
    assert shop.dump() == before
    assert shop.adapter.trips == 1
    assert len(wechat.standin.ledger.trades()) == 1


def test_two_at_once_open_one_attempt(
    shop: Shop, wechat: WeChat, order: dict[str, Any], at_once: Callable[..., list[Any]]
) -> None:
    replies = at_once(*[("order_pay", {"orderNo": order["_id"]}, A)] * 4)

    assert {reply["code"] for reply in replies} <= {0, 50301}
    assert len(shop.one("orders", order["_id"])["attempts"]) == 1
    assert len(wechat.standin.ledger.trades()) == 1


@pytest.mark.usefixtures("wechat")
def test_a_call_broken_off_anywhere_is_finished_by_the_next(wechat: WeChat) -> None:
    def act(shop: Shop) -> None:
        shop.call("order_pay", {"orderNo": shop.documents("orders")[0]["_id"]}, openid=A)

    def verify(shop: Shop) -> None:
        (order,) = shop.documents("orders")
        (attempt,) = order["attempts"]
        assert attempt["prepayId"]
        assert wechat.standin.ledger.trade(attempt["attemptNo"])["asked"]["amount"]["total"] == 3400

    assert die_everywhere(prepare, act, verify) == 2


def test_an_order_that_costs_nothing_is_paid_at_once(shop: Shop, wechat: WeChat) -> None:
    shop.add("business_rules", rule("freight", {**FREIGHT, "freeFromFen": 0}))
    shop.add("users", user())
    stock_up(shop, "gift", skus=[sku("gift-500g", priceFen=0)])
    order = place_order(shop, lines=[line("gift-500g")])

    assert pay(shop, order) == {"orderNo": order["_id"], "status": "paid", "amountFen": 0}
    assert wechat.standin.ledger.trades() == []
    assert_lawful(shop)


def test_when_wechat_does_not_answer_it_may_be_tried_again(
    shop: Shop, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("WECHATPAY_GATEWAY", "http://127.0.0.1:9")
        reply = shop.call("order_pay", {"orderNo": order["_id"]}, openid=A)

    assert (reply["code"], reply["error"], reply["details"]) == (50302, "UPSTREAM_UNAVAILABLE", {})
    assert pay(shop, order)["attemptNo"] == f"{order['_id']}A1"


@pytest.mark.parametrize("status", ["creating", "create_failed", "cancelled", "paid", "completed"])
def test_only_an_order_that_waits_for_payment_is_paid(shop: Shop, order: dict[str, Any], status: str) -> None:
    edit(shop, "orders", order["_id"], {"status": status})

    reply = shop.refused("order_pay", {"orderNo": order["_id"]}, openid=A)

    assert (reply["code"], reply["error"]) == (40903, "ILLEGAL_TRANSITION")
    assert reply["details"] == {"status": status}


def test_after_its_time_it_is_not_opened(shop: Shop, order: dict[str, Any], clock: Clock) -> None:
    clock.now = order["payBy"]

    assert shop.refused("order_pay", {"orderNo": order["_id"]}, openid=A)["error"] == "ILLEGAL_TRANSITION"
    clock.now -= MINUTE
    assert pay(shop, order)["status"] == "pending_payment"


def test_another_members_order_is_not_found(shop: Shop, order: dict[str, Any]) -> None:
    assert shop.refused("order_pay", {"orderNo": order["_id"]}, openid=B)["code"] == 40400


def test_an_unknown_order_is_not_found(shop: Shop) -> None:
    assert shop.refused("order_pay", {"orderNo": "20261123000000000000"}, openid=A)["code"] == 40400


def test_nobody_but_a_member_is_served(shop: Shop, order: dict[str, Any]) -> None:
    assert shop.refused("order_pay", {"orderNo": order["_id"]})["error"] == "FORBIDDEN"


def test_without_the_merchants_settings_it_is_our_fault_and_says_nothing(
    shop: Shop, order: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WECHATPAY_APIV3_KEY")

    reply = shop.refused("order_pay", {"orderNo": order["_id"]}, openid=A)

    assert (reply["code"], reply["error"], reply["details"]) == (50000, "INTERNAL", {})
