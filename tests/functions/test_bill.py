"""The night compares WeChat Pay's bill with the orders: once, when there is one, whatever goes wrong."""

from typing import Any

import pytest

from functions.bought import TOFU, apply, buy, decide, furnish, part, settle
from functions.builders import Document, edit, line, place_order
from functions.conftest import Clock, WeChat
from gardenshop.cloud import wechatpay
from gardenshop.cloud.clock import DAY, HOUR, day_of, rfc3339, start_of
from gardenshop.cloud.errors import DatabaseUnavailable, UpstreamUnavailable
from gardenshop.cloud.wechatpay import PaySettings
from gardenshop.cloud.wechatpay_bill import downloaded
from gardenshop.flows import bills
from harness import A, Shop

NOON = 12 * HOUR


@pytest.fixture(name="wechat")
def _wechat(wechat: WeChat, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> WeChat:
    """WeChat, by the clock of the shop."""
    for each in (wechat.standin.ledger, wechat.standin.notices):
        monkeypatch.setattr(each, "_now", lambda: clock.now / 1000)
    return wechat


@pytest.fixture(name="paid")
def _paid(shop: Shop, clock: Clock, wechat: WeChat) -> Document:
    """An order that was paid at noon."""
    clock.now = start_of(day_of(clock.now)) + NOON
    furnish(shop)
    return buy(shop, wechat)


def close(shop: Shop, clock: Clock, days: int) -> int:
    """Close the night that comes *days* after the present day; return how many entries were in bills."""
    clock.now = start_of(day_of(clock.now)) + days * DAY + 2 * HOUR
    billed: int = shop.ok("nightly_close", {"Type": "Timer", "Time": rfc3339(clock.now)})["billed"]
    return billed


def rows(shop: Shop) -> dict[str, Any]:
    return {row["day"]: row["metrics"] for row in shop.documents("data_dashboard", {"kind": "bill"})}


def told(shop: Shop) -> list[str]:
    tasks = shop.documents("sync_tasks", {"topic": "reconcile.breach", "payload.law": "bill"})
    assert {task["state"] for task in tasks} <= {"dead"}
    return [f"{task['payload']['id']}: {task['payload']['text']}" for task in tasks]


def light(shop: Shop, clock: Clock) -> Any:
    return shop.one("data_dashboard", f"laws:{day_of(clock.now)}")["metrics"]["bill"]


def attempt(order: Document) -> str:
    number: str = order["attempts"][0]["attemptNo"]
    return number


def test_the_bill_of_the_day_before_yesterday_is_what_was_booked(
    shop: Shop, clock: Clock, wechat: WeChat, paid: Document
) -> None:
    day = day_of(clock.now)
    shop.ok("outbox_pump")
    decide(shop, apply(shop, paid["_id"], part("L1")), "approve")
    settle(shop, wechat)
    (refund,) = wechat.standin.ledger.refunds()

    assert close(shop, clock, 1) == 0
    assert day not in rows(shop)
    assert close(shop, clock, 1) == 2

    assert refund["out_trade_no"] == attempt(paid)
    assert rows(shop)[day] == {"checked": 2, "broken": 0, "examples": []}
    assert light(shop, clock) == {"checked": 2, "broken": 0, "examples": []}
    assert (told(shop), close(shop, clock, 0)) == ([], 0)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"payLog.0.amountFen": 1}, "fen in the bill, 1 booked"),
        ({"payLog": []}, "fen in the bill, not booked"),
    ],
    ids=["amount", "missing"],
)
def test_what_is_otherwise_in_the_bill_is_told_of_once(
    shop: Shop, clock: Clock, paid: Document, changes: Document, text: str
) -> None:
    edit(shop, "orders", paid["_id"], changes)

    close(shop, clock, 2)
    close(shop, clock, 0)

    said = f"{attempt(paid)}: {paid['totals']['paidFen']} {text}"
    assert told(shop) == [said]
    assert light(shop, clock) == {"checked": 1, "broken": 1, "examples": [said]}


def test_what_is_booked_and_not_in_the_bill_is_told_of(
    shop: Shop, clock: Clock, wechat: WeChat, paid: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = day_of(clock.now)
    other = buy(shop, wechat, token="token-0002")
    trades = wechat.standin.ledger.trades()
    monkeypatch.setattr(
        wechat.standin.ledger, "trades", lambda: [t for t in trades if t["out_trade_no"] == attempt(other)]
    )

    close(shop, clock, 2)

    fen = paid["totals"]["paidFen"]
    assert told(shop) == [f"{attempt(paid)}: {fen} fen booked, not in the bill of {day}"]
    assert rows(shop)[day]["checked"] == 1


def test_a_missing_bill_is_waited_for_while_something_is_booked(
    shop: Shop, clock: Clock, wechat: WeChat, paid: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, trades = day_of(clock.now), wechat.standin.ledger.trades
    monkeypatch.setattr(wechat.standin.ledger, "trades", list)

    close(shop, clock, bills.FIRST)
    assert day not in rows(shop)
    assert len(rows(shop)) == bills.LAST - bills.FIRST
    monkeypatch.setattr(wechat.standin.ledger, "trades", trades)
    assert close(shop, clock, 1) == 1

    assert (rows(shop)[day]["broken"], told(shop)) == (0, [])
    assert paid["status"] == "paid"


def test_a_bill_that_never_comes_is_told_of_in_the_last_night(
    shop: Shop, clock: Clock, wechat: WeChat, paid: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat.standin.ledger, "trades", list)

    close(shop, clock, bills.FIRST)
    for _ in range(bills.FIRST, bills.LAST):
        assert told(shop) == []
        close(shop, clock, 1)

    assert [each.partition(":")[0] for each in told(shop)] == [attempt(paid)]


def test_a_payment_learnt_of_after_midnight_is_asked_for_by_the_bill_alone(
    shop: Shop, clock: Clock, wechat: WeChat
) -> None:
    midnight = start_of(day_of(clock.now)) + DAY
    clock.now = midnight - 5000
    furnish(shop)
    order = place_order(shop, lines=[line(TOFU)])
    number = shop.ok("order_pay", {"orderNo": order["_id"]}, openid=A)["attemptNo"]
    notice = wechat.pay(number)
    clock.now = midnight + 5000
    assert shop.call("pay_notify", notice)["statusCode"] == 204

    assert close(shop, clock, 1) == 1
    assert close(shop, clock, 1) == 0
    assert rows(shop)[day_of(midnight)] == {"checked": 0, "broken": 0, "examples": []}
    assert told(shop) == []


@pytest.mark.parametrize("trouble", ["digest", "host", "form"])
def test_a_bill_that_is_not_what_it_must_be_is_asked_for_again(
    shop: Shop, clock: Clock, paid: Document, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    day, call = day_of(clock.now), wechatpay.WeChatPay._call

    def wrong(pay: Any, operation: str, **arguments: Any) -> Any:
        reply = call(pay, operation, **arguments)
        elsewhere = str(reply.get("download_url")).replace("127.0.0.1", "localhost")
        changed = {"digest": {"hash_value": "0" * 40}, "host": {"download_url": elsewhere}}
        return {**reply, **changed.get(trouble, {})}

    with monkeypatch.context() as patch:
        patch.setattr(wechatpay.WeChatPay, "_call", wrong)
        if trouble == "form":
            patch.setattr("localcloud.wechat.bills.TITLES", "交易时间,公众账号ID")
        assert close(shop, clock, 2) == 0
        assert day not in rows(shop)

    assert close(shop, clock, 0) == 1
    assert (told(shop), paid["status"]) == ([], "paid")


def test_a_bill_that_is_not_made_yet_is_nothing_to_tell_of(
    shop: Shop, clock: Clock, wechat: WeChat, paid: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a timer's event tells of a time that has not come."""
    present = clock.now / 1000
    monkeypatch.setattr(wechat.standin.ledger, "_now", lambda: present)

    assert close(shop, clock, bills.LAST) == 0

    assert (rows(shop), told(shop), paid["status"]) == ({}, [], "paid")


def test_a_database_that_does_not_answer_is_no_fault_of_the_bill(
    shop: Shop, clock: Clock, paid: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def before(commands: Any) -> None:
        if any("attempts.attemptNo" in each.get("filter", {}) for each in commands):
            raise DatabaseUnavailable

    day = day_of(clock.now)
    with monkeypatch.context() as patch:
        patch.setattr(shop.adapter, "before", before)
        clock.now = start_of(day) + bills.LAST * DAY
        assert shop.call("nightly_close", {"Type": "Timer", "Time": rfc3339(clock.now)})["code"] != 0
        assert day not in rows(shop)

    assert close(shop, clock, 0) == 1
    assert (told(shop), paid["status"]) == ([], "paid")


def test_a_bill_is_fetched_from_the_gateway_alone(wechat: WeChat) -> None:
    settings = PaySettings.from_env(wechat.standin.settings("http://127.0.0.1:9"))

    with pytest.raises(UpstreamUnavailable) as caught:
        next(downloaded("https://example.org/v3/billdownload/file", settings))

    assert caught.value.details == {"cause": "bill: lies elsewhere"}


def test_without_wechat_pay_there_is_nothing_to_compare(
    shop: Shop, clock: Clock, paid: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WECHATPAY_MCHID")

    assert close(shop, clock, 2) == 0
    assert rows(shop) == {}
    assert paid["status"] == "paid"
