"""Updates: every operator's effect, its refusals, and what counts as modified."""

from datetime import datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, Timestamp

from localcloud.engine import EngineError

from .conftest import Things

_BIG = 2**31 - 1

_EFFECTS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": 1}, {"$set": {"a": 2, "b.c": 3}}, {"a": 2, "b": {"c": 3}}),
    ({"a": [1, 2]}, {"$set": {"a.1": 9}}, {"a": [1, 9]}),
    ({"a": [1]}, {"$set": {"a.3": 9}}, {"a": [1, None, None, 9]}),
    ({"a": [{"b": 1}]}, {"$set": {"a.0.b": 2}}, {"a": [{"b": 2}]}),
    ({}, {"$set": {"a.0": 1}}, {"a": {"0": 1}}),
    ({}, {"$set": {"b": 1, "a": 2, "10": 3, "9": 4}}, {"9": 4, "10": 3, "a": 2, "b": 1}),
    ({"a": 1, "b": 2}, {"$unset": {"a": "", "x.y": 1}}, {"b": 2}),
    ({"a": [1, 2]}, {"$unset": {"a.0": 1}}, {"a": [None, 2]}),
    ({"a": 1}, {"$inc": {"a": 2, "b.c": -1}}, {"a": 3, "b": {"c": -1}}),
    ({"a": 1}, {"$inc": {"a": 0.5}}, {"a": 1.5}),
    ({"a": Decimal128("0.1")}, {"$inc": {"a": 1}}, {"a": Decimal128("1.1")}),
    ({"a": 3, "b": 2.5}, {"$mul": {"a": 2, "b": 2, "c": 5}}, {"a": 6, "b": 5.0, "c": 0}),
    ({"a": 3}, {"$min": {"a": 2, "b": 1}}, {"a": 2, "b": 1}),
    ({"a": 3}, {"$min": {"a": 4}}, {"a": 3}),
    ({"a": 3}, {"$max": {"a": 4}}, {"a": 4}),
    ({"a": 3}, {"$max": {"a": "text"}}, {"a": "text"}),
    ({"a": 1}, {"$rename": {"a": "b.c", "x": "y"}}, {"b": {"c": 1}}),
    ({"a": 1, "b": 2}, {"$rename": {"a": "b"}}, {"b": 1}),
    ({"a": 1}, {"$setOnInsert": {"b": 1}, "$set": {"c": 1}}, {"a": 1, "c": 1}),
    ({}, {"$push": {"a": 1}}, {"a": [1]}),
    ({"a": [1]}, {"$push": {"a": [2]}}, {"a": [1, [2]]}),
    ({"a": [1]}, {"$push": {"a": {"$each": [2, 3]}}}, {"a": [1, 2, 3]}),
    ({"a": [1, 2]}, {"$push": {"a": {"$each": [9], "$position": 0}}}, {"a": [9, 1, 2]}),
    ({"a": [1, 2]}, {"$push": {"a": {"$each": [9], "$position": -1}}}, {"a": [1, 9, 2]}),
    ({"a": [1, 2]}, {"$push": {"a": {"$each": [3], "$slice": -2}}}, {"a": [2, 3]}),
    ({"a": [1, 2]}, {"$push": {"a": {"$each": [3], "$slice": 1}}}, {"a": [1]}),
    ({"a": [3, 1]}, {"$push": {"a": {"$each": [2], "$sort": 1}}}, {"a": [1, 2, 3]}),
    (
        {"a": [{"k": 1, "v": "x"}]},
        {"$push": {"a": {"$each": [{"k": 2, "v": "y"}], "$sort": {"k": -1}, "$slice": 1}}},
        {"a": [{"k": 2, "v": "y"}]},
    ),
    ({"a": [1]}, {"$addToSet": {"a": 1.0}}, {"a": [1]}),
    ({"a": [1]}, {"$addToSet": {"a": True}}, {"a": [1, True]}),
    ({"a": [1]}, {"$addToSet": {"a": {"$each": [1, 2, 2]}}}, {"a": [1, 2]}),
    ({}, {"$addToSet": {"a": [1]}}, {"a": [[1]]}),
    ({"a": [1, 2, 3]}, {"$pop": {"a": 1, "b": 1}}, {"a": [1, 2]}),
    ({"a": [1, 2, 3]}, {"$pop": {"a": -1}}, {"a": [2, 3]}),
    ({"a": [1, 2, 1.0]}, {"$pull": {"a": 1}}, {"a": [2]}),
    ({"a": [1, 5, 9]}, {"$pull": {"a": {"$gte": 5}}}, {"a": [1]}),
    ({"a": [{"k": 1, "v": 1}, {"k": 2}]}, {"$pull": {"a": {"k": 1}}}, {"a": [{"k": 2}]}),
    ({"a": [[1, 2], [3]]}, {"$pull": {"a": [1, 2]}}, {"a": [[3]]}),
    ({"a": [1, 2, 3]}, {"$pullAll": {"a": [1, 3]}}, {"a": [2]}),
    ({"a": [{"k": 1}, {"k": 2}]}, {"$inc": {"a.$[].n": 1}}, {"a": [{"k": 1, "n": 1}, {"k": 2, "n": 1}]}),
    ({"a": 1, "b": 2}, {"c": 3}, {"c": 3}),
    ({"a": 1}, {}, {}),
]


@pytest.mark.parametrize(("document", "change", "expected"), _EFFECTS)
def test_an_operator_changes_a_document_as_in_mongodb(
    things: Things, document: dict[str, Any], change: dict[str, Any], expected: dict[str, Any]
) -> None:
    things.insert({"_id": 1, **document})
    reply = things.update({"_id": 1}, change)
    stored = things.get(1)
    assert list(stored.items()) == [("_id", 1), *expected.items()]
    assert reply == {"n": 1, "nModified": int(list(document.items()) != list(expected.items())), "ok": 1.0}


_REFUSALS: list[tuple[dict[str, Any], Any, int]] = [
    ({"a": 1}, {"$set": {"a.b": 1}}, 28),
    ({"a": [1]}, {"$set": {"a.b": 1}}, 28),
    ({"a": 1}, {"$set": {"b": 1}, "$inc": {"b": 1}}, 40),
    ({"a": 1}, {"$set": {"b": 1, "b.c": 2}}, 40),
    ({"a": 1}, {"$rename": {"a": "b"}, "$set": {"b.c": 1}}, 40),
    ({"a": 1}, {"$set": {"_id": 2}}, 66),
    ({"a": 1}, {"$inc": {"_id": 1}}, 66),
    ({"a": 1}, {"$unset": {"_id": 1}}, 66),
    ({"a": 1}, {"_id": 2, "a": 1}, 66),
    ({"a": "x"}, {"$inc": {"a": 1}}, 14),
    ({"a": None}, {"$inc": {"a": 1}}, 14),
    ({"a": 1}, {"$inc": {"a": "1"}}, 14),
    ({"a": 1}, {"$mul": {"a": True}}, 14),
    ({"a": Int64(2**63 - 1)}, {"$inc": {"a": 1}}, 2),
    ({"a": 1}, {"$push": {"a": 1}}, 2),
    ({"a": [1]}, {"$push": {"a": {"$each": 1}}}, 2),
    ({"a": [1]}, {"$push": {"a": {"$each": [1], "$foo": 1}}}, 2),
    ({"a": [1]}, {"$push": {"a": {"$slice": 1}}}, 2),
    ({"a": [1]}, {"$push": {"a": {"$each": [], "$slice": 1.5}}}, 2),
    ({"a": 1}, {"$addToSet": {"a": 1}}, 2),
    ({"a": 1}, {"$pop": {"a": 1}}, 14),
    ({"a": [1]}, {"$pop": {"a": 2}}, 9),
    ({"a": 1}, {"$pull": {"a": 1}}, 2),
    ({"a": [1]}, {"$pullAll": {"a": 1}}, 2),
    ({"a": 1}, {"$set": {"a": 2}, "b": 1}, 9),
    ({"a": 1}, {"b": 1, "$set": {"a": 2}}, 52),
    ({"a": 1}, {"$foo": {"a": 1}}, 9),
    ({"a": 1}, {"$set": 1}, 9),
    ({"a": 1}, {"$set": {"": 1}}, 56),
    ({"a": 1}, {"$set": {"a..b": 1}}, 56),
    ({"a": 1}, {"$set": {"$a": 1}}, 52),
    ({"a": 1}, {"$currentDate": {"a": "now"}}, 2),
    ({"a": 1}, {"$rename": {"a": 1}}, 2),
    ({"a": [1]}, {"$rename": {"a.0": "b"}}, 2),
    ({"a": [1]}, {"$set": {"a.$": 1}}, 2),
    ({"a": 1}, {"$set": {"a.$[]": 1}}, 2),
    ({"a": [1]}, {"$set": {"a.2000000": 1}}, 2),
    ({"a": [1]}, {"$set": {"a.$[x]": 1}}, 238),
    ({"a": 1}, {"$bit": {"a": {"and": 1}}}, 238),
    ({"a": 1}, [{"$set": {"a": 2}}], 238),
    ({"a": 1}, "text", 9),
]


@pytest.mark.parametrize(("document", "change", "code"), _REFUSALS)
def test_a_refused_update_changes_nothing(
    things: Things, document: dict[str, Any], change: Any, code: int
) -> None:
    things.insert({"_id": 1, **document})
    with pytest.raises(EngineError) as refusal:
        things.update({"_id": 1}, change)
    assert refusal.value.code == code
    assert things.get(1) == {"_id": 1, **document}


@pytest.mark.parametrize(
    ("value", "by", "expected", "kind"),
    [
        (_BIG, 1, _BIG + 1, Int64),
        (1, 1, 2, int),
        (Int64(1), 1, 2, Int64),
        (1, Int64(1), 2, Int64),
        (1, 1.0, 2.0, float),
        (1.5, Decimal128("1"), Decimal128("2.5"), Decimal128),
    ],
)
def test_a_sum_has_the_wider_of_the_two_types(
    things: Things, value: Any, by: Any, expected: Any, kind: type
) -> None:
    things.insert({"_id": 1, "n": value})
    things.update({"_id": 1}, {"$inc": {"n": by}})
    assert things.get(1)["n"] == expected
    assert type(things.get(1)["n"]) is kind


def test_current_date_stores_a_date_or_a_timestamp(things: Things) -> None:
    things.insert({"_id": 1})
    things.update(
        {"_id": 1}, {"$currentDate": {"a": True, "b": {"$type": "timestamp"}, "c": {"$type": "date"}}}
    )
    stored = things.get(1)
    assert [type(stored[name]) for name in "abc"] == [datetime, Timestamp, datetime]


@pytest.mark.parametrize(
    ("query", "change", "expected"),
    [
        ({"lines.sku": "b"}, {"$set": {"lines.$.n": 9}}, [1, 9, 3]),
        ({"lines": {"$elemMatch": {"sku": "b", "n": {"$gt": 1}}}}, {"$inc": {"lines.$.n": 10}}, [1, 12, 3]),
        ({"lines.n": {"$gte": 2}}, {"$set": {"lines.$.n": 0}}, [1, 0, 3]),
        ({"$and": [{"lines.sku": "c"}]}, {"$set": {"lines.$.n": 0}}, [1, 2, 0]),
        ({"lines.n": {"$gt": 0, "$ne": 5}, "_id": 1}, {"$set": {"lines.$.n": 0}}, [0, 2, 3]),
    ],
)
def test_the_positional_operator_stands_for_the_element_that_matched(
    things: Things, query: dict[str, Any], change: dict[str, Any], expected: list[int]
) -> None:
    things.insert({"_id": 1, "lines": [{"sku": sku, "n": n} for sku, n in (("a", 1), ("b", 2), ("c", 3))]})
    assert things.update(query, change)["nModified"] == 1
    assert [line["n"] for line in things.get(1)["lines"]] == expected


def test_the_positional_operator_works_on_plain_values(things: Things) -> None:
    things.insert({"_id": 1, "grades": [85, 80, 80]})
    things.update({"_id": 1, "grades": 80}, {"$set": {"grades.$": 82}})
    assert things.get(1)["grades"] == [85, 82, 80]


def test_an_update_that_changes_nothing_is_matched_but_not_modified(things: Things) -> None:
    things.insert({"_id": 1, "a": 1, "b": [1]})
    for change in ({"$set": {"a": 1}}, {"$addToSet": {"b": 1}}, {"$unset": {"x": 1}}, {"$min": {"a": 5}}):
        assert things.update({"_id": 1}, change) == {"n": 1, "nModified": 0, "ok": 1.0}
    assert things.update({"_id": 1}, {"$set": {"a": 1.0}})["nModified"] == 1


def test_only_a_multi_update_changes_all_matches(things: Things) -> None:
    things.insert(*({"_id": n, "a": n % 2} for n in range(6)))
    assert things.update({"a": 1}, {"$set": {"b": 1}})["nModified"] == 1
    assert things.update({"a": 1}, {"$set": {"b": 1}}, multi=True) == {"n": 3, "nModified": 2, "ok": 1.0}
    assert things.ids({"b": 1}) == [1, 3, 5]


def test_a_multi_update_meets_no_document_twice(things: Things) -> None:
    things.index("n", ("n", 1))
    things.insert(*({"_id": n, "n": n} for n in range(50)))
    assert things.update({"n": {"$gte": 0}}, {"$inc": {"n": 1000}}, multi=True)["nModified"] == 50
    assert sorted(d["n"] for d in things.find()) == list(range(1000, 1050))


def test_a_multi_update_with_a_replacement_is_refused(things: Things) -> None:
    things.insert({"_id": 1, "a": 1})
    with pytest.raises(EngineError) as refusal:
        things.update({}, {"b": 1}, multi=True)
    assert refusal.value.code == 9
    assert things.find() == [{"_id": 1, "a": 1}]


@pytest.mark.parametrize(
    ("query", "change", "expected"),
    [
        ({"_id": 5}, {"$set": {"a": 1}}, {"_id": 5, "a": 1}),
        (
            {"_id": 5, "x.y": 1, "z": {"$eq": 2}},
            {"$inc": {"n": 1}},
            {"_id": 5, "x": {"y": 1}, "z": 2, "n": 1},
        ),
        ({"_id": 5, "a": {"$gt": 1}, "$and": [{"b": 2}]}, {"$set": {"c": 3}}, {"_id": 5, "b": 2, "c": 3}),
        ({"_id": {"$in": [5]}, "b": {"$all": [2]}}, {"$set": {"c": 3}}, {"_id": 5, "b": 2, "c": 3}),
        ({"_id": 5}, {"$setOnInsert": {"a": 1}, "$set": {"b": 2}}, {"_id": 5, "a": 1, "b": 2}),
        ({"_id": 5, "a": 1}, {"b": 2}, {"_id": 5, "b": 2}),
        ({"a": 1}, {"_id": 5, "b": 2}, {"_id": 5, "b": 2}),
        ({"a": 1}, {"$set": {"_id": 5}}, {"_id": 5, "a": 1}),
    ],
)
def test_an_upsert_starts_from_the_equalities_of_its_filter(
    things: Things, query: dict[str, Any], change: dict[str, Any], expected: dict[str, Any]
) -> None:
    reply = things.update(query, change, upsert=True)
    assert reply == {"n": 1, "nModified": 0, "upserted": [{"index": 0, "_id": 5}], "ok": 1.0}
    assert things.find() == [expected]


def test_an_upsert_does_not_change_the_command_it_was_given(things: Things) -> None:
    query = {"_id": 1, "a": {"b": 1}}
    things.update(query, {"$set": {"a.c": 2}}, upsert=True)
    assert query == {"_id": 1, "a": {"b": 1}}
    assert things.get(1) == {"_id": 1, "a": {"b": 1, "c": 2}}


def test_an_upsert_that_finds_its_document_updates_it(things: Things) -> None:
    things.insert({"_id": 1, "n": 1})
    assert things.update({"_id": 1}, {"$inc": {"n": 1}}, upsert=True) == {"n": 1, "nModified": 1, "ok": 1.0}
    assert things.get(1) == {"_id": 1, "n": 2}


def test_an_upsert_whose_filter_fixes_a_path_twice_is_refused(things: Things) -> None:
    with pytest.raises(EngineError) as refusal:
        things.update({"a": 1, "$and": [{"a": 2}]}, {"$set": {"b": 1}}, upsert=True)
    assert refusal.value.code == 54
    assert things.find() == []
