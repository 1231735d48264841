"""Products as operators save them: once a token, on the version that was read.

A save sets only what it changes: ratings, badges, sales and what the night has learnt belong to others, who
keep them in the same document. It is an operation of the product, so its ring tells a repeat.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from gardenshop.cloud.database import Document, find, get, put
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import Busy, InvalidRequest, Outdated, SkuTaken
from gardenshop.flows.audit import Deed, leave_trail
from gardenshop.flows.balances import Operation, perform
from gardenshop.models.base import dump
from gardenshop.models.catalogue import ProductPlan
from gardenshop.models.product import MOST_PRICE_CHANGES, Product
from gardenshop.rules.basket import sold_skus
from gardenshop.rules.catalogue import price_changes, projections

PRODUCTS = "products"


def operation_key(deed: Deed) -> str:
    """Return the key of *deed* in the ring of its product."""
    return f"save:{deed.key}"


def is_done(deed: Deed, products: Sequence[Document]) -> bool:
    """Say whether the product that was read, if there is one, has taken *deed* in."""
    ring = [each["key"] for product in products for each in product.get("recentOps") or ()]
    return operation_key(deed) in ring


def demand_sound(product: Mapping[str, Any]) -> Document:
    """Return *product* as it is stored, with all defaults. Raises InvalidRequest for what cannot be."""
    try:
        return dump(Product.model_validate(product))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        places = {".".join(("product", *map(str, each["loc"]))): each["type"] for each in found}
        fields = [{"field": field, "problem": problem} for field, problem in places.items()]
        raise InvalidRequest(fields=fields) from None


def demand_references(ctx: Context, product_id: str, plan: ProductPlan) -> None:
    """Raise SkuTaken for SKUs of other products, InvalidRequest for an ingredient that is not there."""
    skus = [sku.sku_id for sku in plan.skus or ()]
    others = {"skus.skuId": {"$in": skus}, "_id": {"$ne": product_id}}
    twins, foods = ctx.db.read(
        find(PRODUCTS, others, fields=("title",)),
        get("ingredients", plan.ingredient_id or "", fields=("name",)),
    )
    if twins:
        raise SkuTaken(productIds=[each["_id"] for each in twins])
    if plan.ingredient_id and not foods:
        raise InvalidRequest(fields=[{"field": "product.ingredientId", "problem": "unknown"}])


def differences(before: Document, wish: Mapping[str, Any]) -> Document:
    """Return what *wish* changes, by stored name, and what follows from it; None for what goes."""
    after = {name: value for name, value in {**before, **wish}.items() if value is not None}
    after |= projections(after)
    sound = demand_sound(after)
    names = {*wish, *projections(after)}
    return {name: sound.get(name) for name in names if after.get(name) != before.get(name)}


def create(ctx: Context, deed: Deed, product: Document) -> Document:
    """Write the new *product*, and the stock of its SKUs. Raises SkuTaken, or Outdated when its id is."""
    leave_trail(ctx, deed, {}, product)
    ring = [{"key": operation_key(deed), "at": ctx.now}]
    (created,) = ctx.db.write(put(PRODUCTS, {**product, "recentOps": ring}))
    if created.duplicate:
        raise SkuTaken
    if not created.happened and not is_done(deed, ctx.db.read(get(PRODUCTS, product["_id"]))[0]):
        raise Outdated("该商品编号刚刚被使用")
    open_stock(ctx, product)
    return product


def change(
    ctx: Context, deed: Deed, before: Document, changes: Mapping[str, Any], *, started: int
) -> Document:
    """Apply *changes*, by stored name, None for what goes, and return the product after them.

    Raises Outdated when somebody else has saved it since it was read.
    """
    leave_trail(ctx, deed, {name: before.get(name) for name in changes}, changes)
    outcome = perform(ctx.db, [_saving(ctx, deed, before, changes, started)], ctx.now)
    if outcome.unknown:
        raise Busy
    if outcome.refused:
        raise Outdated
    kept = {name: value for name, value in {**before, **changes}.items() if value is not None}
    after = {**kept, "version": before.get("version", 0) + 1}
    open_stock(ctx, after)
    return after


def open_stock(ctx: Context, product: Document) -> None:
    """Give every SKU of *product* its stock, which is none; a SKU that has some keeps it."""
    empty = dict.fromkeys(("onHand", "available", "reserved", "damaged", "inbound"), 0)
    stamps = {"schemaVersion": 1, "createdAt": ctx.now, "updatedAt": ctx.now}
    stock = {"productId": product["_id"], **empty, "recentOps": [], **stamps}
    ctx.db.write(*(put("inventory", {"_id": sku["skuId"], **stock}) for sku in sold_skus(product)))


def _saving(
    ctx: Context, deed: Deed, before: Document, changes: Mapping[str, Any], started: int
) -> Operation:
    kept = {name: value for name, value in changes.items() if value is not None}
    gone = {name: "" for name, value in changes.items() if value is None}
    change: dict[str, Document] = {"$set": kept, "$inc": {"version": 1}}
    change |= {"$unset": gone} if gone else {}
    signed = {"by": ctx.actor, "at": ctx.now}
    history = [{**each, **signed} for each in price_changes(before["skus"], changes.get("skus", ()))]
    if history:
        change["$push"] = {"priceHistory": {"$each": history, "$slice": -MOST_PRICE_CHANGES}}
    return Operation(
        key=operation_key(deed),
        balance=PRODUCTS,
        target=before["_id"],
        guard={"version": before.get("version") or {"$in": [0, None]}},
        change=change,
        started=started,
    )
