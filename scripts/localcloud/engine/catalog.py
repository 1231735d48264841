"""Collections and their indexes: the definitions, kept in memory and in SQLite."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import bson

from localcloud.engine.errors import error
from localcloud.engine.order import encode, invert
from localcloud.engine.paths import Document, rows
from localcloud.engine.query import Test, compile_filter
from localcloud.engine.sorting import Sort, key_part
from localcloud.engine.store import Connection

_TAIL = b"\x80"


@dataclass(frozen=True)
class Index:
    """An index; ``multikey`` has the positions of the paths on which an array was ever stored.

    An entry's key is its components, each in its direction, followed by the document's ``_id``; so entries
    are unique, and equal components come in the order of ``_id`` in the direction of the last component.
    """

    id: int
    name: str
    keys: Sort
    unique: bool = False
    sparse: bool = False
    partial: Mapping[str, Any] | None = None
    multikey: frozenset[int] = frozenset()

    @property
    def table(self) -> str:
        """The SQLite table of the entries; the ``_id`` index is the documents' table itself."""
        return f"index_{self.id}"

    def spec(self) -> dict[str, Any]:
        """Return the definition as ``listIndexes`` shows it."""
        shown: dict[str, Any] = {"v": 2, "key": dict(self.keys), "name": self.name}
        if self.unique and self.keys != [("_id", 1)]:
            shown["unique"] = True
        if self.sparse:
            shown["sparse"] = True
        if self.partial is not None:
            shown["partialFilterExpression"] = dict(self.partial)
        return shown

    def entries(self, document: Document) -> tuple[dict[bytes, tuple[Any, ...]], "Index"]:
        """Return *document*'s components by key prefix, and the index as it is after them."""
        if not self._holds(document):
            return {}, self
        found, arrays = rows(document, self._paths)
        prefixes = {b"".join(map(key_part, row, self._directions)): row for row in found}
        return prefixes, self if arrays <= self.multikey else replace(self, multikey=self.multikey | arrays)

    @cached_property
    def _paths(self) -> list[list[str]]:
        return [path.split(".") for path, _ in self.keys]

    @cached_property
    def _directions(self) -> list[int]:
        return [direction for _, direction in self.keys]

    @cached_property
    def _holds(self) -> Test:
        """The test that a document belongs: the partial filter, or that it has a field of a sparse index."""
        if self.sparse:
            return compile_filter({"$or": [{path: {"$exists": True}} for path, _ in self.keys]})
        return compile_filter(self.partial or {})

    def identity(self, id_key: bytes) -> bytes:
        """Return what follows the components in an entry of the document with *id_key*."""
        return id_key if self.keys[-1][1] > 0 else invert(id_key)


def identity_key(document_id: Any) -> bytes:
    """Return the key of ``_id``; it ends with a byte between LOW and HIGH like every continued key."""
    return encode(document_id) + _TAIL


ID_INDEX = Index(0, "_id_", [("_id", 1)], unique=True)


@dataclass
class Collection:
    """A collection of one environment."""

    id: int
    env: str
    name: str
    indexes: list[Index] = field(default_factory=list)

    @property
    def table(self) -> str:
        """The SQLite table of the documents."""
        return f"documents_{self.id}"

    @property
    def namespace(self) -> str:
        """``env.name``, as MongoDB names it in messages."""
        return f"{self.env}.{self.name}"

    def index(self, name: str) -> Index:
        """Return the index called *name*, or raise code 27."""
        for index in (ID_INDEX, *self.indexes):
            if index.name == name:
                return index
        raise error(27, f"index not found with name [{name}]")


class Catalog:
    """All collections by environment and name."""

    def __init__(self, connection: Connection) -> None:
        self._collections: dict[tuple[str, str], Collection] = {}
        by_id: dict[int, Collection] = {}
        for number, env, name in connection.execute("SELECT id, env, name FROM collections ORDER BY id"):
            by_id[number] = self._collections[env, name] = Collection(number, env, name)
        for number, owner, spec in connection.execute("SELECT id, collection, spec FROM indexes ORDER BY id"):
            by_id[owner].indexes.append(_load(number, bson.decode(spec)))

    def get(self, env: str, name: Any) -> Collection:
        """Return the collection *name* of *env*, or raise code 26."""
        if not isinstance(name, str):
            raise error(73, "collection name has invalid type")
        collection = self._collections.get((env, name))
        if collection is None:
            raise error(26, f"ns does not exist: {env}.{name}")
        return collection

    def find(self, env: str, name: str) -> Collection | None:
        """Return the collection, or None."""
        return self._collections.get((env, name))

    def names(self, env: str) -> list[str]:
        """Return the names of the collections of *env*, sorted."""
        return sorted(name for owner, name in list(self._collections) if owner == env)

    def create(self, connection: Connection, env: str, name: str) -> Collection:
        """Make the collection and its table; code 48 if it exists."""
        if not name or "$" in name or "\0" in name or name.startswith("system."):
            raise error(73, f"Invalid namespace specified '{env}.{name}'")
        if (env, name) in self._collections:
            raise error(48, f"Collection {env}.{name} already exists.")
        cursor = connection.execute("INSERT INTO collections (env, name) VALUES (?, ?)", (env, name))
        collection = Collection(int(cursor.lastrowid or 0), env, name)
        connection.execute(
            f"CREATE TABLE {collection.table}"
            " (rid INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, body BLOB NOT NULL)"
        )
        self._collections[env, name] = collection
        return collection

    def drop(self, connection: Connection, collection: Collection) -> None:
        """Remove the collection, its documents and indexes."""
        del self._collections[collection.env, collection.name]
        for index in collection.indexes:
            connection.execute(f"DROP TABLE {index.table}")
        connection.execute("DELETE FROM indexes WHERE collection = ?", (collection.id,))
        connection.execute("DELETE FROM collections WHERE id = ?", (collection.id,))
        connection.execute(f"DROP TABLE {collection.table}")


def _load(number: int, spec: dict[str, Any]) -> Index:
    return Index(
        number,
        spec["name"],
        [(path, direction) for path, direction in spec["keys"]],
        unique=spec["unique"],
        sparse=spec["sparse"],
        partial=spec["partial"],
        multikey=frozenset(spec["multikey"]),
    )


def dump(index: Index) -> bytes:
    """Return *index* as the catalogue stores it."""
    return bson.encode(
        {
            "name": index.name,
            "keys": [list(key) for key in index.keys],
            "unique": index.unique,
            "sparse": index.sparse,
            "partial": index.partial,
            "multikey": sorted(index.multikey),
        }
    )
