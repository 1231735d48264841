"""Campaigns: promotions, coupon templates, and the coupons members hold."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import (
    Bp,
    Count,
    Document,
    Fen,
    Grams,
    Instant,
    Key,
    LongText,
    Model,
    OrderNo,
    Quantity,
    Ring,
    ShortText,
    SkuId,
    UserId,
)
from gardenshop.models.vocabulary import BadgeLevel, Constitutions, Scope, SolarTerm

CampaignState = Literal["draft", "scheduled", "live", "paused", "ended"]


class Condition(Model):
    """What must hold for a promotion to count; an absent field asks nothing."""

    min_fen: Fen | None = None
    min_quantity: Quantity | None = None
    saved_g_at_least: Grams | None = None
    first_order: bool = False


class Target(Model):
    """Whom something is meant for: everybody when every list is empty."""

    tiers: Annotated[tuple[BadgeLevel, ...], Field(max_length=4)] = ()
    segments: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    constitutions: Constitutions = ()


class Step(Model):
    """One rung of a ladder: from this quantity or this amount on, this benefit."""

    quantity: Quantity | None = None
    min_fen: Fen | None = None
    off_fen: Fen | None = None
    pay_bp: Bp | None = None
    """What remains to be paid: 8800 means 八八折."""


class Benefit(Model):
    """What a promotion gives; which fields are used follows from its kind."""

    off_fen: Fen | None = None
    pay_bp: Bp | None = None
    price_fen: Fen | None = None
    cap_fen: Fen | None = None
    repeats: bool = False
    """Whether 每满 applies as often as the threshold fits."""
    ladder: Annotated[tuple[Step, ...], Field(max_length=10)] = ()
    gift_sku_id: SkuId | None = None
    gift_quantity: Quantity | None = None


class BudgetPlan(Model):
    """How much a promotion may give away."""

    unit: Literal["uses", "fen"]
    limit: Count


class Budget(BudgetPlan):
    """How much was given away; `used` is guarded by `limit`."""

    used: Count = 0


class PromotionPlan(Model):
    """What an operator decides about a promotion.

    Of one `group` the highest `priority` counts, once a line or once an order, as its `level` says.
    On goods that a promotion which is not `stackable` made cheaper no coupon can be used.
    """

    name: Annotated[str, Field(min_length=1, max_length=80)]
    kind: Literal[
        "unit_discount",
        "ladder",
        "amount_off",
        "percent_off",
        "gift",
        "free_shipping",
        "member_price",
    ]
    level: Literal["line", "order", "freight"]
    scope: Scope = Field(default_factory=Scope)
    condition: Condition = Field(default_factory=Condition)
    benefit: Benefit
    priority: Annotated[int, Field(strict=True, ge=0, le=1000)] = 100
    group: Annotated[str, Field(max_length=40)] = "default"
    stackable: bool = True
    start_at: Instant
    end_at: Instant
    term_key: SolarTerm | None = None
    target: Target = Field(default_factory=Target)
    budget: BudgetPlan | None = None
    copy_text: LongText = ""


class Promotion(PromotionPlan, Document):
    """A rule that makes some goods, an order or its freight cheaper for a while."""

    budget: Budget | None = None
    state: CampaignState
    edited_at: Instant | None = None
    """When an operator last changed it, which says that nobody has since."""
    recent_ops: Ring = ()


class Validity(Model):
    """When a copy may be used: a fixed period, or days from the claim."""

    start: Instant | None = None
    end: Instant | None = None
    days: Annotated[int, Field(strict=True, ge=1, le=366)] | None = None


class CouponTerms(Model):
    """What a coupon is worth and when; frozen into every copy."""

    kind: Literal["amount", "percent", "freight"]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    value_fen: Fen | None = None
    pay_bp: Bp | None = None
    cap_fen: Fen | None = None
    min_fen: Fen = 0
    scope: Scope = Field(default_factory=Scope)


class CouponPlan(Model):
    """What an operator decides about a template."""

    terms: CouponTerms
    total: Count
    per_user: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    validity: Validity
    channel: Literal["center", "code", "batch", "trigger"]
    trigger: Literal["new_member", "garden_milestone", "solar_term", "apology"] | None = None
    milestone: Key | None = None
    """The plant whose harvest earns a copy; any plant's does when absent."""
    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{4,24}$")] | None = None
    target: Target = Field(default_factory=Target)
    start_at: Instant
    end_at: Instant


class Coupon(CouponPlan, Document):
    """A template that copies are claimed from; `issued` is guarded by `total`."""

    issued: Count = 0
    state: CampaignState
    edited_at: Instant | None = None
    """When an operator last changed it, which says that nobody has since."""
    recent_ops: Ring = ()


class UserCoupon(Document):
    """One member's copy; `_id` is ``couponId:userId:seq``, `since` is stored as ``from``.

    A copy is ``pending`` until its template has counted it, and ``void`` when there was none left.
    Two claims of one `source` are one claim.
    """

    coupon_id: Key
    user_id: UserId
    state: Literal["pending", "available", "locked", "used", "expired", "void"]
    order_no: OrderNo | None = None
    since: Instant = Field(alias="from")
    until: Instant
    source: Annotated[str, Field(max_length=100)]
    terms: CouponTerms
    used_at: Instant | None = None
    recent_ops: Ring = ()
