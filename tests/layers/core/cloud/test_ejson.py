"""EJSON as RunCommands speaks it; `bson.json_util` is the oracle of the canonical form."""

import json
import math
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from bson import json_util
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from bson.objectid import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.cloud import ejson

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
names = st.text(st.characters(exclude_characters="$", exclude_categories=["Cs"]), min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    texts,
)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
documents = st.dictionaries(names, values, max_size=6)


@given(documents)
def test_canonical_documents_are_read_as_plain_ones(document: dict[str, Any]) -> None:
    canonical = json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS)

    found = ejson.decode(canonical)

    assert found == document
    assert _types(found) == _types(document)


@given(documents)
def test_relaxed_documents_are_read_as_plain_ones(document: dict[str, Any]) -> None:
    relaxed = json_util.dumps(document, json_options=json_util.RELAXED_JSON_OPTIONS)

    assert ejson.decode(relaxed) == document


@given(st.lists(documents, max_size=4))
def test_an_element_of_data_holds_ejson_in_json(items: list[dict[str, Any]]) -> None:
    canonical = [json_util.dumps(item, json_options=json_util.CANONICAL_JSON_OPTIONS) for item in items]

    assert ejson.decode_items(json.dumps(canonical)) == items
    assert ejson.decode_items(json.dumps([json.loads(text) for text in canonical])) == items


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_dates_are_epoch_milliseconds(instant: int) -> None:
    moment = EPOCH + timedelta(milliseconds=instant)
    for options in (json_util.CANONICAL_JSON_OPTIONS, json_util.RELAXED_JSON_OPTIONS):
        assert ejson.decode(json_util.dumps({"at": moment}, json_options=options)) == {"at": instant}


def test_other_types_become_the_nearest_plain_value() -> None:
    key = ObjectId()
    document = {"id": key, "price": Decimal128("1.50"), "n": Int64(5), "inf": math.inf, "less": -math.inf}

    found = ejson.decode(json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS))

    assert found == {"id": str(key), "price": "1.50", "n": 5, "inf": math.inf, "less": -math.inf}


def test_no_number_is_no_number() -> None:
    assert math.isnan(ejson.decode('{"n": {"$numberDouble": "NaN"}}')["n"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"$date": {"$numberLong": "1572937669786"}}', 1_572_937_669_786),
        ('{"$date": 1572937669786}', 1_572_937_669_786),
        ('{"$date": "2019-11-05T07:07:49.786Z"}', 1_572_937_669_786),
        ('{"$numberInt": "-1"}', -1),
        ('{"$numberInt": 1}', 1),
        ('{"$numberDouble": "1.0"}', 1.0),
        ('{"$numberDouble": 1.5}', 1.5),
        ('{"$oid": "5dc11bfd5dcbb0e1d2e1a2c3"}', "5dc11bfd5dcbb0e1d2e1a2c3"),
        ('{"$symbol": "s"}', "s"),
        ('{"$undefined": true}', None),
        ('{"$regularExpression": {"pattern": "a", "options": ""}}', None),
        ('{"$numberInt": "1", "more": 1}', {"$numberInt": "1", "more": 1}),
        ("{}", {}),
    ],
)
def test_forms_that_were_seen(text: str, value: Any) -> None:
    found = ejson.decode(text)

    assert found == value if value is not None else found in (None, json.loads(text))
    assert type(found) is type(value) or value is None


@pytest.mark.parametrize("data", [None, "", "null", "[]"])
def test_an_element_may_hold_nothing(data: str | None) -> None:
    assert ejson.decode_items(data) == []


def test_the_sample_of_the_documentation() -> None:
    data = '["{\\"_id\\":\\"1\\",\\"date\\":{\\"$date\\":{\\"$numberLong\\":\\"1572937669786\\"}}}"]'

    assert ejson.decode_items(data) == [{"_id": "1", "date": 1_572_937_669_786}]


@pytest.mark.parametrize("text", ["", "{", "not json", '{"$numberInt": "x"}', '{"$date": "never"}'])
def test_what_is_no_ejson_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # The standard library words it.
        ejson.decode(text)


@given(documents)
def test_what_goes_out_is_plain_json(document: dict[str, Any]) -> None:
    finite = {name: value for name, value in document.items() if _finite(value)}

    assert json.loads(ejson.encode(finite)) == finite
    assert ejson.encode_bytes(finite).decode() == ejson.encode(finite)


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object(), 2**64, "\ud800"])
def test_what_json_cannot_say_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError):
        ejson.encode({"value": value})


def _types(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _types(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_types(inner) for inner in value]
    return type(value)


def _finite(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(map(_finite, value))
    return all(map(_finite, value.values())) if isinstance(value, dict) else True
