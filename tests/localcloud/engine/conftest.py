"""An engine in memory, and one collection of it with short names for the commands."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from localcloud.engine import Engine, Tally

ENV = "test-env"


def moment(*parts: int) -> datetime:
    """Return a date as the engine does: in UTC, without saying so."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  # BSON dates are read as naive UTC


class Things:
    """The collection ``things``."""

    def __init__(self, engine: Engine, name: str = "things") -> None:
        self.engine = engine
        self.name = name
        engine.create_collection(ENV, name)

    def run(self, command: dict[str, Any]) -> list[dict[str, Any]]:
        return self.engine.run(ENV, command)

    def insert(self, *documents: dict[str, Any], **options: Any) -> dict[str, Any]:
        return self.run({"insert": self.name, "documents": list(documents), **options})[0]

    def find(self, query: dict[str, Any] | None = None, **options: Any) -> list[dict[str, Any]]:
        return self.run({"find": self.name, "filter": query or {}, **options})

    def ids(self, query: dict[str, Any] | None = None, **options: Any) -> list[Any]:
        return [document["_id"] for document in self.find(query, **options)]

    def get(self, document_id: Any) -> dict[str, Any]:
        (document,) = self.find({"_id": document_id})
        return document

    def update(self, query: dict[str, Any], change: Any, **options: Any) -> dict[str, Any]:
        return self.run({"update": self.name, "updates": [{"q": query, "u": change, **options}]})[0]

    def delete(self, query: dict[str, Any], limit: int = 0) -> dict[str, Any]:
        return self.run({"delete": self.name, "deletes": [{"q": query, "limit": limit}]})[0]

    def count(self, query: dict[str, Any] | None = None, **options: Any) -> int:
        number: int = self.run({"count": self.name, "query": query or {}, **options})[0]["n"]
        return number

    def aggregate(self, *stages: dict[str, Any]) -> list[dict[str, Any]]:
        return self.run({"aggregate": self.name, "pipeline": list(stages), "cursor": {}})

    def index(self, name: str, *keys: tuple[str, int], **options: Any) -> None:
        self.engine.create_index(ENV, self.name, name, list(keys), **options)

    def explain(self, query: dict[str, Any], **options: Any) -> Tally:
        return self.engine.explain(ENV, {"find": self.name, "filter": query, **options})


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(None) as engine:
        yield engine


@pytest.fixture
def things(engine: Engine) -> Things:
    return Things(engine)
