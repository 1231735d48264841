"""Doorway and stand-in together: payments and refunds over HTTP with real signatures."""

from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from gardenshop.cloud.errors import UpstreamUnavailable
from gardenshop.cloud.wechatpay import PaySettings, PrepayId, WeChatPay
from gardenshop.cloud.wechatpay_messages import AlreadyPaid, PaymentRefused, TradeClosed, UnknownTrade
from localcloud.wechat import PayError, Trouble, WeChatStandIn

from .conftest import Clock, Door, Shop

ORDER = "order-000001"
SILENT = Trouble(drop=True)


def _refund(shop: Shop, number: str = "refund-1", fen: int = 990, **changes: Any) -> Any:
    asked: dict[str, Any] = {
        "out_trade_no": ORDER,
        "out_refund_no": number,
        "refund_fen": fen,
        "total_fen": 1990,
        "reason": "少发一件",
    }
    return shop.pay.refund(**{**asked, **changes})


def test_an_opened_payment_is_known_and_not_paid(shop: Shop) -> None:
    shop.open()

    payment = shop.pay.query(ORDER)

    assert payment is not None
    assert payment.model_dump(exclude_none=True) == {
        "appid": shop.settings["WECHATPAY_APPID"],
        "mchid": shop.settings["WECHATPAY_MCHID"],
        "out_trade_no": ORDER,
        "trade_state": "NOTPAY",
        "transaction_id": "",
        "payer": {"openid": ""},
        "amount": {"total": 1990, "currency": "CNY"},
    }
    assert not payment.paid


def test_a_payment_nobody_opened_is_unknown(shop: Shop) -> None:
    assert shop.pay.query(ORDER) is None


def test_a_payment_is_opened_again_with_the_same_words_only(shop: Shop) -> None:
    expires_at = int(shop.clock() * 1000) + 60_000
    first = shop.open(expires_at=expires_at)

    assert shop.open(expires_at=expires_at) != first
    with pytest.raises(PaymentRefused) as refusal:
        shop.open(expires_at=expires_at, amount_fen=1)

    assert refusal.value.api_code == "OUT_TRADE_NO_USED"
    assert shop.pay.query(ORDER).amount.total == 1990  # type: ignore[union-attr]


def test_a_payment_opened_again_is_told_at_the_new_address(shop: Shop) -> None:
    expires_at = int(shop.clock() * 1000) + 60_000
    moved = PaySettings.from_env({**shop.settings, "WECHATPAY_NOTIFY_URL": "http://127.0.0.1:9/old"})
    shop.pay, now = WeChatPay(moved), shop.pay
    shop.open(expires_at=expires_at)
    shop.pay = now

    shop.open(expires_at=expires_at)
    shop.standin.pay(ORDER)

    assert [notice.resource.out_trade_no for notice in shop.taken] == [ORDER]


def test_the_member_pays_with_the_five_fields(shop: Shop) -> None:
    fields = shop.pay.request_payment_fields(PrepayId(shop.open()))

    shop.standin.request_payment(fields)

    payment = shop.pay.query(ORDER)
    assert payment is not None
    assert (payment.paid, payment.payer.openid) == (True, "o-member-a")  # type: ignore[union-attr]
    assert abs((payment.paid_at or 0) - shop.clock() * 1000) < 5000
    assert [notice.resource for notice in shop.taken] == [payment.model_copy()]


@pytest.mark.parametrize("name", ["timeStamp", "nonceStr", "package", "paySign", "signType"])
def test_wechats_client_refuses_fields_that_were_changed(shop: Shop, name: str) -> None:
    fields = shop.pay.request_payment_fields(PrepayId(shop.open()))

    with pytest.raises(PayError, match="SIGN_ERROR"):
        shop.standin.request_payment({**fields, name: fields[name][:-1] + "x"})

    assert not shop.pay.query(ORDER).paid  # type: ignore[union-attr]


def test_a_paid_payment_is_neither_opened_nor_closed(shop: Shop) -> None:
    shop.open()
    shop.standin.pay(ORDER, SILENT)

    with pytest.raises(AlreadyPaid):
        shop.open()
    with pytest.raises(AlreadyPaid):
        shop.pay.close(ORDER)

    assert shop.pay.query(ORDER).trade_state == "SUCCESS"  # type: ignore[union-attr]


def test_closing_is_repeatable_and_final(shop: Shop) -> None:
    shop.open()

    shop.pay.close(ORDER)
    shop.pay.close(ORDER)

    assert shop.pay.query(ORDER).trade_state == "CLOSED"  # type: ignore[union-attr]
    with pytest.raises(TradeClosed):
        shop.open()
    with pytest.raises(PayError, match="ORDER_CLOSED"):
        shop.standin.pay(ORDER)


def test_closing_what_was_never_opened_is_done_already(shop: Shop) -> None:
    shop.pay.close(ORDER)

    assert shop.pay.query(ORDER) is None


def test_nobody_pays_after_the_time_is_over_unless_wechat_loses_the_race(shop: Shop) -> None:
    shop.open()
    shop.clock.offset = 1801

    with pytest.raises(PayError, match="ORDER_CLOSED"):
        shop.standin.pay(ORDER)
    shop.standin.pay(ORDER, SILENT, force=True)

    shop.clock.offset = 0
    assert shop.pay.query(ORDER).paid  # type: ignore[union-attr]


def test_a_payment_cannot_be_opened_when_its_time_is_over(shop: Shop) -> None:
    with pytest.raises(PaymentRefused) as refusal:
        shop.open(expires_at=int(shop.clock() * 1000) - 1000)

    assert refusal.value.api_code == "PARAM_ERROR"
    assert shop.pay.query(ORDER) is None


@pytest.mark.parametrize("wrong", [{"amount_fen": 0}, {"out_trade_no": "short"}, {"openid": ""}])
def test_malformed_payments_are_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    with pytest.raises(PaymentRefused) as refusal:
        shop.open(**wrong)

    assert refusal.value.api_code == "PARAM_ERROR"
    assert shop.standin.ledger.trades() == []


def test_long_descriptions_are_cut(shop: Shop) -> None:
    shop.open(description="素" * 200)

    assert shop.standin.ledger.trade(ORDER)["asked"]["description"] == "素" * 127


def test_a_refund_is_taken_in_hand_once_and_ends(shop: Shop) -> None:
    shop.open()
    shop.standin.pay(ORDER, SILENT)

    first, again = _refund(shop), _refund(shop)
    shop.standin.settle_refund("refund-1")

    assert first == again
    assert (first.status, first.amount.refund, first.amount.total) == ("PROCESSING", 990, 1990)
    ended = shop.pay.query_refund("refund-1")
    assert ended == _refund(shop)
    assert ended is not None
    assert ended.status == "SUCCESS"
    assert ended.refunded_at is not None
    assert shop.pay.query(ORDER).trade_state == "REFUND"  # type: ignore[union-attr]
    assert [notice.event_type for notice in shop.taken] == ["REFUND.SUCCESS"]
    assert shop.taken[0].resource.model_dump() == ended.model_dump()


def test_long_reasons_are_cut(shop: Shop) -> None:
    shop.open()
    shop.standin.pay(ORDER, SILENT)

    _refund(shop, reason="缺" * 200)

    assert shop.standin.ledger.known_refund("refund-1")["asked"]["reason"] == "缺" * 80


@pytest.mark.parametrize(
    "wrong",
    [
        {"refund_fen": 1991},
        {"total_fen": 1991},
        {"out_refund_no": "refund-0", "refund_fen": 2},
    ],
    ids=["more than paid", "another total", "a known number with another amount"],
)
def test_wrong_refunds_are_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    shop.open()
    shop.standin.pay(ORDER, SILENT)
    _refund(shop, "refund-0", fen=1)

    with pytest.raises(PaymentRefused) as refusal:
        _refund(shop, **wrong)

    assert refusal.value.api_code == "INVALID_REQUEST"
    assert [refund["amount"]["refund"] for refund in shop.standin.ledger.refunds()] == [1]


def test_several_refunds_never_exceed_what_was_paid(shop: Shop) -> None:
    shop.open()
    shop.standin.pay(ORDER, SILENT)
    _refund(shop, "refund-1", fen=1000)
    _refund(shop, "refund-2", fen=990)

    with pytest.raises(PaymentRefused):
        _refund(shop, "refund-3", fen=1)


def test_a_payment_has_at_most_fifty_refunds(shop: Shop) -> None:
    shop.open()
    shop.standin.pay(ORDER, SILENT)
    for number in range(50):
        _refund(shop, f"refund-{number}", fen=1)

    with pytest.raises(PaymentRefused):
        _refund(shop, "refund-50", fen=1)

    assert len(shop.standin.ledger.refunds()) == 50


def test_unpaid_and_unknown_payments_are_not_refunded(shop: Shop) -> None:
    with pytest.raises(UnknownTrade):
        _refund(shop)
    shop.open()
    with pytest.raises(PaymentRefused):
        _refund(shop)

    assert shop.pay.query_refund("refund-1") is None


def test_requests_that_the_merchant_did_not_sign_are_refused(shop: Shop) -> None:
    strange = WeChatPay(PaySettings.from_env({**shop.settings, "WECHATPAY_PRIVATE_KEY": _other_key()}))

    with pytest.raises(PaymentRefused) as refusal:
        strange.query(ORDER)
    bare = httpx.get(f"{shop.url}/wechatpay/v3/pay/transactions/out-trade-no/{ORDER}?mchid=1900000001")

    assert refusal.value.api_code == "SIGN_ERROR"
    assert (bare.status_code, bare.json()["code"]) == (401, "SIGN_ERROR")


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("WECHATPAY_MCHID", "1900000002", "SIGN_ERROR"),
        ("WECHATPAY_SERIAL_NO", "0" * 40, "SIGN_ERROR"),
        ("WECHATPAY_APPID", "wx0000000000000000", "APPID_MCHID_NOT_MATCH"),
    ],
)
def test_another_merchants_identity_is_refused(shop: Shop, setting: str, value: str, code: str) -> None:
    shop.pay = WeChatPay(PaySettings.from_env({**shop.settings, setting: value}))

    with pytest.raises(PaymentRefused) as refusal:
        shop.open()

    assert refusal.value.api_code == code
    assert shop.standin.ledger.trades() == []


@pytest.mark.parametrize("minutes", [-6, 6])
def test_requests_signed_by_a_wrong_clock_are_refused(shop: Shop, minutes: int) -> None:
    shop.clock.offset = minutes * 60

    with pytest.raises(PaymentRefused) as refusal:
        shop.open()

    assert refusal.value.api_code == "SIGN_ERROR"


def test_replies_that_wechat_did_not_sign_are_not_believed(shop: Shop) -> None:
    shop.open()
    strange = WeChatPay(PaySettings.from_env({**shop.settings, "WECHATPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_2"}))

    with pytest.raises(UpstreamUnavailable):
        strange.query(ORDER)


def test_payments_refunds_notices_and_keys_survive_a_restart(door: Door, tmp_path: Path) -> None:
    def look(shop: Shop) -> tuple[Any, ...]:
        notices = shop.standin.notices.all()
        return shop.pay.query(ORDER), shop.pay.query_refund("refund-1"), notices, shop.settings

    clock = Clock()
    with closing(WeChatStandIn(tmp_path, now=clock)) as standin:
        shop = door.open_to(standin, clock)
        shop.open()
        shop.standin.pay(ORDER, SILENT)
        _refund(shop)
        before = look(shop)

    with closing(WeChatStandIn(tmp_path, now=clock)) as standin:
        assert look(door.open_to(standin, clock)) == before


def _other_key() -> str:
    standin = WeChatStandIn(None)
    standin.close()
    return standin.keys.merchant_private_key
