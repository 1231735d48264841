"""The find and count commands."""

from collections.abc import Mapping
from typing import Any

from bson import ObjectId

from localcloud.engine.catalog import Collection
from localcloud.engine.commands import Command, mapping, whole_number
from localcloud.engine.paths import Document
from localcloud.engine.projection import find_projection
from localcloud.engine.scan import Tally, decode, find_by_id, find_rows
from localcloud.engine.sorting import parse_sort
from localcloud.engine.store import Connection


def find(connection: Connection, collection: Collection, command: Command, tally: Tally) -> list[Document]:
    """Return the documents of a find command."""
    query = mapping(command, "filter")
    project = find_projection(mapping(command, "projection"))
    skip, limit = whole_number(command, "skip"), whole_number(command, "limit")
    if not skip and "hint" not in command and is_point_query(query):
        found = _point(connection, collection, query["_id"], tally)
    else:
        rows = find_rows(
            connection,
            collection,
            query,
            sort=parse_sort(mapping(command, "sort")),
            skip=skip,
            limit=limit,
            hint=command.get("hint"),
            tally=tally,
        )
        found = [document for _, _, document in rows]
    return found if project is None else [project(document) for document in found]


def is_point_query(query: Mapping[str, Any]) -> bool:
    """Say whether *query* is just ``_id`` equal to a plain value."""
    return len(query) == 1 and type(query.get("_id")) in {str, int, ObjectId}


def _point(connection: Connection, collection: Collection, document_id: Any, tally: Tally) -> list[Document]:
    body = find_by_id(connection, collection, document_id)
    tally.index = "_id_"
    if body is None:
        return []
    tally.keys = tally.documents = 1
    return [decode(body)]


def count(connection: Connection, collection: Collection, command: Command, tally: Tally) -> list[Document]:
    """Return ``{n}`` of a count command."""
    rows = find_rows(
        connection,
        collection,
        mapping(command, "query"),
        skip=whole_number(command, "skip"),
        limit=whole_number(command, "limit"),
        hint=command.get("hint"),
        tally=tally,
    )
    return [{"n": sum(1 for _ in rows)}]
