"""The layer's adapter straight into the engine."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from gardenshop.cloud.database import Database, aggregate, delete, find, get, insert, put, update
from gardenshop.cloud.errors import DatabaseRejected, DuplicateKey
from localcloud.adapter import EngineAdapter
from localcloud.engine import Engine

ENV = "test-env-1"


@pytest.fixture
def adapter() -> Iterator[EngineAdapter]:
    with closing(Engine(None)) as engine:
        engine.create_collection(ENV, "t")
        yield EngineAdapter(engine, ENV)


def test_replies_hold_plain_values(adapter: EngineAdapter) -> None:
    document = {
        "_id": "1",
        "n": 5,
        "at": 1_763_900_000_000,
        "rate": 0.5,
        "on": True,
        "none": None,
        "list": [1, {"a": 2}],
    }

    written, found, missing = adapter.run([insert("t", document), get("t", "1"), get("t", "2")])

    assert written[0]["n"] == 1
    assert found == [document]
    assert type(found[0]["n"]) is int
    assert type(found[0]["rate"]) is float
    assert missing == []


def test_the_layers_database_works_on_it(adapter: EngineAdapter) -> None:
    db = Database(adapter)

    results = db.write(
        put("t", {"_id": "1", "n": 1}),
        put("t", {"_id": "1", "n": 2}),
        update("t", {"_id": "1", "n": 1}, {"$inc": {"n": 4}}),
        update("t", {"_id": "1", "n": 1}, {"$inc": {"n": 4}}),
        delete("t", {"_id": "2"}),
    )

    assert [result.happened for result in results] == [True, False, True, False, False]
    assert db.read(find("t", {}), aggregate("t", {"$count": "n"})) == [[{"_id": "1", "n": 5}], [{"n": 1}]]
    assert db.round_trips == 2


def test_a_duplicate_key_stops_the_list_where_it_is(adapter: EngineAdapter) -> None:
    with pytest.raises(DuplicateKey):
        adapter.run([insert("t", {"_id": "1"}), insert("t", {"_id": "1"}), insert("t", {"_id": "2"})])

    assert adapter.run([find("t", {})]) == [[{"_id": "1"}]]


def test_a_duplicate_key_among_several_documents_is_one_too(adapter: EngineAdapter) -> None:
    many = {"insert": "t", "documents": [{"_id": "1"}, {"_id": "1"}]}

    with pytest.raises(DuplicateKey):
        adapter.run([many, insert("t", {"_id": "2"})])

    assert adapter.run([find("t", {}, sort={"_id": 1})]) == [[{"_id": "1"}, {"_id": "2"}]]


def test_a_refusal_carries_the_code_of_the_cloud_api(adapter: EngineAdapter) -> None:
    with pytest.raises(DatabaseRejected) as refused:
        adapter.run([find("nowhere", {})])

    assert refused.value.details["apiCode"] == "ResourceNotFound.Table"


def test_only_the_ports_commands_are_run(adapter: EngineAdapter) -> None:
    with pytest.raises(KeyError):
        adapter.run([{"findAndModify": "t"}])
