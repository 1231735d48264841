"""Aggregation expressions, one by one."""

from typing import Any

import pytest
from bson import Decimal128, Int64

from localcloud.engine import EngineError

from .conftest import Things, moment

NOON = moment(2024, 2, 4, 12, 30, 5, 250000)
DOCUMENT = {
    "_id": 1,
    "i": 7,
    "d": 2.5,
    "m": Decimal128("1.10"),
    "l": Int64(2**40),
    "s": "青菜 Tofu",
    "n": None,
    "t": NOON,
    "yes": True,
    "zero": 0,
    "a": [3, 1, 2],
    "e": [],
    "o": {"x": 1, "y": {"z": 2}},
    "items": [{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "c"}, 5],
}
ABSENT = object()

_VALUES: list[tuple[Any, Any]] = [
    # Paths, literals, variables.
    ("$i", 7),
    ("$o.y.z", 2),
    ("$items.v", [1, 2]),
    ("$a.0", []),
    ("$nothing", ABSENT),
    ("$$ROOT.i", 7),
    ("$$CURRENT.o.x", 1),
    ("$$REMOVE", ABSENT),
    ("text", "text"),
    ({"$literal": "$i"}, "$i"),
    (["$i", "$nothing"], [7, None]),
    ({"x": "$i", "y": "$nothing"}, {"x": 7}),
    ({"$let": {"vars": {"two": 2}, "in": {"$multiply": ["$$two", "$i"]}}}, 14),
    # Arithmetic and the type of its result.
    ({"$add": ["$i", 1]}, 8),
    ({"$add": ["$i", "$d"]}, 9.5),
    ({"$add": ["$m", 1]}, Decimal128("2.10")),
    ({"$add": ["$l", 1]}, Int64(2**40 + 1)),
    ({"$add": [2**31 - 1, 1]}, Int64(2**31)),
    ({"$add": [Int64(2**63 - 1), 1]}, float(2**63)),
    ({"$add": ["$t", 1000]}, moment(2024, 2, 4, 12, 30, 6, 250000)),
    ({"$add": ["$i", "$n"]}, None),
    ({"$add": ["$i", "$nothing"]}, None),
    ({"$subtract": ["$i", 10]}, -3),
    ({"$subtract": ["$t", moment(2024, 2, 4)]}, Int64(45005250)),
    ({"$subtract": ["$t", 250]}, moment(2024, 2, 4, 12, 30, 5)),
    ({"$multiply": ["$i", 2, 0.5]}, 7.0),
    ({"$divide": ["$i", 2]}, 3.5),
    ({"$divide": [6, 2]}, 3.0),
    ({"$divide": ["$m", 2]}, Decimal128("0.55")),
    ({"$mod": [-7, 3]}, -1),
    ({"$mod": [7.5, 2]}, 1.5),
    ({"$abs": -3}, 3),
    ({"$ceil": 2.1}, 3.0),
    ({"$floor": -2.1}, -3.0),
    ({"$floor": "$i"}, 7),
    ({"$trunc": [2.789, 1]}, 2.7),
    ({"$round": [2.5]}, 2.0),
    ({"$round": [19.25, 1]}, 19.2),
    ({"$round": [1250, -2]}, 1200),
    ({"$pow": [2, 10]}, 1024),
    ({"$pow": [2, 0.5]}, 2**0.5),
    ({"$sqrt": 9}, 3.0),
    ({"$log10": 100}, 2.0),
    ({"$sum": "$a"}, 6),
    ({"$sum": ["$i", "$s", 1]}, 8),
    ({"$avg": "$a"}, 2.0),
    ({"$min": "$a"}, 1),
    ({"$max": ["$i", "$n", 9]}, 9),
    ({"$stdDevPop": [1, 3]}, 1.0),
    # Comparison and logic; missing is less than null.
    ({"$eq": ["$i", 7.0]}, True),
    ({"$eq": ["$yes", 1]}, False),
    ({"$lt": ["$nothing", None]}, True),
    ({"$gt": ["text", 1]}, True),
    ({"$cmp": [1, 2]}, -1),
    ({"$and": ["$i", "$zero"]}, False),
    ({"$and": []}, True),
    ({"$or": ["$n", "$s"]}, True),
    ({"$not": ["$n"]}, True),
    ({"$not": "$s"}, False),
    ({"$cond": [{"$gt": ["$i", 5]}, "big", "small"]}, "big"),
    ({"$cond": {"if": "$e", "then": 1, "else": 2}}, 1),
    ({"$ifNull": ["$n", "$nothing", "else"]}, "else"),
    ({"$switch": {"branches": [{"case": "$zero", "then": 1}, {"case": "$i", "then": 2}]}}, 2),
    ({"$switch": {"branches": [{"case": "$zero", "then": 1}], "default": 3}}, 3),
    # Arrays and sets.
    ({"$arrayElemAt": ["$a", -1]}, 2),
    ({"$arrayElemAt": ["$a", 5]}, ABSENT),
    ({"$first": "$a"}, 3),
    ({"$last": "$e"}, ABSENT),
    ({"$concatArrays": ["$a", [9]]}, [3, 1, 2, 9]),
    ({"$concatArrays": ["$a", "$n"]}, None),
    ({"$filter": {"input": "$items", "as": "it", "cond": {"$gte": ["$$it.v", 2]}}}, [{"k": "b", "v": 2}]),
    ({"$filter": {"input": "$a", "cond": {"$gt": ["$$this", 1]}, "limit": 1}}, [3]),
    ({"$map": {"input": "$a", "in": {"$multiply": ["$$this", "$i"]}}}, [21, 7, 14]),
    ({"$map": {"input": "$items", "as": "it", "in": "$$it.v"}}, [1, 2, None, None]),
    ({"$reduce": {"input": "$a", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}, 6),
    ({"$in": [1.0, "$a"]}, True),
    ({"$in": [True, "$a"]}, False),
    ({"$indexOfArray": ["$a", 2]}, 2),
    ({"$indexOfArray": ["$a", 9]}, -1),
    ({"$isArray": ["$a"]}, True),
    ({"$isArray": "$i"}, False),
    ({"$range": [0, 5, 2]}, [0, 2, 4]),
    ({"$reverseArray": "$a"}, [2, 1, 3]),
    ({"$size": "$a"}, 3),
    ({"$slice": ["$a", 2]}, [3, 1]),
    ({"$slice": ["$a", -2]}, [1, 2]),
    ({"$slice": ["$a", 1, 1]}, [1]),
    ({"$sortArray": {"input": "$a", "sortBy": 1}}, [1, 2, 3]),
    ({"$zip": {"inputs": ["$a", ["x"]], "useLongestLength": True}}, [[3, "x"], [1, None], [2, None]]),
    ({"$setUnion": ["$a", [1.0, 9]]}, [1.0, 9, 3, 2]),
    ({"$setIntersection": ["$a", [1, 2]]}, [1, 2]),
    ({"$setDifference": ["$a", [1]]}, [3, 2]),
    ({"$setEquals": ["$a", [1, 2, 3, 3]]}, True),
    ({"$setIsSubset": [[1], "$a"]}, True),
    ({"$anyElementTrue": [[0, 1]]}, True),
    ({"$allElementsTrue": [[0, 1]]}, False),
    # Objects.
    ({"$mergeObjects": ["$o", {"x": 2}, "$n"]}, {"x": 2, "y": {"z": 2}}),
    ({"$objectToArray": {"x": 1}}, [{"k": "x", "v": 1}]),
    ({"$arrayToObject": [[["x", 1]]]}, {"x": 1}),
    ({"$arrayToObject": {"$literal": [{"k": "x", "v": 1}]}}, {"x": 1}),
    ({"$getField": {"field": "x", "input": "$o"}}, 1),
    # Strings.
    ({"$concat": ["$s", "!"]}, "青菜 Tofu!"),
    ({"$concat": ["$s", "$n"]}, None),
    ({"$split": ["a-b", "-"]}, ["a", "b"]),
    ({"$strLenCP": "$s"}, 7),
    ({"$strLenBytes": "$s"}, 11),
    ({"$substrCP": ["$s", 0, 2]}, "青菜"),
    ({"$substrBytes": ["$s", 0, 3]}, "青"),
    ({"$indexOfCP": ["$s", "T"]}, 3),
    ({"$toUpper": "$s"}, "青菜 TOFU"),
    ({"$toLower": "$n"}, ""),
    ({"$trim": {"input": " x\n"}}, "x"),
    ({"$ltrim": {"input": "xxa", "chars": "x"}}, "a"),
    ({"$replaceAll": {"input": "aba", "find": "a", "replacement": "c"}}, "cbc"),
    ({"$replaceOne": {"input": "aba", "find": "a", "replacement": "c"}}, "cba"),
    ({"$regexMatch": {"input": "$s", "regex": "tofu", "options": "i"}}, True),
    ({"$strcasecmp": ["a", "B"]}, -1),
    # Dates.
    ({"$year": "$t"}, 2024),
    ({"$month": {"date": "$t"}}, 2),
    ({"$dayOfMonth": {"date": "$t", "timezone": "+12:00"}}, 5),
    ({"$hour": {"date": "$t", "timezone": "-0230"}}, 10),
    ({"$dayOfWeek": "$t"}, 1),
    ({"$isoDayOfWeek": "$t"}, 7),
    ({"$isoWeek": "$t"}, 5),
    ({"$dayOfYear": "$t"}, 35),
    ({"$millisecond": "$t"}, 250),
    ({"$year": "$n"}, None),
    ({"$dateToString": {"date": "$t"}}, "2024-02-04T12:30:05.250Z"),
    ({"$dateToString": {"date": "$t", "format": "%Y-%m-%d %H", "timezone": "+08:00"}}, "2024-02-04 20"),
    ({"$dateToString": {"date": "$n", "onNull": "-"}}, "-"),
    # Types.
    ({"$type": "$l"}, "long"),
    ({"$type": "$nothing"}, "missing"),
    ({"$isNumber": "$m"}, True),
    ({"$toString": 2.0}, "2"),
    ({"$toString": "$yes"}, "true"),
    ({"$toInt": "12"}, 12),
    ({"$toInt": 2.9}, 2),
    ({"$toLong": "$t"}, Int64(1707049805250)),
    ({"$toDouble": "1.5"}, 1.5),
    ({"$toBool": "$zero"}, False),
    ({"$toDate": Int64(0)}, moment(1970, 1, 1)),
    ({"$toDate": "2024-02-04T12:30:05.250Z"}, NOON),
    ({"$convert": {"input": "x", "to": "int", "onError": -1}}, -1),
    ({"$convert": {"input": "$n", "to": "int", "onNull": 0}}, 0),
]


@pytest.mark.parametrize(("expression", "expected"), _VALUES)
def test_an_expression_has_the_value_of_the_manual(things: Things, expression: Any, expected: Any) -> None:
    things.insert(DOCUMENT)
    (result,) = things.aggregate({"$project": {"_id": 0, "v": {"$cond": [True, expression, 0]}}})
    if expected is ABSENT:
        assert result == {}
        return
    assert result == {"v": expected}
    assert type(result["v"]) is type(expected)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ({"$add": ["$s", 1]}, 14),
        ({"$divide": [1, 0]}, 2),
        ({"$mod": [1, 0]}, 16610),
        ({"$sqrt": -1}, 28766),
        ({"$size": "$i"}, 17124),
        ({"$concat": ["$i"]}, 16702),
        ({"$toInt": "x"}, 241),
        ({"$toInt": 2**40}, 241),
        ({"$switch": {"branches": [{"case": False, "then": 1}]}}, 40066),
        ({"$mergeObjects": ["$i"]}, 40400),
        ({"$range": [0, 10**9]}, 146),
        ({"$subtract": [1]}, 16020),
        ({"$indexOfArray": ["$a", 1, -1]}, 40097),
        ({"$getField": {"field": 1, "input": "$o"}}, 3041704),
        ({"$map": {"input": "$a", "as": [], "in": 1}}, 16876),
        ({"$map": {"input": "$a"}}, 28646),
        ({"$dateToString": {"format": "%Y"}}, 9),
        ({"$add": [1], "$abs": 1}, 15983),
        ({"$foo": 1}, 168),
        ("$$undefined", 17276),
        ("$a..b", 40353),
        ({"$let": {"vars": {"Bad": 1}, "in": 1}}, 16867),
        ({"$function": {}}, 238),
        ({"$dateAdd": {}}, 238),
        ("$$NOW", 238),
        ({"$hour": {"date": "$t", "timezone": "Asia/Shanghai"}}, 238),
    ],
)
def test_an_expression_that_has_no_value_or_is_not_supported_is_refused(
    things: Things, expression: Any, code: int
) -> None:
    things.insert(DOCUMENT)
    with pytest.raises(EngineError) as refusal:
        things.aggregate({"$project": {"v": expression}})
    assert refusal.value.code == code
