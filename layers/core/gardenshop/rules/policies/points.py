"""How points are earned and spent."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Bp, Count, Model, Points
from gardenshop.rules.money import FULL_BP


class PointsPolicy(Model):
    """How points are earned and how long they last.

    `shop_bp_per_fen`: shop points earned for money paid, in basis points of a point a fen; 10 means 0.1
    point a yuan. `garden_per_kg`: garden points for a kilogram CO2e saved. `redeem_cap`: the most shop
    points, a fen each, that an order is paid with; `redeem_bp`: the most of its goods that they may pay.
    `exchange_bp`: shop points for a garden point, which are exchanged in steps of `exchange_unit`. A day sees
    at most `exchange_daily` garden points exchanged, `harvest_daily` harvested, `lesson_daily` for lessons
    and `meal_daily` for meals.
    """

    shop_bp_per_fen: Bp = 10
    garden_per_kg: Points = 10
    award_cap: Points = 10_000
    expire_months: Count = 12
    redeem_cap: Points = 1000
    redeem_bp: Bp = FULL_BP
    exchange_bp: Bp = 1000
    exchange_unit: Annotated[Points, Field(ge=1)] = 100
    exchange_daily: Points = 5000
    harvest_daily: Points = 500
    lesson_daily: Points = 100
    meal_daily: Points = 60
