"""Promotions: who may have one, what it asks of the goods, and what it takes off them.

Everything here is about one promotion; how several work together is told in `rules/pricing.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.models.promotion import Promotion, Step, Target
from gardenshop.rules.goods import PriceLine, covered, covers, list_total
from gardenshop.rules.money import off_by
from gardenshop.rules.solar_terms import term_at

RUNNING = ("scheduled", "live")
"""States in which a campaign's own times decide; no timer has to switch it."""


class Shopper(NamedTuple):
    """Who buys, and when. `first_order` says that no live order came before."""

    now: int
    tier: str = "bronze"
    segment: str | None = None
    constitution: str | None = None
    saved_g: int = 0
    first_order: bool = False


def is_running(promotion: Promotion, now: int) -> bool:
    """Say whether *promotion* is on at *now*: its state, its times, its solar term."""
    return (
        promotion.state in RUNNING
        and promotion.start_at <= now < promotion.end_at
        and promotion.term_key in (None, term_at(now).key)
    )


def is_meant_for(target: Target, shopper: Shopper) -> bool:
    """Say whether *shopper* is among those *target* names."""
    return (
        (not target.tiers or shopper.tier in target.tiers)
        and (not target.segments or shopper.segment in target.segments)
        and (not target.constitutions or shopper.constitution in target.constitutions)
    )


def is_open_to(promotion: Promotion, shopper: Shopper) -> bool:
    """Say whether *shopper* may have *promotion* now, whatever is in the basket."""
    condition = promotion.condition
    return (
        is_running(promotion, shopper.now)
        and is_meant_for(promotion.target, shopper)
        and shopper.saved_g >= (condition.saved_g_at_least or 0)
        and (shopper.first_order or not condition.first_order)
    )


def participants(promotion: Promotion, lines: Iterable[PriceLine]) -> list[PriceLine]:
    """Return the lines that *promotion* applies to: none when together they do not meet its condition."""
    within = covered(promotion.scope, lines)
    condition = promotion.condition
    enough = list_total(within) >= (condition.min_fen or 0)
    return within if enough and _units(within) >= (condition.min_quantity or 0) else []


def on_offer(stored: Mapping[str, Any], shelf: Mapping[str, Mapping[str, Any]], now: int) -> list[str]:
    """Return which products of *shelf*, by id, the *stored* promotion covers, if it is on at *now*."""
    promotion = Promotion.model_validate(stored)
    if not is_running(promotion, now):
        return []
    return [
        key
        for key, product in shelf.items()
        if any(covers(promotion.scope, line) for line in _units_of(key, product))
    ]


def _units_of(product_id: str, product: Mapping[str, Any]) -> list[PriceLine]:
    categories = tuple(product["categoryPath"])
    return [
        PriceLine("", 1, 0, 0, sku["skuId"], product_id, categories=categories) for sku in product["skus"]
    ]


def can_afford(promotion: Promotion, amount_fen: int) -> bool:
    """Say whether the budget of *promotion* still allows one use worth *amount_fen*."""
    budget = promotion.budget
    return budget is None or budget.used + budget_units(promotion, amount_fen) <= budget.limit


def budget_units(promotion: Promotion, amount_fen: int) -> int:
    """Return what one use worth *amount_fen* takes of the promotion's budget, in the budget's unit."""
    if promotion.budget is None:
        return 0
    return 1 if promotion.budget.unit == "uses" else amount_fen


def line_off(promotion: Promotion, line: PriceLine, left_fen: int, within: Sequence[PriceLine]) -> int:
    """Return what *promotion* takes off *line*, of which *left_fen* is left; *within* are all its lines."""
    benefit = promotion.benefit
    if promotion.kind == "ladder":
        step = _step_reached(benefit.ladder, within)
        return _off(line, left_fen, None, step.pay_bp, step.off_fen) if step else 0
    return _off(line, left_fen, benefit.price_fen, benefit.pay_bp, benefit.off_fen)


def order_off(promotion: Promotion, left_fen: int, within: Sequence[PriceLine]) -> int:
    """Return what *promotion* takes off its lines *within*, of which *left_fen* is left together."""
    benefit = promotion.benefit
    step = _step_reached(benefit.ladder, within)
    off_fen = (step.off_fen if step else None) or benefit.off_fen
    pay_bp = (step.pay_bp if step else None) or benefit.pay_bp
    if promotion.kind == "percent_off":
        off = off_by(pay_bp, left_fen) if pay_bp is not None else 0
    else:
        off = (off_fen or 0) * _times(promotion, within)
    limit = left_fen if benefit.cap_fen is None else min(left_fen, benefit.cap_fen)
    return min(off, limit)


def _off(
    line: PriceLine, left_fen: int, price_fen: int | None, pay_bp: int | None, off_fen: int | None
) -> int:
    if price_fen is not None:
        off = left_fen - price_fen * line.quantity
    elif pay_bp is not None:
        off = off_by(pay_bp, left_fen)
    else:
        off = (off_fen or 0) * line.quantity
    return max(0, min(off, left_fen))


def _step_reached(ladder: Sequence[Step], within: Sequence[PriceLine]) -> Step | None:
    """Return the highest step that the goods *within* reach, by units and by amount."""
    units, total = _units(within), list_total(within)
    reached = (step for step in ladder if units >= (step.quantity or 0) and total >= (step.min_fen or 0))
    return max(reached, key=lambda step: (step.quantity or 0, step.min_fen or 0), default=None)


def _times(promotion: Promotion, within: Sequence[PriceLine]) -> int:
    """Return how often the benefit is given: 每满 as often as the threshold fits, otherwise once."""
    threshold = promotion.condition.min_fen
    return list_total(within) // threshold if promotion.benefit.repeats and threshold else 1


def _units(lines: Iterable[PriceLine]) -> int:
    return sum(line.quantity for line in lines)
