"""Permissions of collections: stored, readable back, and outside of the environment's own collections.

Server-side calls bypass them on the platform too, so nothing here enforces them.
"""

from typing import Any, Literal, NamedTuple

from localcloud.engine import Engine, EngineError

BaseTag = Literal["READONLY", "PRIVATE", "ADMINWRITE", "ADMINONLY"]
Tag = Literal["READONLY", "PRIVATE", "ADMINWRITE", "ADMINONLY", "CUSTOM"]

_COLLECTION = "permissions"
_NAMESPACE_EXISTS = 48


class Permission(NamedTuple):
    """A permission tag; *rule* is the JSON text of a CUSTOM one."""

    tag: str
    rule: str | None = None


DEFAULT = Permission("PRIVATE")
"""What the platform gives a new collection: its creator and administrators may read and write."""


class Permissions:
    """The permissions of one environment, kept by the engine in a database of their own."""

    def __init__(self, engine: Engine, env: str) -> None:
        self._engine = engine
        self._database = f"{env}/settings"
        try:
            engine.create_collection(self._database, _COLLECTION)
        except EngineError as error:
            if error.code != _NAMESPACE_EXISTS:
                raise

    def get(self, collection: str) -> Permission:
        """Return what was set for *collection*, or the default."""
        found = self._run({"find": _COLLECTION, "filter": {"_id": collection}})
        return Permission(found[0]["tag"], found[0]["rule"]) if found else DEFAULT

    def set(self, collection: str, permission: Permission) -> None:
        """Remember *permission* for *collection*."""
        row = {"_id": collection, **permission._asdict()}
        self._run({"update": _COLLECTION, "updates": [{"q": {"_id": collection}, "u": row, "upsert": True}]})

    def _run(self, command: dict[str, Any]) -> list[dict[str, Any]]:
        return self._engine.run(self._database, command)
