"""product_detail: one product with its SKUs, live stock and how it suits the caller."""

from collections.abc import Mapping
from typing import Any

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import NotFound
from gardenshop.flows.fit_view import FitView, fit_view
from gardenshop.models.base import Key
from gardenshop.rules.advice import PROFILE_FIELDS
from gardenshop.rules.basket import most_to_buy, on_shelf, sold_skus


class ProductDetail(Request):
    product_id: Key


class SkuView(Response):
    """One SKU; `most` is how many of it one member may buy now."""

    sku_id: str
    spec: str
    price_fen: int
    market_fen: int | None
    weight_g: int
    available: int
    most: int
    no_reason_return: bool


class Badge(Response):
    """A practitioner's certification."""

    practitioner_id: str
    name: str
    level: str


class TcmView(Response):
    """What a cited source records of the food; knowledge, not a claim about the product."""

    nature: str
    flavours: list[str]
    source: str


class ProductView(Response):
    """The whole product. `carbon_g`, an estimate by `carbon_source`, is of one unit of the first SKU."""

    product_id: str
    title: str
    subtitle: str
    brand: str
    category_path: list[str]
    description: str
    cover: str | None
    images: list[str]
    skus: list[SkuView]
    contains: list[str]
    allergens: list[str]
    ingredients: list[str]
    tcm: TcmView | None
    terms: list[str]
    fit: FitView
    certifications: list[Badge]
    carbon_g: int
    carbon_source: str
    sales: int
    rating_count: int
    rating_sum: int
    on_shelf: bool


@cloud_function(caller=MEMBER)
def main(request: ProductDetail, ctx: Context) -> ProductView:
    """Read product, stock and profile in one round trip."""
    products, stock, profiles = ctx.db.read(
        get("products", request.product_id),
        find("inventory", {"productId": request.product_id}, fields=("available",)),
        get("user_profiles_extended", ctx.user_id, fields=PROFILE_FIELDS),
    )
    if not products or products[0]["status"] in {"draft", "archived"}:
        raise NotFound("没有找到该商品")
    available = {each["_id"]: int(each["available"]) for each in stock}
    return _view(products[0], available, profiles[0] if profiles else {}, ctx.now)


def _view(product: Document, available: dict[str, int], profile: Document, now: int) -> ProductView:
    media, rating = product.get("media") or {}, product.get("rating") or {}
    valid = [each for each in product.get("certifications") or () if each.get("until", now) >= now]
    return ProductView(
        product_id=product["_id"],
        title=product["title"],
        subtitle=product.get("subtitle", ""),
        brand=product.get("brand", ""),
        category_path=product["categoryPath"],
        description=product.get("description", ""),
        cover=media.get("cover"),
        images=media.get("images") or [],
        skus=[_sku(sku, available.get(sku["skuId"], 0)) for sku in sold_skus(product)],
        contains=product.get("contains") or [],
        allergens=product.get("allergens") or [],
        ingredients=product.get("ingredients") or [],
        tcm=_tcm(product.get("tcm")),
        terms=product.get("terms") or [],
        fit=fit_view(product, profile),
        certifications=[_badge(each) for each in valid],
        carbon_g=product["carbonGPerUnit"],
        carbon_source=product["carbonSource"],
        sales=product.get("sales", 0),
        rating_count=rating.get("count", 0),
        rating_sum=rating.get("sum", 0),
        on_shelf=on_shelf(product, now),
    )


def _sku(sku: Mapping[str, Any], available: int) -> SkuView:
    return SkuView(
        sku_id=sku["skuId"],
        spec=sku["spec"],
        price_fen=sku["priceFen"],
        market_fen=sku.get("marketFen"),
        weight_g=sku["weightG"],
        available=available,
        most=most_to_buy(sku, available),
        no_reason_return=sku.get("noReasonReturn", True),
    )


def _tcm(tcm: Document | None) -> TcmView | None:
    if tcm is None:
        return None
    return TcmView(nature=tcm["nature"], flavours=tcm.get("flavours") or [], source=tcm["source"])


def _badge(certification: Document) -> Badge:
    return Badge(
        practitioner_id=certification["practitionerId"],
        name=certification["name"],
        level=certification["level"],
    )
