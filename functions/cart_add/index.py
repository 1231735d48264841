"""cart_add: put some units of one SKU into the caller's cart."""

from typing import NamedTuple

from gardenshop.cloud.database import Document, find, get, put, update
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import CartFull, Conflict, NotFound, OutOfStock
from gardenshop.flows.share_links import Led, origin_of
from gardenshop.models.base import ClientToken, Quantity, SkuId
from gardenshop.models.cart import MAX_LINES, RECENT
from gardenshop.rules.basket import most_to_buy, on_shelf, sku_of


class CartAdd(Request):
    """`client_token` makes a repeat after a lost reply count once; the call's own id stands in for it."""

    sku_id: SkuId
    quantity: Quantity = 1
    origin: Led | None = None
    client_token: ClientToken | None = None


class CartAdded(Response):
    """The line as it is now; `most` is how many of it one member may buy."""

    sku_id: str
    quantity: int
    most: int
    price_fen: int


@cloud_function(caller=MEMBER)
def main(request: CartAdd, ctx: Context) -> CartAdded:
    """Check shelf and stock, then add in one guarded write."""
    products, stock, carts = ctx.db.read(
        find("products", {"skus.skuId": request.sku_id}, fields=("status", "onAt", "offAt", "skus"), limit=1),
        get("inventory", request.sku_id, fields=("available",)),
        get("shopping_cart", ctx.user_id),
    )
    sku = sku_of(products[0], request.sku_id) if products else None
    if sku is None or not on_shelf(products[0], ctx.now):
        raise NotFound("该商品已下架", skuId=request.sku_id)
    cart = carts[0] if carts else {}
    place = _place(cart, request.sku_id)
    before = int(cart["lines"][place]["quantity"]) if place is not None else 0
    most = most_to_buy(sku, int(stock[0]["available"]) if stock else 0)
    token = request.client_token or ctx.request_id
    after = before
    if token not in _tokens(cart):
        after = before + request.quantity
        if after > most:
            raise OutOfStock(skuId=request.sku_id, most=most, inCart=before)
        change = _append(request, products[0]["_id"], ctx) if place is None else _grow(request, place, most)
        _write(ctx, token, change)
    return CartAdded(sku_id=request.sku_id, quantity=after, most=most, price_fen=sku["priceFen"])


def _place(cart: Document, sku_id: str) -> int | None:
    """Return where in the cart the line of *sku_id* stands."""
    sku_ids = [line["skuId"] for line in cart.get("lines") or ()]
    return sku_ids.index(sku_id) if sku_id in sku_ids else None


def _tokens(cart: Document) -> set[str]:
    return {entry["key"] for entry in cart.get("recentOps") or ()}


class _Change(NamedTuple):
    """A change of the cart's lines and the state of them that it needs."""

    guard: Document
    operators: dict[str, Document]


def _grow(request: CartAdd, place: int, most: int) -> _Change:
    """Raise the quantity of the line at *place*, within what may be bought."""
    line = f"lines.{place}"
    guard = {f"{line}.skuId": request.sku_id, f"{line}.quantity": {"$lte": most - request.quantity}}
    return _Change(guard, {"$inc": {f"{line}.quantity": request.quantity, "version": 1}})


def _append(request: CartAdd, product_id: str, ctx: Context) -> _Change:
    """Add a line that is not there, if there is room for one more."""
    line: Document = {
        "skuId": request.sku_id,
        "productId": product_id,
        "quantity": request.quantity,
        "selected": True,
        "addedAt": ctx.now,
    }
    if request.origin:
        line["from"] = origin_of(request.origin, ctx)
    guard = {"lines.skuId": {"$ne": request.sku_id}, f"lines.{MAX_LINES - 1}": {"$exists": False}}
    return _Change(guard, {"$inc": {"version": 1}, "$push": {"lines": line}})


def _write(ctx: Context, token: str, change: _Change) -> None:
    """Make *change* unless *token* was seen. Raises CartFull, or Conflict when the cart has changed."""
    empty = {"_id": ctx.user_id, "lines": [], "version": 0, "recentOps": [], "schemaVersion": 1}
    seen = {"$each": [{"key": token, "at": ctx.now}], "$slice": -RECENT}
    operators = {
        **change.operators,
        "$push": {**change.operators.get("$push", {}), "recentOps": seen},
        "$set": {"updatedAt": ctx.now},
    }
    where = {"_id": ctx.user_id, "recentOps.key": {"$ne": token}, **change.guard}
    _, changed = ctx.db.write(
        put("shopping_cart", {**empty, "createdAt": ctx.now, "updatedAt": ctx.now}),
        update("shopping_cart", where, operators),
    )
    if changed.happened:
        return
    cart = ctx.db.one(get("shopping_cart", ctx.user_id, fields=("lines.skuId", "recentOps"))) or {}
    if token in _tokens(cart):
        return
    if len(cart.get("lines") or ()) >= MAX_LINES:
        raise CartFull(most=MAX_LINES)
    raise Conflict("购物车刚刚有变化，请重试")
