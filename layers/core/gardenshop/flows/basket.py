"""What a member is about to buy: her cart or a list, with the goods, the stock and the price of now.

Cart view, preview and checkout read and price the same way, through here, in one round trip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gardenshop.cloud.database import Command, Document, aggregate, find, get
from gardenshop.rules.advice import PROFILE_FIELDS
from gardenshop.rules.basket import Problem, problem_of, sku_of
from gardenshop.rules.policy import Policy, policy_of
from gardenshop.rules.pricing import Price, PriceLine, delivers_to, price

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


@dataclass(frozen=True)
class Item:
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


@dataclass(frozen=True)
class Basket:
    """The items, who wants them, and the rules of now."""

    items: tuple[Item, ...]
    user: Mapping[str, Any]
    profile: Mapping[str, Any]
    policy: Policy
    cart_version: int

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


def read_commands(user_id: str, wanted: Sequence[Mapping[str, Any]] | None) -> list[Command]:
    """Return the reads, one batch, of the basket *wanted* (``skuId``, ``quantity``), or of the cart."""
    about = [
        get("users", user_id, fields=("addresses", "status")),
        get("user_profiles_extended", user_id, fields=PROFILE_FIELDS),
        find("business_rules", {"state": "live"}),
    ]
    if wanted is None:
        return [*about, _cart_with_goods(user_id)]
    sku_ids = [line["skuId"] for line in wanted]
    return [
        *about,
        find("products", {"skus.skuId": {"$in": sku_ids}}, fields=GOODS_FIELDS),
        find("inventory", {"_id": {"$in": sku_ids}}, fields=STOCK_FIELDS),
    ]


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
    users, profiles, rules, first, *rest = replies
    if wanted is None:
        cart: Document = first[0] if first else {}
        lines, products, stock = cart.get("lines", []), cart.get("products", []), cart.get("stock", [])
        version = int(cart.get("version", 0))
    else:
        lines, products, stock, version = wanted, first, rest[0], 0
    by_sku = {sku["skuId"]: product for product in products for sku in product["skus"]}
    available = {document["_id"]: int(document["available"]) for document in stock}
    return Basket(
        items=tuple(_item(line, by_sku.get(line["skuId"]), available, now) for line in lines),
        user=users[0] if users else {},
        profile=profiles[0] if profiles else {},
        policy=policy_of(rules),
        cart_version=version,
    )


def _item(
    line: Mapping[str, Any], product: Mapping[str, Any] | None, available: Mapping[str, int], now: int
) -> Item:
    sku_id, quantity = line["skuId"], int(line["quantity"])
    sku = sku_of(product, sku_id) if product else None
    left = available.get(sku_id, 0)
    return Item(
        sku_id=sku_id,
        quantity=quantity,
        selected=line.get("selected", True),
        origin=line.get("from"),
        product=product,
        sku=sku,
        available=left,
        problem=problem_of(product, sku, available=left, quantity=quantity, now=now),
    )


def price_of(items: Sequence[Item], policy: Policy, province: str) -> Price:
    """Price *items*, all of which can be bought, for delivery to *province*."""
    lines = [
        PriceLine(line_id(i), item.quantity, item.unit_fen, int((item.sku or {})["weightG"]))
        for i, item in enumerate(items)
    ]
    return price(lines, freight=policy.freight, province=province)


def line_id(position: int) -> str:
    """Return the id of the order line at *position*, counting from 0."""
    return f"L{position + 1}"


def deliverable(items: Sequence[Item], policy: Policy, province: str) -> bool:
    """Say whether *items* can be delivered to *province*."""
    return not items or delivers_to(policy.freight, province)
