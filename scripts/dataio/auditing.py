"""The trail of what operators did: its rows in their order, and what is wrong with its chain."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gardenshop.cloud.database import Database, Document, find
from gardenshop.rules.audit_chain import Chain, Flaw, Head

COLLECTION = "audit_logs"
PAGE = 500


@dataclass
class Audit:
    """Rows to show, how many there are in all, the last one, and what is wrong where that was asked."""

    rows: list[Document] = field(default_factory=list)
    total: int = 0
    head: Head = field(default_factory=Head)
    flaws: list[Flaw] | None = None


@dataclass(frozen=True)
class Wanted:
    """Which rows to show: all that are about *target*, by *actor*, from the instant *since* on."""

    target: str | None = None
    actor: str | None = None
    since: int = 0

    def holds(self, row: Document) -> bool:
        """Say whether *row* is among them."""
        about = self.target in {None, row.get("target")} and self.actor in {None, row.get("actor")}
        return about and bool(row.get("at", self.since) >= self.since)


def read(db: Database, wanted: Wanted, *, verify: bool, noted: Head | None = None) -> Audit:
    """Read the whole trail, which a chain needs, and keep what is *wanted*."""
    audit, chain = Audit(), Chain(noted)
    flaws: list[Flaw] = []
    for row in _rows(db):
        flaws += chain.add(row)
        audit.total += 1
        if wanted.holds(row):
            audit.rows.append(row)
    audit.head = chain.head
    audit.flaws = flaws + chain.end() if verify else None
    return audit


def parse_head(text: str) -> Head:
    """Read a head as it is shown, ``SEQ:HASH``. Raises ValueError."""
    seq, _, digest = text.partition(":")
    return Head(int(seq), digest)


def plain(audit: Audit) -> dict[str, Any]:
    """Return *audit* for JSON."""
    told: dict[str, Any] = {"rows": audit.rows, "total": audit.total, "head": audit.head._asdict()}
    if audit.flaws is not None:
        told["flaws"] = [each._asdict() for each in audit.flaws]
    return told


def _rows(db: Database) -> Iterator[Document]:
    """Yield the rows by number: first those that have none, whatever else they say."""
    numbered = {"seq": {"$gte": 1}}
    yield from _pages(db, {"$nor": [numbered]}, {"_id": 1})
    yield from _pages(db, numbered, {"seq": 1, "_id": 1})


def _pages(db: Database, where: Document, order: dict[str, int]) -> Iterator[Document]:
    after: Document = {}
    while True:
        (page,) = db.read(find(COLLECTION, {"$and": [where, after]}, sort=order, limit=PAGE))
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1]
        after = {"_id": {"$gt": last["_id"]}}
        if "seq" in order:
            after = {"$or": [{"seq": {"$gt": last["seq"]}}, {"seq": last["seq"], **after}]}
