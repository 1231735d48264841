"""What follows from what a product says of itself, and how its SKUs and prices change."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.models.base import dump
from gardenshop.models.catalogue import SkuPlan, SkuPrice
from gardenshop.rules.basket import sold_skus
from gardenshop.rules.search import search_keys

Sku = dict[str, Any]


class Wrong(NamedTuple):
    """A field of a plan that cannot be saved, and why."""

    field: str
    problem: str


def projections(product: Mapping[str, Any]) -> dict[str, Any]:
    """Return what lists need of *product*: its lowest price, and the keys under which words find it."""
    words = product["title"], *product["categoryPath"], *(product.get("keywords") or ())
    lowest = min(sku["priceFen"] for sku in sold_skus(product))
    return {"minPriceFen": lowest, "searchKeys": search_keys(*words)}


def problems_of_skus(stored: Sequence[Sku], plans: Sequence[SkuPlan]) -> list[Wrong]:
    """Return what is wrong with *plans*: SKUs twice, new ones without a price, old ones at another price."""
    old = {sku["skuId"]: sku for sku in stored}
    wrong = []
    for place, plan in enumerate(plans):
        if plan.sku_id in {each.sku_id for each in plans[:place]}:
            wrong.append(Wrong(f"product.skus.{place}.skuId", "twice"))
        if plan.sku_id not in old:
            wrong += [Wrong(f"product.skus.{place}.priceFen", "missing")] if plan.price_fen is None else []
        elif _says_another_price(plan, old[plan.sku_id]):
            wrong.append(Wrong(f"product.skus.{place}.priceFen", "changed by the action price"))
    return wrong


def _says_another_price(plan: SkuPlan, sku: Sku) -> bool:
    says = {"priceFen": plan.price_fen, "marketFen": plan.market_fen}
    return any(fen is not None and fen != sku.get(name) for name, fen in says.items())


def merged_skus(stored: Sequence[Sku], plans: Sequence[SkuPlan]) -> list[Sku]:
    """Return the SKUs as *plans* say, at the prices of those *stored*; what is left out is retired.

    It never goes: an order, a cart or the stock may name it at this very moment.
    """
    old = {sku["skuId"]: sku for sku in stored}
    planned = {plan.sku_id: dump(plan) for plan in plans}
    prices = ("priceFen", "marketFen")
    kept = {key: {name: sku[name] for name in prices if name in sku} for key, sku in old.items()}
    gone = [{**sku, "retired": True} for key, sku in old.items() if key not in planned]
    return [{**plan, **kept.get(key, {})} for key, plan in planned.items()] + gone


def priced_skus(stored: Sequence[Sku], prices: Sequence[SkuPrice]) -> list[Sku]:
    """Return the SKUs *stored* at *prices*; those not named keep theirs."""
    new = {price.sku_id: dump(price) for price in prices}
    return [
        {**{name: each for name, each in sku.items() if name != "marketFen"}, **new[sku["skuId"]]}
        if sku["skuId"] in new
        else sku
        for sku in stored
    ]


def price_changes(before: Sequence[Sku], after: Sequence[Sku]) -> list[dict[str, Any]]:
    """Return the prices that differ, as the price history of a product tells them."""
    old = {sku["skuId"]: sku["priceFen"] for sku in before}
    return [
        {"skuId": sku["skuId"], "fromFen": old[sku["skuId"]], "toFen": sku["priceFen"]}
        for sku in after
        if old.get(sku["skuId"], sku["priceFen"]) != sku["priceFen"]
    ]
