"""The price pipeline alone: what a large basket under many promotions costs to price."""

import time
from statistics import median
from typing import Any

from budgets.rows import Row
from gardenshop.models.promotion import Promotion
from gardenshop.rules.goods import PriceLine
from gardenshop.rules.policies.freight import FreightPolicy
from gardenshop.rules.pricing import price
from gardenshop.rules.promotions import Shopper
from gardenshop.rules.till import Offers

LINES, PROMOTIONS = 20, 10
BUDGET = 4.5
"""Twice the lines under twice the promotions: four times the work, and a little."""

_NOW = 1_795_406_400_000
_PRICINGS = 200
_KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "unit_discount", "level": "line", "benefit": {"payBp": 9500}},
    {"kind": "ladder", "level": "line", "benefit": {"ladder": [{"quantity": 5, "payBp": 9000}]}},
    {"kind": "amount_off", "level": "order", "benefit": {"offFen": 300}},
    {"kind": "percent_off", "level": "order", "benefit": {"payBp": 9800, "capFen": 900}},
    {"kind": "free_shipping", "level": "freight", "benefit": {}},
)


def rows(runs: int) -> list[Row]:
    """Return how many large baskets are priced a second, and their cost over that of a half of each."""
    pairs = [(_seconds(LINES // 2, PROMOTIONS // 2), _seconds(LINES, PROMOTIONS)) for _ in range(runs)]
    per_second = _PRICINGS / median(whole for _, whole in pairs)
    growth = median(whole / half for half, whole in pairs)
    basket = f"{LINES} lines under {PROMOTIONS} promotions"
    return [
        Row(f"price pipeline: {basket}", per_second, None, "a second"),
        Row(f"price pipeline: {basket}, over half of both", growth, BUDGET, "×"),
    ]


def _seconds(lines: int, promotions: int) -> float:
    basket = [_line(place) for place in range(lines)]
    offers = Offers(Shopper(_NOW), [_promotion(place) for place in range(promotions)], points=100)
    started = time.perf_counter()
    for _ in range(_PRICINGS):
        price(basket, freight=FreightPolicy(), province="浙江省", offers=offers)
    return time.perf_counter() - started


def _line(place: int) -> PriceLine:
    return PriceLine(
        f"L{place}", 1 + place % 3, 990 + 37 * place, 500, f"sku-{place}", f"product-{place}", "豆腐"
    )


def _promotion(place: int) -> Promotion:
    """Return one promotion, in a group of its own."""
    return Promotion.model_validate(
        {
            "_id": f"promotion-{place}",
            "name": "满减",
            "group": f"group-{place}",
            "startAt": _NOW - 1,
            "endAt": _NOW + 1,
            "state": "live",
            "createdAt": _NOW,
            "updatedAt": _NOW,
            **_KINDS[place % len(_KINDS)],
        }
    )
