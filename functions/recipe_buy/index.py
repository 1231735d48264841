"""recipe_buy: what a recipe takes beyond what is at home, as packs, and all of them into the cart at once."""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, get, put, update
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import CartFull, Conflict, InvalidRequest, NotFound
from gardenshop.flows.kitchen import PROFILE_FIELDS, Shelf, foods_with_goods, recipe_with_foods
from gardenshop.models.base import ClientToken, Key
from gardenshop.models.cart import MAX_LINES, RECENT
from gardenshop.rules.recipe import Bought, Need, Reason, Shopping, scaled, shopping


class RecipeBuy(Request):
    """``add`` needs a `client_token`, under which the packs come into the cart once."""

    recipe_id: Key
    servings: Annotated[int, Field(strict=True, ge=1, le=100)] | None = None
    with_optional: Annotated[bool, Field(strict=True)] = False
    mode: Literal["preview", "add"] = "preview"
    client_token: ClientToken | None = None


class PackView(Response):
    """`quantity` packs for `grams` of what the recipe calls `name`; `instead` names a substitute."""

    name: str
    instead: str | None
    grams: int
    sku_id: str
    product_id: str
    title: str
    spec: str
    quantity: int
    price_fen: int
    total_fen: int
    carbon_g: int


class AtHome(Response):
    """Grams that are at home; `instead` names a substitute."""

    name: str
    instead: str | None
    grams: int


class MissingView(Response):
    """Grams that cannot be had, and why."""

    name: str
    grams: int
    reason: Reason


class RecipeBasket(Response):
    """What to buy. `carbon_g` is of all packs, `dish_carbon_g` of the dish in these servings."""

    recipe_id: str
    title: str
    servings: int
    packs: list[PackView]
    at_home: list[AtHome]
    missing: list[MissingView]
    left_out: list[str]
    total_fen: int
    carbon_g: int
    dish_carbon_g: int
    added: bool


@cloud_function(caller=MEMBER)
def main(request: RecipeBuy, ctx: Context) -> RecipeBasket:
    """Read the recipe, then its foods with their goods; plan; write the cart once."""
    if request.mode == "add" and request.client_token is None:
        raise InvalidRequest(fields=[{"field": "clientToken", "problem": "missing"}])
    recipes, profiles, carts = ctx.db.read(
        recipe_with_foods(request.recipe_id),
        get("user_profiles_extended", ctx.user_id, fields=PROFILE_FIELDS),
        get("shopping_cart", ctx.user_id),
    )
    if not recipes:
        raise NotFound("没有这道食谱")
    recipe, profile, cart = recipes[0], profiles[0] if profiles else {}, carts[0] if carts else {}
    (found,) = ctx.db.read(foods_with_goods(recipe))
    done = request.client_token in {entry["key"] for entry in cart.get("recentOps") or ()}
    shelf = Shelf(found, profile, {} if done else cart, ctx.now)
    servings = request.servings or int(recipe["servings"])
    taken, left_out = _needs(recipe, servings, with_optional=request.with_optional)
    pantry = {each["ingredientId"]: int(each["grams"]) for each in profile.get("pantry") or ()}
    plan = shopping(taken, shelf.foods, pantry)
    if request.mode == "add" and plan.bought and not done:
        _add(plan, cart, request, ctx)
    return _view(recipe, servings, plan, shelf, left_out, added=request.mode == "add" and bool(plan.bought))


def _needs(recipe: Document, servings: int, *, with_optional: bool) -> tuple[list[Need], list[str]]:
    """Return what the dish takes, and the names of what is left out: optional, or of no stated weight."""
    needs, left_out = [], []
    for item in recipe["items"]:
        if (item.get("optional") or not item["grams"]) and not with_optional:
            left_out.append(item["name"])
            continue
        grams = scaled(item["grams"], servings, recipe["servings"])
        needs.append(Need(item.get("ingredientId") or "", item["name"], grams))
    return needs, left_out


def _add(plan: Shopping, cart: Document, request: RecipeBuy, ctx: Context) -> None:
    """Put all packs into the cart in one guarded write. Raises CartFull, or Conflict when it has changed."""
    lines = _with_packs(cart.get("lines") or [], plan.bought, request.recipe_id, ctx.now)
    if len(lines) > MAX_LINES:
        raise CartFull(most=MAX_LINES)
    token = request.client_token
    empty = {"_id": ctx.user_id, "lines": [], "version": 0, "recentOps": [], "schemaVersion": 1}
    where = {"_id": ctx.user_id, "version": cart.get("version", 0), "recentOps.key": {"$ne": token}}
    change = {
        "$set": {"lines": lines, "updatedAt": ctx.now},
        "$inc": {"version": 1},
        "$push": {"recentOps": {"$each": [{"key": token, "at": ctx.now}], "$slice": -RECENT}},
    }
    _, changed = ctx.db.write(
        put("shopping_cart", {**empty, "createdAt": ctx.now, "updatedAt": ctx.now}),
        update("shopping_cart", where, change),
    )
    if not changed.happened:
        now = ctx.db.one(get("shopping_cart", ctx.user_id, fields=("recentOps",))) or {}
        if token not in {entry["key"] for entry in now.get("recentOps") or ()}:
            raise Conflict("购物车刚刚有变化，请重试")


def _with_packs(
    lines: list[Document], bought: tuple[Bought, ...], recipe_id: str, now: int
) -> list[Document]:
    """Return the cart's *lines* with the packs *bought*; a SKU in the cart already joins its line."""
    by_sku = {line["skuId"]: line for line in lines}
    for each in bought:
        fresh = {
            "skuId": each.pack.sku_id,
            "productId": each.pack.product_id,
            "quantity": 0,
            "selected": True,
            "addedAt": now,
            "from": {"scene": "recipe", "recipeId": recipe_id},
        }
        line = by_sku.get(each.pack.sku_id, fresh)
        by_sku[each.pack.sku_id] = {**line, "quantity": line["quantity"] + each.quantity}
    return list(by_sku.values())


def _view(
    recipe: Document, servings: int, plan: Shopping, shelf: Shelf, left_out: list[str], *, added: bool
) -> RecipeBasket:
    packs = [_pack(each, shelf) for each in plan.bought]
    return RecipeBasket(
        recipe_id=recipe["_id"],
        title=recipe["title"],
        servings=servings,
        packs=packs,
        at_home=[
            AtHome(name=each.need.name, instead=_instead(each, shelf), grams=each.grams) for each in plan.home
        ],
        missing=[
            MissingView(name=each.need.name, grams=each.grams, reason=each.reason) for each in plan.missing
        ],
        left_out=left_out,
        total_fen=sum(pack.total_fen for pack in packs),
        carbon_g=sum(pack.carbon_g for pack in packs),
        dish_carbon_g=int(recipe["carbonG"]) * servings // int(recipe["servings"]),
        added=added,
    )


def _instead(each: Any, shelf: Shelf) -> str | None:
    """Name the substitute that serves a need, if it is one."""
    return None if each.ingredient_id == each.need.ingredient_id else shelf.foods[each.ingredient_id].name


def _pack(each: Bought, shelf: Shelf) -> PackView:
    product, sku = shelf.goods[each.pack.sku_id]
    carbon_g = sku.get("carbonGPerUnit", product["carbonGPerUnit"])
    return PackView(
        name=each.need.name,
        instead=_instead(each, shelf),
        grams=each.grams,
        sku_id=each.pack.sku_id,
        product_id=product["_id"],
        title=product["title"],
        spec=sku["spec"],
        quantity=each.quantity,
        price_fen=sku["priceFen"],
        total_fen=sku["priceFen"] * each.quantity,
        carbon_g=carbon_g * each.quantity,
    )
