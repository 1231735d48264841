"""WeChat Pay as the flows see it, in memory: what was opened, paid, closed and sent back."""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from gardenshop.cloud.wechatpay import PrepayId
from gardenshop.cloud.wechatpay_messages import AlreadyPaid, Refund, TradeClosed, Transaction


@dataclass
class Trade:
    """One payment: open until it is paid or closed, never both."""

    amount_fen: int
    openid: str
    state: str = "NOTPAY"


@dataclass
class Till:
    """The merchant's side of WeChat Pay. `refunds` are fen by refund number."""

    trades: dict[str, Trade] = field(default_factory=dict)
    refunds: dict[str, int] = field(default_factory=dict)

    def serve(self, patch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
        """Take the place of WeChat Pay in *modules*."""
        for module in modules:
            patch.setattr(module, "PaySettings", _NoSettings)
            patch.setattr(module, "WeChatPay", lambda _: self)

    def pay(self, out_trade_no: str) -> bool:
        """Let the member pay; say whether WeChat Pay took the money."""
        trade = self.trades[out_trade_no]
        if trade.state == "NOTPAY":
            trade.state = "SUCCESS"
        return trade.state == "SUCCESS"

    def prepay(self, *, out_trade_no: str, amount_fen: int, openid: str, **_: Any) -> PrepayId:
        trade = self.trades.setdefault(out_trade_no, Trade(amount_fen, openid))
        assert (trade.amount_fen, trade.openid) == (amount_fen, openid)
        self._refuse(trade)
        return PrepayId(f"prepay-{out_trade_no}")

    def query(self, out_trade_no: str) -> Transaction | None:
        trade = self.trades.get(out_trade_no)
        if trade is None:
            return None
        paid = {"transaction_id": transaction_id(out_trade_no), "payer": {"openid": trade.openid}}
        return Transaction.model_validate(
            {
                "appid": "wx0",
                "mchid": "1",
                "out_trade_no": out_trade_no,
                "trade_state": trade.state,
                "amount": {"total": trade.amount_fen},
                **(paid if trade.state == "SUCCESS" else {}),
            }
        )

    def close(self, out_trade_no: str) -> None:
        trade = self.trades.get(out_trade_no)
        if trade is None:
            return
        if trade.state == "SUCCESS":
            raise AlreadyPaid
        trade.state = "CLOSED"

    def refund(self, *, out_trade_no: str, out_refund_no: str, refund_fen: int, **_: Any) -> Refund:
        trade = self.trades[out_trade_no]
        assert trade.state == "SUCCESS"
        assert self.refunds.setdefault(out_refund_no, refund_fen) == refund_fen
        return Refund.model_validate(
            {
                "refund_id": f"R{out_refund_no}",
                "out_refund_no": out_refund_no,
                "out_trade_no": out_trade_no,
                "transaction_id": transaction_id(out_trade_no),
                "status": "SUCCESS",
                "amount": {"total": trade.amount_fen, "refund": refund_fen},
            }
        )

    def request_payment_fields(self, prepay_id: PrepayId) -> dict[str, str]:
        return {"package": f"prepay_id={prepay_id}"}

    @staticmethod
    def _refuse(trade: Trade) -> None:
        if trade.state != "NOTPAY":
            raise AlreadyPaid if trade.state == "SUCCESS" else TradeClosed


class _NoSettings:
    """The till needs none."""

    @staticmethod
    def from_env(_: Any) -> None:
        """Read nothing."""


def transaction_id(out_trade_no: str) -> str:
    """Return the number under which WeChat Pay took the money of *out_trade_no*."""
    return f"4200{out_trade_no}"
