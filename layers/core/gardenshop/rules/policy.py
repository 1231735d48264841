"""The live business rules, as typed values with sensible defaults.

A rule's `body` in `business_rules` overrides the defaults field by field. `version`, such as
``freight1.order1.points2``, names the live rules and is stamped on each order and ledger row, which are
never recomputed from later rules.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from gardenshop.models.base import Bp, Count, Fen, Grams, Model, Points
from gardenshop.models.vocabulary import Constitutions, SolarTerm
from gardenshop.rules.money import FULL_BP

VariantName = Annotated[str, Field(pattern=r"^[a-z0-9_\-]{1,24}$")]


class FreightRegion(Model):
    """The tariff of some *provinces*: a first weight, then steps."""

    provinces: tuple[str, ...] = ()
    first_fen: Fen
    first_g: Grams = 1000
    next_fen: Fen = 0
    next_g: Grams = Field(default=1000, ge=1)


class FreightPolicy(Model):
    """Freight by region and weight, free above a threshold; no delivery to some areas."""

    free_from_fen: Fen = 9900
    default: FreightRegion = Field(default_factory=lambda: FreightRegion(first_fen=1000, next_fen=200))
    regions: tuple[FreightRegion, ...] = ()
    no_delivery: tuple[str, ...] = ()


class OrderPolicy(Model):
    """How long things may take, in the unit each name says."""

    pay_minutes: Count = 30
    auto_confirm_days: Count = 10
    after_sale_days: Count = 7
    fresh_after_sale_hours: Count = 48


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


class CarbonPolicy(Model):
    """What plants replace: the baseline protein and its portion, and how many of them in a meal at most.

    `meals_a_day`: how many meals of one day a member may record, whatever she takes back.
    """

    baseline_code: str = "pork"
    baseline_g: Grams = 75
    meal_portions: Count = 2
    meals_a_day: Count = 12


class GardenPolicy(Model):
    """Growth and watering, and the experience that opens each of the `scenes` that are not open to all."""

    water_cooldown_minutes: Count = 240
    water_growth_minutes: Count = 120
    growth_minutes_per_kg: Count = 60
    max_plants: Count = 60
    scenes: dict[str, Count] = Field(default_factory=dict)


class LearningPolicy(Model):
    """The share of a quiz that must be right for its lesson to count."""

    pass_bp: Bp = 6000


class Variant(Model):
    """One way to recommend, for a share of the members: what it says comes over the rule's own."""

    name: VariantName
    share_bp: Bp
    weights: dict[str, int] = Field(default_factory=dict)
    variety_bp: Bp | None = None


class Experiment(Model):
    """Variants side by side; members beyond their shares see the rule's own way and are not counted."""

    name: VariantName
    variants: Annotated[tuple[Variant, ...], Field(min_length=2, max_length=5)]

    @model_validator(mode="after")
    def _shares_add_up(self) -> "Experiment":
        if sum(variant.share_bp for variant in self.variants) > FULL_BP:
            raise ValueError("the shares of the variants are more than all members")
        if len({variant.name for variant in self.variants}) != len(self.variants):
            raise ValueError("two variants have one name")
        return self


class RecommendPolicy(Model):
    """Weights of the recommendation's features, in basis points, and variety; an experiment with both.

    Where it `learns`, every night pulls the weights to what the last weeks' orders show.
    """

    learns: bool = True
    weights: dict[str, int] = Field(default_factory=dict)
    variety_bp: Bp = 3000
    experiment: Experiment | None = None


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
    suppliers: Annotated[dict[str, SupplierTerms], Field(max_length=200)] = Field(default_factory=dict)
    """By the supplier's id."""


class CommissionPolicy(Model):
    """What a sale earns the practitioner who caused it, by how she did, and what she may withdraw.

    Her own rate, where she has one, takes the place of these; none is above the cap.
    """

    share_bp: Bp = 500
    recipe_bp: Bp = 300
    certification_bp: Bp = 200
    cap_bp: Bp = 1000
    share_days: Count = 7
    withdraw_min_fen: Fen = 1000


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


class PrivacyPolicy(Model):
    """For how many months events are kept, and how long a member may take back her wish to be erased.

    Events are kept no longer than their purpose needs (PIPL art. 19). GB/T 35273—2020 (8.5) wants an erasure
    within 15 working days: a week to think leaves as long for what must be settled first.
    """

    event_months: Annotated[int, Field(strict=True, ge=1, le=36)] = 13
    """A year and a month, so that a season can be compared with the last."""
    erase_wait_days: Annotated[int, Field(strict=True, ge=1, le=14)] = 7


class Policy:
    """All live rules. A function asks for few of them, so each is understood when it is first asked for.

    Asking raises pydantic.ValidationError when the body of the live rule is malformed.
    """

    freight: FreightPolicy
    order: OrderPolicy
    points: PointsPolicy
    carbon: CarbonPolicy
    garden: GardenPolicy
    learning: LearningPolicy
    recommend: RecommendPolicy
    restock: RestockPolicy
    commission: CommissionPolicy
    campaign: CampaignPolicy
    privacy: PrivacyPolicy

    def __init__(self, bodies: Mapping[str, Any], version: str) -> None:
        self._bodies = bodies
        self.version = version

    def __getattr__(self, name: str) -> Any:
        if name not in RULES:
            raise AttributeError(name)
        rule = RULES[name].model_validate(self._bodies.get(name, {}))
        setattr(self, name, rule)
        return rule


RULES: Mapping[str, type[Model]] = Policy.__annotations__
"""What each rule is, by its id."""


def policy_of(documents: Iterable[Mapping[str, Any]]) -> Policy:
    """Build the policy from the live `business_rules` *documents*.

    Rules this module does not know belong to other readers and are passed over.
    """
    live = {document["ruleId"]: document for document in documents}
    known = {rule_id: live[rule_id]["body"] for rule_id in RULES if rule_id in live}
    version = ".".join(f"{rule_id}{live[rule_id]['version']}" for rule_id in sorted(known))
    return Policy(known, version)
