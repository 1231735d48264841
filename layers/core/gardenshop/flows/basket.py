"""What a member is about to buy: her cart or a list, with the goods, the stock and the offers of now.

Cart view, preview and checkout read and price the same way, through here, in one round trip.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Document, aggregate, find, get
from gardenshop.flows import coupons, lots
from gardenshop.flows.promotions import Campaigns, campaigns_of, running
from gardenshop.models.promotion import UserCoupon
from gardenshop.rules.advice import usable
from gardenshop.rules.basket import Problem, bought_in, problem_of, sku_of
from gardenshop.rules.freight import delivers_to
from gardenshop.rules.goods import PriceLine
from gardenshop.rules.order_states import DEAD
from gardenshop.rules.points import spendable
from gardenshop.rules.policy import Policy, policy_of
from gardenshop.rules.promotions import Shopper
from gardenshop.rules.till import Offers

GOODS_FIELDS = (
    "title",
    "status",
    "onAt",
    "offAt",
    "skus",
    "media.cover",
    "fresh",
    "tcm",
    "fit",
    "contains",
    "allergens",
    "carbonGPerUnit",
    "ingredientId",
    "categoryPath",
)
"""What of a product a basket needs; descriptions and search keys stay where they are."""

STOCK_FIELDS = ("available",)
USER_FIELDS = ("addresses", "status", "tier", "rfm.segment", "orderSeq", "points.shop", "consents")
PROFILE_FIELDS = ("constitution", "avoid", "allergens", "personalised")
BOUGHT_FIELDS = ("lines.skuId", "lines.quantity", "lines.refundedQuantity", "lines.gift")


class Item(NamedTuple):
    """Some units of one SKU, wanted: what they are and what stands in the way."""

    sku_id: str
    quantity: int
    selected: bool
    origin: Mapping[str, Any] | None
    product: Mapping[str, Any] | None
    sku: Mapping[str, Any] | None
    available: int
    problem: Problem | None

    @property
    def unit_fen(self) -> int:
        """The price of one unit now; 0 when the SKU is gone."""
        return int(self.sku["priceFen"]) if self.sku else 0

    @property
    def total_fen(self) -> int:
        """The list price of all units now."""
        return self.unit_fen * self.quantity

    @property
    def limited(self) -> bool:
        """Whether one member may buy only so many."""
        return bool(self.sku and self.sku.get("limitPerUser"))


class Basket(NamedTuple):
    """The items, who wants them, what makes them cheaper, and the rules of now."""

    items: tuple[Item, ...]
    user: Mapping[str, Any]
    profile: Mapping[str, Any]
    policy: Policy
    campaigns: Campaigns
    coupons: tuple[UserCoupon, ...]
    shopper: Shopper
    lapsed_points: int
    cart_version: int

    @property
    def spendable_points(self) -> int:
        """How many shop points she may spend."""
        return spendable((self.user.get("points") or {}).get("shop") or {}, self.lapsed_points)

    def to_buy(self) -> list[Item]:
        """Return the selected items that can be bought."""
        return [item for item in self.items if item.selected and item.problem is None]

    def address(self, address_id: str | None) -> Mapping[str, Any] | None:
        """Return the member's address *address_id*, or her default one."""
        addresses = self.user.get("addresses") or []
        if address_id is not None:
            return next((each for each in addresses if each["addressId"] == address_id), None)
        return next(
            (each for each in addresses if each.get("isDefault")), addresses[0] if addresses else None
        )

    def coupon(self, user_coupon_id: str | None) -> UserCoupon | None:
        """Return the member's coupon *user_coupon_id*, if it is hers and free."""
        return next((each for each in self.coupons if each.id == user_coupon_id), None)

    def offers(self, items: Sequence[Item]) -> Offers:
        """Return what may make *items* cheaper, before a coupon and points."""
        gifts = self.campaigns.gift_goods({item.sku_id: item.quantity for item in items})
        return Offers(self.shopper, self.campaigns.promotions, gifts)


def read_commands(user_id: str, wanted: Sequence[Mapping[str, Any]] | None, *, now: int) -> list[Command]:
    """Return the reads, one batch, of the basket *wanted* (``skuId``, ``quantity``), or of the cart.

    The member comes before her orders: an order that depends on them presumes the `orderSeq` of before.
    """
    hers = {"userId": user_id, "status": {"$nin": sorted(DEAD)}}
    about = [
        get("users", user_id, fields=USER_FIELDS),
        get("user_profiles_extended", user_id, fields=PROFILE_FIELDS),
        find("business_rules", {"state": "live"}),
        running(now),
        coupons.held_by(user_id, now),
        lots.lapsed(user_id, now),
        find("orders", hers, fields=("status",), limit=1),
        find("orders", {**hers, "limited": True}, fields=BOUGHT_FIELDS),
        _saved_by(user_id),
    ]
    if wanted is None:
        return [*about, _cart_with_goods(user_id)]
    sku_ids = [line["skuId"] for line in wanted]
    return [
        *about,
        find("products", {"skus.skuId": {"$in": sku_ids}}, fields=GOODS_FIELDS),
        find("inventory", {"_id": {"$in": sku_ids}}, fields=STOCK_FIELDS),
    ]


def _saved_by(user_id: str) -> Command:
    """Return the read of the carbon that *user_id* has saved; the ids of her days begin with hers."""
    days = {"_id": {"$gte": f"{user_id}:", "$lt": f"{user_id};"}}
    return aggregate(
        "daily_stats", {"$match": days}, {"$group": {"_id": None, "savedG": {"$sum": "$savedG"}}}
    )


def _cart_with_goods(user_id: str) -> Command:
    shown = [f"products.{name}" for name in ("_id", *GOODS_FIELDS)] + ["stock._id", "stock.available"]
    return aggregate(
        "shopping_cart",
        {"$match": {"_id": user_id}},
        _lookup("products", "skus.skuId", into="products"),
        _lookup("inventory", "_id", into="stock"),
        {"$project": dict.fromkeys(["lines", "version", *shown], 1)},
    )


def _lookup(collection: str, field: str, *, into: str) -> Document:
    return {"$lookup": {"from": collection, "localField": "lines.skuId", "foreignField": field, "as": into}}


def basket_of(
    replies: Sequence[list[Document]], wanted: Sequence[Mapping[str, Any]] | None, *, now: int
) -> Basket:
    """Build the basket from the *replies* to `read_commands`."""
    users, profiles, rules, promotions, held, lapsed, orders, limited, saved, first, *rest = replies
    if wanted is None:
        cart: Document = first[0] if first else {}
        lines, products, stock = cart.get("lines", []), cart.get("products", []), cart.get("stock", [])
        version = int(cart.get("version", 0))
    else:
        lines, products, stock, version = wanted, first, rest[0], 0
    by_sku = {sku["skuId"]: product for product in products for sku in product["skus"]}
    available = {document["_id"]: int(document["available"]) for document in stock}
    bought = bought_in(limited)
    user, profile = users[0] if users else {}, profiles[0] if profiles else {}
    return Basket(
        items=tuple(_item(line, by_sku.get(line["skuId"]), available, bought, now) for line in lines),
        user=user,
        profile=profile,
        policy=policy_of(rules),
        campaigns=campaigns_of(promotions),
        coupons=coupons.coupons_of(held),
        shopper=shopper_of(
            user,
            profile,
            now=now,
            first_order=not orders,
            saved_g=int(saved[0]["savedG"]) if saved else 0,
        ),
        lapsed_points=lots.left_in(lapsed, "shop"),
        cart_version=version,
    )


def shopper_of(
    user: Mapping[str, Any],
    profile: Mapping[str, Any],
    *,
    now: int,
    first_order: bool = False,
    saved_g: int = 0,
) -> Shopper:
    """Say who buys. Who has not agreed to the use of her constitution, or wants none of it, has none."""
    constitution = usable(profile, user).get("constitution")
    return Shopper(
        now=now,
        tier=user.get("tier", "bronze"),
        segment=(user.get("rfm") or {}).get("segment"),
        constitution=(constitution or {}).get("primary"),
        saved_g=saved_g,
        first_order=first_order,
    )


def _item(
    line: Mapping[str, Any],
    product: Mapping[str, Any] | None,
    available: Mapping[str, int],
    bought: Mapping[str, int],
    now: int,
) -> Item:
    sku_id, quantity = line["skuId"], int(line["quantity"])
    sku = sku_of(product, sku_id) if product else None
    left = available.get(sku_id, 0)
    had = bought.get(sku_id, 0) if sku and sku.get("limitPerUser") else 0
    return Item(
        sku_id=sku_id,
        quantity=quantity,
        selected=line.get("selected", True),
        origin=line.get("from"),
        product=product,
        sku=sku,
        available=left,
        problem=problem_of(product, sku, available=left, quantity=quantity, now=now, bought=had),
    )


def price_lines(items: Sequence[Item]) -> list[PriceLine]:
    """Return *items*, all of which can be bought, as price rules see them."""
    return [_price_line(i, item) for i, item in enumerate(items)]


def _price_line(position: int, item: Item) -> PriceLine:
    product, sku = item.product or {}, item.sku or {}
    return PriceLine(
        line_id=line_id(position),
        quantity=item.quantity,
        unit_fen=item.unit_fen,
        weight_g=int(sku["weightG"]),
        sku_id=item.sku_id,
        product_id=product["_id"],
        title=product["title"],
        categories=tuple(product.get("categoryPath") or ()),
    )


def line_id(position: int) -> str:
    """Return the id of the order line at *position*, counting from 0."""
    return f"L{position + 1}"


def deliverable(items: Sequence[Item], policy: Policy, province: str) -> bool:
    """Say whether *items* can be delivered to *province*."""
    return not items or delivers_to(policy.freight, province)
