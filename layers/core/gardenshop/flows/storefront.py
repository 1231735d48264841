"""Everything that a recommendation looks at, read in one round trip: the caller, the shelf, the scene.

The thousand products that sell best stand for the shelf. What they are is kept for a minute; whether they
are on sale, at what price and in stock is read at every call and comes after it.
"""

from typing import NamedTuple

from gardenshop.cloud.cache import Kept
from gardenshop.cloud.context import Context
from gardenshop.cloud.database import PAGE, Command, Document, aggregate, find, get
from gardenshop.cloud.errors import NotFound
from gardenshop.flows.purchases import BOUGHT, PURCHASE_FIELDS
from gardenshop.flows.scenes import Scene, Shelf
from gardenshop.rules.advice import PROFILE_FIELDS, usable
from gardenshop.rules.basket import on_shelf
from gardenshop.rules.policy import Policy, policy_of
from gardenshop.rules.prepared import KIND, known_of
from gardenshop.rules.ranking import weights_of
from gardenshop.rules.recommend import NOTHING_KNOWN, Known

ORDERS = 200
PRODUCT_FIELDS = (
    "title", "categoryPath", "brand", "media.cover", "fit", "terms", "contains", "allergens",
    "certifications", "sales30D", "skus.skuId", "learnt",
)  # fmt: skip
SHELF_FIELDS = ("status", "onAt", "offAt", "minPriceFen")

_catalogue: Kept[dict[str, Document]] = Kept(seconds=60)


class Found(NamedTuple):
    """What was read: of the caller, whose constitution is there only if it may be used, and of the shop.

    *stocked* are the products of which anything can be bought, *about* those that the scene is about.
    """

    profile: Document
    orders: list[Document]
    cart: Document
    policy: Policy
    known: Known
    shelf: Shelf
    stocked: set[str]
    about: set[str]


def read(scene: Scene, named: str, ctx: Context) -> Found:
    """Read what recommending in *scene* needs, which is about *named*. Raises NotFound when that is not."""
    cached = _catalogue.get()
    profiles, users, orders, rules, models, stock, carts, shelf, *rest = ctx.db.read(
        get("user_profiles_extended", ctx.user_id, fields=(*PROFILE_FIELDS, "birthYear")),
        get("users", ctx.user_id, fields=("consents",)),
        _orders(ctx),
        find("business_rules", {"state": "live"}),
        _latest_model(),
        _in_stock(),
        get("shopping_cart", ctx.user_id, fields=("lines.productId",)),
        on_sale(SHELF_FIELDS),
        *([scene.source(ctx, named)] if scene.source else []),
        *([on_sale(PRODUCT_FIELDS)] if cached is None else []),
    )
    if cached is None:
        cached = {product["_id"]: product for product in rest[-1]}
        _catalogue.set(cached)
    products = _on_shelf(shelf, cached, ctx.now)
    cart = carts[0] if carts else {}
    model = models[0]["metrics"] if models else {}
    has_past = bool(orders) and (profiles[0] if profiles else {}).get("personalised", True)
    source = rest[0] if scene.source else [cart]
    if not source:
        raise NotFound
    return Found(
        usable(profiles[0] if profiles else {}, users[0] if users else {}),
        orders,
        cart,
        _taught(policy_of(rules), model, "regulars" if has_past else "newcomers"),
        known_of(products, model) if model else NOTHING_KNOWN,
        products,
        {key for each in stock for key in each["products"]},
        set(scene.goods(source[0], products, ctx.now)),
    )


def _taught(policy: Policy, model: Document, whose: str) -> Policy:
    """Return *policy* with the weights that the night learnt for such as her, unless it was changed since."""
    rule, worth = policy.recommend, model.get("worth") or {}
    if rule.learns and worth.get("usual") == weights_of(rule.weights):
        policy.recommend = rule.model_copy(update={"weights": worth[whose]})
    return policy


def _on_shelf(shelf: list[Document], cached: dict[str, Document], now: int) -> dict[str, Document]:
    whole = [{**cached[each["_id"]], **each} for each in shelf if each["_id"] in cached]
    return {product["_id"]: product for product in whole if on_shelf(product, now)}


def on_sale(fields: tuple[str, ...]) -> Command:
    """Read *fields* of the thousand products that sell best."""
    return find("products", {"status": "on_sale"}, fields=fields, sort={"sales30D": -1}, limit=PAGE)


def _in_stock() -> Command:
    """Read which products can be had, as one document, however many SKUs there are."""
    products = {"_id": None, "products": {"$addToSet": "$productId"}}
    return aggregate("inventory", {"$match": {"available": {"$gt": 0}}}, {"$group": products})


def _orders(ctx: Context) -> Command:
    bought = {"userId": ctx.user_id, "status": {"$in": list(BOUGHT)}}
    return find("orders", bought, fields=PURCHASE_FIELDS, sort={"createdAt": -1}, limit=ORDERS)


def _latest_model() -> Command:
    """Read the weights of the last night that has any."""
    return find("data_dashboard", {"kind": KIND}, fields=("metrics",), sort={"day": -1}, limit=1)
