"""recommend: products for the caller, each with the reasons that put it there."""

import hashlib
from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.cache import Kept
from gardenshop.cloud.database import PAGE, Command, Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.models.base import Key
from gardenshop.rules.advice import PROFILE_FIELDS, types_of_profile
from gardenshop.rules.basket import on_shelf
from gardenshop.rules.policy import policy_of
from gardenshop.rules.ranking import DEFAULT_WEIGHTS, Member, Rhythm, candidate, rank, rhythm_of
from gardenshop.rules.solar_terms import term_at

_FIELDS = (
    "title", "categoryPath", "media.cover", "fit", "terms", "contains", "allergens", "certifications",
    "sales30D",
)  # fmt: skip
_SHELF_FIELDS = ("status", "onAt", "offAt", "minPriceFen")
_BOUGHT = ("paid", "shipped", "received", "completed")
_ORDERS = 200

_catalogue: Kept[dict[str, Document]] = Kept(seconds=60)
"""What the products are. The shelf, the stock, diet and rules are read at every call and come after it."""


class Recommend(Request):
    """`scene` is where the list is shown; beside a product its id is needed, so as not to show it again."""

    scene: Literal["home", "product", "cart"] = "home"
    product_id: Key | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=30)] = 10


class ReasonView(Response):
    """Why a product is shown: the feature that scored, and the sentence for people."""

    feature: str
    text: str


class Recommended(Response):
    """One product. `exposure_id` joins what is shown with what is clicked, added and bought."""

    product_id: str
    title: str
    min_fen: int
    cover: str | None
    reasons: list[ReasonView]
    exposure_id: str


class Recommendation(Response):
    """The list, its solar term, and whether the caller's own data was used. `label` must be shown with it."""

    items: list[Recommended]
    term: str
    personalised: bool
    label: str = "推荐"


@cloud_function(caller=MEMBER)
def main(request: Recommend, ctx: Context) -> Recommendation:
    """Read in one round trip, rank, and say why."""
    cached = _catalogue.get()
    profiles, orders, rules, stock, carts, shelf, *rest = ctx.db.read(
        get("user_profiles_extended", ctx.user_id, fields=PROFILE_FIELDS),
        _orders(ctx),
        find("business_rules", {"state": "live"}),
        find("inventory", {"available": {"$gt": 0}}, fields=("productId",)),
        get("shopping_cart", ctx.user_id, fields=("lines.productId",)),
        _on_sale(_SHELF_FIELDS),
        *([_on_sale(_FIELDS)] if cached is None else []),
    )
    if cached is None:
        cached = {product["_id"]: product for product in rest[0]}
        _catalogue.set(cached)
    products = [{**cached[each["_id"]], **each} for each in shelf if each["_id"] in cached]
    profile = profiles[0] if profiles else {}
    personalised = bool(profile.get("personalised", True))
    by_id = {product["_id"]: product for product in products}
    policy = policy_of(rules).recommend
    in_stock = {each["productId"] for each in stock}
    items = rank(
        [
            candidate(product, ctx.now, in_stock=product["_id"] in in_stock)
            for product in products
            if on_shelf(product, ctx.now)
        ],
        _member(profile, orders, personalised=personalised),
        ctx.now,
        {**DEFAULT_WEIGHTS, **policy.weights},
        request.limit,
        anchors={key: by_id[key]["title"] for key in _anchors(request, carts) if key in by_id},
        variety_bp=policy.variety_bp,
    )
    exposure = _exposure(ctx)
    return Recommendation(
        items=[
            Recommended(
                product_id=item.product_id,
                title=by_id[item.product_id]["title"],
                min_fen=by_id[item.product_id]["minPriceFen"],
                cover=(by_id[item.product_id].get("media") or {}).get("cover"),
                reasons=[ReasonView(feature=each.feature, text=each.text) for each in item.reasons],
                exposure_id=f"{exposure}-{place}",
            )
            for place, item in enumerate(items, start=1)
        ],
        term=term_at(ctx.now).name,
        personalised=personalised,
    )


def _on_sale(fields: tuple[str, ...]) -> Command:
    return find("products", {"status": "on_sale"}, fields=fields, sort={"sales30D": -1}, limit=PAGE)


def _orders(ctx: Context) -> Command:
    bought = {"userId": ctx.user_id, "status": {"$in": list(_BOUGHT)}}
    fields = ("lines.productId", "createdAt")
    return find("orders", bought, fields=fields, sort={"createdAt": -1}, limit=_ORDERS)


def _member(profile: Document, orders: list[Document], *, personalised: bool) -> Member:
    """What the ranking may know: what she does not eat always, the rest only as far as she agrees."""
    avoided, allergic_to = profile.get("avoid") or (), profile.get("allergens") or ()
    if not personalised:
        return Member(avoided=avoided, allergic_to=allergic_to)
    types = types_of_profile(profile)
    return Member(types=types, avoided=avoided, allergic_to=allergic_to, rhythms=_rhythms(orders))


def _rhythms(orders: list[Document]) -> dict[str, Rhythm]:
    bought: dict[str, list[int]] = {}
    for order in orders:
        for line in order["lines"]:
            bought.setdefault(line["productId"], []).append(order["createdAt"])
    return {product_id: rhythm_of(instants) for product_id, instants in bought.items()}


def _anchors(request: Recommend, carts: list[Document]) -> list[str]:
    """What is at hand already: the product beside which the list stands, and the cart."""
    in_cart = [line["productId"] for cart in carts for line in cart.get("lines") or ()]
    return [*in_cart, *([request.product_id] if request.product_id else [])]


def _exposure(ctx: Context) -> str:
    return "e" + hashlib.sha256(f"{ctx.user_id}{ctx.request_id}{ctx.now}".encode()).hexdigest()[:16]
