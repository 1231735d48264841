"""The statements of a write command, and the reply that grows with them."""

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.engine import writing
from localcloud.engine.catalog import Collection
from localcloud.engine.commands import check_fields, mapping
from localcloud.engine.errors import EngineError, error
from localcloud.engine.numeric import whole
from localcloud.engine.scan import Row, Tally, find_rows
from localcloud.engine.store import Connection
from localcloud.engine.update import Update
from localcloud.engine.upsert import seed


class Batch:
    """The statements of one command on *collection*, inside of a transaction."""

    def __init__(self, connection: Connection, collection: Collection, tally: Tally) -> None:
        self._connection = connection
        self._collection = collection
        self._tally = tally
        self.reply: dict[str, Any] = {"n": 0, "ok": 1.0}

    def attempt(self, run: "Statement", item: Mapping[str, Any], position: int) -> EngineError | None:
        """Run one statement; return its failure, which is also noted in the reply."""
        try:
            run(self, item, position)
        except EngineError as reason:
            failure = {"index": position, "code": reason.code, "errmsg": reason.message, **reason.details}
            self.reply.setdefault("writeErrors", []).append(failure)
            return reason
        return None

    def insert(self, document: Mapping[str, Any], _position: int) -> None:
        """Store one document."""
        writing.insert(self._connection, self._collection, document)
        self.reply["n"] += 1

    def update(self, item: Mapping[str, Any], position: int) -> None:
        """Run one ``{q, u, multi, upsert, hint}``."""
        self.reply.setdefault("nModified", 0)
        check_fields("update.updates", item, {"q", "u", "multi", "upsert", "hint"})
        if "u" not in item:
            raise error(40414, "BSON field 'update.updates.u' is missing but a required field")
        query, multi = mapping(item, "q"), bool(item.get("multi"))
        change = Update(item["u"], multi=multi)
        found = self._matches(query, item, one=not multi)
        for rid, body, document in found:
            updated = change.apply(document, query)
            self.reply["nModified"] += writing.replace(self._connection, self._collection, rid, body, updated)
            self.reply["n"] += 1
        if not found and item.get("upsert"):
            self._upsert(change, query, position)

    def _upsert(self, change: Update, query: Mapping[str, Any], position: int) -> None:
        start = seed(query, only_id=change.is_replacement)
        document = change.apply(start, query, inserting=True)
        document_id = writing.insert(self._connection, self._collection, document)
        self.reply["n"] += 1
        self.reply.setdefault("upserted", []).append({"index": position, "_id": document_id})

    def delete(self, item: Mapping[str, Any], _position: int) -> None:
        """Run one ``{q, limit, hint}``; limit 0 means all."""
        check_fields("delete.deletes", item, {"q", "limit", "hint"})
        limit = whole(item.get("limit"))
        if limit not in {0, 1}:
            raise error(9, f"The limit field in delete objects must be 0 or 1. Got {item.get('limit')!r}")
        for rid, _, document in self._matches(mapping(item, "q"), item, one=limit == 1):
            writing.delete(self._connection, self._collection, rid, document)
            self.reply["n"] += 1

    def _matches(self, query: Mapping[str, Any], item: Mapping[str, Any], *, one: bool) -> list[Row]:
        """Return the rows to write before the first is written, so that no row is met twice."""
        rows = find_rows(
            self._connection,
            self._collection,
            query,
            limit=int(one),
            hint=item.get("hint"),
            tally=self._tally,
        )
        return list(rows)


Statement = Callable[[Batch, Mapping[str, Any], int], None]
