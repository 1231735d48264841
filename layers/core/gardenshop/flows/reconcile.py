"""The nightly reconcile: every law of the books, page by page, over as many runs as it takes.

Where a law was left is kept in the row ``laws:<day>`` of `data_dashboard`, with what was found; a page counts
once, in the update that moves on from where it was read. What looks broken is looked at again, so that a
counter and its ledger, read a moment apart, are not taken for a breach. A breach is a task that is given up
from the beginning, so that somebody must look; nothing is repaired here. Orders are asked for as long as
their members may still want something of them.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

from gardenshop.cloud import log
from gardenshop.cloud.clock import DAY, HOUR, day_of
from gardenshop.cloud.database import Command, Database, Document, Filter, aggregate, find, get, put, update
from gardenshop.cloud.errors import DatabaseUnavailable
from gardenshop.flows import outbox
from gardenshop.flows.orders import first_no
from gardenshop.rules import laws
from gardenshop.rules.laws import Breach, Rows

KIND = "laws"
_ROWS = "data_dashboard"
_PAGE = 200
_ORDER_DAYS = 60
EXAMPLES = 5
_TOPIC = "reconcile.breach"
_LEDGERS = ("points_ledger", "stock_ledger", "commission_ledger", "user_coupons")
"""Whose rows are pending while what they record is under way; `outbox_pump` ends them within minutes."""
_LONG = 3 * HOUR
"""A row that is pending for longer is stuck: `outbox_pump` may miss an hour, and ends it yet."""
_EDITED = ("products", "promotions", "coupons", "recipes", "ingredients", "plant_templates", "tcm_wisdom")
"""What people may edit in the console, past every function."""
_UNDER_WAY = {"$sum": {"$cond": [{"$eq": ["$state", "pending"]}, 1, 0]}}

Related = Callable[[list[str], Rows, int], Sequence[Command]]
"""Reads, at an instant, what is to be known of a page of documents, given by their ids and themselves."""


class Law(NamedTuple):
    """A law: over which documents, what else is read of a page of them, and who judges."""

    name: str
    collection: str
    fields: tuple[str, ...]
    related: Related
    judge: Callable[..., Iterator[Breach]]
    where: Callable[[int], Filter] = lambda _: {}


def _sums(collection: str, key: str, ids: list[str], names: Sequence[str]) -> Command:
    """Add up the final deltas of a ledger by *key*, and count the rows that are under way."""
    final = {name: {"$cond": [{"$eq": ["$state", "final"]}, f"$deltas.{name}", 0]} for name in names}
    group = {"_id": f"${key}", "underWay": _UNDER_WAY}
    return aggregate(
        collection,
        {"$match": {key: {"$in": ids}, "state": {"$in": ["final", "pending"]}}},
        {"$group": {**group, **{name: {"$sum": amount} for name, amount in final.items()}}},
    )


def _stock(ids: list[str], _: Rows, now: int) -> Sequence[Command]:
    """Also read of which SKUs orders have changed lately, or have not given back what they held."""
    live = {"status": {"$in": list(laws.HOLDING)}, "lines.skuId": {"$in": ids}}
    units = {"$group": {"_id": "$lines.skuId", "units": {"$sum": "$lines.reserved"}}}
    lately = {"_id": {"$gte": first_no(now - 2 * DAY)}, "updatedAt": {"$gte": now - HOUR}}
    return (
        _sums("stock_ledger", "skuId", ids, laws.STOCK),
        aggregate("orders", {"$match": live}, {"$unwind": "$lines"}, units),
        aggregate("orders", {"$match": lately}, {"$unwind": "$lines"}, {"$group": {"_id": "$lines.skuId"}}),
        _orders_of(outbox.RELEASE, outbox.COMMIT, fields=("orders.lines.skuId",)),
    )


def _orders_of(*topics: str, fields: Sequence[str]) -> Command:
    """Read *fields* of the orders for which tasks of *topics* are still to be done."""
    undone = {"topic": {"$in": topics}, "state": {"$in": ["due", "leased"]}}
    theirs = {"from": "orders", "localField": "refId", "foreignField": "_id", "as": "orders"}
    return aggregate(
        "sync_tasks", {"$match": undone}, {"$lookup": theirs}, {"$project": dict.fromkeys(fields, 1)}
    )


def _points(ids: list[str], _: Rows, __: int) -> Sequence[Command]:
    """Also read whose former account is being merged, and whose orders have yet to spend what they hold."""
    mine = {"userId": {"$in": ids}}
    merging = {"mergedInto": {"$exists": True}, "legacy.mergedAt": {"$exists": False}}
    place = {"user": "$userId", "book": "$book", "final": {"$ifNull": ["$final", True]}}
    amounts = {"delta": "$delta", "debt": "$debtDelta", "reserved": "$reservedDelta", "lots": "$lot.left"}
    sums = {"$group": {"_id": place, **{name: {"$sum": amount} for name, amount in amounts.items()}}}
    return (
        aggregate("points_ledger", {"$match": {**mine, "state": "final"}}, sums),
        aggregate("points_ledger", {"$match": {**mine, "state": "pending"}}, {"$group": {"_id": "$userId"}}),
        find("users", merging, fields=("mergedInto",)),
        _orders_of(outbox.POINTS_USE, fields=("orders.userId",)),
    )


def _copies(ids: list[str], _: Rows, __: int) -> Sequence[Command]:
    counts = {"_id": "$couponId", "copies": {"$sum": 1}, "underWay": _UNDER_WAY}
    asked = {"couponId": {"$in": ids}, "state": {"$ne": "void"}}
    return [aggregate("user_coupons", {"$match": asked}, {"$group": counts})]


def _named(_: list[str], page: Rows, __: int) -> Sequence[Command]:
    """Read the orders that lock coupons, and the tasks that have yet to free or use them."""
    numbers = [each["orderNo"] for each in page if "orderNo" in each]
    tasks = [f"{topic}:{number}:0" for topic in (outbox.COUPON_BACK, outbox.COUPON_USE) for number in numbers]
    undone = {"_id": {"$in": tasks}, "state": {"$in": ["due", "leased"]}}
    return (
        find("orders", {"_id": {"$in": numbers}}, fields=("status", "userCouponId", "outboxAt")),
        find("sync_tasks", undone, fields=("refId",)),
    )


def _commission(ids: list[str], _: Rows, __: int) -> Sequence[Command]:
    return [_sums("commission_ledger", "practitionerId", ids, laws.COMMISSION)]


def _meals(_: list[str], page: Rows, __: int) -> Sequence[Command]:
    return [find("meals", {"_id": {"$in": laws.meals_of(page)}}, fields=("userId",))]


def _nothing(_: list[str], __: Rows, ___: int) -> Sequence[Command]:
    return ()


def _recent(now: int) -> Filter:
    """Orders of the last weeks that nothing is happening to; their numbers begin with the day."""
    return {
        "_id": {"$gte": first_no(now - _ORDER_DAYS * DAY)},
        "outboxAt": {"$exists": False},
        "updatedAt": {"$lt": now - HOUR},
    }


def _overdue(now: int) -> Filter:
    return {"state": "pending", "createdAt": {"$lt": now - _LONG}}


LAWS = (
    Law("stock", "inventory", laws.STOCK, _stock, laws.stock),
    Law("points", "users", ("points.garden", "points.shop"), _points, laws.points),
    Law(
        "orders",
        "orders",
        ("status", "totals", "lines.paidFen", "lines.freightFen", "refunds"),
        _nothing,
        laws.orders,
        _recent,
    ),
    Law("coupons", "coupons", ("issued", "total"), _copies, laws.coupons),
    Law(
        "locks",
        "user_coupons",
        ("orderNo",),
        _named,
        laws.locks,
        lambda now: {"state": "locked", "updatedAt": {"$lt": now - HOUR}},
    ),
    Law("commission", "practitioners", ("commission",), _commission, laws.commission),
    Law(
        "garden",
        "orders",
        ("userId", "status", "rulesVersion", "lines.lineId"),
        _meals,
        laws.garden,
        _recent,
    ),
    *(Law("shape", each, (), _nothing, partial(laws.shape, collection=each)) for each in _EDITED),
    *(Law("pending", ledger, ("createdAt",), _nothing, laws.pending, _overdue) for ledger in _LEDGERS),
)


def check(db: Database, now: int) -> int:
    """Judge some more documents by the laws of the day of *now*; return how many, 0 when all are judged."""
    key = row_of(now)
    db.write(put(_ROWS, _row(key, now)))
    while True:
        (found,) = db.read(get(_ROWS, key))
        run = found[0]
        if run["final"]:
            return 0
        law, after = LAWS[run["inputs"]["law"]], run["inputs"]["after"]
        page = _page(db, law, {"$gt": after}, now)
        breaches = list(_broken(db, law, page, now))
        tasks = [breach_task(law.name, law.collection, breach, day_of(now), now) for breach in breaches]
        db.write(*(put("sync_tasks", task) for task in tasks))
        db.write(_moved(run, law, page, breaches, now))
        if page:
            return len(page)


def row_of(now: int) -> str:
    """Return the id of the row that says what was found on the day of *now*."""
    return f"{KIND}:{day_of(now)}"


def _moved(run: Document, law: Law, page: list[Document], breaches: list[Breach], now: int) -> Command:
    """Return the write that counts *page*, and moves the run on from where it was read."""
    place, after = run["inputs"]["law"], run["inputs"]["after"]
    over = len(page) < _PAGE
    inputs = {"law": place + over, "after": "" if over else page[-1]["_id"]}
    counts = {f"metrics.{law.name}.checked": len(page), f"metrics.{law.name}.broken": len(breaches)}
    told = [f"{breach.id}: {breach.text}" for breach in breaches]
    examples = {f"metrics.{law.name}.examples": {"$each": told, "$slice": EXAMPLES}}
    change = {"inputs": inputs, "final": inputs["law"] == len(LAWS), "updatedAt": now}
    as_read = {"_id": run["_id"], "inputs.law": place, "inputs.after": after, "final": False}
    return update(_ROWS, as_read, {"$set": change, "$inc": counts, "$push": examples})


def _row(key: str, now: int) -> Document:
    nothing = {"checked": 0, "broken": 0, "examples": []}
    metrics = {law.name: nothing for law in LAWS}
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    inputs = {"law": 0, "after": ""}
    return {
        "_id": key,
        "kind": KIND,
        "day": day_of(now),
        "metrics": metrics,
        "inputs": inputs,
        "final": False,
        **stamps,
    }


def _page(db: Database, law: Law, ids: Filter, now: int) -> list[Document]:
    asked = law.where(now)
    where = {**asked, "_id": {**asked.get("_id", {}), **ids}}
    (page,) = db.read(find(law.collection, where, fields=law.fields, sort={"_id": 1}, limit=_PAGE))
    return page


def _broken(db: Database, law: Law, page: list[Document], now: int) -> Iterator[Breach]:
    """Yield each document that breaks *law*, and still does, in the same ways, when it is read again."""
    first = set(_judged(db, law, page, now))
    if first:
        again = _page(db, law, {"$in": sorted({breach.id for breach in first})}, now)
        still = sorted(first & set(_judged(db, law, again, now)))
        for key, breaches in groupby(still, lambda breach: breach.id):
            yield Breach(key, "; ".join(breach.text for breach in breaches))


def _judged(db: Database, law: Law, page: list[Document], now: int) -> list[Breach]:
    """Return what breaks *law* in *page*; what cannot be judged breaks it, too, and holds up no other."""
    if not page:
        return []
    try:
        return list(law.judge(page, *db.read(*law.related([each["_id"] for each in page], page, now))))
    except DatabaseUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  # Whatever it is, one of them has it.
        if len(page) == 1:
            text = f"cannot be judged: {type(error).__name__} at {log.place(error)}"
            return [Breach(page[0]["_id"], text)]
    return [breach for each in page for breach in _judged(db, law, [each], now)]


def breach_task(law: str, collection: str, breach: Breach, day: str, now: int) -> Document:
    """Return the task that tells somebody of *breach*, once however often it is found of a *day*."""
    payload = {"law": law, "collection": collection, "id": breach.id, "text": breach.text}
    task = outbox.task(_TOPIC, f"{law}:{breach.id}:{day}", payload=payload, at=now)
    return {**task, "state": "dead", "lastError": breach.text[:500]}
