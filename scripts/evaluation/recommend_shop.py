"""A folder of past orders: what it holds, and what of it was known at a cutoff."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

Order = dict[str, Any]
Product = dict[str, Any]

FILES = {
    "catalogue": {"product_id", "department", "category", "type", "brand", "size", "list_price_cents"},
    "orders": {"user_id", "date", "product_id", "quantity", "paid_cents"},
    "cases": {"case_id", "user_id", "cutoff", "target_date"},
    "targets": {"case_id", "product_id"},
}


class Unusable(Exception):
    """The folder is not what the README describes."""


class Case(NamedTuple):
    """A member's first visit after a cutoff: when it was, and what was bought."""

    user_id: str
    cutoff: str
    day: str
    bought: frozenset[str]


class Shop(NamedTuple):
    """The catalogue, all orders with the oldest first, and the cases to judge by."""

    catalogue: list[Product]
    orders: list[Order]
    cases: list[Case]

    @property
    def cutoffs(self) -> list[str]:
        """The days at which the shop looks ahead."""
        return sorted({case.cutoff for case in self.cases})

    def known(self, cutoff: str) -> tuple[list[Order], dict[str, list[Order]]]:
        """Return the orders before *cutoff*, all of them and by member."""
        orders = [order for order in self.orders if order["date"] < cutoff]
        mine = defaultdict[str, list[Order]](list)
        for order in orders:
            mine[order["user_id"]].append(order)
        return orders, mine


def read_shop(folder: Path, *, by_type: bool = False) -> Shop:
    """Return the shop in *folder*; *by_type* makes one product of all that share a type."""
    catalogue: list[Product] = [
        {**row, "list_price_cents": int(row["list_price_cents"])} for row in _rows(folder, "catalogue")
    ]
    names: dict[str, str] = {row["product_id"]: row["product_id"] for row in catalogue}
    if by_type:
        catalogue, names = _merged(catalogue)
    return Shop(catalogue, _orders(folder, names), _cases(folder, names))


def _merged(catalogue: list[Product]) -> tuple[list[Product], dict[str, str]]:
    """Return the first product of each type in the place of all, and the name each product now has."""
    first: dict[str, Product] = {}
    for row in catalogue:
        first.setdefault(row["type"], {**row, "product_id": f"type {row['type']}", "brand": "", "size": ""})
    return list(first.values()), {row["product_id"]: f"type {row['type']}" for row in catalogue}


def _orders(folder: Path, names: dict[str, str]) -> list[Order]:
    visits = defaultdict[tuple[str, str], dict[str, list[int]]](dict)
    for row in _rows(folder, "orders"):
        line = visits[row["date"], row["user_id"]].setdefault(names[row["product_id"]], [0, 0])
        line[0] += int(row["quantity"])
        line[1] += int(row["paid_cents"])
    return [
        {
            "user_id": user_id,
            "date": day,
            "items": [
                {"product_id": product, "quantity": units, "paid_cents": paid}
                for product, (units, paid) in sorted(lines.items())
            ],
        }
        for (day, user_id), lines in sorted(visits.items())
    ]


def _cases(folder: Path, names: dict[str, str]) -> list[Case]:
    bought = defaultdict[str, set[str]](set)
    for row in _rows(folder, "targets"):
        bought[row["case_id"]].add(names[row["product_id"]])
    return [
        Case(row["user_id"], row["cutoff"], row["target_date"], frozenset(bought[row["case_id"]]))
        for row in _rows(folder, "cases")
    ]


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    path = folder / f"{name}.csv.gz"
    if not path.is_file():
        raise Unusable(f"{path.name} is missing")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if missing := FILES[name] - set(rows.fieldnames or ()):
            raise Unusable(f"{path.name} lacks {', '.join(sorted(missing))}")
        yield from rows
