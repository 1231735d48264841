"""find and count: projections, sorting, paging, and the options that are accepted or refused."""

from typing import Any

import pytest

from localcloud.engine import EngineError

from .conftest import ENV, Things

_DOCUMENT = {"_id": 1, "a": 1, "b": {"c": 2, "d": 3}, "l": [{"x": 1, "y": 2}, {"x": 3}, 4], "n": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("projection", "expected"),
    [
        ({"a": 1}, {"_id": 1, "a": 1}),
        ({"a": True, "_id": 0}, {"a": 1}),
        ({"_id": 1}, {"_id": 1}),
        ({"b.c": 1}, {"_id": 1, "b": {"c": 2}}),
        ({"l.x": 1, "_id": 0}, {"l": [{"x": 1}, {"x": 3}]}),
        ({"z": 1}, {"_id": 1}),
        ({"a.z": 1, "_id": 0}, {}),
        ({"l": 0, "n": 0}, {"_id": 1, "a": 1, "b": {"c": 2, "d": 3}}),
        ({"l.x": 0, "n": 0, "b": 0, "a": 0}, {"_id": 1, "l": [{"y": 2}, {}, 4]}),
        ({"_id": 0, "l": 0, "n": 0, "b.c": 0.0}, {"a": 1, "b": {"d": 3}}),
        ({"n": {"$slice": 2}, "a": 1}, {"_id": 1, "a": 1, "n": [1, 2]}),
        ({"n": {"$slice": -1}, "l": 0, "b": 0}, {"_id": 1, "a": 1, "n": [4]}),
        ({"n": {"$slice": [1, 2]}, "_id": 1}, {"_id": 1, "n": [2, 3]}),
        ({"n": {"$slice": [-3, 2]}, "_id": 1}, {"_id": 1, "n": [2, 3]}),
        ({"l": {"$elemMatch": {"x": {"$gt": 1}}}}, {"_id": 1, "l": [{"x": 3}]}),
        ({"l": {"$elemMatch": {"x": 9}}, "a": 1}, {"_id": 1, "a": 1}),
        ({"n": {"$elemMatch": {"$gte": 2}}, "_id": 0}, {"n": [2]}),
    ],
)
def test_a_projection_shapes_the_documents(
    things: Things, projection: dict[str, Any], expected: dict[str, Any]
) -> None:
    things.insert(_DOCUMENT)
    assert things.find(projection=projection) == [expected]


@pytest.mark.parametrize(
    ("projection", "code"),
    [
        ({"a": 1, "b": 0}, 31254),
        ({"a": 1, "a.b": 1}, 31249),
        ({"a.b": 1, "a": 1}, 31250),
        ({"a..b": 1}, 40353),
        ({"l.$": 1}, 238),
        ({"a": "$b"}, 238),
        ({"a": {"$meta": "textScore"}}, 238),
        ({"n": {"$slice": "2"}}, 28667),
        ({"n": {"$slice": [1, 0]}}, 28724),
        ({"b.c": {"$elemMatch": {"x": 1}}}, 31275),
        ([], None),
    ],
)
def test_a_projection_with_two_meanings_or_none_is_refused(
    things: Things, projection: Any, code: int | None
) -> None:
    things.insert(_DOCUMENT)
    with pytest.raises(EngineError) as refusal:
        things.find(projection=projection)
    assert refusal.value.code == (code or 14)


def test_a_sort_follows_bson_order_and_takes_the_least_or_greatest_of_an_array(things: Things) -> None:
    values = {1: [5, 1], 2: 3, 3: None, 4: "a", 5: [], 6: [4, 9], 8: True, 9: 2.5}
    things.insert(*({"_id": key, "v": value} for key, value in values.items()), {"_id": 7})
    assert things.ids(sort={"v": 1, "_id": 1}) == [5, 3, 7, 1, 9, 2, 6, 4, 8]
    assert things.ids(sort={"v": -1, "_id": 1}) == [8, 4, 6, 1, 2, 9, 3, 7, 5]


def test_a_sort_by_several_fields_compares_them_in_turn(things: Things) -> None:
    things.insert(*({"_id": n, "a": n % 2, "b": {"c": -n}} for n in range(6)))
    assert things.ids(sort={"a": -1, "b.c": 1}) == [5, 3, 1, 4, 2, 0]


def test_skip_and_limit_cut_a_page_out_of_the_order(things: Things) -> None:
    things.insert(*({"_id": n, "k": -n} for n in range(10)))
    assert things.ids(sort={"k": 1}, skip=2, limit=3) == [7, 6, 5]
    assert things.ids(limit=2) == [0, 1]
    assert things.ids(skip=8, limit=0) == [8, 9]
    assert things.ids({"_id": 3}, skip=1) == []
    assert things.count() == 10
    assert things.count({"_id": {"$gte": 4}}, skip=1, limit=3) == 3


def test_harmless_options_are_accepted(things: Things) -> None:
    things.index("by_a", ("a", 1))
    things.insert({"_id": 1, "a": 1})
    options = {
        "comment": "why",
        "maxTimeMS": 50,
        "batchSize": 2,
        "singleBatch": True,
        "readConcern": {"level": "local"},
        "collation": {"locale": "simple"},
        "hint": "by_a",
    }
    assert things.find({"a": 1}, **options) == [{"_id": 1, "a": 1}]
    assert things.find({"a": 1}, hint={"a": 1}) == [{"_id": 1, "a": 1}]
    assert things.find({}, hint={"$natural": 1}) == [{"_id": 1, "a": 1}]


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("let", {"x": 1}, 238),
        ("collation", {"locale": "zh"}, 238),
        ("max", {"a": 1}, 238),
        ("min", {"a": 1}, 238),
        ("returnKey", True, 238),
        ("tailable", True, 238),
        ("lsid", {"id": 1}, 238),
        ("txnNumber", 1, 238),
        ("startTransaction", True, 238),
        ("hint", "no_such_index", 2),
        ("limit", -1, 51024),
        ("skip", -1, 51024),
        ("limit", 1.5, 51024),
        ("limit", "1", 14),
        ("sort", [("a", 1)], 14),
        ("sort", {"a": 2}, 15975),
        ("sort", {"$natural": 1}, 16410),
        ("sort", {"a": {"$meta": "textScore"}}, 238),
        ("anything", 1, 40415),
    ],
)
def test_an_option_that_would_change_the_result_is_refused_by_name(
    things: Things, option: str, value: Any, code: int
) -> None:
    things.insert({"_id": 1, "a": 1})
    with pytest.raises(EngineError) as refusal:
        things.find({"a": 1}, **{option: value})
    assert refusal.value.code == code
    if code in {238, 40415}:
        assert (
            option in refusal.value.message
            or "collation" in refusal.value.message
            or "$meta" in refusal.value.message
        )


def test_sorting_by_parallel_arrays_is_refused(things: Things) -> None:
    things.insert({"_id": 1, "a": [1], "b": [1]})
    with pytest.raises(EngineError, match="parallel arrays") as refusal:
        things.find(sort={"a": 1, "b": 1})
    assert refusal.value.code == 2


@pytest.mark.parametrize(
    ("command", "code", "name"),
    [
        ({}, 59, "CommandNotFound"),
        ({"fly": "things"}, 59, "CommandNotFound"),
        ({"findAndModify": "things"}, 238, "NotImplemented"),
        ({"distinct": "things", "key": "a"}, 238, "NotImplemented"),
        ({"createIndexes": "things"}, 238, "NotImplemented"),
        ({"find": "nowhere"}, 26, "NamespaceNotFound"),
        ({"insert": "nowhere", "documents": [{}]}, 26, "NamespaceNotFound"),
        ({"find": 1}, 73, "InvalidNamespace"),
        ({"find": "things", "filter": []}, 14, "TypeMismatch"),
        ({"insert": "things"}, 40414, "Location40414"),
        ({"insert": "things", "documents": []}, 16, "InvalidLength"),
        ({"insert": "things", "documents": [1]}, 14, "TypeMismatch"),
        ({"update": "things", "updates": [{"q": {}}]}, 40414, "Location40414"),
        (
            {"update": "things", "updates": [{"q": {}, "u": {}, "arrayFilters": [{"x": 1}]}]},
            238,
            "NotImplemented",
        ),
        ({"update": "things", "updates": [{"q": {}, "u": {}, "sort": {"a": 1}}]}, 238, "NotImplemented"),
        ({"update": "things", "updates": [{"q": {}, "u": {}, "x": 1}]}, 40415, "Location40415"),
        ({"delete": "things", "deletes": [{"q": {}}]}, 9, "FailedToParse"),
        ({"delete": "things", "deletes": [{"q": {}, "limit": 2}]}, 9, "FailedToParse"),
        ({"aggregate": "things", "pipeline": []}, 9, "FailedToParse"),
        ({"aggregate": "things", "pipeline": {}, "cursor": {}}, 14, "TypeMismatch"),
    ],
)
def test_a_command_that_is_wrong_or_not_supported_is_refused(
    things: Things, command: dict[str, Any], code: int, name: str
) -> None:
    with pytest.raises(EngineError) as refusal:
        things.run(command)
    assert (refusal.value.code, refusal.value.code_name) == (code, name)


def test_environments_do_not_see_each_other(things: Things) -> None:
    things.insert({"_id": 1})
    things.engine.create_collection("other-env", "things")
    assert things.engine.run("other-env", {"find": "things"}) == []
    assert things.engine.list_collections("other-env") == ["things"]
    assert things.engine.list_collections(ENV) == ["things"]
    assert things.engine.list_collections("third-env") == []


def test_filters_and_documents_nested_too_deeply_are_refused(things: Things) -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = {"$and": [deep]} if isinstance(deep, dict) else {"a": 1}
    for command in (
        {"find": "things", "filter": deep},
        {"insert": "things", "documents": [{"_id": 1, "deep": deep}]},
        {"update": "things", "updates": [{"q": deep, "u": {}}]},
        {"aggregate": "things", "pipeline": [{"$match": deep}], "cursor": {}},
    ):
        with pytest.raises(EngineError) as refusal:
            things.run(command)
        assert refusal.value.code == 15
    assert things.find() == []
