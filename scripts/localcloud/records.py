"""Records of the cloud's own, outside of the environment's collections: kept by the engine, read from memory.

Writes come from the event loop's thread alone, readers may be of any: each write replaces what they read.
"""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from localcloud.engine import Engine, EngineError

R = TypeVar("R", bound=BaseModel)

_NAMESPACE_EXISTS = 48


class Records(Generic[R]):
    """Records of one *model* by their keys, as JSON texts in a collection of the settings of *env*.

    `changes` counts the writes of this process.
    """

    def __init__(self, engine: Engine, env: str, name: str, model: type[R]) -> None:
        self._engine = engine
        self._database = f"{env}/settings"
        self._name = name
        self.changes = 0
        try:
            engine.create_collection(self._database, name)
        except EngineError as error:
            if error.code != _NAMESPACE_EXISTS:
                raise
        rows = self._run({"find": name, "sort": {"_id": 1}})
        self._rows = {row["_id"]: model.model_validate_json(row["body"]) for row in rows}

    def get(self, key: str) -> R | None:
        """Return the record of *key*, if there is one."""
        return self._rows.get(key)

    def all(self) -> list[R]:
        """Return all records, the oldest key first."""
        return list(self._rows.values())

    def put(self, key: str, record: R) -> None:
        """Store *record* under *key*."""
        row = {"_id": key, "body": record.model_dump_json()}
        self._run({"update": self._name, "updates": [{"q": {"_id": key}, "u": row, "upsert": True}]})
        self._rows = {**self._rows, key: record}
        self.changes += 1

    def remove(self, key: str) -> None:
        """Forget the record of *key*."""
        self._run({"delete": self._name, "deletes": [{"q": {"_id": key}, "limit": 1}]})
        self._rows = {known: record for known, record in self._rows.items() if known != key}
        self.changes += 1

    def _run(self, command: dict[str, Any]) -> list[dict[str, Any]]:
        return self._engine.run(self._database, command)
