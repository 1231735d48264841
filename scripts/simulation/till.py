"""WeChat Pay in memory, as the doorway `gardenshop.cloud.wechatpay.WeChatPay` shows it.

It keeps the contract of the local cloud's stand-in: a payment is opened with the same words any number of
times, is paid or closed but never both, and a refund is known by its number. Notices are made here and
carried by the world; what they say is verified already, except where somebody forged it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gardenshop.cloud.errors import UpstreamUnavailable
from gardenshop.cloud.wechatpay import PaySettings, PrepayId, WeChatPay
from gardenshop.cloud.wechatpay_messages import (
    AlreadyPaid,
    Notice,
    NoticeRejected,
    PaymentRefused,
    Refund,
    TradeClosed,
    Transaction,
)
from simulation.network import Network

SETTINGS = PaySettings(
    "wx0", "1900000001", "serial", "key", "PUB_KEY_ID_1", "key", "k" * 32, "https://notify"
)
GENUINE = "genuine"


@dataclass
class Trade:
    """One payment; the instants are those of the simulation, -1 for never."""

    number: str
    amount_fen: int
    openid: str
    expires_at: int
    opened_at: int
    state: str = "NOTPAY"
    paid_at: int = -1
    refunds: dict[str, "Return"] = field(default_factory=dict)

    @property
    def transaction_id(self) -> str:
        return f"4200{self.number}"


@dataclass
class Return:
    """One refund of a trade."""

    number: str
    fen: int
    status: str


class Till:
    """The merchant's account at WeChat Pay; *clock* says the true time."""

    def __init__(self, network: Network, clock: Callable[[], int]) -> None:
        self._network = network
        self._now = clock
        self.trades: dict[str, Trade] = {}
        self.on_refund: Callable[[Trade, Return], None] = lambda *_: None

    def doorway(self) -> dict[str, Callable[..., Any]]:
        """Return what takes the place of the methods of `WeChatPay`."""
        remote = ("prepay", "query", "close", "refund", "query_refund")
        return {
            **{name: self._remote(getattr(self, f"_{name}")) for name in remote},
            "request_payment_fields": _payment_fields,
            "read_notice": _read_notice,
        }

    def _remote(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(_: WeChatPay, *args: Any, **named: Any) -> Any:
            return self._network.exchange([lambda: method(*args, **named)], UpstreamUnavailable)[0]

        return call

    def pay(self, number: str, *, force: bool = False) -> Trade | None:
        """Let the payer pay; return the payment if WeChat Pay takes the money, as *force* makes it do."""
        trade = self.trades.get(number)
        if trade is None or trade.paid_at >= 0:
            return None
        if not force and (trade.state == "CLOSED" or self._now() >= trade.expires_at):
            return None
        trade.state, trade.paid_at = "SUCCESS", self._now()
        return trade

    def _prepay(
        self, *, out_trade_no: str, amount_fen: int, openid: str, expires_at: int, **_: Any
    ) -> PrepayId:
        trade = self.trades.get(out_trade_no)
        if trade is None:
            if self._now() >= expires_at:
                raise PaymentRefused(apiCode="PARAM_ERROR")
            trade = Trade(out_trade_no, amount_fen, openid, expires_at, self._now())
            self.trades[out_trade_no] = trade
        _check_open(trade)
        if (trade.amount_fen, trade.openid, trade.expires_at) != (amount_fen, openid, expires_at):
            raise PaymentRefused(apiCode="OUT_TRADE_NO_USED")
        return PrepayId(f"prepay-{out_trade_no}")

    def _query(self, out_trade_no: str) -> Transaction | None:
        trade = self.trades.get(out_trade_no)
        return None if trade is None else transaction_of(trade)

    def _close(self, out_trade_no: str) -> None:
        trade = self.trades.get(out_trade_no)
        if trade is None or trade.state == "CLOSED":
            return
        _check_open(trade)
        trade.state = "CLOSED"

    def _refund(
        self, *, out_trade_no: str, out_refund_no: str, refund_fen: int, total_fen: int, **_: Any
    ) -> Refund:
        trade = self.trades.get(out_trade_no)
        if trade is None or trade.paid_at < 0 or total_fen != trade.amount_fen:
            raise PaymentRefused(apiCode="INVALID_REQUEST")
        known = trade.refunds.get(out_refund_no)
        if known is None:
            if sum(each.fen for each in trade.refunds.values()) + refund_fen > trade.amount_fen:
                raise PaymentRefused(apiCode="NOT_ENOUGH")
            known = trade.refunds[out_refund_no] = Return(out_refund_no, refund_fen, "PROCESSING")
            trade.state = "REFUND"
            self.on_refund(trade, known)
        if known.fen != refund_fen:
            raise PaymentRefused(apiCode="INVALID_REQUEST")
        return refund_of(trade, known)

    def _query_refund(self, out_refund_no: str) -> Refund | None:
        for trade in self.trades.values():
            if out_refund_no in trade.refunds:
                return refund_of(trade, trade.refunds[out_refund_no])
        return None


def _check_open(trade: Trade) -> None:
    if trade.paid_at >= 0:
        raise AlreadyPaid
    if trade.state == "CLOSED":
        raise TradeClosed


def transaction_of(trade: Trade) -> Transaction:
    """Return *trade* as WeChat Pay tells it."""
    paid = {"transaction_id": trade.transaction_id, "payer": {"openid": trade.openid}}
    message: dict[str, Any] = {
        "appid": SETTINGS.appid,
        "mchid": SETTINGS.mchid,
        "out_trade_no": trade.number,
        "trade_state": trade.state,
        "amount": {"total": trade.amount_fen},
    }
    return Transaction.model_validate(message | (paid if trade.paid_at >= 0 else {}))


def refund_of(trade: Trade, each: Return) -> Refund:
    """Return a refund as WeChat Pay tells it."""
    return Refund.model_validate(
        {
            "refund_id": f"R{each.number}",
            "out_refund_no": each.number,
            "out_trade_no": trade.number,
            "transaction_id": trade.transaction_id,
            "status": each.status,
            "amount": {"total": trade.amount_fen, "refund": each.fen},
        }
    )


def notice(kind: str, resource: Transaction | Refund, *, seal: str = GENUINE) -> dict[str, Any]:
    """Return the HTTP event of a notice; *seal* is what stands for its signature."""
    body = {"kind": kind, "resource": resource.model_dump(mode="json")}
    return {
        "httpMethod": "POST",
        "path": "/pay_notify",
        "headers": {"wechatpay-signature": seal},
        "body": json.dumps(body),
    }


def _read_notice(_: WeChatPay, headers: Mapping[str, str], raw_body: bytes, now_ms: int) -> Notice:  # noqa: ARG001  # The doorway's signature.
    if headers.get("wechatpay-signature") != GENUINE:
        raise NoticeRejected(reason="signature")
    message = json.loads(raw_body)
    model = Transaction if message["kind"].startswith("TRANSACTION") else Refund
    resource = model.model_validate(message["resource"])
    return Notice(id="EV", event_type=message["kind"], resource=resource)


def _payment_fields(_: WeChatPay, prepay_id: PrepayId) -> dict[str, str]:
    return {"package": f"prepay_id={prepay_id}"}
