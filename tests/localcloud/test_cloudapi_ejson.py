"""Extended JSON on the wire, with bson.json_util as the oracle."""

import math
from datetime import datetime, timezone
from typing import Any

import orjson
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp, json_util
from bson.datetime_ms import DatetimeMS
from hypothesis import given
from hypothesis import strategies as st

from localcloud.cloudapi import ejson

PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    PLAIN
    | st.binary()
    | st.just(ObjectId("5f0000000000000000000001"))
    | st.dates().map(
        lambda day: datetime(day.year, day.month, day.day, tzinfo=timezone.utc).replace(tzinfo=None)
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5).filter(lambda key: not key.startswith("$")), inner, max_size=4)
    ),
    max_leaves=20,
)
EVERY_TYPE: list[Any] = [
    Int64(5),
    2**31 - 1,
    2**31,
    -(2**31),
    -(2**31) - 1,
    1.0,
    1e300,
    -0.0,
    math.inf,
    -math.inf,
    True,
    None,
    "豆腐",
    ObjectId("5f0000000000000000000001"),
    datetime(2020, 1, 2, 3, 4, 5, 678000),  # noqa: DTZ001  # BSON dates come without a zone.
    DatetimeMS(2**52),
    Decimal128("1.10"),
    Binary(b"\x00\x01", 5),
    Timestamp(1, 2),
    MinKey(),
    MaxKey(),
    Code("return 1"),
]


@given(st.dictionaries(st.text(max_size=5).filter(lambda key: not key.startswith("$")), VALUES, max_size=5))
def test_documents_are_written_as_json_util_writes_them_canonically(document: dict[str, Any]) -> None:
    expected = json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS)

    assert orjson.loads(ejson.dumps(document)) == orjson.loads(expected)


@given(st.dictionaries(st.text(max_size=5).filter(lambda key: not key.startswith("$")), VALUES, max_size=5))
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    assert ejson.loads(ejson.dumps(document)) == document


@pytest.mark.parametrize("value", EVERY_TYPE, ids=repr)
def test_every_type_survives_the_wire(value: Any) -> None:
    text = ejson.dumps({"v": value})
    back = ejson.loads(text)["v"]

    assert text == json_util.dumps(
        {"v": value}, json_options=json_util.CANONICAL_JSON_OPTIONS, separators=(",", ":"), ensure_ascii=False
    )
    assert back == value
    assert isinstance(back, type(value)) or isinstance(value, int)


def test_not_a_number_survives_the_wire() -> None:
    assert ejson.dumps({"v": math.nan}) == '{"v":{"$numberDouble":"NaN"}}'
    assert math.isnan(ejson.loads('{"v":{"$numberDouble":"NaN"}}')["v"])


def test_numbers_are_canonical() -> None:
    text = ejson.dumps({"i": 1, "l": 2**40, "d": 1.0, "b": True})

    assert text == (
        '{"i":{"$numberInt":"1"},"l":{"$numberLong":"1099511627776"},"d":{"$numberDouble":"1.0"},"b":true}'
    )


def test_a_result_is_an_array_of_strings() -> None:
    assert ejson.dumps_items([{"_id": "1"}, {"n": 1}]) == (
        '["{\\"_id\\":\\"1\\"}","{\\"n\\":{\\"$numberInt\\":\\"1\\"}}"]'
    )


def test_relaxed_numbers_and_dates_are_read_too() -> None:
    assert ejson.loads('{"a": 1, "b": 1.5, "at": {"$date": "2020-01-02T03:04:05Z"}}') == {
        "a": 1,
        "b": 1.5,
        "at": datetime(2020, 1, 2, 3, 4, 5),  # noqa: DTZ001  # BSON dates come without a zone.
    }


def test_query_operators_are_left_alone() -> None:
    command = '{"find":"x","filter":{"a":{"$regex":"^b","$options":"i"},"$or":[{"c":{"$type":"int"}}]}}'

    assert ejson.loads(command) == orjson.loads(command)


def test_a_regular_expression_value_is_one() -> None:
    value = ejson.loads('{"$regularExpression":{"pattern":"^b","options":"i"}}')

    assert isinstance(value, Regex)
    assert value.pattern == "^b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": {"$oid": "short"}}',
        '{"a": {"$oid": 5}}',
        '{"a": {"$numberInt": "x"}}',
        '{"a": {"$numberDecimal": "x"}}',
        '{"a": {"$date": {"$numberLong": "x"}}}',
        '{"a": {"$date": "yesterday"}}',
        '{"a": {"$binary": 1}}',
        '{"a": {"$timestamp": {}}}',
        '{"a": "\\ud800"}',
    ],
)
def test_what_is_no_extended_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # Any ValueError is the contract.
        ejson.loads(text)
