"""Money that arrived pays the order that waits for it, once, or goes back."""

from collections.abc import Iterator

import pytest

from gardenshop.cloud.errors import NotFound
from gardenshop.flows.payments import PaymentMismatch, take_payment
from harness import A
from small_shop import SmallShop, open_small_shop


@pytest.fixture
def small() -> Iterator[SmallShop]:
    with open_small_shop() as opened:
        yield opened


@pytest.fixture
def attempt_no(small: SmallShop) -> str:
    """The open attempt of an order of A's."""
    return small.open_payment(small.checkout(A, {"tofu": 2}, "token-of-a")["data"]["orderNo"])


def order_of(attempt_no: str) -> str:
    return attempt_no[:-2]


def test_the_same_notice_ten_times_is_one_payment(small: SmallShop, attempt_no: str) -> None:
    small.till.pay(attempt_no)
    first = small.notify(attempt_no)
    small.rest()
    before = small.shop.dump()
    for _ in range(10):
        small.notify(attempt_no)
    small.call("outbox_pump")

    assert first["status"] == "paid"
    assert small.shop.dump() == before
    assert small.order(order_of(attempt_no))["totals"]["paidFen"] == small.till.trades[attempt_no].amount_fen


def test_a_payment_that_is_not_what_was_asked_for_serves_nobody(small: SmallShop, attempt_no: str) -> None:
    before = small.shop.dump()
    order, right = small.order(order_of(attempt_no)), small.payment(attempt_no)
    wrong = {
        right._replace(amount_fen=1): PaymentMismatch,
        right._replace(openid="o-stranger"): PaymentMismatch,
        right._replace(attempt_no=f"{order['_id']}A9"): NotFound,
    }

    for payment, error in wrong.items():
        with pytest.raises(error):
            take_payment(small.db, order, payment, now=small.now, actor="wechatpay")
    assert small.shop.dump() == before


def test_a_payment_for_a_cancelled_order_goes_back_once(small: SmallShop, attempt_no: str) -> None:
    small.call("order_cancel", {"orderNo": order_of(attempt_no)}, A)
    small.till.trades[attempt_no].state = "SUCCESS"
    for _ in range(3):
        assert small.notify(attempt_no)["status"] == "cancelled"
    small.rest()
    small.notify(attempt_no)
    small.rest()

    amount = small.till.trades[attempt_no].amount_fen
    assert small.till.refunds == {f"LR{attempt_no}": amount}
    (refund,) = small.order(order_of(attempt_no))["refunds"]
    assert (refund["state"], refund["amountFen"]) == ("success", amount)
    assert small.breaches() == []


def test_an_order_read_long_ago_is_paid_as_it_is_now(small: SmallShop, attempt_no: str) -> None:
    stale = small.order(order_of(attempt_no))
    small.call("order_cancel", {"orderNo": order_of(attempt_no)}, A)
    small.till.trades[attempt_no].state = "SUCCESS"

    order = take_payment(small.db, stale, small.payment(attempt_no), now=small.now, actor="wechatpay")

    assert order["status"] == "cancelled"
    assert [each["state"] for each in order["refunds"]] == ["due"]


def test_cancelling_what_was_paid_just_now_books_the_payment(small: SmallShop, attempt_no: str) -> None:
    small.till.pay(attempt_no)

    reply = small.call("order_cancel", {"orderNo": order_of(attempt_no)}, A)
    small.rest()

    assert reply["data"]["status"] == "paid"
    assert small.till.refunds == {}
    assert small.breaches() == []


def test_cancelling_closes_at_wechat_first(small: SmallShop, attempt_no: str) -> None:
    small.call("order_cancel", {"orderNo": order_of(attempt_no)}, A)
    small.rest()

    assert small.till.trades[attempt_no].state == "CLOSED"
    assert not small.till.pay(attempt_no)
    assert small.shop.one("inventory", "tofu")["available"] == 6
    assert small.breaches() == []


def test_a_paid_order_is_not_cancelled_as_if_it_were_not(small: SmallShop, attempt_no: str) -> None:
    small.till.pay(attempt_no)
    small.notify(attempt_no)

    reply = small.call("order_cancel", {"orderNo": order_of(attempt_no)}, A)

    assert reply["data"]["status"] == "refunding"
    assert small.till.trades[attempt_no].state == "SUCCESS"
    small.rest()
    assert small.till.refunds == {f"R{order_of(attempt_no)}-1": small.till.trades[attempt_no].amount_fen}
    assert small.breaches() == []
