"""The one doorway to WeChat Pay v3, through the package `wechatpayv3` in public-key mode.

Amounts are fen. Every call may be repeated with the same numbers: WeChat Pay knows a payment by its
*out_trade_no* and a refund by its *out_refund_no*.

The package is imported where it is used, because requests and cryptography cost more of a cold start than
everything else a function imports. Notices are read with its primitives and not with its `callback`,
which checks no timestamp and downloads certificates for any serial a stranger cares to send.
"""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from functools import cached_property
from http import HTTPStatus
from typing import Any, NewType

from pydantic import ValidationError

from gardenshop.cloud.clock import MINUTE, SECOND, rfc3339
from gardenshop.cloud.errors import Internal, UpstreamUnavailable
from gardenshop.cloud.wechatpay_bill import checked_lines, downloaded
from gardenshop.cloud.wechatpay_messages import (
    REFUSALS,
    Bill,
    Envelope,
    MessageT,
    Notice,
    NoticeRejected,
    PaymentRefused,
    Refund,
    TradeClosed,
    Transaction,
    UnknownTrade,
)
from gardenshop.models.base import Fen, Instant

GATEWAY = "https://api.mch.weixin.qq.com"
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"

_FRESH = 5 * MINUTE
_TIMEOUT = (2.0, 4.0)
_DESCRIPTION_LIMIT = 127
_REASON_LIMIT = 80
_TIMESTAMP_DIGITS = 12
_APIV3_KEY_BYTES = 32
_RETRIABLE = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.TOO_MANY_REQUESTS})

_KINDS: Mapping[str, type[Transaction] | type[Refund]] = {"TRANSACTION": Transaction, "REFUND": Refund}

PrepayId = NewType("PrepayId", str)


@dataclass(frozen=True)
class PaySettings:
    """The merchant's account. Keys are base64 of DER, because PEM cannot pass the platform's templates."""

    appid: str
    mchid: str
    serial_no: str
    private_key: str = field(repr=False)
    public_key_id: str
    public_key: str
    apiv3_key: str = field(repr=False)
    notify_url: str
    gateway: str = GATEWAY

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "PaySettings":
        """Read the ``WECHATPAY_*`` variables. Raises Internal naming those that are missing or malformed."""
        names = {name: f"WECHATPAY_{name.upper()}" for name in (each.name for each in fields(cls))}
        values = {name: environ.get(variable, "") for name, variable in names.items()}
        values["gateway"] = (values["gateway"] or GATEWAY).rstrip("/")
        if len(values["apiv3_key"].encode()) != _APIV3_KEY_BYTES:
            values["apiv3_key"] = ""
        wrong = [names[name] for name, value in values.items() if not value]
        if wrong:
            raise Internal(cause="settings: " + ", ".join(wrong))
        return cls(**values)


class WeChatPay:
    """WeChat Pay for one merchant."""

    def __init__(self, settings: PaySettings) -> None:
        self._settings = settings

    def prepay(
        self, *, out_trade_no: str, amount_fen: Fen, description: str, openid: str, expires_at: Instant
    ) -> PrepayId:
        """Open the payment *out_trade_no*, or open it again; all arguments must then be the same.

        *expires_at* is cut to whole seconds. Raises AlreadyPaid or TradeClosed.
        """
        reply = self._call(
            "pay",
            out_trade_no=out_trade_no,
            amount={"total": amount_fen, "currency": "CNY"},
            description=description[:_DESCRIPTION_LIMIT],
            payer={"openid": openid},
            time_expire=rfc3339(expires_at),
        )
        if not isinstance(reply.get("prepay_id"), str):
            raise UpstreamUnavailable(cause="no prepay_id")
        return PrepayId(reply["prepay_id"])

    def request_payment_fields(self, prepay_id: PrepayId) -> dict[str, str]:
        """Return what the mini-program hands to ``wx.requestPayment``."""
        timestamp, nonce, package = str(int(time.time())), secrets.token_hex(16), f"prepay_id={prepay_id}"
        return {
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self._client.sign([self._settings.appid, timestamp, nonce, package]),
        }

    def query(self, out_trade_no: str) -> Transaction | None:
        """Return the payment as it stands, or None when WeChat Pay was never asked for it."""
        try:
            return _parse(Transaction, self._call("query", out_trade_no=out_trade_no))
        except UnknownTrade:
            return None

    def close(self, out_trade_no: str) -> None:
        """Make sure the payment can no longer be made. Raises AlreadyPaid when it was made."""
        try:
            self._call("close", out_trade_no=out_trade_no)
        except (TradeClosed, UnknownTrade):
            return

    def refund(
        self, *, out_trade_no: str, out_refund_no: str, refund_fen: Fen, total_fen: Fen, reason: str
    ) -> Refund:
        """Ask for *refund_fen* of the *total_fen* that was paid, or how that refund stands by now."""
        reply = self._call(
            "refund",
            out_trade_no=out_trade_no,
            out_refund_no=out_refund_no,
            amount={"refund": refund_fen, "total": total_fen, "currency": "CNY"},
            reason=reason[:_REASON_LIMIT],
        )
        return _parse(Refund, reply)

    def query_refund(self, out_refund_no: str) -> Refund | None:
        """Return the refund as it stands, or None when WeChat Pay was never asked for it."""
        try:
            return _parse(Refund, self._call("query_refund", out_refund_no=out_refund_no))
        except UnknownTrade:
            return None

    @contextmanager
    def bill(self, day: str) -> Iterator[Iterator[str]]:
        """Open the lines of the bill of *day*, which lie in a file until they are read.

        Raises NoBill, or UpstreamUnavailable also where they are not what WeChat Pay says they are.
        """
        offered = _parse(Bill, self._call("trade_bill", bill_date=day))
        pieces = downloaded(offered.download_url, self._settings)
        with checked_lines(pieces, offered.hash_value.lower()) as lines:
            yield lines

    def read_notice(self, headers: Mapping[str, str], raw_body: bytes, now_ms: Instant) -> Notice:
        """Verify and open a notice. Raises NoticeRejected with the *reason* why it is not one.

        *raw_body* is what came over the wire, byte for byte. Only our public key's serial is accepted;
        a merchant still moving from platform certificates must finish that first.
        """
        sent = {name.lower(): value for name, value in headers.items()}
        self._check_origin(sent, raw_body, now_ms)
        try:
            envelope = Envelope.model_validate_json(raw_body)
        except ValidationError:
            raise NoticeRejected(reason="body") from None
        return self._open(envelope)

    def _check_origin(self, sent: Mapping[str, str], raw_body: bytes, now_ms: Instant) -> None:
        from wechatpayv3.utils import load_public_key, rsa_verify  # noqa: PLC0415  # Costly: see the module.

        timestamp, nonce = sent.get("wechatpay-timestamp", ""), sent.get("wechatpay-nonce", "")
        if sent.get("wechatpay-signature-type") != SIGNATURE_TYPE:
            raise NoticeRejected(reason="signature type")
        if sent.get("wechatpay-serial") != self._settings.public_key_id:
            raise NoticeRejected(reason="serial")
        if not _is_fresh(timestamp, now_ms):
            raise NoticeRejected(reason="timestamp")
        try:
            body = raw_body.decode()
            nonce.encode()
        except UnicodeError:
            raise NoticeRejected(reason="encoding") from None
        key = load_public_key(self._settings.public_key)
        if not rsa_verify(timestamp, nonce, body, sent.get("wechatpay-signature", ""), key):
            raise NoticeRejected(reason="signature")

    def _open(self, envelope: Envelope) -> Notice:
        from wechatpayv3.utils import aes_decrypt  # noqa: PLC0415  # Costly: see the module.

        kind = _KINDS.get(envelope.event_type.partition(".")[0])
        if kind is None:
            raise NoticeRejected(reason="event type")
        sealed = envelope.resource
        try:
            plain = aes_decrypt(
                sealed.nonce, sealed.ciphertext, sealed.associated_data, self._settings.apiv3_key
            )
        except ValueError:
            raise NoticeRejected(reason="ciphertext") from None
        if plain is None:
            # WeChat Pay signed it, so it is not the sender who is wrong.
            raise Internal(cause="WECHATPAY_APIV3_KEY does not open a signed notice")
        try:
            resource = kind.model_validate_json(plain)
        except ValidationError:
            raise NoticeRejected(reason="resource") from None
        return Notice(id=envelope.id, event_type=envelope.event_type, resource=resource)

    @cached_property
    def _client(self) -> Any:
        from wechatpayv3 import WeChatPay as Client  # noqa: PLC0415  # Costly: see the module.
        from wechatpayv3 import WeChatPayType  # noqa: PLC0415

        settings = self._settings
        client = Client(
            wechatpay_type=WeChatPayType.MINIPROG,
            mchid=settings.mchid,
            private_key=settings.private_key,
            cert_serial_no=settings.serial_no,
            appid=settings.appid,
            apiv3_key=settings.apiv3_key,
            notify_url=settings.notify_url,
            timeout=_TIMEOUT,
            public_key=settings.public_key,
            public_key_id=settings.public_key_id,
        )
        # The package has no option for its host, nor for leaving unknown serials alone.
        client._core._gate_way = settings.gateway  # noqa: SLF001
        client._core._update_certificates = lambda: None  # noqa: SLF001
        return client

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        from requests import RequestException  # noqa: PLC0415  # Costly: see the module.

        send = getattr(self._client, operation)
        try:
            status, body = send(**arguments)
        except RequestException as error:
            raise UpstreamUnavailable(cause=type(error).__name__) from error
        except Exception as error:
            # With a bare Exception, and only so, the package says that a reply is not signed as it must be.
            if type(error) is not Exception:
                raise
            raise UpstreamUnavailable(cause=str(error)) from error
        reply = _object(body)
        if status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            return reply
        code = str(reply.get("code", status))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RETRIABLE:
            raise UpstreamUnavailable(apiCode=code)
        raise REFUSALS.get(code, PaymentRefused)(apiCode=code)


def _is_fresh(timestamp: str, now_ms: Instant) -> bool:
    if not timestamp.isdecimal() or len(timestamp) > _TIMESTAMP_DIGITS:
        return False
    return abs(now_ms - int(timestamp) * SECOND) <= _FRESH


def _object(body: str | bytes) -> dict[str, Any]:
    """Read a reply's JSON object; an empty or foreign body (a proxy's page) holds nothing."""
    try:
        reply = json.loads(body)
    except ValueError:
        return {}
    return reply if isinstance(reply, dict) else {}


def _parse(kind: type[MessageT], reply: Mapping[str, Any]) -> MessageT:
    try:
        return kind.model_validate(reply)
    except ValidationError as error:
        raise UpstreamUnavailable(cause=f"{kind.__name__}: unexpected reply") from error
