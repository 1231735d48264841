"""What a shop's own documents say of its stock: day by day what was sold, received, spoilt and kept.

The stock ledger tells all of it. On a day that closed with nothing available, what was sold is a lower bound
of what was asked for; as much as the SKU's earlier days lead to expect (`rules/demand.py`) is taken instead.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from evaluation.restock_series import Product, Window
from evaluation.restock_shelf import WARM_UP, Result
from gardenshop.flows.restocking import goods_of
from gardenshop.models.promotion import Promotion
from gardenshop.rules.cover import COSTS
from gardenshop.rules.demand import Day, Learner
from gardenshop.rules.occasions import calendar as calendar_of
from gardenshop.rules.occasions import occasions

Document = dict[str, Any]
Source = Callable[[str], Iterable[Document]]
"""All documents of a collection."""

_DEFAULT_LEAD_DAYS = 7


@dataclass(frozen=True)
class Past:
    """One SKU: its demand to replay, what people made of it, and how it is ordered."""

    product: Product
    people: Result
    unit_cost: float
    life: int | None
    pack: int
    min_order: int


@dataclass(frozen=True)
class History:
    """All SKUs that were there in time, and how many came too late."""

    window: Window
    pasts: tuple[Past, ...]
    late: int


@dataclass
class _Book:
    """The ledger of one SKU, summed by day."""

    counters: dict[str, Counter[date]] = field(default_factory=lambda: defaultdict(Counter))

    def enter(self, row: Mapping[str, Any]) -> None:
        """Take in a row."""
        day, deltas = date.fromisoformat(row["day"]), row["deltas"]
        for name in ("onHand", "available"):
            self.counters[name][day] += deltas.get(name, 0)
        if row["reason"] == "commit":
            self.counters["sold"][day] -= deltas.get("onHand", 0)
        if row["reason"] == "damage":
            self.counters["wasted"][day] += deltas.get("damaged", 0) or -deltas.get("onHand", 0)

    @property
    def first(self) -> date:
        """The first day of the ledger."""
        return min(self.counters["onHand"])

    @property
    def last(self) -> date:
        """The last day of the ledger."""
        return max(self.counters["onHand"])

    def daily(self, name: str, days: Iterable[date]) -> list[int]:
        """Return a counter's sums of *days*."""
        return [self.counters[name][day] for day in days]


def history(source: Source, *, counts_from: date | None = None) -> History | None:
    """Read what *source* has; None when it is too short to judge. Half of it counts, or from a day on."""
    books: dict[str, _Book] = defaultdict(_Book)
    for row in source("stock_ledger"):
        if row.get("state", "final") == "final":
            books[row["skuId"]].enter(row)
    if not books:
        return None
    start, end = min(book.first for book in books.values()), max(book.last for book in books.values())
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    counted = (counts_from - start).days if counts_from else len(days) // 2
    if not WARM_UP <= counted < len(days):
        return None
    begun = days[counted - WARM_UP]
    kept = {sku_id: book for sku_id, book in books.items() if book.first <= begun}
    pasts = tuple(_pasts(source, kept, days, counted))
    window = Window(start, counted, tuple(past.product for past in pasts))
    return History(window, pasts, len(books) - len(kept))


def _pasts(source: Source, books: Mapping[str, _Book], days: list[date], counted: int) -> Iterator[Past]:
    products = {product["_id"]: product for product in source("products")}
    campaigns = [Promotion.model_validate(document) for document in source("promotions")]
    on = occasions(campaigns, days[0], days[-1])
    for inventory in source("inventory"):
        if book := books.get(inventory["_id"]):
            goods = goods_of(inventory["_id"], products.get(inventory["productId"], {}))
            events = {(day - days[0]).days: kind for day, kind in calendar_of(on, goods).items()}
            yield _past(inventory, book, days, counted=counted, price=goods.unit_fen / 100, events=events)


def _past(
    inventory: Document,
    book: _Book,
    days: list[date],
    *,
    counted: int,
    price: float,
    events: dict[int, str],
) -> Past:
    reorder, supplier = inventory.get("reorder") or {}, inventory.get("supplier") or {}
    sold = book.daily("sold", days)
    asked = _asked(sold, list(accumulate(book.daily("available", days))), days, events)
    lead = reorder.get("leadDays", _DEFAULT_LEAD_DAYS)
    cost = supplier["costFen"] / 100 if "costFen" in supplier else price * (1 - COSTS.margin)
    people = Result(
        price,
        len(days) - counted,
        demand=sum(asked[counted:]),
        sold=sum(sold[counted:]),
        wasted=sum(book.daily("wasted", days)[counted:]),
        kept=sum(list(accumulate(book.daily("onHand", days)))[counted:]),
    )
    return Past(
        Product(inventory["_id"], price, lead, tuple(asked), events),
        people,
        unit_cost=cost,
        life=reorder.get("shelfLifeDays"),
        pack=reorder.get("packMultiple", 1),
        min_order=reorder.get("minOrder", 0),
    )


def _asked(sold: list[int], available: list[int], days: list[date], events: Mapping[int, str]) -> list[int]:
    """Return what was asked for each day; fractions of what lacked are carried on to the next empty day."""
    learner, lacking, asked = Learner(), 0.0, list[int]()
    for number, (day, units, left) in enumerate(zip(days, sold, available, strict=True)):
        event, empty = events.get(number, ""), left <= 0
        if empty and learner.days:
            expected = learner.ahead([Day(day.weekday(), event)])[0].mean
            lacking += max(0.0, expected - units)
        more = int(lacking) if empty else 0
        lacking -= more
        asked.append(units + more)
        learner.learn(units, day.weekday(), event, sold_out=empty)
    return asked
