"""A recommendation alone: what a long history costs, and that a larger catalogue costs nothing."""

import time
from datetime import date, timedelta
from random import Random
from statistics import median
from typing import Any

from budgets.rows import Row
from gardenshop.rules.factors import RANK
from gardenshop.rules.lookback import POPULAR
from gardenshop.rules.recommend import PRIOR, recommend

ORDERS, PRODUCTS = 200, 10_000
BUDGET = 1.6
"""Ten times the products may cost a little of the memory's speed, no more."""
HISTORY_BUDGET = 3
"""Twice the orders: twice the work, and a little."""

_ASKED = 20
_SINCE = date(2026, 1, 1)
_NOW = "2026-11-23"
_NEAR = 30


def rows(runs: int) -> list[Row]:
    """Return the cost of a recommendation over that with a tenth of the products and with half the orders."""
    whole, few = _prepared(PRODUCTS), _prepared(PRODUCTS // 10)
    long, short = _history(ORDERS), _history(ORDERS // 2)
    measured = [(_seconds(long, whole), _seconds(long, few), _seconds(short, whole)) for _ in range(runs)]
    what = f"recommendation: {ORDERS} orders, {PRODUCTS:,} products"
    catalogue = median(one / other for one, other, _ in measured)
    history = median(one / other for one, _, other in measured)
    return [
        Row(what, min(one for one, *_ in measured) / _ASKED * 1000, None, "ms"),
        Row(f"{what}, over a tenth of the products", catalogue, BUDGET, "×"),
        Row(f"{what}, over half of the orders", history, HISTORY_BUDGET, "×"),
    ]


def _seconds(history: list[dict[str, Any]], prepared: dict[str, Any]) -> float:
    started = time.perf_counter()
    for _ in range(_ASKED):
        recommend(history, prepared, 10, _NOW)
    return time.perf_counter() - started


def _history(orders: int) -> list[dict[str, Any]]:
    """Return *orders*, of five products each out of some two hundred that every catalogue here has."""
    dice = Random(1)
    return [
        {
            "user_id": "me",
            "date": (_SINCE + timedelta(days=place)).isoformat(),
            "items": [
                {"product_id": f"p{product}", "quantity": 1, "paid_cents": 900}
                for product in dice.sample(range(200), 5)
            ],
        }
        for place in range(orders)
    ]


def _prepared(products: int) -> dict[str, Any]:
    dice, names = Random(2), [f"p{place}" for place in range(products)]
    return {
        "products": {name: _figure(place, dice) for place, name in enumerate(names)},
        "near": {name: {other: dice.random() for other in dice.sample(names, _NEAR)} for name in names},
        "factors": {name: [dice.gauss(0, 1) for _ in range(RANK)] for name in names},
        "popular": names[:POPULAR],
        "weights": PRIOR,
    }


def _figure(place: int, dice: Random) -> list[Any]:
    shares = [-7 * dice.random() for _ in range(8)]
    return [*shares, 30.0, f"kind {place // 10}", f"category {place // 200}", f"brand {place % 300}", 1000]
