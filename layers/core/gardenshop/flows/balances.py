"""The write protocol of balances: stock, points, commission, garden, daily statistics.

An operation has a key. (1) `record` writes its ledger row, `_id` = key, pending; (2) `apply` changes
the balance document in one guarded update that also pushes the key into the document's ring;
(3) `finish` marks the row final. Every step may be repeated, and a crash between them leaves a
pending row for `outbox_pump`.

How a repeat is recognised: the key is in the ring. The ring holds the last `RING_SIZE` operations, so
on a busy document a key may have been pushed out. Therefore an operation also says when it
*started*, the earliest instant at which it can have been applied, and `apply` demands that the ring
reaches back to it: either it is not full, or its oldest entry is older. Then absence proves that
the operation was not applied. When the ring does not reach back any more nothing is changed and the
operation stays pending: whether it happened can no longer be told from the document, and the nightly
reconcile, which recomputes balances from ledgers, has the word. An operation is applied within
seconds of its start, so this takes hundreds of operations on one document while one is delayed.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.database import Command, Database, Document, find, put, update
from gardenshop.cloud.errors import Internal
from gardenshop.models.base import RING_SIZE

CLOCK_SKEW_MS = 5_000
"""How far the clocks of two instances may differ."""


class Operation(NamedTuple):
    """One change of one balance document, with the ledger row that records it.

    *guard* and *change* are MongoDB filter and update operators for the document *target* of *balance*;
    *ring* is the path of its ring. Without a *ledger* (statistics) the ring alone keeps repeats out.
    Where several rows record one change, each is an operation with all of it, and the ring knows them by the
    *mark* that they share; else by the key.
    *refusal* is what its row says beside its state once it is refused, so that `reconsider` finds it.
    """

    key: str
    balance: str
    target: str
    guard: Mapping[str, Any]
    change: Mapping[str, Mapping[str, Any]]
    started: int
    ledger: str = ""
    row: Mapping[str, Any] = {}
    ring: str = "recentOps"
    refusal: Mapping[str, Any] = {}
    mark: str = ""

    @property
    def name(self) -> str:
        """What its ring knows it by."""
        return self.mark or self.key


class Outcome(NamedTuple):
    """What became of some operations, by key; *closing* are the writes that end them."""

    applied: frozenset[str]
    refused: frozenset[str]
    unknown: frozenset[str]
    closing: tuple[Command, ...]


def record(operation: Operation, now: int) -> Command:
    """Write the operation's ledger row, pending, unless it is there."""
    stamps = {"schemaVersion": 1, "createdAt": now, "updatedAt": now}
    return put(operation.ledger, {**stamps, **operation.row, "_id": operation.key, "state": "pending"})


def apply(operation: Operation, now: int) -> Command:
    """Change the balance once, if its guard holds and the ring can tell that it has not happened."""
    ring, reach = operation.ring, operation.started - CLOCK_SKEW_MS
    where = {
        "_id": operation.target,
        **operation.guard,
        f"{ring}.key": {"$ne": operation.name},
        "$or": [{f"{ring}.{RING_SIZE - 1}": {"$exists": False}}, {f"{ring}.0.at": {"$lte": reach}}],
    }
    entry = {"key": operation.name, "at": now}
    change: Document = {name: dict(fields) for name, fields in operation.change.items()}
    change.setdefault("$push", {})[ring] = {"$each": [entry], "$slice": -RING_SIZE}
    change.setdefault("$set", {})["updatedAt"] = now
    return update(operation.balance, where, change)


def reopen(operation: Operation, now: int) -> Command:
    """Let an operation that was refused be tried again under its key."""
    where = {"_id": operation.key, "state": "refused"}
    return update(operation.ledger, where, {"$set": {"state": "pending", "updatedAt": now}})


def finish(operation: Operation, state: str, now: int) -> Command:
    """Mark the operation's row *state*: ``final``, whatever it was, or ``refused`` while it is pending."""
    where = {"_id": operation.key, **({} if state == "final" else {"state": "pending"})}
    marks = operation.refusal if state == "refused" else {}
    return update(operation.ledger, where, {"$set": {"state": state, "updatedAt": now, **marks}})


def reconsider(db: Database, operations: Sequence[Operation], now: int) -> list[Command]:
    """Let *operations* found refused stand, or be pending again where the ring says that they were applied.

    A refusal is written after it was decided: another try may have been applied in between, and have
    died before it could say so.
    """
    rings = _rings(db, operations)
    commands = []
    for each in operations:
        applied = each.name in {entry["key"] for entry in rings.get((each.balance, each.target), ())}
        change: Document = {"$unset": dict.fromkeys(each.refusal, ""), "$set": {"updatedAt": now}}
        change["$set"] |= {"state": "pending"} if applied else {}
        commands.append(update(each.ledger, {"_id": each.key, "state": "refused"}, change))
    return commands


def perform(
    db: Database, operations: Sequence[Operation], now: int, *, before: Sequence[Command] = ()
) -> Outcome:
    """Record and apply *operations*, after the writes *before*, in one round trip.

    A second trip is needed only when something was not applied, to learn why. The rows stay pending
    until the caller sends `closing`, with its next write.
    """
    records = [record(each, now) for each in operations if each.ledger]
    results = db.write(*before, *records, *(apply(each, now) for each in operations))
    flags = results[len(before) + len(records) :]
    missed = [each for each, result in zip(operations, flags, strict=True) if not result.happened]
    rings = _rings(db, missed)
    applied = {each.key for each in operations if each not in missed}
    refused, unknown = set(), set()
    for each in missed:
        ring = rings.get((each.balance, each.target))
        if ring is not None and each.name in {entry["key"] for entry in ring}:
            applied.add(each.key)
        elif ring is not None and len(ring) >= RING_SIZE and ring[0]["at"] > each.started - CLOCK_SKEW_MS:
            unknown.add(each.key)
        else:
            refused.add(each.key)
    closing = [
        finish(each, "final" if each.key in applied else "refused", now)
        for each in operations
        if each.ledger and each.key not in unknown
    ]
    return Outcome(frozenset(applied), frozenset(refused), frozenset(unknown), tuple(closing))


def demand(outcome: Outcome, what: str) -> None:
    """Raise Internal, naming *what* it is about, unless every operation of *outcome* was applied."""
    wrong = outcome.unknown | outcome.refused
    if wrong:
        raise Internal(cause=f"{what}: {sorted(wrong)}")


def _rings(db: Database, operations: Iterable[Operation]) -> dict[tuple[str, str], list[Document]]:
    """Read the rings of the documents that *operations* change, by collection and id."""
    wanted = {(each.balance, each.target): each.ring for each in operations}
    replies = db.read(
        *(
            find(balance, {"_id": target}, fields=(ring,), limit=1)
            for (balance, target), ring in wanted.items()
        )
    )
    rings = {}
    for (place, ring), documents in zip(wanted.items(), replies, strict=True):
        for document in documents:
            value: Any = document
            for part in ring.split("."):
                value = value.get(part, {}) if isinstance(value, dict) else {}
            rings[place] = value or []
    return rings
