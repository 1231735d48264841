"""product_search: products on the shelf by words, category and what suits whom, page by page."""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, aggregate
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.models.base import Fen, Line, Words
from gardenshop.models.vocabulary import Allergens, Constitution, Contains, SolarTerm
from gardenshop.rules.basket import on_shelf
from gardenshop.rules.paging import CursorText, Order, after, cursor_of
from gardenshop.rules.search import query_keys

SORTS = {
    "sales": Order("sales", -1),
    "newest": Order("createdAt", -1),
    "price_up": Order("minPriceFen", 1),
    "price_down": Order("minPriceFen", -1),
}
_SHOWN = (
    "title", "subtitle", "brand", "categoryPath", "status", "onAt", "offAt", "minPriceFen", "media.cover",
    "sales", "rating", "fresh", "terms", "certifications.name", "createdAt", "stock.available",
)  # fmt: skip


class ProductSearch(Request):
    """All filters given must hold; `without` and `free_of` leave out what contains them."""

    keyword: Annotated[Line, Field(max_length=40)] = ""
    category: Annotated[Words, Field(max_length=40)] | None = None
    min_fen: Fen | None = None
    max_fen: Fen | None = None
    without: Contains = ()
    free_of: Allergens = ()
    suits: Constitution | None = None
    term: SolarTerm | None = None
    in_stock: Annotated[bool, Field(strict=True)] = False
    sort: Literal["sales", "newest", "price_up", "price_down"] = "sales"
    cursor: CursorText | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=50)] = 20


class ProductCard(Response):
    """A product in a list; `min_fen` is its lowest SKU price."""

    product_id: str
    title: str
    subtitle: str
    brand: str
    category: str
    min_fen: int
    cover: str | None
    sales: int
    rating_count: int
    rating_sum: int
    fresh: bool
    in_stock: bool
    certified_by: list[str]


class ProductPage(Response):
    """A page of products; `next_cursor` is absent on the last one."""

    products: list[ProductCard]
    next_cursor: str | None = None


@cloud_function(caller=MEMBER)
def main(request: ProductSearch, ctx: Context) -> ProductPage:
    """Find in one round trip; the stock of a page comes with it."""
    order = SORTS[request.sort]
    stages: list[Document] = [
        {"$match": {**_filter(request, ctx.now), **after(order, request.cursor)}},
        {"$sort": order.keys},
    ]
    stock = {"from": "inventory", "localField": "_id", "foreignField": "productId", "as": "stock"}
    page: list[Document] = [{"$limit": request.limit + 1}]
    available: list[Document] = [{"$match": {"stock.available": {"$gt": 0}}}]
    lookup: list[Document] = [{"$lookup": stock}]
    stages += [*lookup, *available, *page] if request.in_stock else [*page, *lookup]
    (found,) = ctx.db.read(aggregate("products", *stages, {"$project": dict.fromkeys(_SHOWN, 1)}))
    shown, more = found[: request.limit], len(found) > request.limit
    return ProductPage(
        products=[_card(product) for product in shown if on_shelf(product, ctx.now)],
        next_cursor=cursor_of(order, shown[-1]) if more else None,
    )


def _filter(request: ProductSearch, now: int) -> dict[str, Any]:
    where: dict[str, Any] = {"status": "on_sale", "onAt": {"$not": {"$gt": now}}}
    keys = query_keys(request.keyword)
    if keys:
        where["searchKeys"] = {"$all": keys}
    if request.category is not None:
        where["categoryPath"] = request.category
    bounds = {"$gte": request.min_fen, "$lte": request.max_fen}
    price = {name: value for name, value in bounds.items() if value is not None}
    if price:
        where["minPriceFen"] = price
    if request.without:
        where["contains"] = {"$nin": list(request.without)}
    if request.free_of:
        where["allergens"] = {"$nin": list(request.free_of)}
    if request.suits is not None:
        where["fit.suits"] = request.suits
    if request.term is not None:
        where["terms"] = request.term
    return where


def _card(product: Document) -> ProductCard:
    rating = product.get("rating") or {}
    return ProductCard(
        product_id=product["_id"],
        title=product["title"],
        subtitle=product.get("subtitle", ""),
        brand=product.get("brand", ""),
        category=product["categoryPath"][-1],
        min_fen=product["minPriceFen"],
        cover=(product.get("media") or {}).get("cover"),
        sales=product.get("sales", 0),
        rating_count=rating.get("count", 0),
        rating_sum=rating.get("sum", 0),
        fresh=product.get("fresh", False),
        in_stock=any(each["available"] > 0 for each in product.get("stock") or ()),
        certified_by=[each["name"] for each in product.get("certifications") or ()],
    )
