"""What follows an order's creation: payment attempts, parcels, after-sales and refunds."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import (
    Count,
    Fen,
    Instant,
    Key,
    LineId,
    Model,
    OrderNo,
    Points,
    Quantity,
    ShortText,
)
from gardenshop.models.vocabulary import Openid

Urls = Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=9)]


class Attempt(Model):
    """One try to pay; `attempt_no` is the out_trade_no, and at most one is open."""

    attempt_no: OrderNo
    kind: Literal["wechat", "zero"] = "wechat"
    amount_fen: Fen
    openid: Openid
    prepay_id: Annotated[str, Field(max_length=128)] | None = None
    state: Literal["open", "paid", "closed"]
    created_at: Instant
    expires_at: Instant


class PayEntry(Model):
    """Money that arrived, whether or not the order still wanted it."""

    key: Key
    at: Instant
    attempt_no: OrderNo | None = None
    transaction_id: Annotated[str, Field(max_length=64)]
    amount_fen: Fen


class LineQuantity(Model):
    """Some units of one line."""

    line_id: LineId
    quantity: Quantity


LineQuantities = Annotated[tuple[LineQuantity, ...], Field(min_length=1, max_length=100)]


class Shipment(Model):
    """One parcel."""

    shipment_no: Key
    carrier: ShortText
    tracking_no: ShortText
    lines: LineQuantities
    at: Instant
    delivered_at: Instant | None = None


class RefundAmounts(Model):
    """What goes back: money for the goods, the freight beside it, points used; and commission taken back.

    Until the refund begins they say what it would come to now.
    """

    cash_fen: Fen
    freight_fen: Fen = 0
    points: Points = 0
    commission_fen: Fen = 0


class AfterSaleLine(LineQuantity):
    """Some units of one line; `unshipped` of them had not left the warehouse and never will."""

    unshipped: Count = 0


class AfterSale(Model):
    """A member's request to give units back or to be refunded for them.

    ``abnormal``: WeChat Pay has closed its refund, and a person must begin another.
    """

    after_sale_no: Key
    client_token: Key
    kind: Literal["refund_only", "return", "cancel"]
    lines: Annotated[tuple[AfterSaleLine, ...], Field(min_length=1, max_length=100)]
    reason: Literal["no_reason", "not_received", "quality", "wrong_goods", "other"]
    merchant_fault: bool = False
    text: Annotated[str, Field(max_length=1000)] = ""
    media: Urls = ()
    amounts: RefundAmounts
    state: Literal[
        "applied",
        "awaiting_return",
        "returning",
        "refunding",
        "abnormal",
        "refunded",
        "refused",
        "revoked",
    ]
    tracking_no: ShortText | None = None
    condition: Literal["good", "damaged"] | None = None
    decision: ShortText | None = None
    decided_by: Key | None = None
    applied_at: Instant
    decided_at: Instant | None = None
    closed_at: Instant | None = None


class Refund(Model):
    """Money on its way back; `refund_no` is deterministic, so it may be submitted again.

    Refunds stand in the order in which they began. One of 0 fen has no attempt to go back to.
    """

    refund_no: Key
    after_sale_no: Key | None = None
    attempt_no: OrderNo | None = None
    amount_fen: Fen
    reason: ShortText
    state: Literal["due", "submitted", "success", "closed", "abnormal"]
    wechat_refund_id: Annotated[str, Field(max_length=64)] | None = None
    created_at: Instant
    done_at: Instant | None = None
