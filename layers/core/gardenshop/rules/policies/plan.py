"""What the shop means to reach."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Bp, Count, Fen, Model, Month


class PlanPolicy(Model):
    """What the shop means to reach: repurchase and retention climb by months from a first to a last rate.

    `gmv_fen` says what is to be sold in a month, where that is planned.
    """

    begins: Month = "2026-11"
    months: Count = Field(default=12, ge=1)
    repurchase_from_bp: Bp = 2000
    repurchase_to_bp: Bp = 5000
    retention_from_bp: Bp = 3000
    retention_to_bp: Bp = 7000
    gmv_fen: Annotated[dict[Month, Fen], Field(max_length=120)] = Field(default_factory=dict)
