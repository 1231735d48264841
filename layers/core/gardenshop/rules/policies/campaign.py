"""What a solar term's campaign gives."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Bp, Count, Fen, Model
from gardenshop.models.vocabulary import Constitutions, SolarTerm
from gardenshop.rules.money import FULL_BP


class CampaignPolicy(Model):
    """What a solar term's campaign gives; it is prepared `lead_days` before the term begins.

    `pay_bp` is what remains to be paid for products in season, up to `budget_fen` in all; there are `coupons`
    of `coupon_fen` from `coupon_min_fen` on. `constitutions` names, by term, the only types that get one.
    """

    prepares: bool = True
    lead_days: Annotated[int, Field(strict=True, ge=0, le=30)] = 7
    pay_bp: Annotated[Bp, Field(ge=1000, lt=FULL_BP)] = 9000
    budget_fen: Fen = 500_000
    coupons: Count = 500
    coupon_fen: Annotated[Fen, Field(ge=1)] = 500
    coupon_min_fen: Fen = 5900
    constitutions: dict[SolarTerm, Constitutions] = Field(default_factory=dict)
