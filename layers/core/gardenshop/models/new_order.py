"""New orders: lines whose amounts add up. What happens to an order later is in `order`.

Every amount of a line is for all its units together, and
``paidFen = listFen − promoFen − couponFen − pointsFen`` is what its goods cost the member;
``freightFen`` is the line's share of the freight, beside it. The totals are the sums.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gardenshop.models.address import Address
from gardenshop.models.base import (
    Bp,
    Count,
    Document,
    Fen,
    Grams,
    Instant,
    Key,
    LineId,
    Model,
    Points,
    Quantity,
    RulesVersion,
    ShortText,
    SkuId,
    UserId,
)
from gardenshop.models.vocabulary import Origin, Via

OrderStatus = Literal[
    "creating",
    "create_failed",
    "pending_payment",
    "paid",
    "shipped",
    "received",
    "completed",
    "cancelled",
    "refunding",
    "refunded",
    "refund_failed",
]


class LineSnapshot(Model):
    """The SKU as the member saw it when buying."""

    title: ShortText
    spec: Annotated[str, Field(max_length=80)]
    cover: Annotated[str, Field(max_length=500)] | None = None
    price_fen: Fen
    weight_g: Grams
    fresh: bool = False
    no_reason_return: bool = True


class OrderLine(Model):
    """Some units of one SKU with every part of their price."""

    line_id: LineId
    sku_id: SkuId
    product_id: Key
    quantity: Quantity
    gift: bool = False
    list_fen: Fen
    promo_fen: Fen = 0
    coupon_fen: Fen = 0
    points_fen: Fen = 0
    points_used: Points = 0
    freight_fen: Fen = 0
    paid_fen: Fen
    reserved: Count = 0
    shipped: Count = 0
    returned: Count = 0
    refunded_quantity: Count = 0
    refunded_fen: Fen = 0
    carbon_g: Grams = 0
    practitioner_id: Key | None = None
    """The one practitioner who caused the sale, if she may earn from it."""
    via: Via | None = None
    commission_bp: Bp = 0
    promotion_ids: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    origin: Origin | None = Field(default=None, alias="from")
    return_consent_at: Instant | None = None
    """When the buyer confirmed that this line cannot be returned without a reason."""
    snapshot: LineSnapshot

    @model_validator(mode="after")
    def _parts_add_up(self) -> "OrderLine":
        if self.paid_fen != self.list_fen - self.promo_fen - self.coupon_fen - self.points_fen:
            raise ValueError("paidFen is not listFen - promoFen - couponFen - pointsFen")
        return self


class Totals(Model):
    """The sums of the lines; `paid_fen` is 0 until the order is paid."""

    goods_fen: Fen
    promo_fen: Fen = 0
    coupon_fen: Fen = 0
    points_fen: Fen = 0
    points_used: Points = 0
    freight_fen: Fen = 0
    payable_fen: Fen
    paid_fen: Fen = 0


class TraceStep(Model):
    """One step of the price pipeline, in words and in fen."""

    step: Literal["list", "line_promotion", "order_promotion", "coupon", "points", "freight", "manual"]
    ref: Key | None = None
    text: ShortText
    amount_fen: Fen
    shares: Annotated[dict[LineId, Fen], Field(max_length=100)] = Field(default_factory=dict)


class GardenEffect(Model):
    """What the order did to its buyer's garden."""

    state: Literal["none", "due", "done", "reversed"] = "none"
    saved_g: Grams = 0
    points: Points = 0
    at: Instant | None = None


class BudgetUse(Model):
    """What the order takes of a promotion's budget, in the budget's own unit, and the limit it saw."""

    promotion_id: Key
    units: Count
    limit: Count


class HistoryStep(Model):
    """One edge of the state machine that was taken; `source` is stored as ``from``."""

    at: Instant
    event: Annotated[str, Field(max_length=40)]
    source: OrderStatus | None = Field(default=None, alias="from")
    to: OrderStatus
    actor: Key
    note: ShortText | None = None


class NewOrder(Document):
    """An order as it is first written: all that `Order` has from the start, and no field besides."""

    user_id: UserId
    client_token: Key
    status: OrderStatus
    version: Count = 0
    lines: Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=100)]
    totals: Totals
    trace: Annotated[tuple[TraceStep, ...], Field(max_length=100)] = ()
    rules_version: RulesVersion
    user_coupon_id: Key | None = None
    budgets: Annotated[tuple[BudgetUse, ...], Field(max_length=100)] = ()
    limited: bool = False
    """Whether it has goods of which one member may buy only so many; only such orders are counted."""
    order_seq: Count | None = None
    """The member's `orderSeq` it presumes, where her other orders decide what she may buy or its price."""
    points_lapsed: Points | None = None
    """The lapsed points still on the member's counter when it was priced, where it is paid with points."""
    address: Address | None = None
    remark: Annotated[str, Field(max_length=200)] = ""
    garden: GardenEffect = Field(default_factory=GardenEffect)
    hidden: bool = False
    pay_by: Instant | None = None
    history: Annotated[tuple[HistoryStep, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def _totals_are_the_sums(self) -> "NewOrder":
        totals, lines = self.totals, self.lines
        sums = {
            "goods_fen": sum(line.list_fen for line in lines),
            "promo_fen": sum(line.promo_fen for line in lines),
            "coupon_fen": sum(line.coupon_fen for line in lines),
            "points_fen": sum(line.points_fen for line in lines),
            "points_used": sum(line.points_used for line in lines),
            "freight_fen": sum(line.freight_fen for line in lines),
            "payable_fen": sum(line.paid_fen + line.freight_fen for line in lines),
        }
        wrong = [name for name, value in sums.items() if getattr(totals, name) != value]
        if wrong:
            raise ValueError(f"totals are not the sums of the lines: {', '.join(wrong)}")
        return self
