"""Where recommendations are shown: beside which goods, without which, or only from which."""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from gardenshop.cloud.context import Context
from gardenshop.cloud.database import Command, Document, aggregate, get

SceneName = Literal["home", "product", "cart", "recipe", "after_pay", "campaign"]
Shelf = Mapping[str, Document]
"""The products on sale, by id."""


class Scene(NamedTuple):
    """Where a list stands.

    The request's field *named_by* says what it is about, *source* reads that, and *goods* are the products
    that it is about: the list stands beside them and leaves them out, or *within* them and holds no others.
    *together* multiplies the weight of what is bought with them.
    """

    goods: Callable[[Document, Shelf, int], Iterable[str]]
    named_by: str = ""
    source: Callable[[Context, str], Command] | None = None
    within: bool = False
    together: int = 1


def _product(_: Context, product_id: str) -> Command:
    return get("products", product_id, fields=("status",))


def _recipe(_: Context, recipe_id: str) -> Command:
    foods = {"from": "ingredients", "localField": "items.ingredientId", "foreignField": "_id", "as": "foods"}
    wanted = {"$match": {"_id": recipe_id, "status": "active"}}
    return aggregate("recipes", wanted, {"$lookup": foods}, {"$project": {"foods.skuLinks.skuId": 1}})


def _order(ctx: Context, order_no: str) -> Command:
    return get("orders", order_no, fields=("lines.productId",), userId=ctx.user_id)


def _campaign(_: Context, promotion_id: str) -> Command:
    return get("promotions", promotion_id)


def _itself(found: Document, *_: object) -> Iterable[str]:
    return [found["_id"]]


def _nothing(*_: object) -> Iterable[str]:
    return []


def _in_lines(found: Document, *_: object) -> Iterable[str]:
    return [line["productId"] for line in found.get("lines") or ()]


def _ingredients(found: Document, shelf: Shelf, _: int) -> Iterable[str]:
    skus = {link["skuId"] for food in found["foods"] for link in food.get("skuLinks") or ()}
    return [key for key, each in shelf.items() if any(sku["skuId"] in skus for sku in each["skus"])]


def _on_offer(found: Document, shelf: Shelf, now: int) -> Iterable[str]:
    from gardenshop.rules.promotions import on_offer  # noqa: PLC0415  # No other scene pays for its start.

    return on_offer(found, shelf, now)


SCENES: Mapping[SceneName, Scene] = {
    "home": Scene(_nothing),
    "cart": Scene(_in_lines, together=3),
    "product": Scene(_itself, "product_id", _product, together=3),
    "recipe": Scene(_ingredients, "recipe_id", _recipe, together=2),
    "after_pay": Scene(_in_lines, "order_no", _order, together=2),
    "campaign": Scene(_on_offer, "promotion_id", _campaign, within=True),
}
"""A list that stands beside nothing named is about the cart, whose goods no list shows."""
