"""The garden: what was eaten, what it saved, the plants that grow from it, and each day's sums."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import (
    Bp,
    Count,
    Day,
    Document,
    Fen,
    Grams,
    Instant,
    Key,
    LineId,
    LongText,
    Model,
    OrderNo,
    Points,
    Ring,
    RulesVersion,
    ShortText,
    SignedFen,
    SignedGrams,
    SignedPoints,
    UserId,
)
from gardenshop.models.vocabulary import BadgeLevel, Protein


class Earned(Model):
    """Grams of a food that were bought with the row `meal_id`, which has counted what they save."""

    meal_id: Key
    grams: Grams


class MealItem(Model):
    """Some grams of one food, the factor used and the carbon that follows."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    ingredient_id: Key | None = None
    product_id: Key | None = None
    grams: Grams
    factor_g: Grams
    """Grams CO2e per kg."""
    factor_source: ShortText | None = None
    carbon_g: SignedGrams
    protein: Protein | None = None
    earned: Annotated[tuple[Earned, ...], Field(max_length=50)] = ()
    confidence_bp: Bp = 10_000


class Meal(Document):
    """One row of the carbon ledger; `_id` is ``userId:clientToken`` or ``shop:orderNo:lineId``.

    Rows are never edited: a correction or a refund adds a row with negative grams that
    names what it takes back in `reverses`, and a new version of the factors one with the difference that it
    makes to the meal in `revises`. Savings are estimates against `baseline`; points and growth are
    for `credited_g` of them, which no choice of a baseline makes more.
    """

    user_id: UserId
    day: Day
    type: Literal["breakfast", "lunch", "dinner", "snack", "purchase"]
    items: Annotated[tuple[MealItem, ...], Field(max_length=60)]
    carbon_g: SignedGrams
    baseline_g: SignedGrams
    saved_g: SignedGrams
    credited_g: SignedGrams = 0
    points: SignedPoints = 0
    baseline: Annotated[str, Field(max_length=60)]
    method: ShortText | None = None
    rules_version: RulesVersion = ""
    factor_version: Annotated[str, Field(max_length=60)]
    source: Literal["member", "shop"]
    order_no: OrderNo | None = None
    line_id: LineId | None = None
    reversed_by: Key | None = None
    reverses: Key | None = None
    revises: Key | None = None
    replaced_version: Annotated[str, Field(max_length=60)] | None = None
    """The `factor_version` that a revised meal rested on before."""
    photo_id: Annotated[str, Field(max_length=500)] | None = None
    text: ShortText | None = None
    uncounted: Annotated[tuple[ShortText, ...], Field(max_length=120)] = ()
    """What of `text` is not a food that is known, or is meat."""
    with_meat: bool = False
    booking_due_at: Instant | None = None
    """Set until the day, the points and the garden have taken the row in."""


class Plant(Model):
    """A plant in somebody's garden; growth counts hours towards the template's `growHours`."""

    plant_id: Key
    code: Key
    name: Annotated[str, Field(max_length=40)] = ""
    stage: Annotated[int, Field(strict=True, ge=0, le=10)] = 0
    growth: Count = 0
    planted_at: Instant
    watered_at: Instant | None = None
    water_count: Count = 0
    harvested_at: Instant | None = None


class Scene(Model):
    """A place in the garden that a member has unlocked; `code` is the scene of its plants' templates."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    at: Instant


MOST_GIFTS = 20


class Gift(Model):
    """What carbon saved has given a garden; `key` is the operation, such as ``order:<orderNo>``."""

    key: Key
    saved_g: Grams
    minutes: Count
    """How much longer the plants have grown by it."""
    xp: Count
    at: Instant


class Garden(Document):
    """A member's garden; `_id` is the user id."""

    plants: Annotated[tuple[Plant, ...], Field(max_length=60)] = ()
    scenes: Annotated[tuple[Scene, ...], Field(max_length=50)] = ()
    gifts: Annotated[tuple[Gift, ...], Field(max_length=MOST_GIFTS)] = ()
    """The last gifts, newest at the end."""
    xp: Count = 0
    version: Count = 0
    recent_ops: Ring = ()


class GrowthStage(Model):
    """One step of a plant's life."""

    name: Annotated[str, Field(max_length=40)]
    hours: Count
    needs_g: Grams = 0
    """Grams CO2e a member must have saved to enter the stage."""
    effect: Annotated[str, Field(max_length=60)] | None = None


class Unlock(Model):
    """What a member must have reached before planting."""

    tier: BadgeLevel = "bronze"
    points: Points = 0
    saved_g: Grams = 0
    plant_codes: Annotated[tuple[Key, ...], Field(max_length=10)] = ()


class PlantTemplate(Document):
    """A kind of plant; `_id` is its code."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    name_en: ShortText | None = None
    category: Annotated[str, Field(max_length=40)]
    rarity: Literal["common", "rare", "epic", "legendary"] = "common"
    scene: Annotated[str, Field(max_length=40)]
    cost_points: Points
    grow_hours: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    reward_points: Points
    xp: Count = 0
    stages: Annotated[tuple[GrowthStage, ...], Field(max_length=10)] = ()
    unlock: Unlock = Field(default_factory=Unlock)
    meaning: ShortText = ""
    story: LongText = ""
    status: Literal["active", "hidden"] = "active"


class DailyStats(Document):
    """One member's day; `_id` is ``userId:day``. Reversals may make a sum negative.

    `meals` counts what was bought and what was `eaten`; `saved_g` is the sum of both, `meal_saved_g` of what
    was eaten alone.
    """

    user_id: UserId
    day: Day
    meals: Count = 0
    eaten: Count = 0
    saved_g: SignedGrams = 0
    meal_saved_g: SignedGrams = 0
    meal_carbon_g: SignedGrams = 0
    meal_baseline_g: SignedGrams = 0
    shop_carbon_g: SignedGrams = 0
    orders: Count = 0
    spent_fen: SignedFen = 0
    refunded_fen: Fen = 0
    points_earned: SignedPoints = 0
    streak: Count = 0
    applied_ops: Ring = ()
