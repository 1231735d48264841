"""A shop in memory for tests: the real functions and layer on the real engine, without a server.

Functions are called as the platform calls them, with the context it gives; only the way to the database
is shorter, and counted.
"""

import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from dataio.definitions import load
from dataio.sample import read
from gardenshop.cloud import entry
from gardenshop.cloud.database import Adapter, Command, Document, find, insert
from gardenshop.cloud.identity import user_id
from gardenshop.models.registry import COLLECTIONS
from localcloud.adapter import EngineAdapter
from localcloud.engine import Engine

ROOT = Path(__file__).resolve().parent.parent
ENV = "test-env"
PHONE_KEY = "a phone hash key for tests"
BOARD_KEYS = "now:a board session key,then:another board key"
LINK_KEYS = "new:a share link key,old:another link key"
PASSED_OVER = frozenset({"timers", "outbox", "coupon_codes"})
"""Kinds of figures that say how timers run, and count what was tried and refused."""
A, B = "openid-member-a", "openid-member-b"
"""Two members."""


@cache
def function(name: str) -> ModuleType:
    """Load ``functions/<name>/index.py`` under a name of its own."""
    path = ROOT / "functions" / name / "index.py"
    spec = importlib.util.spec_from_file_location(f"function_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def context(openid: str = "", *, request_id: str = "request-1", time_limit_ms: int = 10_000) -> Document:
    """Return what the platform hands to a function called by *openid*, or by nobody."""
    environment = {"TCB_ENV": ENV, "SCF_NAMESPACE": ENV, "TENCENTCLOUD_SECRETID": "id"}
    if openid:
        environment |= {"WX_OPENID": openid, "WX_APPID": "wx0", "TCB_SOURCE": "wx_client"}
        environment["WX_CLOUDBASE_ACCESSTOKEN"] = "a token for tests"
    return {
        "request_id": request_id,
        "function_name": "test",
        "memory_limit_in_mb": 256,
        "time_limit_in_ms": time_limit_ms,
        "environment": json.dumps(environment),
    }


class Counter:
    """An adapter that counts trips and can be made to fail: *before* runs ahead of each trip."""

    def __init__(self, inner: Adapter) -> None:
        self.inner = inner
        self.trips = 0
        self.before: Callable[[Sequence[Command]], None] = lambda _: None
        self.after: Callable[[Sequence[Command]], None] = lambda _: None

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        """Run *commands*, counting one trip."""
        self.trips += 1
        self.before(commands)
        replies = self.inner.run(commands)
        self.after(commands)
        return replies


class Shop:
    """A whole shop: collections, documents, functions."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.adapter = Counter(EngineAdapter(engine, ENV))
        self._calls = 0
        for each in load():
            engine.create_collection(ENV, each.name)
            for index in each.indexes:
                engine.create_index(
                    ENV,
                    each.name,
                    index.name,
                    list(index.keys),
                    unique=index.unique,
                    sparse=index.sparse,
                    partial=index.partial,
                )

    def load_sample(self) -> None:
        """Store the sample documents."""
        for record in read(phone_hash_key=PHONE_KEY).records:
            self.add(record.collection, record.document)

    def add(self, collection: str, document: Document) -> None:
        """Store one document."""
        self.adapter.inner.run([insert(collection, document)])

    def documents(self, collection: str, where: Mapping[str, Any] | None = None) -> list[Document]:
        """Return the stored documents that match."""
        (found,) = self.adapter.inner.run([find(collection, where or {})])
        return found

    def one(self, collection: str, key: str) -> Document:
        """Return the document *key*, which must exist."""
        (found,) = self.documents(collection, {"_id": key})
        return found

    def dump(self) -> dict[str, list[Document]]:
        """Return what is stored, to see that nothing has changed, but for runs and tries."""
        stored = {name: self.documents(name) for name in COLLECTIONS}
        figures = stored["data_dashboard"]
        return {**stored, "data_dashboard": [row for row in figures if row["kind"] not in PASSED_OVER]}

    def call(self, name: str, event: Any = None, *, openid: str = "") -> Any:
        """Call the function *name* and return its reply."""
        self._calls += 1
        self.adapter.trips = 0
        event = {} if event is None else event
        return function(name).main(event, context(openid, request_id=f"request-{self._calls}"))

    def ok(self, name: str, event: Any = None, *, openid: str = "") -> Document:
        """Call the function *name*, which must succeed, and return its data."""
        reply = self.call(name, event, openid=openid)
        assert reply["code"] == 0, reply
        data: Document = reply["data"]
        return data

    def refused(self, name: str, event: Any = None, *, openid: str = "") -> Document:
        """Call the function *name*, which must refuse and change nothing, and return its reply."""
        before = self.dump()
        reply: Document = self.call(name, event, openid=openid)
        assert reply["code"] != 0, reply
        assert self.dump() == before
        return reply


@contextmanager
def open_shop() -> Iterator[Shop]:
    """Open a shop in memory and make the functions use it."""
    engine = Engine(None)
    shop = Shop(engine)
    former = entry.adapter_factory
    entry.adapter_factory = lambda *_: shop.adapter
    try:
        yield shop
    finally:
        entry.adapter_factory = former
        engine.close()


__all__ = ["PHONE_KEY", "A", "B", "Counter", "Shop", "context", "function", "open_shop", "user_id"]
