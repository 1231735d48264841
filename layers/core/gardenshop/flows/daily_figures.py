"""The figures of each day for the dashboard, reckoned from the records and stored in `data_dashboard`.

A run reckons the last `AGAIN` days, in which records may still have changed, and those since the last
figures, one day a step, the oldest first. `inputs.at` is the run that a figure is of, and one of an earlier
run never takes its place. The sales of a day are written last, so a day that has those of the run has all.
A figure is `final` when its day was over. Refunds count on the day they happened, so that no day that is over
loses what it sold.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from gardenshop.cloud.clock import DAY, day_of, start_of
from gardenshop.cloud.database import Command, Database, Document, Filter, aggregate, find, update
from gardenshop.flows import poison, standing_figures
from gardenshop.flows.orders import first_no
from gardenshop.flows.pages import pages
from gardenshop.rules.daily import NO_VARIANT, Funnel, Sales, Span, points, recommendation

COLLECTION = "data_dashboard"
DAYS = 35
"""How far back days are reckoned for which no run came."""
AGAIN = 3

_ASKED_AT_ONCE = 200
_PAID_FIELDS = ("userId", "totals.paidFen", "lines.from.exposureId")
_STEPS = {"view": "viewed", "cart": "carted"}


def reckon(db: Database, now: int) -> int:
    """Reckon the first day that the run of *now* has not; return 1, or 0 when there is none left."""
    days = [day_of(now - ago * DAY) for ago in range(DAYS)]
    where = {"kind": "sales", "day": {"$gte": days[-1], "$lte": days[0]}}
    (found,) = db.read(find(COLLECTION, where, fields=("day", "inputs.at")))
    known = {each["day"]: each for each in found}
    missed = next((ago for ago, day in enumerate(days) if day in known), 0)
    for ago in reversed(range(max(missed + 1, AGAIN))):
        day = days[ago]
        if _is_due(known.get(day), now):
            standing = standing_figures.reckon(db, now) if ago == 0 else {}
            figures = {**standing, **_of_day(db, day, now)}
            db.write(*(_stored(kind, day, metrics, now) for kind, metrics in figures.items()))
            return 1
    return 0


def _is_due(found: Document | None, now: int) -> bool:
    return found is None or bool(found["inputs"]["at"] < now)


def _of_day(db: Database, day: str, now: int) -> dict[str, dict[str, Any]]:
    """Return the figures of *day* by kind, the sales last."""
    span = Span(start_of(day), start_of(day) + DAY)
    sales, funnel, exposures = Sales(span), Funnel(), Counter[str]()
    paid = {"paidAt": {"$gte": span.since, "$lt": span.until}}

    def count_paid(order: Document) -> None:
        lists = list(_exposures(order))
        sales.paid([order])
        _reached(funnel, "paid", order)
        exposures.update(lists)

    _take_in(db, "orders", paid, _PAID_FIELDS, take=count_paid, now=now)
    refunded = {"refunds.doneAt": {"$gte": span.since, "$lt": span.until}}
    _take_in(db, "orders", refunded, ("refunds",), take=lambda order: sales.refunded([order]), now=now)
    _fill(db, funnel, day, now)
    return {
        "funnel": funnel.figures(),
        **_sums(db, day, exposures),
        "sales": sales.figures(returning=_bought_before(db, sales.buyers, span.since)),
    }


def _take_in(
    db: Database,
    collection: str,
    where: Filter,
    fields: tuple[str, ...],
    *,
    take: Callable[[Document], None],
    now: int,
) -> None:
    """Let *take* count each document of *collection* that matches *where*, but for the malformed."""
    for page in pages(db, collection, where, fields):
        for _ in poison.results(db, collection, page, take, now):
            pass


def _fill(db: Database, funnel: Funnel, day: str, now: int) -> None:
    """Count who viewed, carted and ordered; an order's number begins with its day."""
    for event, step in _STEPS.items():
        told = {"type": event, "day": day}
        _take_in(db, "user_events", told, ("userId",), take=partial(_reached, funnel, step), now=now)
    ordered = {"_id": {"$gte": first_no(start_of(day)), "$lt": first_no(start_of(day) + DAY)}}
    _take_in(db, "orders", ordered, ("userId",), take=partial(_reached, funnel, "ordered"), now=now)


def _reached(funnel: Funnel, step: str, document: Document) -> None:
    funnel.reached(step, [document["userId"]])


def _sums(db: Database, day: str, exposures: Counter[str]) -> dict[str, dict[str, Any]]:
    """Return the figures that the database adds up."""
    shown = {"type": {"$in": ["exposure", "click", "cart"]}, "day": day, "exposureId": {"$exists": True}}
    by_variant = {"_id": {"type": "$type", "variant": "$variant"}, "count": {"$sum": 1}}
    by_kind = {"_id": {"book": "$book", "kind": "$kind"}, "delta": {"$sum": "$delta"}}
    grams = {name: {"$sum": f"${name}"} for name in ("savedG", "mealSavedG", "shopCarbonG", "meals")}
    events, rows, saved = db.read(
        aggregate("user_events", {"$match": shown}, {"$group": by_variant}),
        aggregate("points_ledger", {"$match": {"day": day, "state": "final"}}, {"$group": by_kind}),
        aggregate(
            "daily_stats",
            {"$match": {"day": day}},
            {"$group": {"_id": None, "members": {"$sum": 1}, **grams}},
        ),
    )
    carbon = {name: (saved[0][name] if saved else 0) for name in ("members", *grams)}
    ordered = _by_variant(db, exposures)
    return {"recommendation": recommendation(events, ordered), "points": points(rows), "carbon": carbon}


def _exposures(order: Document) -> Iterator[str]:
    for line in order["lines"]:
        if "exposureId" in line.get("from", {}):
            yield line["from"]["exposureId"]


def _by_variant(db: Database, exposures: Counter[str]) -> Counter[str]:
    """Return how many lines were ordered from the lists of each variant."""
    ordered = Counter[str]()
    group = {"_id": "$exposureId", "variant": {"$first": "$variant"}}
    for ids in _chunks(exposures):
        shown = {"exposureId": {"$in": ids}, "type": "exposure"}
        (found,) = db.read(aggregate("user_events", {"$match": shown}, {"$group": group}))
        variants = {each["_id"]: each.get("variant") or NO_VARIANT for each in found}
        for each in ids:
            ordered[variants.get(each, NO_VARIANT)] += exposures[each]
    return ordered


def _bought_before(db: Database, members: set[str], since: int) -> int:
    """Return how many of *members* had paid for an order before *since*."""
    count = 0
    for ids in _chunks(members):
        where = {"userId": {"$in": ids}, "paidAt": {"$lt": since}}
        (found,) = db.read(aggregate("orders", {"$match": where}, {"$group": {"_id": "$userId"}}))
        count += len(found)
    return count


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    ordered = iter(sorted(values))
    while chunk := list(islice(ordered, _ASKED_AT_ONCE)):
        yield chunk


def _stored(kind: str, day: str, metrics: dict[str, Any], now: int) -> Command:
    """Return the write of a figure in the place of one of an earlier run."""
    figure = {"kind": kind, "day": day, "metrics": metrics, "inputs": {"at": now}}
    stamps = {"final": start_of(day) + DAY <= now, "schemaVersion": 1, "updatedAt": now}
    where = {"_id": f"{kind}:{day}", "inputs.at": {"$lt": now}}
    return update(
        COLLECTION, where, {"$set": figure | stamps, "$setOnInsert": {"createdAt": now}}, upsert=True
    )
