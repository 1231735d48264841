"""What must add up in stored documents, judged page by page: balances and ledgers, orders and their parts.

Each law looks at some documents of one collection, with what was counted for them elsewhere, and names every
one that breaks it. Subjects of which something is under way are passed over: their turn comes the next night.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from gardenshop.models.registry import model_of
from gardenshop.rules.order_states import LEGACY

Document = Mapping[str, Any]
Rows = Sequence[Document]

STOCK = ("onHand", "available", "reserved", "damaged")
COMMISSION = ("pendingFen", "confirmedFen", "settledFen", "paidFen", "debtFen")
BOOKS = {"garden": ("available", "pending", "debt"), "shop": ("available", "pending", "reserved", "debt")}
HOLDING = ("creating", "pending_payment")
_FIELDS_TOLD = 5
NEVER_PAID = (*HOLDING, "create_failed", "cancelled")


class Breach(NamedTuple):
    """A document that breaks a law, and how."""

    id: str
    text: str


def shape(page: Rows, *, collection: str) -> Iterator[Breach]:
    """Every document of *collection* is as its model says; fields that are not are named, without values."""
    for each in page:
        if wrong := _wrong(collection, each):
            yield Breach(each["_id"], "malformed: " + ", ".join(wrong[:_FIELDS_TOLD]))


def _wrong(collection: str, document: Document) -> list[str]:
    try:
        model_of(collection).model_validate(document)
    except ValidationError as error:
        told = ((".".join(map(str, each["loc"])), each) for each in error.errors())
        return sorted({f"{place} {each['type']}" if place else each["msg"] for place, each in told})
    return []


def pending(page: Rows) -> Iterator[Breach]:
    """No row of a ledger is pending for long: *page* are those that are."""
    for each in page:
        yield Breach(each["_id"], f"pending since {each['createdAt']}, and its balance is not judged")


def stock(page: Rows, ledger: Rows, held: Rows, lately: Rows, undone: Rows) -> Iterator[Breach]:
    """Every counter of a SKU is the sum of its ledger; live orders hold what is reserved; none below 0."""
    sums, units = _by_id(ledger), {row["_id"]: row["units"] for row in held}
    late = {line["skuId"] for task in undone for order in task["orders"] for line in order["lines"]}
    busy = {row["_id"] for row in lately} | late
    for each in page:
        due = sums.get(each["_id"], {})
        if due.get("underWay"):
            continue
        for name in STOCK:
            if each.get(name, 0) != due.get(name, 0):
                yield Breach(each["_id"], f"{name} {each.get(name, 0)}, by its ledger {due.get(name, 0)}")
        reserved = each.get("reserved", 0)
        if reserved != units.get(each["_id"], 0) and each["_id"] not in busy:
            yield Breach(each["_id"], f"reserved {reserved}, held by orders {units.get(each['_id'], 0)}")
        if not each["available"] == each["onHand"] - reserved - each.get("damaged", 0) >= 0:
            yield Breach(each["_id"], f"available {each['available']} is not what is left")


def points(page: Rows, ledger: Rows, under_way: Rows, merging: Rows, undone: Rows) -> Iterator[Breach]:
    """Every counter of a book is the sum of its final rows, and what is available is in lots."""
    waiting = {row["_id"] for row in under_way}
    waiting |= {key for each in merging for key in (each["_id"], each["mergedInto"])}
    waiting |= {order["userId"] for task in undone for order in task["orders"]}
    sums = {(row["_id"]["user"], row["_id"]["book"], row["_id"]["final"]): row for row in ledger}
    for each in page:
        if each["_id"] in waiting:
            continue
        for book, names in BOOKS.items():
            found = (each.get("points") or {}).get(book) or {}
            final, pending = (sums.get((each["_id"], book, state), {}) for state in (True, False))
            due = {
                "available": final.get("delta", 0),
                "pending": pending.get("delta", 0),
                "reserved": final.get("reserved", 0) + pending.get("reserved", 0),
                "debt": final.get("debt", 0) + pending.get("debt", 0),
            }
            for name in names:
                if found.get(name, 0) != due[name]:
                    yield Breach(
                        each["_id"], f"{book} {name} {found.get(name, 0)}, by its ledger {due[name]}"
                    )
            lots = final.get("lots", 0) + pending.get("lots", 0)
            if lots != due["available"]:
                yield Breach(each["_id"], f"{book} lots hold {lots} of {due['available']}")


def orders(page: Rows) -> Iterator[Breach]:
    """What is to be paid is the sum of the lines and freight; what was paid is that; no more goes back."""
    for each in page:
        totals = each["totals"]
        parts = sum(line["paidFen"] + line.get("freightFen", 0) for line in each["lines"])
        if totals["payableFen"] != parts:
            yield Breach(each["_id"], f"payable {totals['payableFen']}, its lines say {parts}")
        due = 0 if each["status"] in NEVER_PAID else totals["payableFen"]
        if totals.get("paidFen", 0) != due:
            yield Breach(each["_id"], f"{each['status']}, paid {totals.get('paidFen', 0)} of {due}")
        back = sum(_amount(refund) for refund in each.get("refunds") or () if "afterSaleNo" in refund)
        if back > due:
            yield Breach(each["_id"], f"{back} go back of {due}")


def _amount(refund: Document) -> int:
    return 0 if refund["state"] == "closed" else int(refund["amountFen"])


def coupons(page: Rows, copies: Rows) -> Iterator[Breach]:
    """A template has issued the copies that are not void, and no more than there are."""
    counts = _by_id(copies)
    for each in page:
        found = counts.get(each["_id"], {})
        count = found.get("copies", 0)
        if not found.get("underWay") and not count == each.get("issued", 0) <= each["total"]:
            yield Breach(each["_id"], f"issued {each.get('issued', 0)} of {each['total']}, there are {count}")


def locks(page: Rows, named: Rows, undone: Rows) -> Iterator[Breach]:
    """A locked coupon has the live order that names it, or one that has yet to free or use it."""
    live, late = {row["_id"]: row for row in named}, {task["refId"] for task in undone}
    for each in page:
        order = live.get(each.get("orderNo", ""), {})
        if "outboxAt" in order or order.get("_id") in late:
            continue
        if order.get("userCouponId") != each["_id"] or order.get("status") not in HOLDING:
            yield Breach(each["_id"], f"locked for {each.get('orderNo')}, which is {order.get('status')}")


def commission(page: Rows, ledger: Rows) -> Iterator[Breach]:
    """Every counter of a practitioner is the sum of her final entries, and none is below 0."""
    sums = _by_id(ledger)
    for each in page:
        due, found = sums.get(each["_id"], {}), each.get("commission") or {}
        for name in COMMISSION:
            if not due.get("underWay") and not found.get(name, 0) == due.get(name, 0) >= 0:
                yield Breach(each["_id"], f"{name} {found.get(name, 0)}, by its ledger {due.get(name, 0)}")


def garden(page: Rows, meals: Rows) -> Iterator[Breach]:
    """Each line of a paid order is a meal of its buyer's."""
    eaten = {row["_id"]: row["userId"] for row in meals}
    for each in page:
        if each["rulesVersion"] != LEGACY and each["status"] not in NEVER_PAID:
            lacking = [key for key in meals_of([each]) if eaten.get(key) != each["userId"]]
            if lacking:
                yield Breach(each["_id"], f"no meal {', '.join(lacking)}")


def meals_of(page: Iterable[Document]) -> list[str]:
    """Return the ids of the meals that the lines of the orders of *page* become when they are paid."""
    return [f"shop:{each['_id']}:{line['lineId']}" for each in page for line in each["lines"]]


def _by_id(rows: Rows) -> dict[str, Document]:
    return {row["_id"]: row for row in rows}
