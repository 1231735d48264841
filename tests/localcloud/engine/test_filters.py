"""Filters: what matches, value by value, as the MongoDB manual describes it."""

import re
from typing import Any

import pytest
from bson import Decimal128, Int64, MinKey, ObjectId, Regex

from localcloud.engine import EngineError

from .conftest import Things, moment

NAN = float("nan")

_MATCHES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    # Equality: BSON types, field order, arrays, null and missing.
    ({"a": 1}, {"a": 1.0}, True),
    ({"a": 1}, {"a": Int64(1)}, True),
    ({"a": 1}, {"a": Decimal128("1")}, True),
    ({"a": 1}, {"a": True}, False),
    ({"a": "1"}, {"a": 1}, False),
    ({"a": NAN}, {"a": NAN}, True),
    ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1, "y": 2}}, True),
    ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, False),
    ({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}, False),
    ({"a": 1}, {"a": [0, 1]}, True),
    ({"a": [0, 1]}, {"a": [0, 1]}, True),
    ({"a": [0, 1]}, {"a": [1, 0]}, False),
    ({"a": [0, 1]}, {"a": [[0, 1], 2]}, True),
    ({"a": []}, {"a": []}, True),
    ({"a": []}, {"a": [[]]}, True),
    ({"a": None}, {}, True),
    ({"a": None}, {"a": None}, True),
    ({"a": None}, {"a": [1, None]}, True),
    ({"a": None}, {"a": []}, False),
    ({"a.b": None}, {"a": 5}, True),
    ({"a.b": None}, {"a": []}, False),
    ({"a.b": None}, {"a": [1, 2]}, False),
    ({"a.b": None}, {"a": [{"b": 1}, {}]}, True),
    ({"a.b": None}, {"a": [{"b": 1}]}, False),
    # Paths through arrays, by element and by index.
    ({"a.b": 1}, {"a": [{"b": 0}, {"b": 1}]}, True),
    ({"a.1": 7}, {"a": [5, 7]}, True),
    ({"a.1": 5}, {"a": [5, 7]}, False),
    ({"a.1.b": 7}, {"a": [5, {"b": 7}]}, True),
    ({"a.0": 1}, {"a": {"0": 1}}, True),
    ({"a.0": 1}, {"a": [[1, 2]]}, False),
    ({"a.0": [1, 2]}, {"a": [[1, 2]]}, True),
    ({"a.b.c": 1}, {"a": [{"b": [{"c": 1}]}]}, True),
    ({"a.b": 1}, {"a": [[{"b": 1}]]}, False),
    ({"a.01": 7}, {"a": [5, 7]}, False),
    # Ranges compare within one type only.
    ({"a": {"$gt": 1}}, {"a": 2.5}, True),
    ({"a": {"$gt": 1}}, {"a": "2"}, False),
    ({"a": {"$gt": 0}}, {"a": True}, False),
    ({"a": {"$gt": 1}}, {}, False),
    ({"a": {"$gte": None}}, {}, True),
    ({"a": {"$gt": None}}, {"a": None}, False),
    ({"a": {"$lte": NAN}}, {"a": NAN}, True),
    ({"a": {"$lt": 5}}, {"a": NAN}, False),
    ({"a": {"$lt": Decimal128("5")}}, {"a": NAN}, False),
    ({"a": {"$lt": 5}}, {"a": Decimal128("NaN")}, False),
    ({"a": {"$gt": NAN}}, {"a": 1}, False),
    ({"a": {"$lt": 2**53 + 1}}, {"a": float(2**53)}, True),
    ({"a": {"$gt": 0.1}}, {"a": Decimal128("0.1")}, False),
    ({"a": {"$lt": 0.1}}, {"a": Decimal128("0.1")}, True),
    ({"a": {"$gte": "b"}}, {"a": "ba"}, True),
    ({"a": {"$gt": "\U0001f331"}}, {"a": "\uffff"}, False),
    ({"a": {"$lt": {"x": 2}}}, {"a": {"x": 1, "z": 9}}, True),
    ({"a": {"$lt": [2]}}, {"a": [1, 5]}, True),
    ({"a": {"$lt": [2]}}, {"a": 1}, False),
    ({"a": {"$gt": moment(2024, 1, 1)}}, {"a": moment(2024, 1, 2)}, True),
    ({"a": {"$gt": 1, "$lt": 5}}, {"a": [0, 10]}, True),
    ({"a.b": {"$gt": 1, "$lt": 5}}, {"a": [{"b": 0}, {"b": 10}]}, True),
    # $ne, $nin and $not are the negation of the whole condition.
    ({"a": {"$ne": 1}}, {"a": [1, 2]}, False),
    ({"a": {"$ne": None}}, {}, False),
    ({"a": {"$ne": 1}}, {}, True),
    ({"a.b": {"$ne": 1}}, {"a": [{"b": 1}, {"b": 2}]}, False),
    ({"a.b": {"$ne": None}}, {"a": []}, True),
    ({"a": {"$nin": [1, 2]}}, {"a": [3, 2]}, False),
    ({"a": {"$nin": [1, None]}}, {}, False),
    ({"a": {"$not": {"$gt": 1}}}, {"a": "x"}, True),
    ({"a": {"$not": {"$gt": 1}}}, {"a": [0, 5]}, False),
    ({"a": {"$not": {"$gt": 1, "$lt": 4}}}, {"a": 5}, True),
    ({"a": {"$not": re.compile("^x")}}, {"a": "xy"}, False),
    # $in and $all.
    ({"a": {"$in": [1, "x"]}}, {"a": ["x"]}, True),
    ({"a": {"$in": [1]}}, {"a": True}, False),
    ({"a": {"$in": []}}, {"a": 1}, False),
    ({"a": {"$in": [None]}}, {}, True),
    ({"a": {"$in": [[1, 2]]}}, {"a": [1, 2]}, True),
    ({"a": {"$in": [re.compile("^b"), 1]}}, {"a": ["abc", "bcd"]}, True),
    ({"a": {"$all": [1, 2]}}, {"a": [2, 3, 1]}, True),
    ({"a": {"$all": [1, 2]}}, {"a": [1, 3]}, False),
    ({"a": {"$all": [1]}}, {"a": 1}, True),
    ({"a": {"$all": []}}, {"a": []}, False),
    ({"a": {"$all": [[1, 2]]}}, {"a": [1, 2]}, True),
    (
        {"a": {"$all": [{"$elemMatch": {"x": 1}}, {"$elemMatch": {"x": 2}}]}},
        {"a": [{"x": 1}, {"x": 2}]},
        True,
    ),
    ({"a": {"$all": [{"$elemMatch": {"x": 1}}, {"$elemMatch": {"x": 2}}]}}, {"a": [{"x": 1}]}, False),
    # $elemMatch: one element meets everything.
    ({"a": {"$elemMatch": {"$gt": 1, "$lt": 5}}}, {"a": [0, 10]}, False),
    ({"a": {"$elemMatch": {"$gt": 1, "$lt": 5}}}, {"a": [0, 3]}, True),
    ({"a": {"$elemMatch": {"x": 1, "y": 2}}}, {"a": [{"x": 1, "y": 3}, {"x": 2, "y": 2}]}, False),
    ({"a": {"$elemMatch": {"x": 1, "y": {"$gte": 2}}}}, {"a": [{"x": 1, "y": 3}]}, True),
    ({"a": {"$elemMatch": {"x": None}}}, {"a": [{"y": 1}]}, True),
    ({"a": {"$elemMatch": {"$gt": 5}}}, {"a": [[6]]}, False),
    ({"a": {"$elemMatch": {"0": 6}}}, {"a": [[6]]}, True),
    ({"a": {"$elemMatch": {"$gt": 1}}}, {"a": 3}, False),
    ({"a": {"$elemMatch": {"$or": [{"x": 1}, {"x": 2}]}}}, {"a": [{"x": 2}]}, True),
    ({"a": {"$elemMatch": {"$not": {"$gt": 5}}}}, {"a": [6, 4]}, True),
    ({"a": {"$elemMatch": {"$ne": 1}}}, {"a": [1, 1]}, False),
    # Element operators.
    ({"a": {"$exists": True}}, {"a": None}, True),
    ({"a": {"$exists": False}}, {"a": None}, False),
    ({"a.b": {"$exists": False}}, {"a": []}, True),
    ({"a.b": {"$exists": True}}, {"a": [{}, {"b": 1}]}, True),
    ({"a": {"$size": 2}}, {"a": [1, [2, 3]]}, True),
    ({"a": {"$size": 2}}, {"a": "xy"}, False),
    ({"a": {"$size": 2}}, {"a": {"x": 1, "y": 2}}, False),
    ({"a": {"$type": "int"}}, {"a": 2**31}, False),
    ({"a": {"$type": "long"}}, {"a": 2**31}, True),
    ({"a": {"$type": "double"}}, {"a": [1, 1.0]}, True),
    ({"a": {"$type": "array"}}, {"a": []}, True),
    ({"a": {"$type": ["null", "string"]}}, {"a": None}, True),
    ({"a": {"$type": 10}}, {}, False),
    ({"a": {"$type": "number"}}, {"a": True}, False),
    ({"a": {"$mod": [4, 0]}}, {"a": 8}, True),
    ({"a": {"$mod": [4, -1]}}, {"a": -5}, True),
    ({"a": {"$mod": [4.9, 1]}}, {"a": 5.7}, True),
    ({"a": {"$mod": [4, 0]}}, {"a": "8"}, False),
    # Regular expressions.
    ({"a": {"$regex": "^ab"}}, {"a": "abc"}, True),
    ({"a": {"$regex": "^AB", "$options": "i"}}, {"a": "abc"}, True),
    ({"a": {"$regex": "^b", "$options": "m"}}, {"a": "a\nb"}, True),
    ({"a": {"$regex": "a.b", "$options": "s"}}, {"a": "a\nb"}, True),
    ({"a": {"$regex": "a b # note", "$options": "x"}}, {"a": "ab"}, True),
    ({"a": Regex("b$")}, {"a": ["xb"]}, True),
    ({"a": {"$regex": r"^\d$"}}, {"a": "٣"}, False),
    ({"a": {"$regex": "青"}}, {"a": "青菜"}, True),
    ({"a": {"$regex": "1"}}, {"a": 1}, False),
    # Logic.
    ({"$or": [{"a": 1}, {"b": 1}]}, {"b": 1}, True),
    ({"$nor": [{"a": 1}, {"b": 1}]}, {"c": 1}, True),
    ({"$nor": [{"a": 1}]}, {"a": 1}, False),
    ({"$and": [{"a": {"$gt": 0}}, {"a": {"$lt": 2}}]}, {"a": 1}, True),
    ({"a": 1, "$or": [{"b": 1}, {"b": 2}]}, {"a": 1, "b": 3}, False),
    ({"$expr": {"$gt": ["$a", "$b"]}}, {"a": 2, "b": 1}, True),
    ({"$expr": {"$gt": ["$a", "$b"]}}, {"a": 1, "b": 1}, False),
    ({"$comment": "why"}, {"a": 1}, True),
]


@pytest.mark.parametrize(("query", "document", "expected"), _MATCHES)
def test_a_filter_matches_as_in_mongodb(
    things: Things, query: dict[str, Any], document: dict[str, Any], *, expected: bool
) -> None:
    things.insert({"_id": 1, **document})
    assert things.ids(query) == ([1] if expected else [])


@pytest.mark.parametrize(("query", "document", "expected"), _MATCHES)
def test_it_matches_the_same_with_indexes_on_every_path(
    things: Things, query: dict[str, Any], document: dict[str, Any], *, expected: bool
) -> None:
    things.index("a", ("a", 1))
    things.index("a.b", ("a.b", -1), ("b", 1))
    things.index("a.x", ("a.x", 1), ("a.y", 1))
    things.index("b", ("b", 1), sparse=True)
    things.insert({"_id": 1, **document})
    assert things.ids(query) == ([1] if expected else [])


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ({"a": {"$foo": 1}}, 2, "unknown operator: $foo"),
        ({"$foo": 1}, 2, "unknown top level operator: $foo"),
        ({"a": {"$gt": 1, "b": 2}}, 2, "unknown operator: b"),
        ({"$or": []}, 2, "$or must be a nonempty array"),
        ({"$and": [1]}, 14, "a filter must be an object"),
        ({"a": {"$in": 1}}, 2, "$in needs an array"),
        ({"a": {"$in": [{"$gt": 1}]}}, 2, "cannot nest $ under $in"),
        ({"a": {"$all": 1}}, 2, "$all needs an array"),
        ({"a": {"$size": -1}}, 2, "Failed to parse $size. Expected a non-negative integer"),
        ({"a": {"$size": "2"}}, 2, "Failed to parse $size. Expected a non-negative integer"),
        ({"a": {"$mod": [0, 1]}}, 2, "divisor cannot be 0"),
        ({"a": {"$mod": [1]}}, 2, "malformed mod, needs to be an array of a divisor and a remainder"),
        ({"a": {"$not": 1}}, 2, "$not needs a regex or a document"),
        ({"a": {"$not": {}}}, 2, "$not needs a regex or a document"),
        ({"a": {"$elemMatch": 1}}, 2, "$elemMatch needs an Object"),
        ({"a": {"$type": "nothing"}}, 2, "Unknown type name alias or invalid type code: nothing"),
        ({"a": {"$gt": Regex("x")}}, 2, "Can't have RegEx as arg to predicate $gt"),
        ({"a": {"$regex": "("}}, 51091, None),
        ({"a": {"$regex": "x", "$options": "z"}}, 51108, "invalid flag in regex options: z"),
        ({"a": 2**63}, 2, "an integer does not fit into 64 bits"),
        ({"a": {"$options": "i"}}, 2, "$options needs a $regex"),
        ({"$where": "1"}, 238, "$where is not supported by the local CloudBase"),
        ({"$text": {"$search": "x"}}, 238, "$text is not supported by the local CloudBase"),
        ({"a": {"$near": [0, 0]}}, 238, "$near is not supported by the local CloudBase"),
        ({"a": {"$bitsAllSet": 1}}, 238, "$bitsAllSet is not supported by the local CloudBase"),
        ({"a": {"$gt": MinKey()}}, 238, "$gt with MinKey or MaxKey is not supported by the local CloudBase"),
        (
            {"a": {"$regex": "[[:alpha:]]"}},
            238,
            "[: in a regular expression is not supported by the local CloudBase",
        ),
    ],
)
def test_a_filter_that_means_nothing_or_is_not_supported_is_refused(
    things: Things, query: dict[str, Any], code: int, message: str | None
) -> None:
    with pytest.raises(EngineError) as refusal:
        things.find(query)
    assert refusal.value.code == code
    assert message is None or refusal.value.message == message


def test_a_document_is_found_by_each_kind_of_id(things: Things) -> None:
    ids = ["x", 7, 2.5, ObjectId(), {"a": 1, "b": 2}, moment(2024, 1, 1), True, b"raw"]
    things.insert(*({"_id": document_id} for document_id in ids))
    for document_id in ids:
        assert things.ids({"_id": document_id}) == [document_id]
    assert things.ids({"_id": 7.0}) == [7]
    assert things.ids({"_id": {"b": 2, "a": 1}}) == []
