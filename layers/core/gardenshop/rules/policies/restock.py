"""What is proposed to be ordered from suppliers."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Bp, Count, Fen, Model
from gardenshop.rules.policies import Name


class SupplierTerms(Model):
    """What a run may propose to spend with a supplier, and the least an order to it must come to."""

    budget_fen: Fen | None = None
    min_order_fen: Fen = 0


class RestockPolicy(Model):
    """Defaults for SKUs that do not say otherwise; what a run may propose to spend, and with whom."""

    lead_days: Count = 7
    review_days: Count = 1
    service_bp: Bp | None = None
    """The chance to aim at that nothing lacks until the next delivery; without it, the best by the costs."""
    margin_bp: Bp = Field(default=3000, ge=1)
    waste_bp: Bp = 7000
    holding_bp: Bp = 10
    """Shares of the price: earned by a sale, lost with a spoilt unit, and the cost of a day on the shelf."""
    campaign_lift_bp: Annotated[int, Field(strict=True, ge=1000, le=100_000)] = 15_000
    """The usual factor of sales under a promotion, until a SKU's own days say more; 15000 is half more."""
    budget_fen: Fen | None = None
    suppliers: Annotated[dict[Name, SupplierTerms], Field(max_length=200)] = Field(default_factory=dict)
    """By the supplier's id."""
