"""Notices on the way from the stand-in to the merchant, with every trouble that can befall them."""

import time

import httpx
import pytest
from pydantic import ValidationError

from gardenshop.cloud.wechatpay_messages import Transaction
from localcloud.wechat import PayError, Tamper, Trouble

from .conftest import Shop

ORDER = "order-000001"
OTHER = "order-000002"


def _orders(shop: Shop) -> list[str]:
    return [notice.resource.out_trade_no for notice in shop.taken]


def test_a_payment_is_told_once(shop: Shop) -> None:
    shop.open()

    sent = shop.standin.pay(ORDER)

    assert sent["answers"] == [{"status": 200, "body": "", "accepted": True}]
    assert sent["state"] == "sent"
    (notice,) = shop.taken
    assert (notice.id, notice.event_type) == (sent["id"], "TRANSACTION.SUCCESS")
    assert notice.resource == shop.pay.query(ORDER)
    assert isinstance(notice.resource, Transaction)
    assert notice.key == f"{notice.resource.transaction_id}:TRANSACTION.SUCCESS"


@pytest.mark.parametrize("concurrent", [False, True])
def test_copies_come_one_after_the_other_or_at_once_and_share_their_key(
    shop: Shop, *, concurrent: bool
) -> None:
    shop.open()
    shop.linger = 0.02

    sent = shop.standin.pay(ORDER, Trouble(repeat=10, concurrent=concurrent))

    assert (shop.busiest > 1) is concurrent
    assert [answer["status"] for answer in sent["answers"]] == [200] * 10
    assert len(shop.taken) == 10
    assert len({notice.key for notice in shop.taken}) == 1


def test_held_notices_can_be_released_in_reverse(shop: Shop) -> None:
    for number in (ORDER, OTHER):
        shop.open(number)
        shop.standin.pay(number, Trouble(hold=True))
    assert shop.taken == []

    shop.standin.notices.release(reverse=True)

    assert _orders(shop) == [OTHER, ORDER]
    assert shop.standin.notices.release() == []


def test_a_dropped_notice_is_lost_until_somebody_delivers_it(shop: Shop) -> None:
    shop.open()
    lost = shop.standin.pay(ORDER, Trouble(drop=True))
    assert shop.standin.notices.release() == []
    assert shop.taken == []

    shop.standin.notices.redeliver(lost["id"])

    assert _orders(shop) == [ORDER]


def test_a_delayed_notice_comes_later(shop: Shop) -> None:
    shop.open()

    sent = shop.standin.pay(ORDER, Trouble(delay_ms=50))

    assert (sent["state"], sent["answers"]) == ("due", [])
    while not shop.taken:
        time.sleep(0.01)
    assert _orders(shop) == [ORDER]


def test_closing_forgets_delayed_notices(shop: Shop) -> None:
    shop.open()
    shop.standin.pay(ORDER, Trouble(delay_ms=600_000))

    shop.standin.notices.close()

    assert shop.taken == []


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (Tamper.SIGNATURE, "signature"),
        (Tamper.PROBE, "signature"),
        (Tamper.BODY, "signature"),
        (Tamper.SIGNATURE_TYPE, "signature type"),
        (Tamper.SERIAL, "serial"),
        (Tamper.TIMESTAMP, "timestamp"),
    ],
)
def test_notices_that_wechat_did_not_sign_just_now_are_refused(
    shop: Shop, tamper: Tamper, reason: str
) -> None:
    shop.open()

    sent = shop.standin.pay(ORDER, Trouble(tamper=tamper))

    assert sent["answers"] == [
        {"status": 400, "body": '{"code":"FAIL","message":"通知未通过验证"}', "accepted": False}
    ]
    assert (shop.refused, shop.taken) == ([reason], [])


@pytest.mark.parametrize(
    ("tamper", "name", "value"),
    [
        (Tamper.PAYER, "payer", {"openid": "o-somebody-else"}),
        (Tamper.AMOUNT, "amount", {"total": 1991, "currency": "CNY"}),
        (Tamper.APPID, "appid", "wx0000000000000000"),
        (Tamper.MCHID, "mchid", "1000000000"),
        (Tamper.ORDER, "out_trade_no", "unknown-000000"),
    ],
)
def test_false_contents_under_a_good_signature_reach_the_merchant(
    shop: Shop, tamper: Tamper, name: str, value: object
) -> None:
    shop.open()

    shop.standin.pay(ORDER, Trouble(tamper=tamper))

    (notice,) = shop.taken
    truth = shop.pay.query(ORDER)
    assert truth is not None
    assert notice.resource.model_dump() == {**truth.model_dump(), name: value}


def test_a_refused_notice_can_be_sent_again_signed_anew(shop: Shop) -> None:
    shop.open()
    shop.answer = 500
    sent = shop.standin.pay(ORDER)
    shop.answer = 204

    again = shop.standin.notices.redeliver(sent["id"])

    assert [answer["accepted"] for answer in again["answers"]] == [False, True]
    assert again["body"] == sent["body"]
    assert again["headers"]["Wechatpay-Nonce"] != sent["headers"]["Wechatpay-Nonce"]


def test_a_replay_repeats_the_very_bytes_and_grows_stale(shop: Shop) -> None:
    shop.open()
    shop.clock.offset = -301
    sent = shop.standin.pay(ORDER)
    shop.clock.offset = 0

    replayed = shop.standin.notices.redeliver(sent["id"], replay=True)

    assert replayed["headers"] == sent["headers"]
    assert shop.refused == ["timestamp", "timestamp"]
    shop.standin.notices.redeliver(sent["id"])
    assert _orders(shop) == [ORDER]


def test_an_address_where_nobody_listens_is_an_answer_too(shop: Shop) -> None:
    settings = shop.standin.settings(shop.url, notify_path="/nowhere")
    assert settings["WECHATPAY_NOTIFY_URL"] == f"{shop.url}/nowhere"
    notice = shop.standin.notices.send(
        event="TRANSACTION.SUCCESS",
        url="http://127.0.0.1:9/",
        resource={"amount": {}},
        time_text="2026-11-23T12:00:00+08:00",
        trouble=Trouble(),
    )

    assert notice["answers"] == [{"status": 0, "body": "ConnectError", "accepted": False}]


@pytest.mark.parametrize("status", ["CLOSED", "ABNORMAL"])
def test_refunds_that_fail_are_told_as_such(shop: Shop, status: str) -> None:
    shop.open()
    shop.standin.pay(ORDER, Trouble(drop=True))
    shop.pay.refund(out_trade_no=ORDER, out_refund_no="r-1", refund_fen=1, total_fen=1990, reason="x")

    shop.standin.settle_refund("r-1", status, Trouble(repeat=2))  # type: ignore[arg-type]

    assert [notice.event_type for notice in shop.taken] == [f"REFUND.{status}"] * 2
    assert {notice.resource.status for notice in shop.taken} == {status}  # type: ignore[union-attr]
    with pytest.raises(PayError, match="退款已有结果"):
        shop.standin.settle_refund("r-1")


def test_the_control_api_does_what_the_methods_do(shop: Shop) -> None:
    fields = shop.pay.request_payment_fields(shop.open())  # type: ignore[arg-type]
    with httpx.Client(base_url=f"{shop.url}/_wechat", trust_env=False) as control:
        paid = control.post("/pay", json={"fields": fields, "repeat": 2}).json()
        shop.pay.refund(out_trade_no=ORDER, out_refund_no="r-1", refund_fen=1, total_fen=1990, reason="x")
        control.post("/refunds/r-1/settle", json={"hold": True})
        control.post("/notices/release", json={"reverse": True})
        again = control.post(f"/notices/{paid['id']}/redeliver").json()
        trades, refunds = control.get("/trades").json(), control.get("/refunds").json()
        notices = control.get("/notices").json()

    assert [notice.event_type for notice in shop.taken] == [
        "TRANSACTION.SUCCESS",
        "TRANSACTION.SUCCESS",
        "REFUND.SUCCESS",
        "TRANSACTION.SUCCESS",
    ]
    assert len(again["answers"]) == 3
    assert [(trade["out_trade_no"], trade["trade_state"]) for trade in trades] == [(ORDER, "REFUND")]
    assert [(refund["out_refund_no"], refund["status"]) for refund in refunds] == [("r-1", "SUCCESS")]
    assert [notice["event_type"] for notice in notices] == ["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]


def test_the_control_api_says_what_is_wrong_with_an_order(shop: Shop) -> None:
    with httpx.Client(base_url=f"{shop.url}/_wechat", trust_env=False) as control:
        unknown = control.post("/pay", json={"out_trade_no": ORDER})
        misspelt = control.post("/pay", json={"out_trade_no": ORDER, "tampr": "amount"})
        ambiguous = control.post("/pay", json={})
        lost = control.post("/notices/none/redeliver")

    assert (unknown.status_code, unknown.json()["code"]) == (404, "ORDER_NOT_EXIST")
    assert (misspelt.status_code, "tampr" in misspelt.json()["message"]) == (400, True)
    assert (ambiguous.status_code, "out_trade_no" in ambiguous.json()["message"]) == (400, True)
    assert lost.status_code == 404


def test_trouble_has_limits() -> None:
    with pytest.raises(ValidationError):
        Trouble(repeat=101)
