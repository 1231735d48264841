"""The database port: native MongoDB commands in, plain documents out, one round trip a call.

Two rules make a lost reply harmless. Reads and writes never share a trip, and every write is
either idempotent (`put`, `insert` with a natural key) or guarded by its own filter (`update`), so
that running a function again from the top is always safe. A duplicate key is therefore a
result ("already done"), not an error.

Only find, aggregate, count, insert, update and delete are used: nothing else is verified on the platform.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from gardenshop.cloud.errors import AccountFrozen, DuplicateKey, Internal

Command = Mapping[str, Any]
Document = dict[str, Any]
Filter = Mapping[str, Any]
Keys = Mapping[str, int]

PAGE = 1000
"""The most documents one find may ask for; more are read with a keyset cursor, never with skip."""


class Adapter(Protocol):
    """A way to the database. Raises DuplicateKey, DatabaseRejected or DatabaseUnavailable."""

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        """Run *commands* in order in one round trip and return the reply items of each.

        The list is not atomic: when one command fails, those before it have been applied.
        """


def find(
    collection: str,
    where: Filter,
    *,
    fields: Sequence[str] = (),
    sort: Keys | None = None,
    limit: int = PAGE,
) -> Command:
    """Find at most *limit* documents, reading only *fields* (and ``_id``) when given."""
    command: Document = {"find": collection, "filter": where, "limit": limit}
    if fields:
        command["projection"] = dict.fromkeys(fields, 1)
    if sort:
        command["sort"] = sort
    return command


def get(collection: str, key: str, *, fields: Sequence[str] = (), **owner: str) -> Command:
    """Find the document *key*, which must also have the *owner* fields given."""
    return find(collection, {"_id": key, **owner}, fields=fields, limit=1)


def aggregate(collection: str, *stages: Mapping[str, Any]) -> Command:
    """Run an aggregation pipeline."""
    return {"aggregate": collection, "pipeline": stages, "cursor": {}}


def insert(collection: str, document: Document) -> Command:
    """Insert *document*; an existing unique key is the result ``duplicate``."""
    return {"insert": collection, "documents": [document]}


def put(collection: str, document: Document) -> Command:
    """Insert *document* unless its ``_id`` exists, in which case nothing changes.

    Unlike `insert` it cannot fail on its own key, so it is the form for batches.
    """
    fields = {name: value for name, value in document.items() if name != "_id"}
    return update(collection, {"_id": document["_id"]}, {"$setOnInsert": fields}, upsert=True)


def update(
    collection: str,
    where: Filter,
    change: Mapping[str, Any],
    *,
    upsert: bool = False,
    multi: bool = False,
) -> Command:
    """Change the document that *where*, which is also the guard, matches."""
    return {"update": collection, "updates": [{"q": where, "u": change, "upsert": upsert, "multi": multi}]}


def delete(collection: str, where: Filter, *, limit: int = 1) -> Command:
    """Delete the first document that *where* matches, or all of them when *limit* is 0."""
    return {"delete": collection, "deletes": [{"q": where, "limit": limit}]}


class Written(NamedTuple):
    """What one write did."""

    matched: int
    modified: int
    upserted: int
    duplicate: bool = False

    @property
    def happened(self) -> bool:
        """Whether this very call changed or created something."""
        return bool(self.modified or self.upserted)


class Database:
    """The database as one invocation sees it. `round_trips` counts what it cost.

    The first read asks, in the same trip, whether the account *caller* is frozen.
    """

    def __init__(self, adapter: Adapter, caller: str = "") -> None:
        self._adapter = adapter
        self._unseen = caller
        self.round_trips = 0

    def read(self, *commands: Command) -> list[list[Document]]:
        """Run reads in one round trip and return the documents of each. Raises AccountFrozen."""
        if not self._unseen or not commands:
            return self._run(commands)
        frozen = {"_id": self._unseen, "status": "frozen"}
        *replies, found = self._run([*commands, find("users", frozen, fields=("status",), limit=1)])
        if found:
            raise AccountFrozen
        self._unseen = ""
        return replies

    def one(self, command: Command) -> Document | None:
        """Run one read and return its first document, if there is one. Raises AccountFrozen."""
        (documents,) = self.read(command)
        return documents[0] if documents else None

    def write(self, *commands: Command) -> list[Written]:
        """Run writes in order in one round trip and say what each did.

        Where one meets an existing unique key the platform does not say how far the list came,
        so the writes, all safe to repeat, are run again one by one.
        """
        try:
            replies = self._run(commands)
        except DuplicateKey:
            if len(commands) == 1:
                return [Written(0, 0, 0, duplicate=True)]
            return [result for command in commands for result in self.write(command)]
        return [_written(command, reply) for command, reply in zip(commands, replies, strict=True)]

    def _run(self, commands: Sequence[Command]) -> list[list[Document]]:
        if not commands:
            return []
        self.round_trips += 1
        return self._adapter.run(commands)


def _written(command: Command, reply: list[Document]) -> Written:
    if not reply:
        raise Internal
    item = reply[0]
    matched = int(item.get("n", 0))
    if "insert" in command:
        return Written(0, 0, matched)
    if "delete" in command:
        return Written(matched, matched, 0)
    upserted = len(item.get("upserted") or ())
    return Written(matched - upserted, int(item.get("nModified", 0)), upserted)
