"""What to order from each supplier: the open suggestions of the stock, gathered page by page."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from dataio.cloudapi import Command, Items
from gardenshop.cloud.database import Document, find
from gardenshop.rules.policy import RestockPolicy, SupplierTerms, policy_of

PAGE = 500
_FIELDS = ("supplier", "suggestion")


class Commands(Protocol):
    """The part of the cloud's API that this needs."""

    def run(self, commands: list[Command]) -> list[Items]: ...


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


def supplier_orders(cloud: Commands) -> list[SupplierOrder]:
    """Return an order for each supplier of which something is suggested, by the suppliers' ids.

    What has no supplier comes first, under an empty id.
    """
    policy = _policy(cloud)
    orders: dict[str, SupplierOrder] = {}
    for inventory in _open(cloud):
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


def write_csv(path: Path, orders: Sequence[SupplierOrder]) -> None:
    """Write a row a line to *path*, marked as UTF-8 for spreadsheets."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["supplierId", "supplier", *Line._fields])
        for order in orders:
            for line in order.lines:
                rows.writerow([order.supplier_id, order.name, *line[:-1], "；".join(line.reasons)])


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


def _policy(cloud: Commands) -> RestockPolicy:
    (rules,) = cloud.run([find("business_rules", {"state": "live"})])
    return policy_of(rules).restock


def _open(cloud: Commands) -> Iterator[Document]:
    """Yield the stock of which something is suggested, by id; what no run has seen yet is passed over."""
    last = ""
    while True:
        where = {"_id": {"$gt": last}, "suggestion.returnBp": {"$gte": 0}}
        (page,) = cloud.run([find("inventory", where, fields=_FIELDS, sort={"_id": 1}, limit=PAGE)])
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]["_id"]
