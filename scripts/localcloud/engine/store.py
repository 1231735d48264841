"""SQLite underneath: connections, transactions and the SQL that the engine needs.

Concurrency: one writer connection behind a lock, so writes are serial and a read-modify-write of a document
is atomic; readers use a pool of other connections and see the last committed state (WAL), so they wait for
neither a writer nor its fsync. ``synchronous=FULL`` makes COMMIT return after the log is on disk: what was
acknowledged survives ``kill -9`` and a power cut. In memory there is one connection, shared under the lock.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

_CATALOG = """
CREATE TABLE IF NOT EXISTS collections (
    id INTEGER PRIMARY KEY, env TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (env, name));
CREATE TABLE IF NOT EXISTS indexes (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL REFERENCES collections (id), spec BLOB NOT NULL);
"""


class Connection(sqlite3.Connection):
    """A SQLite connection that can end its unfinished queries, whoever may still hold them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cursors: list[sqlite3.Cursor] = []

    def select(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield rows; the query ends with ``end_queries`` at the latest."""
        cursor = self.execute(sql, parameters)
        self._cursors.append(cursor)
        return iter(cursor.fetchone, None)

    def end_queries(self) -> None:
        """Close all cursors, so that no snapshot and no table lock outlives a command."""
        while self._cursors:
            self._cursors.pop().close()


class Store:
    """A SQLite database file, or one in memory when *path* is None."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._idle: list[Connection] = []
        self._closed = False
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._writer = self._connect()
        self._writer.executescript(_CATALOG)

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """Hold the writer in a transaction: committed at the end, rolled back if an exception passes."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.end_queries()
                self._writer.execute("ROLLBACK")
                raise
            self._writer.end_queries()
            self._writer.execute("COMMIT")

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Hold a connection whose statements all see the state of one moment, committed documents only."""
        if self._path is None:
            with self._lock:
                try:
                    yield self._writer
                finally:
                    self._writer.end_queries()
            return
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.end_queries()
            connection.execute("COMMIT")
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def _connect(self) -> Connection:
        connection = sqlite3.connect(
            self._path or ":memory:",
            isolation_level=None,
            check_same_thread=False,
            timeout=30,
            cached_statements=512,
            factory=Connection,
        )
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        return connection
