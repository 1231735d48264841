"""The engine: MongoDB's data commands over documents in SQLite.

A write command is one SQLite transaction and one fsync. A statement that fails leaves the documents that were
written before it, as mongod does. The failure of a command's only statement is raised, because the platform
turns an error of the database into an error of the call (``FailedOperation`` with the E11000 text); the
failures among several statements come back as ``writeErrors`` in the reply, which is the only form that can
also say what was done.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from localcloud.engine import pipeline, reading
from localcloud.engine.catalog import ID_INDEX, Catalog, Collection
from localcloud.engine.commands import Command, check_command, write_statements
from localcloud.engine.errors import error
from localcloud.engine.indexing import add_index, define, remove_index
from localcloud.engine.scan import Tally
from localcloud.engine.statements import Batch, Statement
from localcloud.engine.store import Connection, Store

Reply = list[dict[str, Any]]
_WRITERS: dict[str, tuple[str, Statement]] = {
    "insert": ("documents", Batch.insert),
    "update": ("updates", Batch.update),
    "delete": ("deletes", Batch.delete),
}


class Engine:
    """Documents of any number of environments, in the file at *path* or in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._store = Store(path)
        with self._store.read() as connection:
            self._catalog = Catalog(connection)
        self._readers: dict[str, Callable[[Connection, Collection, Command, Tally], Reply]] = {
            "find": reading.find,
            "count": reading.count,
            "aggregate": self._aggregate,
        }

    def __enter__(self) -> "Engine":  # noqa: PYI034  # typing has Self from 3.11 on
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; the engine cannot be used afterwards."""
        self._store.close()

    def run(self, env: str, command: Command) -> Reply:
        """Run one native command and return its items; raises EngineError."""
        return self._run(env, command, Tally())

    def explain(self, env: str, command: Command) -> Tally:
        """Run a command and return what it looked at to find its documents."""
        tally = Tally()
        self._run(env, command, tally)
        return tally

    def _run(self, env: str, command: Command, tally: Tally) -> Reply:
        name = check_command(command)
        try:
            if name in _WRITERS:
                return self._write(env, command, name, tally)
            return self._read(env, command, name, tally)
        except RecursionError:
            raise error(15, "the command is nested too deeply") from None

    def _read(self, env: str, command: Command, name: str, tally: Tally) -> Reply:
        read, collection = self._readers[name], self._catalog.get(env, command[name])
        try:
            with self._store.read() as connection:
                return read(connection, collection, command, tally)
        except sqlite3.OperationalError:
            # A table was being created or dropped: look again when no writer is at work.
            with self._store.write() as connection:
                return read(connection, self._catalog.get(env, command[name]), command, tally)

    def _aggregate(
        self, connection: Connection, collection: Collection, command: Command, tally: Tally
    ) -> Reply:
        return pipeline.aggregate(connection, self._catalog, collection, command, tally)

    def _write(self, env: str, command: Command, name: str, tally: Tally) -> Reply:
        field, run = _WRITERS[name]
        items = write_statements(command, field)
        with self._store.write() as connection:
            batch = Batch(connection, self._catalog.get(env, command[name]), tally)
            for position, item in enumerate(items):
                failure = batch.attempt(run, item, position)
                if failure is not None and command.get("ordered", True):
                    break
        if failure is not None and len(items) == 1:
            raise failure
        return [batch.reply]

    def create_collection(self, env: str, name: str) -> None:
        """Make an empty collection; code 48 if it exists."""
        with self._store.write() as connection:
            self._catalog.create(connection, env, name)

    def drop_collection(self, env: str, name: str) -> None:
        """Remove a collection with its documents and indexes; code 26 if it does not exist."""
        with self._store.write() as connection:
            self._catalog.drop(connection, self._catalog.get(env, name))

    def list_collections(self, env: str) -> list[str]:
        """Return the names of the collections of *env*, sorted."""
        return self._catalog.names(env)

    def create_index(
        self,
        env: str,
        coll: str,
        name: str,
        keys: Sequence[tuple[str, int]],
        *,
        unique: bool = False,
        sparse: bool = False,
        partial: Mapping[str, Any] | None = None,
    ) -> None:
        """Build an index; the same definition again does nothing, a different one is code 85 or 86."""
        index = define(name, keys, unique=unique, sparse=sparse, partial=partial)
        with self._store.write() as connection:
            add_index(connection, self._catalog.get(env, coll), index)

    def drop_index(self, env: str, coll: str, name: str) -> None:
        """Remove an index; code 27 if there is none of that name, code 72 for ``_id_``."""
        with self._store.write() as connection:
            remove_index(connection, self._catalog.get(env, coll), name)

    def list_indexes(self, env: str, coll: str) -> list[dict[str, Any]]:
        """Return the indexes in the form of listIndexes (v, key, name, unique, …), ``_id_`` first."""
        return [index.spec() for index in (ID_INDEX, *self._catalog.get(env, coll).indexes)]
