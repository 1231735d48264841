"""What WeChat Pay says: payments, refunds, the notices that carry them, and refusals. Amounts are fen.

NoticeRejected  (InvalidRequest)  not a fresh notice that WeChat Pay signed for us
UnknownTrade    (NotFound)        WeChat Pay knows no such payment or refund
NoBill          (NotFound)        WeChat Pay has no bill of that day: nothing was traded
NoBillYet       (NoBill)          WeChat Pay has not made it yet
AlreadyPaid     (Conflict)        the payment succeeded: it can be neither opened nor closed
TradeClosed     (Conflict)        the payment was closed: it cannot be opened again
PaymentRefused  (Internal)        any other no; `api_code` is WeChat Pay's name for it
UpstreamUnavailable               no trustworthy answer; the call may or may not have taken effect
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field

from gardenshop.cloud.clock import SECOND
from gardenshop.cloud.errors import Conflict, Internal, InvalidRequest, NotFound
from gardenshop.models.base import Fen, Instant


class NoticeRejected(InvalidRequest):
    code = 40010
    error = "NOTICE_REJECTED"
    text = "通知未通过验证"


class UnknownTrade(NotFound):
    code = 40410
    error = "UNKNOWN_TRADE"
    text = "没有找到对应的支付单"


class NoBill(NotFound):
    code = 40411
    error = "NO_BILL"
    text = "没有这一天的账单"


class NoBillYet(NoBill):
    code = 40412
    error = "NO_BILL_YET"
    text = "账单还在生成，请稍后再试"


class AlreadyPaid(Conflict):
    code = 40910
    error = "ALREADY_PAID"
    text = "订单已支付"


class TradeClosed(Conflict):
    code = 40911
    error = "TRADE_CLOSED"
    text = "支付单已关闭，请重新下单"


class PaymentRefused(Internal):
    code = 50010
    error = "PAYMENT_REFUSED"
    text = "暂时无法完成支付操作，请稍后再试"

    @property
    def api_code(self) -> str:
        """WeChat Pay's own name of the refusal, such as ``NOT_ENOUGH``."""
        return str(self.details["apiCode"])


REFUSALS: Mapping[str, type[UnknownTrade | NoBill | AlreadyPaid | TradeClosed]] = {
    "ORDERPAID": AlreadyPaid,
    "ORDER_CLOSED": TradeClosed,
    "ORDERCLOSED": TradeClosed,
    "ORDER_NOT_EXIST": UnknownTrade,
    "ORDERNOTEXIST": UnknownTrade,
    "RESOURCE_NOT_EXISTS": UnknownTrade,
    "NO_STATEMENT_EXIST": NoBill,
    "STATEMENT_CREATING": NoBillYet,
}
"""Codes with a meaning for the shop; older and newer pages of the vendor spell some of them differently."""


def instant_of(moment: datetime | None) -> Instant | None:
    """Return *moment* in epoch milliseconds."""
    return None if moment is None else int(moment.timestamp() * SECOND)


class Message(BaseModel):
    """A message of WeChat Pay or a part of one; unknown fields are let pass, for it adds some as it likes."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Payer(Message):
    openid: str = ""


class TransactionAmount(Message):
    total: Fen
    currency: str = "CNY"


class Transaction(Message):
    """A payment as WeChat Pay tells it. Whether it is ours to take is for the caller to compare."""

    appid: str
    mchid: str
    out_trade_no: str
    trade_state: Literal["SUCCESS", "REFUND", "NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR"]
    transaction_id: str = ""
    success_time: AwareDatetime | None = None
    payer: Payer | None = None
    amount: TransactionAmount | None = None

    @property
    def paid(self) -> bool:
        """True when the money arrived, even if some of it has gone back since."""
        return self.trade_state in {"SUCCESS", "REFUND"}

    @property
    def paid_at(self) -> Instant | None:
        return instant_of(self.success_time)


class RefundAmount(Message):
    total: Fen
    refund: Fen


class Refund(Message):
    """A refund as WeChat Pay tells it; ABNORMAL needs a person (the payer's account cannot take it)."""

    refund_id: str
    out_refund_no: str
    out_trade_no: str
    transaction_id: str
    status: Literal["SUCCESS", "CLOSED", "PROCESSING", "ABNORMAL"] = Field(
        validation_alias=AliasChoices("status", "refund_status")
    )
    amount: RefundAmount
    success_time: AwareDatetime | None = None

    @property
    def refunded_at(self) -> Instant | None:
        return instant_of(self.success_time)


class Bill(Message):
    """Where a day's bill is to be had, and the digest of its text."""

    hash_type: Literal["SHA1"]
    hash_value: str
    download_url: str


class Notice(Message):
    """A verified, decrypted notice."""

    id: str
    event_type: str
    resource: Transaction | Refund

    @property
    def key(self) -> str:
        """What stays the same in every copy of this notice."""
        subject = self.resource
        number = subject.transaction_id if isinstance(subject, Transaction) else subject.refund_id
        return f"{number}:{self.event_type}"


class SealedResource(Message):
    """A resource still encrypted under the merchant's APIv3 key."""

    algorithm: Literal["AEAD_AES_256_GCM"]
    ciphertext: str
    nonce: str
    associated_data: str = ""


class Envelope(Message):
    """A notice as it is sent."""

    id: str
    event_type: str
    resource: SealedResource


MessageT = TypeVar("MessageT", bound=Message)
