"""What to order from each supplier: the open suggestions of the stock, gathered page by page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Database, Document, aggregate, find
from gardenshop.cloud.messages import Response
from gardenshop.rules.policies.restock import RestockPolicy, SupplierTerms
from gardenshop.rules.policy import policy_of

PAGE = 500
SHOWN = 30
"""Suggestions that are shown at once: those a fen spent on which gains most."""
_FIELDS = ("supplier", "suggestion")
_SHOWN = (
    "suggestionId",
    "quantity",
    "costFen",
    "returnBp",
    "withinBudget",
    "arrivesOn",
    "reasons",
    "projection",
    "at",
)
_OPEN = {"suggestion.returnBp": {"$gte": 0}}
"""What no run has seen yet is passed over."""


class Line(NamedTuple):
    """What to order of one SKU, and why."""

    sku_id: str
    quantity: int
    cost_fen: int
    arrives_on: str
    reasons: tuple[str, ...]


@dataclass
class SupplierOrder:
    """The order proposed to one supplier; *held_back* are SKUs that the budget does not pay for."""

    supplier_id: str
    name: str
    min_order_fen: int
    lines: list[Line] = field(default_factory=list)
    held_back: list[str] = field(default_factory=list)

    @property
    def units(self) -> int:
        """All units together."""
        return sum(line.quantity for line in self.lines)

    @property
    def cost_fen(self) -> int:
        """What all lines cost."""
        return sum(line.cost_fen for line in self.lines)

    @property
    def missing_fen(self) -> int:
        """How much the order falls short of the supplier's minimum."""
        return max(0, self.min_order_fen - self.cost_fen) if self.lines else 0

    @property
    def arrives_on(self) -> str:
        """The day on which the last of it is expected."""
        return max((line.arrives_on for line in self.lines), default="")

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "supplierId": self.supplier_id,
            "name": self.name,
            "units": self.units,
            "costFen": self.cost_fen,
            "minOrderFen": self.min_order_fen,
            "missingFen": self.missing_fen,
            "arrivesOn": self.arrives_on,
            "lines": [_plain(line) for line in self.lines],
            "heldBack": self.held_back,
        }


class OrderedLine(Response):
    """What to order of one SKU."""

    sku_id: str
    quantity: int
    cost_fen: int
    arrives_on: str


class SupplierOrderView(Response):
    """The order to one supplier as operators see it; `missing_fen` lacks to the minimum."""

    supplier_id: str
    name: str
    units: int
    cost_fen: int
    missing_fen: int
    lines: list[OrderedLine]
    held_back: list[str]


def order_views(db: Database, supplier_id: str | None) -> list[SupplierOrderView]:
    """Return the orders to all suppliers, or to *supplier_id* alone."""
    orders = supplier_orders(db)
    return [
        SupplierOrderView.model_validate(order.plain())
        for order in orders
        if supplier_id in {None, order.supplier_id}
    ]


def foremost() -> Command:
    """Return the read of the open suggestions that come first, with what the products are called."""
    product = {"from": "products", "localField": "productId", "foreignField": "_id", "as": "product"}
    named = ("product.title", "product.skus.skuId", "product.skus.spec")
    fields = ("supplier.name", *named, *(f"suggestion.{name}" for name in _SHOWN))
    return aggregate(
        "inventory",
        {"$match": _OPEN},
        {"$sort": {"suggestion.returnBp": -1, "_id": 1}},
        {"$limit": SHOWN},
        {"$lookup": product},
        {"$project": dict.fromkeys(fields, 1)},
    )


def shown(stock: Document) -> dict[str, Any]:
    """Return an open suggestion that was read so, for JSON."""
    suggestion = {name: stock["suggestion"][name] for name in _SHOWN}
    supplier = (stock.get("supplier") or {}).get("name", "")
    return {"skuId": stock["_id"], "title": _title(stock), "supplier": supplier, **suggestion}


def _title(stock: Document) -> str:
    """Return what the product and its size are called, or the id of a SKU that is in no product."""
    for product in stock["product"]:
        for sku in product["skus"]:
            if sku["skuId"] == stock["_id"]:
                return f"{product['title']} {sku['spec']}"
    return str(stock["_id"])


def supplier_orders(db: Database) -> list[SupplierOrder]:
    """Return an order for each supplier of which something is suggested, by the suppliers' ids.

    What has no supplier comes first, under an empty id.
    """
    policy = _policy(db)
    orders: dict[str, SupplierOrder] = {}
    for inventory in _open(db):
        supplier, suggestion = inventory.get("supplier") or {}, inventory["suggestion"]
        supplier_id = supplier.get("supplierId", "")
        terms = policy.suppliers.get(supplier_id, SupplierTerms())
        blank = SupplierOrder(supplier_id, supplier.get("name", ""), terms.min_order_fen)
        order = orders.setdefault(supplier_id, blank)
        if suggestion["withinBudget"]:
            order.lines.append(_line(inventory["_id"], suggestion))
        else:
            order.held_back.append(inventory["_id"])
    return [orders[supplier_id] for supplier_id in sorted(orders)]


def _line(sku_id: str, suggestion: Document) -> Line:
    return Line(
        sku_id=sku_id,
        quantity=suggestion["quantity"],
        cost_fen=suggestion["costFen"],
        arrives_on=suggestion["arrivesOn"],
        reasons=tuple(suggestion["reasons"]),
    )


def _plain(line: Line) -> dict[str, Any]:
    return {
        "skuId": line.sku_id,
        "quantity": line.quantity,
        "costFen": line.cost_fen,
        "arrivesOn": line.arrives_on,
        "reasons": list(line.reasons),
    }


def _policy(db: Database) -> RestockPolicy:
    (rules,) = db.read(find("business_rules", {"state": "live"}))
    return policy_of(rules).restock


def _open(db: Database) -> Iterator[Document]:
    """Yield the stock of which something is suggested, by id."""
    last = ""
    while True:
        where = {"_id": {"$gt": last}, **_OPEN}
        (page,) = db.read(find("inventory", where, fields=_FIELDS, sort={"_id": 1}, limit=PAGE))
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]["_id"]
