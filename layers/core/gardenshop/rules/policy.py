"""The live business rules, as typed values with sensible defaults.

A rule's `body` in `business_rules` overrides the defaults field by field. `version`, such as
``freight1.order1.points2``, names the live rules and is stamped on each order and ledger row, which are
never recomputed from later rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from gardenshop.models.base import Bp, Count, Fen, Grams, Key, Line, Model, Month, Points
from gardenshop.models.vocabulary import Constitutions, SolarTerm
from gardenshop.rules.experiments import Experiment, Weights, experiments_of, parts_of
from gardenshop.rules.flags import Flag, flags_of
from gardenshop.rules.live_rules import newest
from gardenshop.rules.money import FULL_BP

Name = Annotated[Line, Field(min_length=1, max_length=40, pattern=r"^[^.$]+$")]
"""A name that may be a stored field's."""


class FreightRegion(Model):
    """The tariff of some *provinces*: a first weight, then steps."""

    provinces: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
    first_fen: Fen
    first_g: Grams = 1000
    next_fen: Fen = 0
    next_g: Grams = Field(default=1000, ge=1)


class FreightPolicy(Model):
    """Freight by region and weight, free above a threshold; no delivery to some areas."""

    free_from_fen: Fen = 9900
    default: FreightRegion = Field(default_factory=lambda: FreightRegion(first_fen=1000, next_fen=200))
    regions: Annotated[tuple[FreightRegion, ...], Field(max_length=40)] = ()
    no_delivery: Annotated[tuple[Name, ...], Field(max_length=40)] = ()


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

    baseline_code: Key = "pork"
    baseline_g: Grams = 75
    meal_portions: Count = 2
    meals_a_day: Count = 12


class GardenPolicy(Model):
    """Growth and watering, and the experience that opens each of the `scenes` that are not open to all."""

    water_cooldown_minutes: Count = 240
    water_growth_minutes: Count = 120
    growth_minutes_per_kg: Count = 60
    max_plants: Count = 60
    scenes: Annotated[dict[Name, Count], Field(max_length=40)] = Field(default_factory=dict)


class LearningPolicy(Model):
    """The share of a quiz that must be right for its lesson to count."""

    pass_bp: Bp = 6000


class RecommendPolicy(Model):
    """Weights of the recommendation's features, in basis points, and variety.

    Where it `learns`, every night pulls the weights to what the last weeks' orders show.
    """

    learns: bool = True
    weights: Weights = Field(default_factory=dict)
    variety_bp: Bp = 3000


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


Months = Annotated[int, Field(strict=True, ge=1, le=120)]


class PrivacyPolicy(Model):
    """For how many months what is personal is kept, and how long a wish to be erased may be taken back.

    Nothing is kept longer than its purpose needs (PIPL art. 19). GB/T 35273—2020 (8.5) wants an erasure
    within 15 working days: a week to think leaves as long for what must be settled first.
    """

    health_months: Months = 24
    """Former results of the questionnaire; the present one stays while its consent does."""
    draft_months: Months = 1
    """Answers of a questionnaire that was never ended."""
    address_months: Annotated[int, Field(strict=True, ge=36, le=120)] = 37
    """Names and addresses of orders; the E-Commerce Law, art. 31, wants orders kept for three years."""
    task_months: Annotated[int, Field(strict=True, ge=6, le=120)] = 13
    """Tasks that are done; an order may ask for them again as long as it can be given back."""
    event_months: Annotated[int, Field(strict=True, ge=1, le=36)] = 13
    """A year and a month, so that a season can be compared with the last."""
    erase_wait_days: Annotated[int, Field(strict=True, ge=1, le=14)] = 7


class _Rules:
    """The rules there is one of."""

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
    plan: PlanPolicy


RULES: Mapping[str, type[Model]] = _Rules.__annotations__
"""What each of them is, by its id."""


class Policy(_Rules):
    """All live rules, with the flags and experiments by name.

    A function asks for few of them, so each is understood when it is first asked for; asking raises
    pydantic.ValidationError when the body of the live rule is malformed.
    """

    def __init__(self, live: Sequence[Mapping[str, Any]]) -> None:
        self._live = live
        self._known = {rule_id: each for rule_id, each in newest(live).items() if rule_id in RULES}
        self.version = ".".join(f"{name}{self._known[name]['version']}" for name in sorted(self._known))

    @cached_property
    def flags(self) -> Mapping[str, Flag]:
        """Whom each flag is open to."""
        return flags_of(self._live)

    @cached_property
    def experiments(self) -> Mapping[str, Experiment]:
        """The experiments that are published."""
        return experiments_of(self._live)

    def __getattr__(self, name: str) -> Any:
        if name not in RULES:
            raise AttributeError(name)
        body = self._known[name]["body"] if name in self._known else {}
        rule = RULES[name].model_validate(body)
        setattr(self, name, rule)
        return rule


def policy_of(documents: Iterable[Mapping[str, Any]]) -> Policy:
    """Build the policy from the live `business_rules` *documents*.

    Rules this module does not know belong to other readers and are passed over.
    """
    return Policy(list(documents))


def recommend_for(policy: Policy, user_id: str) -> tuple[RecommendPolicy, str | None]:
    """Return the recommendation's rule as *user_id* has it, and the name by which her exposures tell of it.

    A member of several experiments on it is in the first of them, by name.
    """
    for name, variant in parts_of(policy.experiments, "recommend", user_id).items():
        changed = RecommendPolicy(
            learns=policy.recommend.learns,
            weights={**policy.recommend.weights, **variant.weights},
            variety_bp=policy.recommend.variety_bp if variant.variety_bp is None else variant.variety_bp,
        )
        return changed, f"{name}:{variant.name}"
    return policy.recommend, None
