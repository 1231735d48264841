"""What stands in the way of buying something, and how many may be bought."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from gardenshop.models.base import MOST_UNITS

Problem = Literal["invalid", "short_of_stock", "over_limit", "no_delivery"]
"""Off the shelf or gone; fewer available than wanted; more than one member may buy; not delivered there."""

PROBLEMS: tuple[Problem, ...] = get_args(Problem)


def on_shelf(product: Mapping[str, Any], now: int) -> bool:
    """Say whether *product* is on sale at *now*, by its status and its shelf times."""
    on_at, off_at = product.get("onAt"), product.get("offAt")
    return (
        product["status"] == "on_sale"
        and (on_at is None or on_at <= now)
        and (off_at is None or off_at > now)
    )


def sku_of(product: Mapping[str, Any], sku_id: str) -> Mapping[str, Any] | None:
    """Return the SKU *sku_id* of *product*, if it sells it."""
    return next((sku for sku in sold_skus(product) if sku["skuId"] == sku_id), None)


def sold_skus(product: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the SKUs of *product* without those that are retired."""
    return [sku for sku in product["skus"] if not sku.get("retired")]


def most_to_buy(sku: Mapping[str, Any], available: int) -> int:
    """Return how many units of *sku* one member may buy when *available* are there."""
    return max(0, min(available, int(sku.get("limitPerUser", MOST_UNITS))))


def problem_of(
    product: Mapping[str, Any] | None,
    sku: Mapping[str, Any] | None,
    *,
    available: int,
    quantity: int,
    now: int,
    bought: int = 0,
) -> Problem | None:
    """Say why *quantity* of *sku* cannot be bought at *now*, or None when it can.

    *bought* units of a SKU with a limit are in live orders of the member's already.
    """
    if product is None or sku is None or not on_shelf(product, now):
        return "invalid"
    if bought + quantity > sku.get("limitPerUser", MOST_UNITS):
        return "over_limit"
    if quantity > available:
        return "short_of_stock"
    return None


def bought_in(orders: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many units of each SKU the live *orders* have bought; gifts do not count."""
    units: dict[str, int] = {}
    for order in orders:
        for line in order["lines"]:
            if not line.get("gift"):
                kept = line["quantity"] - line.get("refundedQuantity", 0)
                units[line["skuId"]] = units.get(line["skuId"], 0) + kept
    return units
