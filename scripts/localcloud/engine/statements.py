"""One statement of an insert, update or delete command."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.engine import writing
from localcloud.engine.catalog import Collection
from localcloud.engine.commands import check_fields, mapping
from localcloud.engine.errors import error
from localcloud.engine.order import MISSING
from localcloud.engine.scan import Row, find_rows
from localcloud.engine.types import is_number
from localcloud.engine.update import Update
from localcloud.engine.upsert import seed

Reply = dict[str, Any]
Statement = Callable[[sqlite3.Connection, Collection, Mapping[str, Any], Reply, int], None]


def insert(
    connection: sqlite3.Connection,
    collection: Collection,
    document: Mapping[str, Any],
    reply: Reply,
    _position: int,
) -> None:
    """Store one document of an insert command."""
    writing.insert(connection, collection, document)
    reply["n"] += 1


def update(
    connection: sqlite3.Connection,
    collection: Collection,
    item: Mapping[str, Any],
    reply: Reply,
    position: int,
) -> None:
    """Run one ``{q, u, multi, upsert, hint}``."""
    check_fields("update.updates", item, {"q", "u", "multi", "upsert", "hint"})
    if "u" not in item:
        raise error(40414, "BSON field 'update.updates.u' is missing but a required field")
    query, multi = mapping(item, "q"), bool(item.get("multi"))
    change = Update(item["u"], multi=multi)
    found = _matches(connection, collection, query, item, one=not multi)
    for rid, body, document in found:
        updated = change.apply(document, query)
        reply["nModified"] += writing.replace(connection, collection, rid, body, updated)
        reply["n"] += 1
    if not found and item.get("upsert"):
        start = seed(query, only_id=change.is_replacement)
        document = change.apply(start, query, inserting=True)
        document_id = writing.insert(connection, collection, document)
        reply["n"] += 1
        reply.setdefault("upserted", []).append({"index": position, "_id": document_id})


def delete(
    connection: sqlite3.Connection,
    collection: Collection,
    item: Mapping[str, Any],
    reply: Reply,
    _position: int,
) -> None:
    """Run one ``{q, limit, hint}``; limit 0 means all."""
    check_fields("delete.deletes", item, {"q", "limit", "hint"})
    limit = item.get("limit", MISSING)
    if not is_number(limit) or limit not in {0, 1}:
        raise error(9, f"The limit field in delete objects must be 0 or 1. Got {limit!r}")
    for rid, _, document in _matches(connection, collection, mapping(item, "q"), item, one=limit == 1):
        writing.delete(connection, collection, rid, document)
        reply["n"] += 1


def _matches(
    connection: sqlite3.Connection,
    collection: Collection,
    query: Mapping[str, Any],
    item: Mapping[str, Any],
    *,
    one: bool,
) -> list[Row]:
    """Return the rows to write before the first is written, so that no row is met twice."""
    return list(find_rows(connection, collection, query, limit=int(one), hint=item.get("hint")))
