"""A night's learning alone: what many order lines cost in time and memory, in a process of their own."""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from multiprocessing import get_context
from random import Random
from typing import Any, NamedTuple

from budgets.rows import Row
from gardenshop.rules.lookback import prepare

LINES, PRODUCTS = 300_000, 10_000
BUDGET = 2.6
"""Twice the lines: twice the work, and a little."""
MEMORY_BUDGET_MB = 512

_SINCE = date(2026, 1, 1)
_DAYS, _EVERY = 365, 7
_LINES_A_VISIT, _HERS = 8, 60
_MB = 1 << 20


class Cost(NamedTuple):
    """What one preparation took: its time, and the most memory of its process."""

    seconds: float
    memory_mb: float


def rows() -> list[Row]:
    """Return the time and the memory of a preparation, and its time over that of half the lines."""
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        half, whole = (apart.submit(cost, lines, PRODUCTS).result() for lines in (LINES // 2, LINES))
    what = f"preparation: {LINES:,} lines, {PRODUCTS:,} products"
    return [
        Row(what, whole.seconds, None, "s"),
        Row(f"{what}, over half of the lines", whole.seconds / half.seconds, BUDGET, "×"),
        Row(f"{what}, with its orders", whole.memory_mb, MEMORY_BUDGET_MB, "MB"),
    ]


def cost(lines: int, products: int) -> Cost:
    """Return what the preparation from *lines* of *products* takes."""
    orders, catalogue = _orders(lines, products), _catalogue(products)
    started = time.perf_counter()
    prepare(orders, catalogue)
    return Cost(time.perf_counter() - started, most_mb())


def most_mb() -> float:
    """Return the most memory that this process ever held; 0 on Windows, which does not say."""
    if sys.platform == "win32":
        return 0.0
    import resource  # noqa: PLC0415  # Not there on Windows.

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (_MB if sys.platform == "darwin" else 1024)


def _orders(lines: int, products: int) -> list[dict[str, Any]]:
    """Return weekly orders of a year, of members who keep to some products; few products sell most."""
    dice, orders = Random(1), list[dict[str, Any]]()
    for member in range(lines // (_DAYS // _EVERY * _LINES_A_VISIT) + 1):
        hers = [int(products * dice.random() ** 3) for _ in range(_HERS)]
        for day in range(member % _EVERY, _DAYS, _EVERY):
            items = [
                {"product_id": f"p{product}", "quantity": 1, "paid_cents": 900}
                for product in {*dice.choices(hers, k=_LINES_A_VISIT)}
            ]
            when = (_SINCE + timedelta(days=day)).isoformat()
            orders.append({"user_id": f"u{member}", "date": when, "items": items})
    return orders


def _catalogue(products: int) -> list[dict[str, Any]]:
    return [
        {
            "product_id": f"p{place}",
            "type": f"kind {place // 10}",
            "category": f"category {place // 200}",
            "brand": f"brand {place % 300}",
            "list_price_cents": 1000,
        }
        for place in range(products)
    ]
