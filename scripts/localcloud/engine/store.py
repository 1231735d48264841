"""SQLite underneath: connections, transactions and the SQL that the engine needs.

Concurrency: one writer connection behind a lock, so writes are serial and a read-modify-write of a document
is atomic; readers use a pool of other connections and see the last committed state (WAL), so they wait for
neither a writer nor its fsync. ``synchronous=FULL`` makes COMMIT return after the log is on disk: what was
acknowledged survives ``kill -9`` and a power cut. In memory there is one connection, shared under the lock.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

_CATALOG = """
CREATE TABLE IF NOT EXISTS collections (
    id INTEGER PRIMARY KEY, env TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (env, name));
CREATE TABLE IF NOT EXISTS indexes (
    id INTEGER PRIMARY KEY, collection INTEGER NOT NULL REFERENCES collections (id), spec BLOB NOT NULL);
"""


class Store:
    """A SQLite database file, or one in memory when *path* is None."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
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
    def write(self) -> Iterator[sqlite3.Connection]:
        """Hold the writer in a transaction: committed at the end, rolled back if an exception passes."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Hold a connection whose statements all see the state of one moment, committed documents only."""
        if self._path is None:
            with self._lock:
                yield self._writer
            return
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.execute("ROLLBACK")
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path or ":memory:",
            isolation_level=None,
            check_same_thread=False,
            timeout=30,
            cached_statements=512,
        )
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        return connection
