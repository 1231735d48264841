"""Creating and dropping indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from localcloud.engine.catalog import ID_INDEX, Collection, Index, dump
from localcloud.engine.comparisons import is_operators
from localcloud.engine.errors import error, unsupported
from localcloud.engine.numeric import whole
from localcloud.engine.paths import is_index
from localcloud.engine.query import compile_filter
from localcloud.engine.store import Connection
from localcloud.engine.writing import build

_PARTIAL_OPERATORS = {"$eq", "$exists", "$gt", "$gte", "$lt", "$lte", "$type"}


def define(
    name: str,
    keys: Sequence[tuple[str, int]],
    *,
    unique: bool,
    sparse: bool,
    partial: Mapping[str, Any] | None,
) -> Index:
    """Return a checked index definition."""
    if not name or not keys:
        raise error(67, "An index needs a name and at least one key")
    for path, direction in keys:
        if whole(direction) not in {1, -1}:
            raise unsupported(f"An index of kind {direction!r}")
        if not all(path.split(".")) or path.startswith("$"):
            raise error(67, f"Index keys must be field paths: '{path}'")
        if any(map(is_index, path.split("."))):
            raise unsupported(f"An index on the array position '{path}'")
    if len({path for path, _ in keys}) < len(keys):
        raise error(67, "An index cannot have the same field twice")
    if partial is not None:
        if sparse:
            raise error(67, "cannot mix 'partialFilterExpression' and 'sparse' options")
        _check_partial(partial)
    plain = [(path, int(direction)) for path, direction in keys]
    return Index(
        0, name, plain, unique=unique, sparse=sparse, partial=None if partial is None else dict(partial)
    )


def _check_partial(partial: Mapping[str, Any]) -> None:
    compile_filter(partial)
    for path, operand in partial.items():
        if path == "$and":
            for branch in operand:
                _check_partial(branch)
            continue
        operators = set(operand) if is_operators(operand) else set()
        if path.startswith("$") or not operators <= _PARTIAL_OPERATORS or operand == {"$exists": False}:
            raise error(67, f"Expression not supported in partial index: {path}: {operand}")


def add_index(connection: Connection, collection: Collection, index: Index) -> None:
    """Build *index* unless it is there already."""
    for other in (ID_INDEX, *collection.indexes):
        same = replace(index, id=other.id, name=other.name, multikey=other.multikey) == other
        if other.name == index.name:
            if same:
                return
            raise error(86, f"An existing index has the same name as the requested index: {index.name}")
        if same:
            raise error(85, f"Index already exists with a different name: {other.name}")
    number = connection.execute(
        "INSERT INTO indexes (collection, spec) VALUES (?, ?)", (collection.id, dump(index))
    ).lastrowid
    index = replace(index, id=int(number or 0))
    connection.execute(
        f"CREATE TABLE {index.table} (key BLOB PRIMARY KEY, rid INTEGER NOT NULL) WITHOUT ROWID"
    )
    built = build(connection, collection, index)
    connection.execute("UPDATE indexes SET spec = ? WHERE id = ?", (dump(built), index.id))
    collection.indexes = [*collection.indexes, built]


def remove_index(connection: Connection, collection: Collection, name: str) -> None:
    """Drop the index called *name*."""
    index = collection.index(name)
    if index is ID_INDEX:
        raise error(72, "cannot drop _id index")
    collection.indexes = [other for other in collection.indexes if other is not index]
    connection.execute("DELETE FROM indexes WHERE id = ?", (index.id,))
    connection.execute(f"DROP TABLE {index.table}")
