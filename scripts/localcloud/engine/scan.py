"""Running a plan: the documents it finds, checked, in order, counted."""

import heapq
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

from localcloud.engine.catalog import ID_INDEX, Collection, identity_key
from localcloud.engine.expressions import Scope
from localcloud.engine.paths import Document
from localcloud.engine.planner import Plan, choose, table_of
from localcloud.engine.query import Test, compile_filter
from localcloud.engine.sorting import Sort, document_key
from localcloud.engine.store import Connection

CODEC: CodecOptions[Document] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
Row = tuple[int, bytes, Document]


@dataclass
class Tally:
    """What a command looked at: the last index used, and how many entries and documents."""

    index: str | None = None
    keys: int = 0
    documents: int = 0


def decode(body: bytes) -> Document:
    """Return the document that *body* holds."""
    return bson.decode(body, CODEC)


def find_rows(
    connection: Connection,
    collection: Collection,
    query: Mapping[str, Any],
    *,
    sort: Sort = (),
    skip: int = 0,
    limit: int = 0,
    hint: Any = None,
    scope: Scope | None = None,
    tally: Tally | None = None,
) -> Iterator[Row]:
    """Yield (row id, stored bytes, document) of what matches *query*; *limit* 0 means all."""
    tally = tally or Tally()
    matches = compile_filter(query, scope)
    plan = choose(connection, collection, query, sort, hint)
    found = _matching(_scan(connection, collection, plan, tally), matches, tally)
    last = min(skip + limit, sys.maxsize) if limit else None
    if sort and not plan.ordered:
        found = _sorted(found, document_key(sort), last)
    return islice(found, skip, last)


def _sorted(rows: Iterator[Row], key: Callable[[Document], bytes], last: int | None) -> Iterator[Row]:
    if last is None:
        return iter(sorted(rows, key=lambda row: key(row[2])))
    return iter(heapq.nsmallest(last, rows, key=lambda row: key(row[2])))


def _matching(rows: Iterator[tuple[int, bytes]], matches: Test, tally: Tally) -> Iterator[Row]:
    for rid, body in rows:
        tally.documents += 1
        document = decode(body)
        if matches(document):
            yield rid, body, document


def _scan(
    connection: Connection, collection: Collection, plan: Plan, tally: Tally
) -> Iterator[tuple[int, bytes]]:
    if plan.index is None:
        yield from connection.select(f"SELECT rid, body FROM {collection.table} ORDER BY rid")  # noqa: S608  # our own table name
        return
    tally.index = plan.index.name
    seen: set[int] = set()
    once = not plan.index.multikey
    for rid, body in _entries(connection, collection, plan):
        tally.keys += 1
        if once or rid not in seen:
            if not once:
                seen.add(rid)
            yield rid, body


def _entries(connection: Connection, collection: Collection, plan: Plan) -> Iterator[tuple[int, bytes]]:
    direction = "DESC" if plan.reverse else "ASC"
    table = table_of(collection, plan.index)
    join = "entry" if plan.index is ID_INDEX else f"entry CROSS JOIN {collection.table} document USING (rid)"
    sql = f"SELECT rid, body, entry.key FROM {table} {join} WHERE entry.key > ? AND entry.key < ? ORDER BY entry.key {direction}"  # noqa: E501, S608  # our own table names

    def ranged(low: bytes, high: bytes) -> Iterator[tuple[int, bytes, bytes]]:
        return connection.select(sql, (low, high))

    if plan.skipped is None:
        for low, high in reversed(plan.ranges) if plan.reverse else plan.ranges:
            for rid, body, _ in ranged(low, high):
                yield rid, body
        return
    streams = [
        _keyed(ranged(low, high), length)
        for (low, high), length in zip(plan.ranges, plan.skipped, strict=True)
    ]
    for _, rid, body in heapq.merge(*streams, key=lambda entry: entry[0], reverse=plan.reverse):
        yield rid, body


def _keyed(entries: Iterator[tuple[int, bytes, bytes]], length: int) -> Iterator[tuple[bytes, int, bytes]]:
    for rid, body, key in entries:
        yield key[length:], rid, body


def find_by_id(connection: Connection, collection: Collection, document_id: Any) -> bytes | None:
    """Return the stored bytes of one document; *document_id* is a scalar."""
    sql = f"SELECT body FROM {collection.table} WHERE key = ?"  # noqa: S608  # our own table name
    row = connection.execute(sql, (identity_key(document_id),)).fetchone()
    return None if row is None else row[0]
