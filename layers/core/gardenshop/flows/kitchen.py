"""What a recipe can be cooked from: its ingredients, their substitutes, and the goods that hold them."""

from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Document, aggregate
from gardenshop.flows.basket import GOODS_FIELDS
from gardenshop.rules.advice import conflicts_of
from gardenshop.rules.basket import most_to_buy, on_shelf, sku_of
from gardenshop.rules.recipe import Food, Pack

PROFILE_FIELDS = ("avoid", "allergens", "pantry")
_FOOD_FIELDS = ("name", "contains", "allergens", "skuLinks", "substitutes", "status")


def recipe_with_foods(recipe_id: str) -> Command:
    """Return the read of an active recipe with the substitutes of its ingredients."""
    fields = ("title", "servings", "items", "carbonG", "foods._id", "foods.substitutes")
    joined = {"from": "ingredients", "localField": "items.ingredientId", "foreignField": "_id", "as": "foods"}
    return aggregate(
        "recipes",
        {"$match": {"_id": recipe_id, "status": "active"}},
        {"$lookup": joined},
        {"$project": dict.fromkeys(fields, 1)},
    )


def foods_with_goods(recipe: Document) -> Command:
    """Return the read of the recipe's ingredients and their substitutes, with their goods and stock."""
    ids = {food["_id"] for food in recipe["foods"]}
    ids |= {each for food in recipe["foods"] for each in food.get("substitutes") or ()}
    goods = {"localField": "skuLinks.skuId", "foreignField": "skus.skuId"}
    stock = {"localField": "skuLinks.skuId", "foreignField": "_id"}
    shown = [
        *_FOOD_FIELDS,
        *(f"products.{name}" for name in ("_id", *GOODS_FIELDS)),
        "stock._id",
        "stock.available",
    ]
    return aggregate(
        "ingredients",
        {"$match": {"_id": {"$in": sorted(ids)}}},
        {"$lookup": {"from": "products", **goods, "as": "products"}},
        {"$lookup": {"from": "inventory", **stock, "as": "stock"}},
        {"$project": dict.fromkeys(shown, 1)},
    )


class _Goods(NamedTuple):
    product: Document
    sku: Any


class Shelf:
    """The ingredients that were found, and the goods she may buy and eat, less what her cart holds."""

    def __init__(self, found: list[Document], profile: Document, cart: Document, now: int) -> None:
        self._in_cart = {line["skuId"]: int(line["quantity"]) for line in cart.get("lines") or ()}
        self.goods: dict[str, _Goods] = {}
        self.foods = {food["_id"]: self._food(food, profile, now) for food in found}

    def _food(self, food: Document, profile: Document, now: int) -> Food:
        products = {sku["skuId"]: each for each in food["products"] for sku in each["skus"]}
        available = {each["_id"]: int(each["available"]) for each in food["stock"]}
        packs = []
        for link in food.get("skuLinks") or ():
            sku_id = link["skuId"]
            product = products.get(sku_id)
            if product is None or not on_shelf(product, now) or conflicts_of(product, profile):
                continue
            sku = sku_of(product, sku_id)
            if sku is None:
                continue
            self.goods[sku_id] = _Goods(product, sku)
            most = most_to_buy(sku, available.get(sku_id, 0)) - self._in_cart.get(sku_id, 0)
            packs.append(Pack(sku_id, product["_id"], link["gramsPerUnit"], sku["priceFen"], most))
        eaten = not conflicts_of(food, profile)
        return Food(food["name"], eaten, tuple(packs), tuple(food.get("substitutes") or ()))
