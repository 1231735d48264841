"""What was learnt of each product, as it is stored with it: short texts of names and numbers.

As documents, what a product is told would be some ninety values, each wrapped on its way through the
database's replies; as texts they take a fifth, and only those asked for are read. Numbers are integers of
1/10,000, those of factors of 1/100: the steps to which they were rounded, so nothing is lost; those of
buyers count members.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gardenshop.rules.recommend import PRIOR, Known, Lazily
from gardenshop.rules.visits import Figure

KIND = "recommend"
"""Of the rows of `data_dashboard` that hold a night's weights."""

_STEP = 10_000
_FACTOR_STEP = 100
_NUMBERS = 9
"""The first fields of a `Figure`; the others are the product's own."""


def goods_of(product: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of the catalogue that the stored *product* is to the learning."""
    path = product["categoryPath"]
    return {
        "product_id": product["_id"],
        "type": path[-1],
        "category": path[0],
        "brand": product.get("brand", ""),
        "list_price_cents": int(product["minPriceFen"]),
    }


def learnt_of(
    product_id: str, prepared: Mapping[str, Any], buyers: Mapping[str, Mapping[str, int]] | None = None
) -> dict[str, str]:
    """Return the texts that are stored with the product from all that was *prepared*, and its *buyers*."""
    numbers = prepared["products"][product_id][:_NUMBERS]
    near = prepared["near"].get(product_id, {})
    factors = prepared["factors"].get(product_id, ())
    counts = (buyers or {}).get(product_id, {})
    return {
        "figure": " ".join(str(_steps(number)) for number in numbers),
        "near": listed(near),
        "factors": " ".join(str(round(each * _FACTOR_STEP)) for each in factors),
        "buyers": ",".join(f"{segment} {counts[segment]}" for segment in sorted(counts)),
    }


def buyers_of(product: Mapping[str, Any], segment: str) -> int:
    """Return how many members of *segment* bought the stored *product* lately."""
    told = (product.get("learnt") or {}).get("buyers", "")
    counts = dict(each.split(" ") for each in told.split(",") if each) if segment else {}
    return int(counts.get(segment, 0))


def known_of(products: Mapping[str, Mapping[str, Any]], model: Mapping[str, Any]) -> Known:
    """Return what is known of the shop, from its stored *products* and the stored *model*."""
    told = {key: product for key, product in products.items() if product.get("learnt")}
    near = Lazily(told, lambda product: shares_in(product["learnt"]["near"]))
    popular = [key for key in model["popular"] if key in told]
    return Known(Lazily(told, _figure), near, _factors(told), popular, _weights(model["weights"]))


def listed(shares: Mapping[str, float]) -> str:
    """Return *shares* as text, such as ``mint 4021,rice 377``."""
    return ",".join(f"{name} {_steps(share)}" for name, share in shares.items())


def shares_in(text: str) -> dict[str, float]:
    """Return the shares that `listed` made *text* of."""
    pairs = (each.split(" ") for each in text.split(",") if each)
    return {name: int(steps) / _STEP for name, steps in pairs}


def _weights(learnt: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """Return the *learnt* weights; a night of another version, which knew other features, is not followed."""
    return {name: learnt[name] if len(learnt[name]) == len(usual) else usual for name, usual in PRIOR.items()}


def _factors(told: Mapping[str, Mapping[str, Any]]) -> Mapping[str, list[float]]:
    """Return the factors that were found on the last day: those of two nights are not of one space."""
    last = max((product["learnt"]["day"] for product in told.values()), default="")
    found = {
        key: product["learnt"]["factors"]
        for key, product in told.items()
        if product["learnt"]["day"] == last and product["learnt"].get("factors")
    }
    return Lazily(found, lambda text: [int(steps) / _FACTOR_STEP for steps in text.split(" ")])


def _figure(product: Mapping[str, Any]) -> Figure:
    numbers = [int(steps) / _STEP for steps in product["learnt"]["figure"].split(" ")]
    goods = goods_of(product)
    own: Sequence[Any] = [goods["type"], goods["category"], goods["brand"], max(1, goods["list_price_cents"])]
    return Figure._make([*numbers, *own])


def _steps(number: float) -> int:
    return round(number * _STEP)
