"""What follows an order's creation: payment attempts, parcels, after-sales and refunds."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import Fen, Instant, Key, LineId, Model, OrderNo, Points, Quantity, ShortText
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
    """What goes back: cash, points, and the share of the freight."""

    cash_fen: Fen
    freight_fen: Fen = 0
    points: Points = 0


class AfterSale(Model):
    """A member's request to give units back or to be refunded for them."""

    after_sale_no: Key
    kind: Literal["refund_only", "return", "cancel"]
    lines: LineQuantities
    reason: ShortText
    merchant_fault: bool = False
    text: Annotated[str, Field(max_length=1000)] = ""
    media: Urls = ()
    amounts: RefundAmounts
    state: Literal[
        "applied",
        "approved",
        "awaiting_return",
        "returning",
        "received",
        "abnormal",
        "refunding",
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
    """Money on its way back; `refund_no` is deterministic, so it may be submitted again."""

    refund_no: Key
    after_sale_no: Key | None = None
    attempt_no: OrderNo
    amount_fen: Fen
    reason: ShortText
    state: Literal["due", "submitted", "success", "closed", "abnormal"]
    wechat_refund_id: Annotated[str, Field(max_length=64)] | None = None
    created_at: Instant
    done_at: Instant | None = None
