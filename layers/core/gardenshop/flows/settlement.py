"""The monthly batches: one a practitioner and month that is over, however late and often the night comes.

A batch is planned from what is read and fixed by its row, whose key names practitioner and month; whoever
finds the row carries out what it says. The practitioner's document remembers the last month that was settled
and only moves forwards, which ends a plan that came too late: its money is in a later batch.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, aggregate, find, update
from gardenshop.flows import poison
from gardenshop.flows.balances import Operation, perform, record
from gardenshop.flows.commission import LEDGER, PRACTITIONERS, again, entry
from gardenshop.flows.pages import pages
from gardenshop.rules.settlement import Batch, batch_of, month_before

AT_ONCE = 50


def settle(db: Database, now: int) -> int:
    """Settle a month of some practitioners, behind those who cannot be settled now; return for how many."""
    last = month_before(day_of(now))
    waits = {"commission.confirmedFen": {"$gt": 0}, "commission.settledThrough": {"$not": {"$gte": last}}}
    for found in pages(db, PRACTITIONERS, waits, ("commission",), size=AT_ONCE):
        if settled := poison.together(db, PRACTITIONERS, found, partial(_settled, last=last), now):
            return settled
    return 0


def _settled(db: Database, found: Sequence[Document], now: int, *, last: str) -> int:
    """Settle a month up to *last* of the practitioners *found*; return for how many."""
    sums = db.read(*(_by_month(each) for each in found))
    batches = {
        each["_id"]: batch_of(each["commission"], {row["_id"]: int(row["fen"]) for row in rows}, last=last)
        for each, rows in zip(found, sums, strict=True)
    }
    planned = [_planned(key, batch, now) for key, batch in batches.items() if batch.confirmed_fen]
    stored = _fixed(db, planned, now)
    outcome = perform(db, [again(row) for row in stored if row["state"] != "refused"], now)
    carried_out = {row["practitionerId"] for row in stored if row["_id"] in outcome.applied}
    undecided = {row["practitionerId"] for row in stored if row["_id"] in outcome.unknown}
    passed = {key: batches[key].month for key in batches.keys() - carried_out - undecided}
    db.write(*outcome.closing, *(_pass(key, month, now) for key, month in passed.items()))
    return len(carried_out) + len(passed)


def _by_month(practitioner: Mapping[str, Any]) -> Command:
    """Return the read of what was confirmed in each month since the last that is settled."""
    settled = practitioner["commission"].get("settledThrough", "0000-00")
    mine = {"practitionerId": practitioner["_id"], "kind": "confirm", "state": "final"}
    month = {"$substrBytes": ["$day", 0, len("2026-11")]}
    return aggregate(
        LEDGER,
        {"$match": {**mine, "day": {"$gt": f"{settled}-31"}}},
        {"$group": {"_id": month, "fen": {"$sum": "$deltas.confirmedFen"}}},
    )


def _planned(practitioner_id: str, batch: Batch, now: int) -> Operation:
    key = f"settle:{practitioner_id}:{batch.month}"
    return entry(key, "settle", practitioner_id=practitioner_id, deltas=batch.deltas, at=now, ref=batch.month)


def _fixed(db: Database, planned: Sequence[Operation], now: int) -> list[Document]:
    """Store the rows of the *planned* batches unless they are there; return them as they are stored."""
    rows = [record(each, now) for each in planned]
    keys = [each.key for each in planned]
    db.write(*rows)
    (stored,) = db.read(find(LEDGER, {"_id": {"$in": keys}}))
    return stored


def _pass(practitioner_id: str, month: str, now: int) -> Command:
    """Return the write that leaves *month* behind, where there is nothing to settle, or nothing any more."""
    where = {"_id": practitioner_id, "commission.settledThrough": {"$not": {"$gte": month}}}
    return update(PRACTITIONERS, where, {"$set": {"commission.settledThrough": month, "updatedAt": now}})
