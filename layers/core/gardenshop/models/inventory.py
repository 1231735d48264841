"""Stock: the balance of each SKU (`inventory`) and every change to it (`stock_ledger`)."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from gardenshop.models.base import (
    Bp,
    Count,
    Day,
    Document,
    Fen,
    Instant,
    Key,
    Model,
    Ring,
    ShortText,
    SignedCount,
    SkuId,
)
from gardenshop.models.vocabulary import RecordState


class Reorder(Model):
    """How a SKU is replenished; what is absent is as the rule `restock` says for all."""

    lead_days: Annotated[int, Field(strict=True, ge=0, le=365)] | None = None
    lead_spread_days: Annotated[int, Field(strict=True, ge=0, le=90)] = 0
    """Standard deviation of the lead time."""
    review_days: Annotated[int, Field(strict=True, ge=1, le=90)] | None = None
    service_bp: Bp | None = None
    """The chance to aim at that nothing lacks until the next delivery; without it, the best by the costs."""
    pack_multiple: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 1
    min_order: Count = 0
    max_stock: Count | None = None
    shelf_life_days: Annotated[int, Field(strict=True, ge=1, le=3650)] | None = None
    snooze_until: Instant | None = None


class Supplier(Model):
    """Who delivers a SKU and at what cost."""

    supplier_id: Key
    name: ShortText
    cost_fen: Fen | None = None


class Forecast(Model):
    """Expected demand; rates are thousandths of a unit per day."""

    per_day_milli: Count
    deviation_milli: Count
    lift_bp: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 10_000
    horizon_days: Count
    method: Annotated[str, Field(max_length=40)]
    at: Instant


Series = Annotated[tuple[Count, ...], Field(max_length=40)]
"""Units at some points of time."""


class Band(Model):
    """What is expected, and what it falls below or rises above one time in ten."""

    low: Series
    expected: Series
    high: Series


class Projection(Model):
    """Stock at the close of the first day and each `step_days` after it, with the order and without."""

    since: Day = Field(alias="from")
    step_days: Annotated[int, Field(strict=True, ge=1, le=365)]
    ordered: Band
    unordered: Band


class Suggestion(Model):
    """The one open proposal to reorder a SKU; a person accepts or dismisses it.

    `return_bp`, what a fen spent is expected to gain, decides which come first where the budget is short;
    those that have to wait are not `within_budget`.
    """

    suggestion_id: Key
    quantity: Count
    reasons: Annotated[tuple[ShortText, ...], Field(max_length=10)]
    inputs: Annotated[dict[str, JsonValue], Field(max_length=40)] = Field(default_factory=dict)
    cost_fen: Fen
    gain_fen: Fen
    return_bp: Count
    within_budget: bool
    arrives_on: Day
    projection: Projection
    at: Instant


SupplierOrderNo = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_\-]+$")]
"""The shop's number of an order with a supplier."""

MOST_DELIVERIES = 50
"""How many deliveries of one SKU may be awaited at once."""


class Delivery(Model):
    """What a supplier still owes of one order, and the day on which it is expected."""

    units: Count
    expected_on: Day


class Inventory(Document):
    """Stock of one SKU; `_id` is the SKU id and available = onHand − reserved − damaged."""

    product_id: Key
    on_hand: Count
    available: Count
    reserved: Count = 0
    damaged: Count = 0
    inbound: Count = 0
    deliveries: Annotated[dict[SupplierOrderNo, Delivery], Field(max_length=MOST_DELIVERIES)] = Field(
        default_factory=dict
    )
    """What of `inbound` belongs to which order; what nobody has given a number is in none."""
    daily_sales: Annotated[dict[Day, Count], Field(max_length=400)] = Field(default_factory=dict)
    stockout_days: Annotated[tuple[Day, ...], Field(max_length=400)] = ()
    term_sales: Annotated[dict[str, Count], Field(max_length=96)] = Field(default_factory=dict)
    """Units sold per solar term, keyed ``<year>-<term>``."""
    reorder: Reorder = Field(default_factory=Reorder)
    supplier: Supplier | None = None
    forecast: Forecast | None = None
    suggestion: Suggestion | None = None
    recent_ops: Ring = ()

    @model_validator(mode="after")
    def _available_is_what_is_left(self) -> "Inventory":
        if self.available != self.on_hand - self.reserved - self.damaged:
            raise ValueError("available is not onHand - reserved - damaged")
        return self


class StockDeltas(Model):
    """How one entry moves the five counters of its SKU."""

    on_hand: SignedCount = 0
    available: SignedCount = 0
    reserved: SignedCount = 0
    damaged: SignedCount = 0
    inbound: SignedCount = 0


class StockTerms(Model):
    """What an operator's entry presumes or names beside its deltas, so that its row can be tried again.

    `seen` is what was on hand when she counted, `suggestion_at` says which suggestion she accepted.
    """

    seen: Count | None = None
    order_no: SupplierOrderNo | None = None
    expected_on: Day | None = None
    suggestion_at: Instant | None = None


class StockEntry(Document):
    """One change of stock; `_id` is ``skuId:reason:ref`` and names the operation."""

    sku_id: SkuId
    reason: Literal[
        "opening",
        "hold",
        "release",
        "commit",
        "restock",
        "return_good",
        "return_damaged",
        "receive",
        "inbound",
        "count",
        "adjust",
        "damage",
    ]
    ref: Key
    deltas: StockDeltas
    actor: Key
    day: Day
    state: RecordState = "final"
    note: ShortText | None = None
    terms: StockTerms | None = None
