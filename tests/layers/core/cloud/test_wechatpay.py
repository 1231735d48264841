"""The doorway to WeChat Pay: notices byte by byte, settings, and what becomes of answers that go wrong."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gardenshop.cloud.errors import AppError, Internal, UpstreamUnavailable
from gardenshop.cloud.wechatpay import GATEWAY, PaySettings, PrepayId, WeChatPay
from gardenshop.cloud.wechatpay_messages import (
    AlreadyPaid,
    Notice,
    NoticeRejected,
    PaymentRefused,
    Refund,
    TradeClosed,
    Transaction,
)
from localcloud.wechat import Trouble, WeChatStandIn

NOW = 1_795_400_000_000
TIME_TEXT = "2026-11-23T12:00:00+08:00"
PAID: dict[str, Any] = {
    "appid": "wx0123456789abcdef",
    "mchid": "1900000001",
    "out_trade_no": "order-000001",
    "transaction_id": "4200001",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "success_time": TIME_TEXT,
    "payer": {"openid": "o-member-a"},
    "amount": {"total": 1990, "payer_total": 1990, "currency": "CNY", "payer_currency": "CNY"},
}


class Post(NamedTuple):
    """A notice as it arrives."""

    headers: Mapping[str, str]
    body: bytes


@pytest.fixture(scope="module")
def standin() -> Iterator[WeChatStandIn]:
    with closing(WeChatStandIn(None, now=lambda: NOW / 1000)) as made:
        yield made


@pytest.fixture(scope="module")
def doorway(standin: WeChatStandIn) -> WeChatPay:
    return WeChatPay(PaySettings.from_env(standin.settings("http://127.0.0.1:9")))


def _notice(
    standin: WeChatStandIn, event: str = "TRANSACTION.SUCCESS", resource: Mapping[str, Any] = PAID
) -> Post:
    notice = standin.notices.send(
        event=event,
        url="http://127.0.0.1:9/",
        resource=dict(resource),
        time_text=TIME_TEXT,
        trouble=Trouble(drop=True),
    )
    return Post(*standin.notices.signed(notice))


@pytest.fixture(scope="module")
def post(standin: WeChatStandIn) -> Post:
    return _notice(standin)


def _signed(standin: WeChatStandIn, body: bytes) -> Post:
    return Post(standin.keys.signed_headers(body, NOW // 1000), body)


def _reason(doorway: WeChatPay, post: Post, now: int = NOW) -> str:
    with pytest.raises(NoticeRejected) as rejection:
        doorway.read_notice(post.headers, post.body, now)
    return str(rejection.value.details["reason"])


def test_a_payment_notice_says_what_was_paid(standin: WeChatStandIn, doorway: WeChatPay) -> None:
    post = _notice(standin)

    notice = doorway.read_notice(post.headers, post.body, NOW)

    assert notice == Notice(
        id=json.loads(post.body)["id"], event_type="TRANSACTION.SUCCESS", resource=Transaction(**PAID)
    )
    assert notice.key == "4200001:TRANSACTION.SUCCESS"
    assert isinstance(notice.resource, Transaction)
    assert notice.resource.paid_at == 1_795_406_400_000


def test_a_refund_notice_says_what_went_back(standin: WeChatStandIn, doorway: WeChatPay) -> None:
    told = {
        "mchid": "1900000001",
        "out_trade_no": "order-000001",
        "transaction_id": "4200001",
        "out_refund_no": "refund-1",
        "refund_id": "5030001",
        "refund_status": "SUCCESS",
        "success_time": TIME_TEXT,
        "amount": {"total": 1990, "refund": 990, "payer_total": 1990, "payer_refund": 990},
    }
    post = _notice(standin, "REFUND.SUCCESS", told)

    notice = doorway.read_notice(post.headers, post.body, NOW)

    assert isinstance(notice.resource, Refund)
    assert (notice.key, notice.resource.status) == ("5030001:REFUND.SUCCESS", "SUCCESS")
    assert (notice.resource.amount.refund, notice.resource.refunded_at) == (990, 1_795_406_400_000)


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_header_names_are_read_in_any_case(standin: WeChatStandIn, doorway: WeChatPay, spelling: Any) -> None:
    post = _notice(standin)
    headers = {spelling(name): value for name, value in post.headers.items()}

    assert doorway.read_notice(headers, post.body, NOW).event_type == "TRANSACTION.SUCCESS"


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_notice_changed_in_any_byte_of_its_body_is_refused(
    post: Post, doorway: WeChatPay, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(post.body) - 1))
    changed = bytearray(post.body)
    changed[place] ^= data.draw(st.integers(1, 255))

    assert _reason(doorway, Post(post.headers, bytes(changed))) in {"signature", "encoding"}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_notice_with_any_changed_byte_in_its_signature_is_refused(
    post: Post, doorway: WeChatPay, data: st.DataObject
) -> None:
    raw = bytearray(base64.b64decode(post.headers["Wechatpay-Signature"]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    headers = {**post.headers, "Wechatpay-Signature": base64.b64encode(raw).decode()}

    assert _reason(doorway, Post(headers, post.body)) == "signature"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_notice_with_any_changed_character_in_another_header_is_refused(
    post: Post, doorway: WeChatPay, data: st.DataObject
) -> None:
    names = ["Serial", "Signature-Type", "Timestamp", "Nonce"]
    name = "Wechatpay-" + data.draw(st.sampled_from(names))
    old = post.headers[name]
    place = data.draw(st.integers(0, len(old) - 1))
    new = old[:place] + data.draw(st.characters().filter(lambda c: c != old[place])) + old[place + 1 :]

    assert _reason(doorway, Post({**post.headers, name: new}, post.body)) != "body"


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["Timestamp", "Nonce", "Signature"]), st.text()), st.binary())
def test_headers_and_bodies_of_any_kind_are_refused_and_never_crash(
    post: Post, doorway: WeChatPay, headers: dict[str, str], body: bytes
) -> None:
    wrong = {f"Wechatpay-{name}": value for name, value in headers.items()}

    assert _reason(doorway, Post({**post.headers, **wrong}, body))


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_notice_is_fresh_for_five_minutes(standin: WeChatStandIn, doorway: WeChatPay, seconds: int) -> None:
    post = _notice(standin)

    assert doorway.read_notice(post.headers, post.body, NOW + seconds * 1000)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_notice_is_refused_although_its_signature_is_good(
    standin: WeChatStandIn, doorway: WeChatPay, seconds: int
) -> None:
    assert _reason(doorway, _notice(standin), NOW + seconds * 1000) == "timestamp"


@pytest.mark.parametrize("timestamp", ["", "soon", "-1795400000", "9" * 5000])
def test_what_is_no_timestamp_is_never_fresh(post: Post, doorway: WeChatPay, timestamp: str) -> None:
    headers = {**post.headers, "Wechatpay-Timestamp": timestamp}

    assert _reason(doorway, Post(headers, post.body)) == "timestamp"


@pytest.mark.parametrize("missing", ["Signature", "Signature-Type", "Serial", "Timestamp", "Nonce"])
def test_a_missing_header_is_a_refusal(standin: WeChatStandIn, doorway: WeChatPay, missing: str) -> None:
    post = _notice(standin)
    headers = {name: value for name, value in post.headers.items() if name != f"Wechatpay-{missing}"}

    assert _reason(doorway, Post(headers, post.body))


def test_an_unknown_serial_makes_no_call(
    standin: WeChatStandIn, doorway: WeChatPay, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise AssertionError("a stranger's notice made us call out")

    monkeypatch.setattr("socket.create_connection", no_network)
    post = _notice(standin)
    headers = {**post.headers, "Wechatpay-Serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"}

    assert _reason(doorway, Post(headers, post.body)) == "serial"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"id":"1","event_type":"TRANSACTION.SUCCESS","resource":null}',
        b'{"id":"1","event_type":"TRANSACTION.SUCCESS","resource":{"algorithm":"ROT13"}}',
        b'{"id":"1","event_type":"TRANSACTION.SUCCESS","resource":{"algorithm":"AEAD_AES_256_GCM"}}',
    ],
)
def test_a_signed_body_that_is_no_notice_is_refused(
    standin: WeChatStandIn, doorway: WeChatPay, body: bytes
) -> None:
    assert _reason(doorway, _signed(standin, body)) == "body"


@pytest.mark.parametrize("spoilt", [{"nonce": ""}, {"ciphertext": "abc"}])
def test_a_signed_notice_with_an_unreadable_resource_is_refused(
    standin: WeChatStandIn, doorway: WeChatPay, spoilt: dict[str, str]
) -> None:
    message = json.loads(_notice(standin).body)
    message["resource"].update(spoilt)

    assert _reason(doorway, _signed(standin, json.dumps(message).encode())) == "ciphertext"


def test_signed_notices_of_other_events_and_shapes_are_refused(
    standin: WeChatStandIn, doorway: WeChatPay
) -> None:
    assert _reason(doorway, _notice(standin, "PROFITSHARING.RECEIVER")) == "event type"
    assert _reason(doorway, _notice(standin, resource={"appid": "wx1"})) == "resource"
    assert _reason(doorway, _notice(standin, resource={**PAID, "amount": {"total": "1990"}})) == "resource"


def test_a_wrong_apiv3_key_is_our_fault_and_named(standin: WeChatStandIn) -> None:
    environ = {**standin.settings("http://127.0.0.1:9"), "WECHATPAY_APIV3_KEY": "0" * 32}
    post = _notice(standin)

    with pytest.raises(Internal) as fault:
        WeChatPay(PaySettings.from_env(environ)).read_notice(post.headers, post.body, NOW)

    assert "WECHATPAY_APIV3_KEY" in fault.value.details["cause"]


def test_reading_a_notice_imports_no_http_client() -> None:
    code = (
        "import sys; from gardenshop.cloud import wechatpay as w;"
        "assert 'wechatpayv3' not in sys.modules and 'cryptography' not in sys.modules;"
        "import wechatpayv3.utils; assert 'requests' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_settings_name_what_is_missing_and_hide_what_is_secret(standin: WeChatStandIn) -> None:
    environ = standin.settings("http://127.0.0.1:9")
    with pytest.raises(Internal) as fault:
        PaySettings.from_env({**environ, "WECHATPAY_MCHID": "", "WECHATPAY_APIV3_KEY": "short"})

    assert fault.value.details["cause"] == "settings: WECHATPAY_MCHID, WECHATPAY_APIV3_KEY"
    shown = repr(PaySettings.from_env(environ))
    assert environ["WECHATPAY_MCHID"] in shown
    assert environ["WECHATPAY_PRIVATE_KEY"] not in shown
    assert environ["WECHATPAY_APIV3_KEY"] not in shown


def test_without_a_gateway_wechats_own_is_called(standin: WeChatStandIn) -> None:
    environ = standin.settings("http://127.0.0.1:9")
    del environ["WECHATPAY_GATEWAY"]

    assert PaySettings.from_env(environ).gateway == GATEWAY == "https://api.mch.weixin.qq.com"


def test_all_settings_fit_into_the_platforms_four_kilobytes(standin: WeChatStandIn) -> None:
    environ = standin.settings("http://127.0.0.1:65535")

    assert sum(len(name) + len(value) for name, value in environ.items()) < 3072


def test_the_five_fields_carry_a_signature_of_the_merchant(
    standin: WeChatStandIn, doorway: WeChatPay
) -> None:
    fields = doorway.request_payment_fields(PrepayId("wx201410272009395522657a690389285100"))

    assert list(fields) == ["timeStamp", "nonceStr", "package", "signType", "paySign"]
    assert fields["package"] == "prepay_id=wx201410272009395522657a690389285100"
    assert standin.keys.is_pay_sign(fields)
    assert not standin.keys.is_pay_sign({**fields, "package": "prepay_id=other"})


@contextmanager
def _answering(
    standin: WeChatStandIn, status: int, body: bytes, *, sign: bool = True, calls: list[str] | None = None
) -> Iterator[WeChatPay]:
    """Yield a doorway whose gateway gives one answer to everything and notes the paths in *calls*."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.do_GET()

        def do_GET(self) -> None:
            if calls is not None:
                calls.append(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in standin.keys.signed_headers(body, NOW // 1000).items() if sign else ():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield WeChatPay(PaySettings.from_env(standin.settings(f"http://127.0.0.1:{server.server_port}")))
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ORDERPAID", AlreadyPaid),
        (400, "ORDER_CLOSED", TradeClosed),
        (400, "PARAM_ERROR", PaymentRefused),
        (403, "NOT_ENOUGH", PaymentRefused),
        (401, "SIGN_ERROR", PaymentRefused),
        (429, "FREQUENCY_LIMITED", UpstreamUnavailable),
        (202, "USERPAYING", UpstreamUnavailable),
        (500, "SYSTEM_ERROR", UpstreamUnavailable),
        (502, "BANK_ERROR", UpstreamUnavailable),
    ],
)
def test_every_no_of_wechat_becomes_an_error_of_ours(
    standin: WeChatStandIn, status: int, code: str, expected: type[AppError]
) -> None:
    body = json.dumps({"code": code, "message": "说明"}).encode()

    with _answering(standin, status, body) as pay, pytest.raises(AppError) as error:
        _prepay(pay)

    assert type(error.value) is expected
    assert error.value.details == {"apiCode": code}


@pytest.mark.parametrize("code", ["ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"])
def test_every_spelling_of_unknown_is_known(standin: WeChatStandIn, code: str) -> None:
    with _answering(standin, 404, json.dumps({"code": code}).encode()) as pay:
        assert pay.query("order-000001") is None
        assert pay.query_refund("refund-1") is None
        pay.close("order-000001")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"prepay_id":7}'])
def test_a_signed_answer_without_a_prepay_id_is_not_believed(standin: WeChatStandIn, body: bytes) -> None:
    with _answering(standin, 200, body) as pay, pytest.raises(UpstreamUnavailable):
        _prepay(pay)


@pytest.mark.parametrize("body", [b"{}", b'{"trade_state":"SUCCESS"}'])
def test_a_signed_answer_that_is_no_payment_is_not_believed(standin: WeChatStandIn, body: bytes) -> None:
    with _answering(standin, 200, body) as pay, pytest.raises(UpstreamUnavailable):
        pay.query("order-000001")


def test_an_unsigned_answer_is_not_believed(standin: WeChatStandIn) -> None:
    body = json.dumps(PAID).encode()

    with _answering(standin, 200, body, sign=False) as pay, pytest.raises(UpstreamUnavailable) as error:
        pay.query("order-000001")

    assert "algorithm" in error.value.details["cause"]


def test_an_answer_under_an_unknown_serial_is_not_believed_and_makes_no_further_call(
    standin: WeChatStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    body = json.dumps(PAID).encode()
    signed = {**standin.keys.signed_headers(body, NOW // 1000), "Wechatpay-Serial": "5157F09E"}
    monkeypatch.setattr(standin.keys, "signed_headers", lambda *_: signed)

    with _answering(standin, 200, body, calls=calls) as pay, pytest.raises(UpstreamUnavailable):
        pay.query("order-000001")

    assert calls == ["/wechatpay/v3/pay/transactions/out-trade-no/order-000001?mchid=1900000001"]


def test_a_page_of_a_proxy_is_not_an_answer(standin: WeChatStandIn) -> None:
    with _answering(standin, 403, b"<html>", sign=False) as pay, pytest.raises(PaymentRefused) as error:
        pay.query("order-000001")

    assert error.value.api_code == "403"


def test_bugs_and_broken_keys_are_not_taken_for_an_outage(
    standin: WeChatStandIn, doorway: WeChatPay, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {**standin.settings("http://127.0.0.1:9"), "WECHATPAY_PRIVATE_KEY": "bm8ga2V5"}
    with pytest.raises(Exception, match="private key") as fault:
        WeChatPay(PaySettings.from_env(broken)).query("order-000001")
    assert not isinstance(fault.value, UpstreamUnavailable)

    def bug(*_: Any, **__: Any) -> None:
        raise TypeError("a bug")

    monkeypatch.setattr("requests.get", bug)
    with pytest.raises(TypeError):
        doorway.query("order-000001")


@pytest.mark.parametrize(
    ("state", "paid"),
    [("SUCCESS", True), ("REFUND", True), ("NOTPAY", False), ("CLOSED", False), ("USERPAYING", False)],
)
def test_money_that_went_back_had_arrived(state: str, *, paid: bool) -> None:
    assert Transaction.model_validate({**PAID, "trade_state": state}).paid is paid


def test_nobody_at_the_gateway_is_unavailable(doorway: WeChatPay) -> None:
    with pytest.raises(UpstreamUnavailable) as error:
        _prepay(doorway)

    assert error.value.details == {"cause": "ConnectionError"}


def _prepay(pay: WeChatPay) -> PrepayId:
    return pay.prepay(
        out_trade_no="order-000001", amount_fen=1, description="x", openid="o", expires_at=NOW + 60_000
    )
