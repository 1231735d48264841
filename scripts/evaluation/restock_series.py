"""The demand to replay: of each product its units a day, its lead time, its price and its events."""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path


@dataclass(frozen=True)
class Product:
    """One product: its *demand* by day from the first of the window, its *events* by the day's number."""

    product_id: str
    price: float
    lead_days: int
    demand: tuple[int, ...]
    events: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """The days replayed: the first one's date, and the number of the first one that counts."""

    start: date
    counts_from: int
    products: tuple[Product, ...]

    def weekday(self, day: int) -> int:
        """Return the weekday of a day, from Monday."""
        return (self.start.weekday() + day) % 7

    def date(self, day: int) -> str:
        """Return the date of a day."""
        return (self.start + timedelta(days=day)).isoformat()


def read(folder: Path, *, limit: int | None = None) -> Window:
    """Read the window and the tables of *folder*, of which promos may lack; *limit* products at most."""
    window = json.loads((folder / "window.json").read_text("utf-8"))
    start, days = date.fromisoformat(window["start"]), int(window["days"])
    demand: dict[str, list[int]] = defaultdict(lambda: [0] * days)
    for row in _rows(folder / "demand.csv.gz"):
        demand[row["product_id"]][(date.fromisoformat(row["date"]) - start).days] += int(row["units"])
    events: dict[str, dict[int, str]] = defaultdict(dict)
    if (promos := folder / "promos.csv.gz").exists():
        for row in _rows(promos):
            first = (date.fromisoformat(row["week_start"]) - start).days
            events[row["product_id"]].update(dict.fromkeys(range(first, first + 7), row["flyer"]))
    products = [
        Product(
            product_id=row["product_id"],
            price=int(row["list_price_cents"]) / 100,
            lead_days=int(row["lead_time_days"]),
            demand=tuple(demand[row["product_id"]]),
            events=events[row["product_id"]],
        )
        for row in _rows(folder / "products.csv.gz")
    ]
    counts_from = (date.fromisoformat(window["eval_start"]) - start).days
    return Window(start, counts_from, tuple(products[:limit]))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
