"""order_timeout: what was not paid in time is closed, and what was paid after all is not."""

import pytest

from functions.builders import FREIGHT, assert_lawful, place_order, remove, rule, stock_up, user
from functions.conftest import Clock, WeChat
from harness import A, Shop, context, function

NOTHING = {"cancelled": 0, "paid": 0, "received": 0, "completed": 0, "left": 0}


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user())
    stock_up(shop)


def stock(shop: Shop) -> tuple[int, int, int]:
    stored = shop.one("inventory", "tofu-500g")
    return stored["onHand"], stored["available"], stored["reserved"]


def test_an_order_is_closed_when_its_time_is_over_and_not_before(shop: Shop, clock: Clock) -> None:
    order = place_order(shop)
    clock.now = order["payBy"] - 1
    assert shop.ok("order_timeout") == NOTHING

    clock.now += 1
    assert shop.ok("order_timeout") == {**NOTHING, "cancelled": 1}
    assert shop.ok("order_timeout") == NOTHING

    closed = shop.one("orders", order["_id"])
    assert (closed["status"], closed["history"][-1]["actor"]) == ("cancelled", "order_timeout")
    assert_lawful(shop)
    assert stock(shop) == (10, 10, 0)


def test_the_event_dates_the_run(shop: Shop) -> None:
    place_order(shop)

    assert shop.ok("order_timeout", {"Time": "2026-11-23T04:29:59Z"})["cancelled"] == 0
    assert shop.ok("order_timeout", {"Time": "2026-11-23T04:30:00Z", "More": 1})["cancelled"] == 1


@pytest.mark.parametrize(
    "time", ["now", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z"]
)
def test_a_time_that_cannot_be_is_refused(shop: Shop, time: str) -> None:
    place_order(shop)

    reply = shop.refused("order_timeout", {"Time": time})

    assert reply["details"]["fields"] == [{"field": "Time", "problem": "UTC time required"}]


def test_a_payment_whose_notice_was_lost_is_booked(shop: Shop, wechat: WeChat) -> None:
    order = place_order(shop)
    attempt = shop.ok("order_pay", {"orderNo": order["_id"]}, openid=A)["attemptNo"]
    wechat.pay(attempt)
    wechat.clock.now = order["payBy"]

    assert shop.ok("order_timeout") == {**NOTHING, "paid": 1}

    paid = shop.one("orders", order["_id"])
    assert (paid["status"], len(paid["payLog"]), paid["totals"]["paidFen"]) == ("paid", 1, 2200)
    assert_lawful(shop)
    assert stock(shop) == (9, 9, 0)


def test_an_open_payment_is_closed_first(shop: Shop, wechat: WeChat) -> None:
    order = place_order(shop)
    attempt = shop.ok("order_pay", {"orderNo": order["_id"]}, openid=A)["attemptNo"]
    wechat.clock.now = order["payBy"]

    assert shop.ok("order_timeout")["cancelled"] == 1
    assert wechat.standin.ledger.trade(attempt)["transaction"]["trade_state"] == "CLOSED"


def test_one_that_cannot_be_closed_now_holds_up_no_other(
    shop: Shop, wechat: WeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = place_order(shop)
    shop.ok("order_pay", {"orderNo": stuck["_id"]}, openid=A)
    place_order(shop, token="token-0002")
    wechat.clock.now = stuck["payBy"]

    with monkeypatch.context() as broken:
        broken.setenv("WECHATPAY_GATEWAY", "http://127.0.0.1:9")
        assert shop.ok("order_timeout") == {**NOTHING, "cancelled": 1, "left": 1}

    assert shop.ok("order_timeout") == {**NOTHING, "cancelled": 1}
    assert_lawful(shop)


@pytest.mark.parametrize(
    ("status", "field"),
    [("pending_payment", "payBy"), ("shipped", "autoConfirmAt"), ("received", "closeAt")],
)
def test_one_that_is_malformed_is_told_of_and_holds_up_no_other(
    shop: Shop, clock: Clock, status: str, field: str
) -> None:
    order = place_order(shop)
    shop.add("orders", {"_id": "malformed", "status": status, field: 1})
    clock.now = order["payBy"]

    told = shop.ok("order_timeout")

    assert told == {**NOTHING, "cancelled": 1, "left": int(field == "payBy")}
    (breach,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert (breach["state"], breach["payload"]["id"]) == ("dead", "malformed")
    remove(shop, "orders", "malformed")


def test_a_run_that_is_short_of_time_leaves_the_rest(shop: Shop, clock: Clock) -> None:
    order = place_order(shop)
    clock.now = order["payBy"]

    reply = function("order_timeout").main({}, context(time_limit_ms=5_000))

    assert reply["data"] == NOTHING
    assert shop.one("orders", order["_id"])["status"] == "pending_payment"


def test_a_member_may_not(shop: Shop) -> None:
    assert shop.refused("order_timeout", openid=A)["error"] == "FORBIDDEN"
