"""insert and delete, several statements in one command, and what a failure leaves behind."""

from datetime import datetime, timezone
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId, Regex, Timestamp

from localcloud.engine import EngineError

from .conftest import Things, moment


def test_every_value_comes_back_with_its_type(things: Things) -> None:
    values: dict[str, Any] = {
        "int": 1,
        "long": Int64(1),
        "big": 2**40,
        "double": 1.0,
        "decimal": Decimal128("1.10"),
        "text": "青菜\0x",
        "nothing": None,
        "yes": True,
        "id": ObjectId(),
        "bytes": b"\0\1",
        "stamp": Timestamp(5, 1),
        "pattern": Regex("^a", "i"),
        "nested": {"b": [1, {"c": []}], "a": {}},
    }
    things.insert({"_id": "all", **values})
    stored = things.get("all")
    assert stored == {"_id": "all", **values}
    assert [type(stored[name]) for name in ("int", "long", "big", "double")] == [int, Int64, Int64, float]


def test_dates_are_kept_to_the_millisecond_in_utc(things: Things) -> None:
    things.insert({"_id": 1, "at": datetime(2024, 5, 1, 8, 0, 0, 123456, tzinfo=timezone.utc)})
    assert things.get(1)["at"] == moment(2024, 5, 1, 8, 0, 0, 123000)


def test_a_missing_id_is_made_and_stands_first(things: Things) -> None:
    things.insert({"a": 1}, {"b": 1, "_id": 2})
    first, second = things.find()
    assert isinstance(first["_id"], ObjectId)
    assert list(first) == ["_id", "a"]
    assert list(second) == ["_id", "b"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"_id": [1]}, 53),
        ({"_id": Regex("a")}, 53),
        ({"_id": {"$a": 1}}, 52),
        ({"_id": 1, "a": 2**63}, 2),
        ({"_id": 1, "a": "\ud800"}, 2),
        ({"_id": 1, "a\0b": 1}, 2),
        ({"_id": 1, "a": {"$ref": "c", "$id": 1}}, 238),
        ({"_id": 1, "a": "x" * (16 * 1024 * 1024)}, 10334),
    ],
)
def test_a_document_that_cannot_be_stored_is_refused(
    things: Things, document: dict[str, Any], code: int
) -> None:
    with pytest.raises(EngineError) as refusal:
        things.insert(document)
    assert refusal.value.code == code
    assert things.count() == 0


def test_a_duplicate_id_of_the_only_document_fails_the_command(things: Things) -> None:
    things.insert({"_id": "a", "n": 1})
    with pytest.raises(EngineError) as refusal:
        things.insert({"_id": "a", "n": 2})
    assert refusal.value.code == 11000
    assert refusal.value.code_name == "DuplicateKey"
    assert refusal.value.message == (
        'E11000 duplicate key error collection: test-env.things index: _id_ dup key: { _id: "a" }'
    )
    assert things.find() == [{"_id": "a", "n": 1}]


def test_an_ordered_insert_stops_at_the_first_failure(things: Things) -> None:
    reply = things.insert({"_id": 1}, {"_id": 1}, {"_id": 2})
    assert reply["n"] == 1
    assert [(item["index"], item["code"]) for item in reply["writeErrors"]] == [(1, 11000)]
    assert things.ids() == [1]


def test_an_unordered_insert_tries_every_document(things: Things) -> None:
    reply = things.insert({"_id": 1}, {"_id": 1}, {"_id": [1]}, {"_id": 2}, ordered=False)
    assert reply["n"] == 2
    assert [(item["index"], item["code"]) for item in reply["writeErrors"]] == [(1, 11000), (2, 53)]
    assert reply["writeErrors"][0]["keyPattern"] == {"_id": 1}
    assert things.ids() == [1, 2]


def test_several_updates_run_in_order_and_report_upserts_by_position(things: Things) -> None:
    things.insert({"_id": 1, "n": 0})
    updates = [
        {"q": {"_id": 1}, "u": {"$inc": {"n": 1}}},
        {"q": {"_id": 2}, "u": {"$set": {"n": 5}}, "upsert": True},
        {"q": {"n": {"$gt": 0}}, "u": {"$inc": {"n": 1}}, "multi": True},
    ]
    (reply,) = things.run({"update": "things", "updates": updates})
    assert reply == {"n": 4, "nModified": 3, "upserted": [{"index": 1, "_id": 2}], "ok": 1.0}
    assert things.find() == [{"_id": 1, "n": 2}, {"_id": 2, "n": 6}]


def test_a_multi_update_keeps_what_it_wrote_before_a_failure(things: Things) -> None:
    things.insert({"_id": 1, "n": 1}, {"_id": 2, "n": "x"}, {"_id": 3, "n": 1})
    with pytest.raises(EngineError) as refusal:
        things.update({}, {"$inc": {"n": 1}}, multi=True)
    assert refusal.value.code == 14
    assert [document["n"] for document in things.find()] == [2, "x", 1]


def test_delete_removes_one_or_all(things: Things) -> None:
    things.insert(*({"_id": n, "a": n % 2} for n in range(5)))
    assert things.delete({"a": 1}, limit=1) == {"n": 1, "ok": 1.0}
    assert things.ids() == [0, 2, 3, 4]
    assert things.delete({"a": 0}) == {"n": 3, "ok": 1.0}
    assert things.delete({"a": 0}) == {"n": 0, "ok": 1.0}
    assert things.ids() == [3]


def test_documents_come_in_the_order_of_their_insertion(things: Things) -> None:
    things.insert({"_id": 3}, {"_id": 1})
    things.insert({"_id": 2})
    things.update({"_id": 3}, {"$set": {"a": 1}})
    assert things.ids() == [3, 1, 2]
