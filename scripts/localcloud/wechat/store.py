"""Where the stand-in keeps what it knows: JSON values by kind and key, in one SQLite file or in memory."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

Value = dict[str, Any]


class Store:
    """A small durable dictionary. Safe to share among threads."""

    def __init__(self, folder: Path | None) -> None:
        """Open the store in *folder*, or one that dies with this object when there is none."""
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if folder is None else folder / "wechat.sqlite3"
        self._lock = RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS entry (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key))"
        )

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep everybody else out and make the changes inside take effect all together, or not at all."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def get(self, kind: str, key: str) -> Value | None:
        with self._lock:
            row = self._db.execute(
                "SELECT value FROM entry WHERE kind = ? AND key = ?", (kind, key)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, kind: str, key: str, value: Value) -> None:
        with self._lock:
            self._db.execute(
                "INSERT INTO entry VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                (kind, key, json.dumps(value, ensure_ascii=False)),
            )

    def all(self, kind: str) -> list[Value]:
        """Return the values of *kind* in the order in which their keys were first put."""
        with self._lock:
            rows = self._db.execute("SELECT value FROM entry WHERE kind = ? ORDER BY rowid", (kind,))
            return [json.loads(value) for (value,) in rows]

    def close(self) -> None:
        with self._lock:
            self._db.close()
