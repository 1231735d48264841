"""Counters of points, computed anew from the ledger and compared with what members' documents say.

Members and rows are read in the order of their keys, page by page, so any number of them takes little memory.
The ledger is the truth and is never changed; a counter is set only while it is still as it was read.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from dataio.port import Commands
from gardenshop.cloud.clock import now_ms
from gardenshop.cloud.database import Document, find, update
from gardenshop.rules.laws import BOOKS

PAGE = 500

Sums = Counter[tuple[str, str]]
"""Points by book and counter; `lots` is what is left in a book's lots."""


class Difference(NamedTuple):
    """A counter that is not what the ledger says, or lots that do not hold what it says is available."""

    user_id: str
    book: str
    counter: str
    found: int
    due: int


@dataclass(frozen=True)
class Member:
    """One member's counters as *stored* and as *due*; *under_way* are her rows that are not decided yet."""

    user_id: str
    exists: bool
    stored: Sums
    due: Sums
    under_way: int

    @property
    def wrong(self) -> list[Difference]:
        """Every counter that is not what the ledger says."""
        return [
            Difference(self.user_id, *place, self.stored[place], self.due[place])
            for place in _places()
            if self.stored[place] != self.due[place]
        ]

    @property
    def differences(self) -> list[Difference]:
        """Every counter that is not what the ledger says, and every book whose lots are not."""
        lots = (
            Difference(self.user_id, book, "lots", self.due[book, "lots"], self.due[book, "available"])
            for book in BOOKS
        )
        return [*self.wrong, *(each for each in lots if each.found != each.due)]


def members(cloud: Commands, user_id: str | None = None) -> Iterator[Member]:
    """Yield every member, or *user_id* alone, and owners of rows that have no account."""
    accounts = _accounts(cloud, user_id)
    account = next(accounts, None)
    for owner, rows in groupby(_rows(cloud, user_id), lambda row: str(row["userId"])):
        while account and account["_id"] < owner:
            yield _member(account["_id"], account, iter(()))
            account = next(accounts, None)
        mine = account if account and account["_id"] == owner else None
        yield _member(owner, mine, rows)
        account = next(accounts, None) if mine else account
    while account:
        yield _member(account["_id"], account, iter(()))
        account = next(accounts, None)


def repair(cloud: Commands, member: Member) -> bool:
    """Set the wrong counters of *member*; False when they have changed since they were read."""
    if not member.exists or member.under_way:
        return False
    guard = {f"points.{book}.{name}": _is(member.stored[book, name]) for book, name in _places()}
    right: dict[str, Any] = {f"points.{each.book}.{each.counter}": each.due for each in member.wrong}
    change = {"$set": {**right, "updatedAt": now_ms()}}
    ((reply,),) = cloud.run([update("users", {"_id": member.user_id, **guard}, change)])
    return bool(reply["nModified"])


def _places() -> Iterator[tuple[str, str]]:
    return ((book, name) for book, names in BOOKS.items() for name in names)


def _is(points: int) -> Any:
    return points or {"$in": [0, None]}


def _member(owner: str, account: Document | None, rows: Iterator[Document]) -> Member:
    books = (account or {}).get("points") or {}
    stored: Sums = Counter({(book, name): (books.get(book) or {}).get(name, 0) for book, name in _places()})
    due: Sums = Counter()
    under_way = 0
    for row in rows:
        under_way += row["state"] == "pending"
        if row["state"] == "final":
            due.update(_effects(row))
    return Member(owner, account is not None, stored, due, under_way)


def _effects(row: Document) -> dict[tuple[str, str], int]:
    """Return what a final *row* adds to the counters of its book."""
    effects = {
        "available" if row.get("final", True) else "pending": row["delta"],
        "debt": row.get("debtDelta", 0),
        "reserved": row.get("reservedDelta", 0),
        "lots": (row.get("lot") or {}).get("left", 0),
    }
    return {(row["book"], name): points for name, points in effects.items()}


def _accounts(cloud: Commands, user_id: str | None) -> Iterator[Document]:
    fields = tuple(f"points.{book}" for book in BOOKS)
    where: Document = {"_id": user_id} if user_id else {}
    while True:
        (page,) = cloud.run([find("users", where, fields=fields, sort={"_id": 1}, limit=PAGE)])
        yield from page
        if user_id or len(page) < PAGE:
            return
        where = {"_id": {"$gt": page[-1]["_id"]}}


def _rows(cloud: Commands, user_id: str | None) -> Iterator[Document]:
    fields = ("userId", "book", "delta", "debtDelta", "reservedDelta", "state", "final", "lot.left")
    mine: Document = {"userId": user_id} if user_id else {}
    where = mine
    while True:
        command = find("points_ledger", where, fields=fields, sort={"userId": 1, "_id": 1}, limit=PAGE)
        (page,) = cloud.run([command])
        yield from page
        if len(page) < PAGE:
            return
        owner, key = page[-1]["userId"], page[-1]["_id"]
        rest = [{"userId": {"$gt": owner}}, {"userId": owner, "_id": {"$gt": key}}]
        where = {**mine, "$or": rest}
