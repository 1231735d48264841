"""What survives: a kill of the process, a reopening, many threads at once."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcloud.engine import Engine, EngineError

from .conftest import ENV, Things

_WRITER = """
import sys
from pathlib import Path
from localcloud.engine import Engine

engine = Engine(Path(sys.argv[1]))
engine.create_collection("test-env", "things")
engine.create_index("test-env", "things", "n", [("n", 1)], unique=True)
for n in range(100_000):
    engine.run("test-env", {"insert": "things", "documents": [{"_id": n, "n": n}]})
    updates = [{"q": {"_id": n}, "u": {"$set": {"done": True}}}]
    engine.run("test-env", {"update": "things", "updates": updates})
    print(n, flush=True)
"""


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Things]:
    with Engine(tmp_path / "数据 base" / "documents.sqlite") as engine:
        yield Things(engine)


def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "documents.sqlite"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "scripts")}
    command = [sys.executable, "-c", _WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        acknowledged = -1
        while acknowledged < 20:
            acknowledged = int(process.stdout.readline())
        process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
        rest = process.stdout.read().split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    engine = Engine(path)
    found = engine.run(ENV, {"find": "things", "filter": {"n": {"$lte": acknowledged}}, "sort": {"n": 1}})
    assert found == [{"_id": n, "n": n, "done": True} for n in range(acknowledged + 1)]
    with pytest.raises(EngineError, match="E11000"):
        engine.run(ENV, {"insert": "things", "documents": [{"n": 0}]})
    engine.close()


def test_definitions_and_documents_are_there_after_reopening(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "documents.sqlite")
    things = Things(engine)
    things.index("a", ("a", -1), ("b", 1), unique=True, partial={"a": {"$gt": 0}})
    things.index("tags", ("tags", 1))
    things.insert({"_id": 1, "a": 1, "b": 2, "tags": ["x", "y"]})
    before = engine.list_indexes(ENV, "things")
    engine.close()
    again = Engine(tmp_path / "documents.sqlite")
    assert again.list_indexes(ENV, "things") == before
    query = {"find": "things", "filter": {"tags": {"$gte": "x", "$lte": "y"}}}
    assert again.run(ENV, query) == [{"_id": 1, "a": 1, "b": 2, "tags": ["x", "y"]}]
    assert again.explain(ENV, query).index == "tags"
    again.close()


def test_increments_of_one_document_by_many_threads_all_count(on_disk: Things) -> None:
    on_disk.insert({"_id": 1, "n": 0})

    def increment(_: int) -> None:
        for _ in range(20):
            assert on_disk.update({"_id": 1}, {"$inc": {"n": 1}})["nModified"] == 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(8)))
    assert on_disk.get(1) == {"_id": 1, "n": 160}


def test_guarded_decrements_never_go_below_zero(on_disk: Things) -> None:
    on_disk.insert({"_id": "sku", "available": 25, "log": []})

    def take(thread: int) -> int:
        change = {"$inc": {"available": -1}, "$push": {"log": {"$each": [thread], "$slice": -100}}}
        query = {"_id": "sku", "available": {"$gte": 1}}
        return sum(int(on_disk.update(query, change)["nModified"]) for _ in range(10))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 25
    stored = on_disk.get("sku")
    assert stored["available"] == 0
    assert len(stored["log"]) == 25


def test_of_concurrent_inserts_of_one_unique_key_exactly_one_wins(on_disk: Things) -> None:
    on_disk.index("token", ("token", 1), unique=True)

    def insert(thread: int) -> int:
        try:
            return int(on_disk.insert({"_id": thread, "token": "t"})["n"])
        except EngineError as reason:
            return -reason.code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(insert, range(8))) == [-11000] * 7 + [1]
    assert on_disk.count() == 1


def test_readers_see_whole_commands_while_a_writer_works(on_disk: Things) -> None:
    on_disk.index("side", ("side", 1))
    on_disk.insert(*({"_id": n, "side": "left"} for n in range(40)))
    stop = threading.Event()

    def swing() -> None:
        for turn in range(30):
            side, other = ("left", "right") if turn % 2 == 0 else ("right", "left")
            on_disk.update({"side": side}, {"$set": {"side": other}}, multi=True)
        stop.set()

    def look(_: int) -> set[int]:
        seen = set()
        while not stop.is_set():
            seen.add(on_disk.count({"side": {"$in": ["left", "right"]}}))
        return seen | {40}

    with ThreadPoolExecutor(4) as pool:
        watching = [pool.submit(look, n) for n in range(3)]
        pool.submit(swing).result()
        assert [watcher.result() for watcher in watching] == [{40}] * 3


def test_a_collection_dropped_under_a_reader_is_missing_not_broken(on_disk: Things) -> None:
    stop = threading.Event()

    def recreate() -> None:
        for _ in range(20):
            on_disk.engine.drop_collection(ENV, "things")
            on_disk.engine.create_collection(ENV, "things")
        stop.set()

    def look(_: int) -> set[object]:
        seen: set[object] = set()
        while not stop.is_set():
            seen.add(_outcome(on_disk))
        return seen

    with ThreadPoolExecutor(3) as pool:
        watching = [pool.submit(look, n) for n in range(2)]
        pool.submit(recreate).result()
        for watcher in watching:
            assert watcher.result() <= {0, "NamespaceNotFound"}


def _outcome(things: Things) -> object:
    try:
        return len(things.find({"a": 1}))
    except EngineError as reason:
        return reason.code_name
