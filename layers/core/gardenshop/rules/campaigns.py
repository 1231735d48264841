"""What makes sense of a campaign: its parts fit each other, its texts may be shown, its terms stay put.

Whoever holds a coupon, or saw a price, did so on terms that were public: of a campaign that has left its
draft only times and amounts change, and its state.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from gardenshop.models.promotion import Benefit, CouponPlan, PromotionPlan, Step
from gardenshop.rules.money import FULL_BP
from gardenshop.rules.wording import blocking

Plain = Mapping[str, Any]

STATES: Mapping[str, frozenset[str]] = {
    "draft": frozenset({"scheduled", "live", "ended"}),
    "scheduled": frozenset({"live", "paused", "ended"}),
    "live": frozenset({"scheduled", "paused", "ended"}),
    "paused": frozenset({"scheduled", "live", "ended"}),
    "ended": frozenset(),
}
"""Where a campaign may go from each state; nothing becomes a draft again, and what has ended is over."""

MAY_CHANGE = frozenset({"total", "startAt", "endAt"})
"""What of a campaign may change once it is no draft; the limit of a budget may too."""

_LEVELS = {
    "unit_discount": "line",
    "member_price": "line",
    "ladder": "line",
    "amount_off": "order",
    "percent_off": "order",
    "gift": "order",
    "free_shipping": "freight",
}
_WORTH = {
    "unit_discount": ("off_fen", "pay_bp", "price_fen"),
    "member_price": ("price_fen",),
    "amount_off": ("off_fen",),
    "percent_off": ("pay_bp",),
    "gift": ("gift_sku_id",),
}
"""Of which fields of its benefit a promotion of each kind needs exactly one."""

_STEP_WORTH = {"ladder": ("off_fen", "pay_bp"), "amount_off": ("off_fen",), "percent_off": ("pay_bp",)}
"""The same for the steps of a ladder, which may take the place of the benefit."""


class Wrong(NamedTuple):
    """A field and what is wrong with it."""

    field: str
    problem: str


def problems_of_coupon(plan: CouponPlan) -> list[Wrong]:
    """Return what makes no sense of *plan*."""
    return [*_terms(plan), *_channel(plan), *_validity(plan), *_times("coupon", plan)]


def _terms(plan: CouponPlan) -> Iterator[Wrong]:
    terms = plan.terms
    if terms.kind == "percent" and not _is_share(terms.pay_bp):
        yield Wrong("coupon.terms.payBp", "a percent coupon needs a share to pay")
    if terms.kind == "amount" and not terms.value_fen:
        yield Wrong("coupon.terms.valueFen", "an amount coupon needs an amount")
    if terms.kind != "percent" and terms.pay_bp is not None:
        yield Wrong("coupon.terms.payBp", "only a percent coupon has one")
    if terms.kind == "percent" and terms.value_fen is not None:
        yield Wrong("coupon.terms.valueFen", "a percent coupon has none")
    if terms.cap_fen is not None and (terms.kind != "percent" or not terms.cap_fen):
        yield Wrong("coupon.terms.capFen", "only a percent coupon has one, of at least a fen")
    if terms.kind == "freight" and terms.value_fen == 0:
        yield Wrong("coupon.terms.valueFen", "at least a fen, or all of the freight")


def _channel(plan: CouponPlan) -> Iterator[Wrong]:
    if (plan.channel == "code") != (plan.code is not None):
        yield Wrong("coupon.code", "goes with the channel code")
    if (plan.channel == "trigger") != (plan.trigger is not None):
        yield Wrong("coupon.trigger", "goes with the channel trigger")
    if plan.milestone is not None and plan.trigger != "garden_milestone":
        yield Wrong("coupon.milestone", "goes with the trigger garden_milestone")


def _validity(plan: CouponPlan) -> Iterator[Wrong]:
    validity = plan.validity
    if validity.days is not None and validity.end is not None:
        yield Wrong("coupon.validity.days", "either days or an end")
    end = plan.end_at if validity.end is None else validity.end
    if end < plan.end_at:
        yield Wrong("coupon.validity.end", "not before the last claim")
    if validity.days is None and (validity.start or 0) >= end:
        yield Wrong("coupon.validity.start", "before the end")


def problems_of_promotion(plan: PromotionPlan) -> list[Wrong]:
    """Return what makes no sense of *plan*."""
    return [*_level(plan), *_benefit(plan), *_ladder(plan), *_times("promotion", plan)]


def _level(plan: PromotionPlan) -> Iterator[Wrong]:
    if plan.level != _LEVELS[plan.kind]:
        yield Wrong("promotion.level", f"{_LEVELS[plan.kind]} for this kind")
    if plan.benefit.repeats and (plan.kind != "amount_off" or not plan.condition.min_fen):
        yield Wrong("promotion.benefit.repeats", "goes with an amount off for each minFen")
    if plan.benefit.gift_quantity is not None and plan.kind != "gift":
        yield Wrong("promotion.benefit.giftQuantity", "goes with a gift")


def _benefit(plan: PromotionPlan) -> Iterator[Wrong]:
    wanted = () if plan.benefit.ladder else _WORTH.get(plan.kind, ())
    given = [name for names in _WORTH.values() for name in names if getattr(plan.benefit, name) is not None]
    if not wanted and given:
        yield Wrong("promotion.benefit", "not beside a ladder, nor for this kind")
    if wanted and (len(set(given)) != 1 or given[0] not in wanted or not _is_worth(plan.benefit, given[0])):
        yield Wrong("promotion.benefit", f"one of {', '.join(wanted)}, worth something")


def _ladder(plan: PromotionPlan) -> Iterator[Wrong]:
    ladder, wanted = plan.benefit.ladder, _STEP_WORTH.get(plan.kind, ())
    if plan.kind == "ladder" and not ladder:
        yield Wrong("promotion.benefit.ladder", "at least one step")
    if ladder and not wanted:
        yield Wrong("promotion.benefit.ladder", "not for this kind")
        return
    for place, step in enumerate(ladder):
        given = [name for name in ("off_fen", "pay_bp") if getattr(step, name) is not None]
        if len(given) != 1 or given[0] not in wanted or not _is_worth(step, given[0]):
            yield Wrong(f"promotion.benefit.ladder.{place}", "one benefit, worth something")
        if (step.quantity is None) == (step.min_fen is None):
            yield Wrong(f"promotion.benefit.ladder.{place}", "either from a quantity or from an amount")
    heights = [(step.quantity is None, step.quantity or step.min_fen or 0) for step in ladder]
    if any(one >= two or one[0] != two[0] for one, two in pairwise(heights)):
        yield Wrong("promotion.benefit.ladder", "steps of one kind, ascending")


def _times(name: str, plan: CouponPlan | PromotionPlan) -> Iterator[Wrong]:
    if plan.start_at >= plan.end_at:
        yield Wrong(f"{name}.endAt", "after startAt")


def _is_worth(benefit: Benefit | Step, name: str) -> bool:
    value = getattr(benefit, name)
    return _is_share(value) if name == "pay_bp" else name == "price_fen" or bool(value)


def _is_share(pay_bp: int | None) -> bool:
    return pay_bp is not None and 0 < pay_bp < FULL_BP


def claims_in(*texts: str) -> list[str]:
    """Return the words for which *texts* may not be shown, each once."""
    return list(dict.fromkeys(word for text in texts for word in blocking(text)))


def changes_of(before: Plain, after: Plain) -> dict[str, Any]:
    """Return the fields in which two stored plans differ, as they are after; None for what is gone."""
    names = sorted(before.keys() | after.keys())
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def fixed_in(before: Plain, after: Plain) -> list[str]:
    """Return the fields in which *after* changes what must stay once a campaign is no draft."""
    return [
        name
        for name in changes_of(before, after)
        if name not in MAY_CHANGE and not _limit(name, before, after)
    ]


def _limit(name: str, before: Plain, after: Plain) -> bool:
    """Say whether the change of *name* is one of a budget's limit alone."""
    if name != "budget" or "budget" not in before or "budget" not in after:
        return False
    return bool(before["budget"]["unit"] == after["budget"]["unit"])
