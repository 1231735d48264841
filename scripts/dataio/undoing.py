"""Taking an import back, and keeping what was written since.

A document that nobody has touched goes, or is again what it was before. Where the shop has traded since, the
ledgers say what is left: units that were opened and are still there leave by an entry of their own, and so do
the points that are left of an opening lot (`compensation`). Then every balance is what its ledger comes to
without the import. A field that somebody has changed since, and what others have begun to use, stays.

Every step may be repeated, and a run that died anywhere is started again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Literal, NamedTuple

from dataio import compensation
from dataio.journal import Entry, Journal
from dataio.predecessor.products import opening_of
from gardenshop.cloud.clock import now_ms
from gardenshop.cloud.database import Command, Database, Document, aggregate, delete, find, update
from gardenshop.cloud.ejson import encode_sorted
from gardenshop.cloud.errors import AppError

USES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "recipes": (("orders", "lines.from.recipeId"), ("user_profiles_extended", "favorites")),
    "ingredients": (
        ("recipes", "items.ingredientId"),
        ("products", "ingredientId"),
        ("meals", "items.ingredientId"),
        ("user_profiles_extended", "pantry.ingredientId"),
    ),
    "meat_products": (("meals", "baseline"),),
    "plant_templates": (("gardens", "plants.code"),),
    "practitioners": (
        ("practitioner_certifications", "practitionerId"),
        ("orders", "lines.practitionerId"),
        ("users", "referral.practitionerId"),
        ("commission_ledger", "practitionerId"),
    ),
}
"""What others may have begun to use: the collections and fields that name it."""

_IMPORTED_USERS = ("products", "recipes")
"""Those among them of which an import makes some that name others of its own."""

_BATCH = 200
_MOST = 1000

Outcome = Literal["deleted", "put back", "taken back", "off the shelf", "kept", "gone", "left"]
Pair = tuple[Entry, Document]
"""A write of the import, and the document as it is now."""


class Step(NamedTuple):
    """What becomes of one write of the import; *reason* says why it does not simply go.

    `act`, where there is anything to do, does it and says whether it happened. What is ``gone`` is as if it
    had never been imported; what is ``left`` is to be tried again.
    """

    collection: str
    key: str
    outcome: Outcome
    reason: str = ""
    act: Callable[[], bool] | None = None


class Run(NamedTuple):
    """What is taken back, and the documents, by collection, that a dry run takes for gone."""

    import_id: str
    gone: Mapping[str, set[str]]


def steps(db: Database, journal: Journal, *, dry: bool = False) -> Iterator[Step]:
    """Yield what taking back *journal* comes to. Done one after the other, in this order, they are it.

    In a *dry* run none is done: what would be gone by then is taken for gone.
    """
    run = Run(journal.id, {place: set() for place in _IMPORTED_USERS if dry})
    for collection, judge in _JUDGES.items():
        for batch in _batches(journal.entries(collection)):
            live = _live(db, collection, [entry.key for entry in batch])
            pairs = [(entry, live[entry.key]) for entry in batch if entry.key in live]
            yield from (Step(collection, entry.key, "gone") for entry in batch if entry.key not in live)
            yield from (_put_back(db, *pair) for pair in pairs if pair[0].kind == "refreshed")
            if created := [pair for pair in pairs if pair[0].kind == "created"]:
                yield from _noted(run, judge(db, run, created))


def _noted(run: Run, judged: Iterator[Step]) -> Iterator[Step]:
    """Yield the steps *judged*, and note what they delete."""
    for step in judged:
        if step.outcome == "deleted" and step.collection in run.gone:
            run.gone[step.collection].add(step.key)
        yield step


def take(step: Step) -> Step:
    """Carry out *step* and return what really became of it."""
    try:
        happened = step.act is None or step.act()
    except AppError as error:
        return step._replace(outcome="left", reason=f"{error.error}: run it again")
    return step if happened else step._replace(outcome="left", reason="changed meanwhile: run it again")


def _put_back(db: Database, entry: Entry, live: Document) -> Step:
    """Make the fields that are as they were imported what they were; the others were written since."""
    if all(_same(live, entry.before, name) for name in entry.after):
        return Step(entry.collection, entry.key, "gone")
    mine = [name for name in entry.after if _same(live, entry.after, name)]
    if set(mine) <= {"updatedAt"}:
        return _kept(entry, "every field was changed since")
    before = {name: entry.before[name] for name in mine if name in entry.before}
    absent = dict.fromkeys([name for name in mine if name not in entry.before], "")
    change = {operator: fields for operator, fields in (("$set", before), ("$unset", absent)) if fields}
    as_read = {"_id": entry.key, **{name: live[name] for name in {*mine, "updatedAt"}}}
    newer = [name for name in entry.after if name not in mine and name != "updatedAt"]
    reason = f"changed since and left so: {', '.join(newer)}" if newer else ""
    act = partial(_write, db, update(entry.collection, as_read, change))
    return Step(entry.collection, entry.key, "put back", reason, act)


def _orders(db: Database, _: Run, pairs: Sequence[Pair]) -> Iterator[Step]:
    lines = [f"{entry.key}:{line['lineId']}" for entry, order in pairs for line in order["lines"]]
    reviewed = {key.rpartition(":")[0] for key in _live(db, "product_reviews", lines)}
    for entry, order in pairs:
        yield _kept(entry, "reviewed since") if entry.key in reviewed else _delete(db, entry, order)


def _users(db: Database, _: Run, pairs: Sequence[Pair]) -> Iterator[Step]:
    for entry, user in pairs:
        yield _kept(entry, "claimed by its owner") if "mergedInto" in user else _delete(db, entry, user)


def _points(db: Database, _: Run, pairs: Sequence[Pair]) -> Iterator[Step]:
    """An opening row goes with its account; of what a member has inherited is taken back what is left."""
    users = _live(db, "users", [row["userId"] for _, row in pairs])
    taken = compensation.taken_points(db, [row["ref"]["id"] for _, row in pairs])
    for entry, row in pairs:
        user = users.get(row["userId"])
        if row["userId"] == row["ref"]["id"]:
            theirs = user is None or ("mergedInto" not in user and _is_of_the_same_import(user, row))
            yield _delete(db, entry, row) if theirs else _kept(entry, "its account has changed since")
        elif user is None:
            yield _kept(entry, "its owner is gone")
        else:
            points = min(row["lot"]["left"], user["points"]["shop"]["available"])
            act = partial(compensation.take_points, db, row, points)
            yield _compensated(entry, taken.get(row["ref"]["id"]), f"{points} points", points, act)


def _stock(db: Database, run: Run, pairs: Sequence[Pair]) -> Iterator[Step]:
    """Stock that has not moved goes; of what was opened leaves what may still be sold."""
    rows = _live(db, "stock_ledger", [opening_of(entry.key) for entry, _ in pairs])
    taken = compensation.taken_units(db, run.import_id, [entry.key for entry, _ in pairs])
    for entry, stock in pairs:
        if entry.is_as_created(stock):
            yield _delete(db, entry, stock)
            continue
        opened = rows.get(opening_of(entry.key), {}).get("deltas", {}).get("onHand", 0)
        units = min(opened, stock["available"])
        act = partial(compensation.take_units, db, run.import_id, entry.key, units)
        yield _compensated(entry, taken.get(entry.key), f"{units} units of {opened}", units, act)


def _stock_rows(db: Database, _: Run, pairs: Sequence[Pair]) -> Iterator[Step]:
    stocks = _live(db, "inventory", [row["skuId"] for _, row in pairs])
    for entry, row in pairs:
        stock = stocks.get(row["skuId"])
        explains = stock is not None and not _is_of_the_same_import(stock, row)
        yield _kept(entry, "it explains the stock") if explains else _delete(db, entry, row)


def _products(db: Database, _: Run, pairs: Sequence[Pair]) -> Iterator[Step]:
    """A product whose stock has moved has been bought: it is taken off the shelf, and orders can show it."""
    skus = [sku["skuId"] for _, product in pairs for sku in product["skus"]]
    stocks = _live(db, "inventory", skus)
    for entry, product in pairs:
        theirs = [stocks[sku["skuId"]] for sku in product["skus"] if sku["skuId"] in stocks]
        if all(_is_of_the_same_import(stock, product) for stock in theirs) and entry.is_as_created(product):
            yield _delete(db, entry, product)
        elif product["status"] == "off_sale":
            yield Step(entry.collection, entry.key, "gone", "off the shelf already")
        else:
            shelf = {"_id": entry.key, "status": product["status"]}
            off = {"$set": {"status": "off_sale", "updatedAt": now_ms()}}
            act = partial(_write, db, update(entry.collection, shelf, off))
            yield Step(entry.collection, entry.key, "off the shelf", "bought or changed since", act)


def _knowledge(db: Database, run: Run, pairs: Sequence[Pair]) -> Iterator[Step]:
    collection, keys = pairs[0][0].collection, [entry.key for entry, _ in pairs]
    used = _used(db, run, collection, keys)
    for entry, live in pairs:
        yield _kept(entry, f"used by {used[entry.key]}") if entry.key in used else _delete(db, entry, live)


_JUDGES: Mapping[str, Callable[[Database, Run, Sequence[Pair]], Iterator[Step]]] = {
    "orders": _orders,
    "users": _users,
    "points_ledger": _points,
    "inventory": _stock,
    "stock_ledger": _stock_rows,
    "products": _products,
    "recipes": _knowledge,
    "ingredients": _knowledge,
    "meat_products": _knowledge,
    "plant_templates": _knowledge,
    "practitioners": _knowledge,
}
"""In the order in which they go: a balance before the row that explains it, users before what they use."""


def _delete(db: Database, entry: Entry, live: Document) -> Step:
    """Delete what is as it was created, if it is still as it was read."""
    if not entry.is_as_created(live):
        return _kept(entry, "changed since")
    act = partial(_write, db, delete(entry.collection, live))
    return Step(entry.collection, entry.key, "deleted", act=act)


def _kept(entry: Entry, reason: str) -> Step:
    return Step(entry.collection, entry.key, "kept", reason)


def _compensated(entry: Entry, state: str | None, text: str, amount: int, act: Callable[[], bool]) -> Step:
    """Take *amount* back by an entry of its own, unless *state* says that one was made."""
    if state == "final":
        return Step(entry.collection, entry.key, "gone", "taken back already")
    if state == "pending":
        return Step(entry.collection, entry.key, "left", "being taken back: run it again")
    if not amount:
        return _kept(entry, "nothing is left of it")
    return Step(entry.collection, entry.key, "taken back", text, act)


def _is_of_the_same_import(balance: Document, other: Document) -> bool:
    """Say whether *balance* was never touched: what is imported together is stamped alike."""
    return bool(balance["updatedAt"] == other["updatedAt"])


def _used(db: Database, run: Run, collection: str, keys: Sequence[str]) -> dict[str, str]:
    """Return by whom those of *keys* that are used are used."""
    places = USES[collection]
    replies = db.read(*(_users_of(place, field, keys, run.gone.get(place, ())) for place, field in places))
    named = ((row["_id"], place) for (place, _), rows in zip(places, replies, strict=True) for row in rows)
    return {key: place for key, place in named if key in keys}


def _users_of(place: str, field: str, keys: Sequence[str], gone: Iterable[str]) -> Command:
    """Ask which of *keys* stand in *field*, which may lie in a list, of documents that are not *gone*."""
    path = field.split(".")
    lists = [{"$unwind": f"${'.'.join(path[: end + 1])}"} for end in range(len(path))]
    matched = {"$match": {field: {"$in": list(keys)}, "_id": {"$nin": sorted(gone)}}}
    return aggregate(place, matched, *lists, {"$group": {"_id": f"${field}"}})


def _live(db: Database, collection: str, keys: Sequence[str]) -> dict[str, Document]:
    """Return those of *keys* that are there, as many a find as it returns at most."""
    wanted = sorted(set(keys))
    parts = [wanted[start : start + _MOST] for start in range(0, len(wanted), _MOST)]
    replies = (
        db.read(*(find(collection, {"_id": {"$in": part}}, limit=_MOST) for part in parts)) if parts else []
    )
    return {each["_id"]: each for found in replies for each in found}


def _same(live: Document, other: Mapping[str, object], name: str) -> bool:
    """Say whether two documents have the same of a field, or neither has it."""
    if name not in live or name not in other:
        return name not in live and name not in other
    return encode_sorted(live[name]) == encode_sorted(other[name])


def _write(db: Database, command: Command) -> bool:
    (result,) = db.write(command)
    return result.happened


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield *entries* some at a time, each document once a batch."""
    left = iter(entries)
    while batch := list(islice(left, _BATCH)):
        yield list({entry.key: entry for entry in batch}.values())
