"""A practitioner's commission: each change an operation on her document, with its row in the ledger.

What an order's line earns is pending when the order is paid and confirmed when it completes; what goes back
before takes its share along. Confirmed money is settled month by month (`flows/settlement.py`), and only
settled money can be withdrawn. A withdrawal is one open request on her document: taking it back, refusing
and paying exclude each other by its id, and each leaves a row, so that none can happen twice, however late it
is repeated.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, aggregate
from gardenshop.cloud.errors import Busy, Conflict
from gardenshop.flows.balances import Operation, demand, perform
from gardenshop.rules.after_sale import commission_of, cuts_of

LEDGER = "commission_ledger"
PRACTITIONERS = "practitioners"
RING = "commission.recentOps"


def entry(
    key: str, kind: str, *, practitioner_id: str, deltas: Mapping[str, int], at: int, **facts: Any
) -> Operation:
    """Build the change *kind* of the counters by *deltas*; *facts* are the further fields of its row."""
    row: Document = {"practitionerId": practitioner_id, "entryId": _public(key), "kind": kind}
    row |= {"deltas": {name: delta for name, delta in deltas.items() if delta}, "day": day_of(at)}
    return _operation(key, {**row, **facts}, at)


def again(row: Mapping[str, Any]) -> Operation:
    """Rebuild the operation of a ledger *row*, so that it can be finished."""
    return _operation(row["_id"], row, row["createdAt"])


def _public(key: str) -> str:
    """Return the name under which a row is shown: its key tells the number of somebody's order."""
    return "e" + hashlib.sha256(key.encode()).hexdigest()[:24]


def _operation(key: str, row: Mapping[str, Any], at: int) -> Operation:
    deltas = {f"commission.{name}": delta for name, delta in row["deltas"].items()}
    floors = {name: {"$gte": -delta} for name, delta in deltas.items() if delta < 0}
    guard, change = _BESIDE.get(row["kind"], _nothing)(row, at)
    return Operation(
        key=key,
        balance=PRACTITIONERS,
        target=row["practitionerId"],
        guard={**floors, **guard},
        change={**({"$inc": deltas} if deltas else {}), **change},
        started=at,
        ledger=LEDGER,
        row=row,
        ring=RING,
        refusal={"dueAt": at},
    )


def _nothing(_: Mapping[str, Any], __: int) -> tuple[Document, Document]:
    return {}, {}


def _opens(row: Mapping[str, Any], at: int) -> tuple[Document, Document]:
    """A withdrawal is opened where none is, for no more than is settled."""
    withdrawal = {"withdrawalId": row["ref"], "amountFen": row["amountFen"], "at": at}
    guard = {"withdrawal": {"$exists": False}, "commission.settledFen": {"$gte": row["amountFen"]}}
    return guard, {"$set": {"withdrawal": withdrawal}}


def _closes(row: Mapping[str, Any], _: int) -> tuple[Document, Document]:
    """A withdrawal is closed once: it is open until then."""
    return {"withdrawal.withdrawalId": row["ref"]}, {"$unset": {"withdrawal": ""}}


def _settles(row: Mapping[str, Any], _: int) -> tuple[Document, Document]:
    """Months are settled forwards: of two plans that overlap, the older can no longer be carried out."""
    guard = {"commission.settledThrough": {"$not": {"$gte": row["ref"]}}}
    return guard, {"$set": {"commission.settledThrough": row["ref"]}}


_BESIDE: Mapping[str, Callable[[Mapping[str, Any], int], tuple[Document, Document]]] = {
    "withdraw": _opens,
    "cancel": _closes,
    "refuse": _closes,
    "pay": _closes,
    "settle": _settles,
}
"""What kinds of entries ask of, and change on, the practitioner's document beside the counters."""


def line_key(order_no: str, line_id: str, practitioner_id: str, kind: str) -> str:
    """Return the key of the entry *kind* of an order's line."""
    return f"{order_no}:{line_id}:{practitioner_id}:{kind}"


def _of_line(
    order: Document, line: Mapping[str, Any], kind: str, deltas: Mapping[str, int], *, at: int, ref: str = ""
) -> Operation:
    key = line_key(order["_id"], line["lineId"], line["practitionerId"], kind)
    facts = {"orderNo": order["_id"], "lineId": line["lineId"], "via": line["via"]}
    facts |= {"baseFen": line["paidFen"], "bp": line["commissionBp"], "rulesVersion": order["rulesVersion"]}
    return entry(
        f"{key}:{ref}" if ref else key,
        kind,
        practitioner_id=line["practitionerId"],
        deltas=deltas,
        at=at,
        **facts,
        **({"ref": ref} if ref else {}),
    )


def accrue(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Book what each line of the paid *order* earns as pending; return the writes that end it."""
    operations = [
        _of_line(order, line, "accrue", {"pendingFen": commission_of(line)}, at=started)
        for line in _earning(order)
    ]
    return _carried_out(db, operations, order["_id"], now)


def reverse(db: Database, order: Document, sale: Document, *, started: int, now: int) -> list[Command]:
    """Take back what the units of *sale* earned. Raises Busy while that is still being booked."""
    _demand_final(db, _accruals(order))
    operations = [
        _of_line(order, line, "reverse", {"pendingFen": -fen}, at=started, ref=sale["afterSaleNo"])
        for line, fen in _shares(order, sale)
    ]
    return _carried_out(db, operations, sale["afterSaleNo"], now)


def confirm(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Confirm what the completed *order* earned and did not give back.

    Raises Busy while any of that is still being booked.
    """
    earned = {line["lineId"]: commission_of(line) for line in _earning(order)}
    gone: list[str] = []
    for sale in (each for each in order.get("afterSales") or () if each["state"] == "refunded"):
        for line, fen in _shares(order, sale):
            earned[line["lineId"]] -= fen
            key = line_key(order["_id"], line["lineId"], line["practitionerId"], "reverse")
            gone.append(f"{key}:{sale['afterSaleNo']}")
    _demand_final(db, [*_accruals(order), *gone])
    operations = [
        _of_line(order, line, "confirm", {"pendingFen": -fen, "confirmedFen": fen}, at=started)
        for line in _earning(order)
        if (fen := earned[line["lineId"]])
    ]
    return _carried_out(db, operations, order["_id"], now)


def _earning(order: Document) -> list[Document]:
    return [line for line in order["lines"] if commission_of(line)]


def _shares(order: Document, sale: Document) -> list[tuple[Mapping[str, Any], int]]:
    """Return the lines that *sale* takes commission of, and how much of each."""
    shares = ((cut.line, cut.share(commission_of(cut.line))) for cut in cuts_of(order, sale))
    return [(line, fen) for line, fen in shares if fen]


def _accruals(order: Document) -> list[str]:
    return [
        line_key(order["_id"], line["lineId"], line["practitionerId"], "accrue") for line in _earning(order)
    ]


def _demand_final(db: Database, keys: Sequence[str]) -> None:
    """Raise Busy unless all the entries *keys* are booked to their end."""
    final = {"$match": {"_id": {"$in": list(keys)}, "state": "final"}}
    counted = db.one(aggregate(LEDGER, final, {"$count": "rows"})) or {"rows": 0}
    if counted["rows"] < len(keys):
        raise Busy


def _carried_out(db: Database, operations: Sequence[Operation], what: str, now: int) -> list[Command]:
    if not operations:
        return []
    outcome = perform(db, operations, now)
    demand(outcome, f"commission of {what}")
    return list(outcome.closing)


def finish(db: Database, rows: Iterable[Document], now: int) -> int:
    """End pending ledger *rows*; return how many came to an end."""
    outcome = perform(db, [again(row) for row in rows], now)
    db.write(*outcome.closing)
    return len(outcome.closing)


def carry_out(db: Database, operation: Operation, why: Conflict, now: int) -> None:
    """Carry *operation* out. Raises *why* where it is not possible, or Busy."""
    outcome = perform(db, [operation], now)
    db.write(*outcome.closing)
    if outcome.unknown:
        raise Busy
    if outcome.refused:
        raise why
