"""Storing documents: one row per document, one row per index entry, unique keys checked before either.

All checks of a document come before its first SQL write, so a refused document leaves no trace and the
documents before it in the same command may be committed.
"""

from collections.abc import Mapping
from typing import Any

import bson
from bson import ObjectId, Regex
from bson.errors import BSONError

from localcloud.engine.catalog import ID_INDEX, Collection, Index, dump, identity_key
from localcloud.engine.errors import EngineError, error, unsupported
from localcloud.engine.order import HIGH, LOW
from localcloud.engine.paths import EMPTY_ARRAY, Document
from localcloud.engine.scan import CODEC, decode
from localcloud.engine.store import Connection

_MAX_BYTES = 16 * 1024 * 1024
_MAX_DEPTH = 180

_Entries = list[tuple[Index, dict[bytes, tuple[Any, ...]]]]


def prepare(document: Mapping[str, Any]) -> tuple[Document, bytes]:
    """Return *document* as it will be read back (with an ``_id``, in front) and its bytes."""
    whole = {"_id": ObjectId(), **document} if "_id" not in document else dict(document)
    _refuse_id(whole["_id"])
    _refuse_shape(whole, 1)
    try:
        body = bson.encode(whole, codec_options=CODEC)
    except (BSONError, OverflowError, UnicodeError, ValueError, TypeError, RecursionError) as reason:
        raise error(2, f"cannot store the document: {reason}") from reason
    if len(body) > _MAX_BYTES:
        raise error(
            10334, f"BSONObj size: {len(body)} is invalid. Size must be between 0 and {_MAX_BYTES}(16MB)"
        )
    return decode(body), body


def _refuse_id(value: Any) -> None:
    if isinstance(value, list | Regex):
        raise error(
            53, f"The '_id' value cannot be of type {'array' if isinstance(value, list) else 'regex'}"
        )
    if isinstance(value, Mapping):
        for name in value:
            if name.startswith("$"):
                raise error(
                    52, f"_id fields may not contain '$'-prefixed fields: {name} is not valid for storage."
                )


def _refuse_shape(value: Any, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise error(15, f"cannot store more than {_MAX_DEPTH} levels of nesting")
    if isinstance(value, Mapping):
        if "$ref" in value and "$id" in value:
            raise unsupported("A DBRef ($ref, $id)")
        value = value.values()
    elif not isinstance(value, list):
        return
    for item in value:
        if isinstance(item, Mapping | list):
            _refuse_shape(item, depth + 1)


def insert(connection: Connection, collection: Collection, document: Mapping[str, Any]) -> Any:
    """Store a new document and return its ``_id``."""
    whole, body = prepare(document)
    key = identity_key(whole["_id"])
    known = connection.execute(f"SELECT 1 FROM {collection.table} WHERE key = ?", (key,)).fetchone()  # noqa: S608  # our own table name
    if known:
        raise _duplicate(collection, ID_INDEX, (whole["_id"],))
    entries = _entries_of(collection, whole)
    _refuse_duplicates(connection, collection, entries, None)
    _note_arrays(connection, collection, entries)
    sql = f"INSERT INTO {collection.table} (key, body) VALUES (?, ?)"  # noqa: S608  # our own table name
    rid = connection.execute(sql, (key, body)).lastrowid
    _add_entries(connection, entries, key, rid)
    return whole["_id"]


def replace(connection: Connection, collection: Collection, rid: int, old: bytes, updated: Document) -> bool:
    """Store *updated* in the place of *old*; return whether that changes anything."""
    whole, body = prepare(updated)
    if body == old:
        return False
    before, after = _entries_of(collection, decode(old)), _entries_of(collection, whole)
    added, gone = _beyond(after, before), _beyond(before, after)
    _refuse_duplicates(connection, collection, added, rid)
    _note_arrays(connection, collection, after)
    key = identity_key(whole["_id"])
    connection.execute(f"UPDATE {collection.table} SET key = ?, body = ? WHERE rid = ?", (key, body, rid))  # noqa: S608  # our own table name
    _remove_entries(connection, gone, key)
    _add_entries(connection, added, key, rid)
    return True


def delete(connection: Connection, collection: Collection, rid: int, document: Document) -> None:
    """Remove a document and its index entries."""
    _remove_entries(connection, _entries_of(collection, document), identity_key(document["_id"]))
    connection.execute(f"DELETE FROM {collection.table} WHERE rid = ?", (rid,))  # noqa: S608  # our own table name


def build(connection: Connection, collection: Collection, index: Index) -> Index:
    """Fill the empty table of *index* from all documents; code 11000 if a unique key occurs twice."""
    for rid, body in connection.execute(f"SELECT rid, body FROM {collection.table}").fetchall():  # noqa: S608  # our own table name
        document = decode(body)
        prefixes, index = index.entries(document)
        _refuse_duplicates(connection, collection, [(index, prefixes)], rid)
        _add_entries(connection, [(index, prefixes)], identity_key(document["_id"]), rid)
    return index


def _entries_of(collection: Collection, document: Document) -> _Entries:
    return [
        (after, prefixes) for prefixes, after in (index.entries(document) for index in collection.indexes)
    ]


def _beyond(entries: _Entries, others: _Entries) -> _Entries:
    """Return the *entries* that are not among *others*."""
    return [
        (index, {prefix: values for prefix, values in ours.items() if prefix not in theirs})
        for (index, ours), (_, theirs) in zip(entries, others, strict=True)
    ]


def _note_arrays(connection: Connection, collection: Collection, entries: _Entries) -> None:
    """Remember which indexes have met arrays on more of their paths."""
    for position, (after, _) in enumerate(entries):
        if after.multikey != collection.indexes[position].multikey:
            connection.execute("UPDATE indexes SET spec = ? WHERE id = ?", (dump(after), after.id))
            collection.indexes[position] = after


def _refuse_duplicates(
    connection: Connection, collection: Collection, entries: _Entries, rid: int | None
) -> None:
    for index, prefixes in entries:
        if not index.unique:
            continue
        sql = f"SELECT 1 FROM {index.table} WHERE key > ? AND key < ? AND rid IS NOT ?"  # noqa: S608  # our own table name
        for prefix, values in prefixes.items():
            if connection.execute(sql, (prefix + LOW, prefix + HIGH, rid)).fetchone():
                raise _duplicate(collection, index, values)


def _add_entries(connection: Connection, entries: _Entries, key: bytes, rid: int | None) -> None:
    for index, prefixes in entries:
        rows = [(prefix + index.identity(key), rid) for prefix in prefixes]
        connection.executemany(f"INSERT INTO {index.table} (key, rid) VALUES (?, ?)", rows)  # noqa: S608  # our own table name


def _remove_entries(connection: Connection, entries: _Entries, key: bytes) -> None:
    for index, prefixes in entries:
        rows = [(prefix + index.identity(key),) for prefix in prefixes]
        connection.executemany(f"DELETE FROM {index.table} WHERE key = ?", rows)  # noqa: S608  # our own table name


def _duplicate(collection: Collection, index: Index, values: tuple[Any, ...]) -> EngineError:
    key = {
        path: [] if value is EMPTY_ARRAY else value
        for (path, _), value in zip(index.keys, values, strict=True)
    }
    shown = ", ".join(f"{path}: {_shown(value)}" for path, value in key.items())
    return error(
        11000,
        f"E11000 duplicate key error collection: {collection.namespace} "
        f"index: {index.name} dup key: {{ {shown} }}",
        keyPattern=dict(index.keys),
        keyValue=key,
    )


def _shown(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{value}"'
    return f"ObjectId('{value}')" if isinstance(value, ObjectId) else str(value)
