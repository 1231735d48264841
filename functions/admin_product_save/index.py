"""admin_product_save: an operator writes a product, prices it, and puts it on the shelf or takes it off."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, get
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, InvalidRequest, NotFound, Outdated
from gardenshop.cloud.messages import demand_fields
from gardenshop.flows import catalogue
from gardenshop.flows.audit import Deed, digest_of, is_begun, trail
from gardenshop.flows.texts import refuse_claims
from gardenshop.models.base import ClientToken, Count, Key
from gardenshop.models.catalogue import ProductPlan, SkuPrice
from gardenshop.rules.basket import sold_skus
from gardenshop.rules.catalogue import merged_skus, priced_skus, problems_of_skus, projections

NAME = "admin_product_save"


class AdminProductSave(Request):
    """``save`` takes the parts of a `product` that change, or a new one, which has no `expected_version`.

    A SKU that `product` leaves out is retired. ``price`` takes `prices`.
    """

    action: Literal["save", "price", "shelf", "unshelf"]
    client_token: ClientToken
    product_id: Annotated[Key, Field(max_length=60)]
    expected_version: Count | None = None
    product: ProductPlan | None = None
    prices: Annotated[tuple[SkuPrice, ...], Field(min_length=1, max_length=30)] | None = None


class ProductSaved(Response):
    """The product as it is now; the next save expects its `version`. `repeated`: this token had saved it."""

    product_id: str
    status: str
    version: int
    min_price_fen: int
    sku_ids: list[str]
    repeated: bool


FIELDS: Mapping[str, set[str]] = {
    "save": {"product"},
    "price": {"prices"},
    "shelf": set(),
    "unshelf": set(),
}
"""The fields that an action takes beside the product's id and version."""


@cloud_function(caller=OPERATOR, name=NAME)
def main(request: AdminProductSave, ctx: Context) -> ProductSaved:
    """See what the token has done, and save what changes, on the version that the operator saw."""
    _check(request)
    key = f"product:{request.client_token}"
    deed = Deed(key, NAME, request.action, request.product_id, digest_of(request))
    # In this order: a product that has taken the deed in has a trail, which was written before.
    products, trails = ctx.db.read(get(catalogue.PRODUCTS, deed.target), trail(deed))
    begun = is_begun(deed, trails)
    if begun and catalogue.is_done(deed, products):
        catalogue.open_stock(ctx, products[0])
        return _shown(products[0], repeated=True)
    catalogue.demand_references(ctx, deed.target, request.product or ProductPlan())
    if request.expected_version is None:
        return _shown(catalogue.create(ctx, deed, _new(request, products, ctx)))
    before = _as_seen(request, products)
    changes = catalogue.differences(before, _ACTIONS[request.action](request, before))
    if not changes:
        return _shown(before)
    started = trails[0]["at"] if begun else ctx.now
    return _shown(catalogue.change(ctx, deed, before, changes, started=started))


def _check(request: AdminProductSave) -> None:
    """Raise InvalidRequest for fields that the action does not take, and for what may not be said of food."""
    given = request.model_fields_set - {"action", "client_token", "product_id", "expected_version"}
    if given != FIELDS[request.action]:
        raise InvalidRequest(fields=[{"field": "action", "problem": "takes other fields"}])
    is_new = request.expected_version is None
    if is_new and request.action != "save":
        demand_fields(expectedVersion=None)
    if request.product is None:
        return
    lacks = request.product.lacks(is_new=is_new)
    if lacks:
        raise InvalidRequest(fields=[{"field": f"product.{name}", "problem": "missing"} for name in lacks])
    refuse_claims({f"product.{name}": texts for name, texts in request.product.spoken().items()})


def _new(request: AdminProductSave, products: list[Document], ctx: Context) -> Document:
    """Return the product as a draft. Raises Outdated when there is one under its id."""
    if products:
        raise Outdated("该商品编号已被使用", version=products[0].get("version", 0))
    stamps = {"schemaVersion": 1, "createdAt": ctx.now, "updatedAt": ctx.now}
    product = {"_id": request.product_id, **stamps, "status": "draft", "version": 1, "skus": []}
    plan = {name: value for name, value in _saved(request, product).items() if value is not None}
    return catalogue.demand_sound({**product, **plan, **projections(plan)})


def _as_seen(request: AdminProductSave, products: list[Document]) -> Document:
    """Return the product that was read. Raises NotFound, or Outdated when it is not the one that she saw."""
    if not products:
        raise NotFound("没有这件商品")
    version = products[0].get("version", 0)
    if version != request.expected_version:
        raise Outdated(version=version)
    return products[0]


def _saved(request: AdminProductSave, before: Document) -> Document:
    plan = request.product or ProductPlan()
    if plan.skus is None:
        return plan.given()
    wrong = problems_of_skus(before["skus"], plan.skus)
    if wrong:
        raise InvalidRequest(fields=[each._asdict() for each in wrong])
    return {**plan.given(), "skus": merged_skus(before["skus"], plan.skus)}


def _priced(request: AdminProductSave, before: Document) -> Document:
    prices = request.prices or ()
    known = {sku["skuId"] for sku in before["skus"]}
    unknown = [f"prices.{place}.skuId" for place, price in enumerate(prices) if price.sku_id not in known]
    if unknown:
        raise InvalidRequest(fields=[{"field": field, "problem": "unknown"} for field in unknown])
    return {"skus": priced_skus(before["skus"], prices)}


def _shelved(_: AdminProductSave, before: Document) -> Document:
    if before["status"] == "archived":
        raise Conflict("已归档的商品不能上架", status=before["status"])
    return {"status": "on_sale"}


def _unshelved(_: AdminProductSave, before: Document) -> Document:
    if before["status"] not in {"on_sale", "off_sale"}:
        raise Conflict("商品不在架上", status=before["status"])
    return {"status": "off_sale"}


def _shown(product: Document, *, repeated: bool = False) -> ProductSaved:
    return ProductSaved(
        product_id=product["_id"],
        status=product["status"],
        version=product.get("version", 0),
        min_price_fen=product["minPriceFen"],
        sku_ids=[sku["skuId"] for sku in sold_skus(product)],
        repeated=repeated,
    )


_ACTIONS: Mapping[str, Callable[[AdminProductSave, Document], Document]] = {
    "save": _saved,
    "price": _priced,
    "shelf": _shelved,
    "unshelf": _unshelved,
}
