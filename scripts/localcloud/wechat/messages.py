"""What a merchant may ask of WeChat Pay, with the limits of the API v3 reference, and how it is refused.

https://pay.weixin.qq.com/doc/v3/merchant/4012525182
"""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictInt, StringConstraints

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.query or not parts.hostname:
        raise ValueError("an address without a query is required")
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ValueError("https is required")
    return url


OutTradeNo = Annotated[str, StringConstraints(min_length=6, max_length=32, pattern=r"^[A-Za-z0-9_\-|*]+$")]
OutRefundNo = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_\-|*@]+$")]
PositiveFen = Annotated[StrictInt, Field(ge=1)]
NotifyUrl = Annotated[str, StringConstraints(max_length=255), AfterValidator(_checked_url)]


class PayError(Exception):
    """A refusal in the form of API v3."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def reply(self) -> dict[str, str]:
        return {"code": self.code, "message": self.message}


class MerchantRequest(BaseModel):
    model_config = ConfigDict(frozen=True)


MerchantRequestT = TypeVar("MerchantRequestT", bound=MerchantRequest)


class Amount(MerchantRequest):
    total: PositiveFen
    currency: Literal["CNY"] = "CNY"


class Payer(MerchantRequest):
    openid: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Prepay(MerchantRequest):
    appid: str
    mchid: str
    description: Annotated[str, StringConstraints(min_length=1, max_length=127)]
    out_trade_no: OutTradeNo
    notify_url: NotifyUrl
    amount: Amount
    payer: Payer
    time_expire: AwareDatetime | None = None
    attach: Annotated[str, StringConstraints(max_length=128)] | None = None

    def is_over(self, now: datetime) -> bool:
        return self.time_expire is not None and now >= self.time_expire


class Close(MerchantRequest):
    mchid: str


class RefundAmount(MerchantRequest):
    refund: PositiveFen
    total: PositiveFen
    currency: Literal["CNY"]


class Refund(MerchantRequest):
    out_trade_no: OutTradeNo
    out_refund_no: OutRefundNo
    amount: RefundAmount
    reason: Annotated[str, StringConstraints(max_length=80)] | None = None
    notify_url: NotifyUrl | None = None
