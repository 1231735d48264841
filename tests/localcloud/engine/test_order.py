"""The byte encoding of values keeps MongoDB's comparison order."""

import math
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from hypothesis import given
from hypothesis import strategies as st

from localcloud.engine.order import HIGH, LOW, encode, invert, type_bounds

from .conftest import moment

_TYPES: list[tuple[type, ...]] = [
    (type(None),),
    (int, float, Int64, Decimal128),
    (str,),
    (dict,),
    (list,),
    (bytes,),
    (ObjectId,),
    (bool,),
    (datetime,),
]

_decimals = st.decimals(allow_nan=False, allow_infinity=False, places=6).map(
    lambda value: Decimal128(value.quantize(Decimal("0.000001")) if abs(value) < 10**20 else Decimal(7))
)
_numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-5, 5),
    st.floats(allow_nan=False),
    st.sampled_from([0.1, 0.5, -0.0, 2.0**53, -(2.0**53), 1e300, 5e-324]),
    st.sampled_from([2**53, 2**53 + 1, Decimal128("0.1"), Decimal128("0.10"), Decimal128("1E-6176")]),
    _decimals,
)
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    _numbers,
    st.text(max_size=4),
    st.text(alphabet="a\0\x01", max_size=4),
    st.binary(max_size=3),
    st.binary(min_size=12, max_size=12).map(ObjectId),
    st.datetimes(moment(1900, 1, 1), moment(2100, 1, 1)).map(lambda t: t.replace(microsecond=0)),
)
values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "ab", ""]), inner, max_size=3)
    ),
    max_leaves=6,
)


def _rank(value: Any) -> int:
    return next(rank for rank, types in enumerate(_TYPES) if type(value) in types)


def _exact(value: Any) -> Fraction | float:
    if isinstance(value, Decimal128):
        value = value.to_decimal()
    return value if isinstance(value, float) and math.isinf(value) else Fraction(value)


def compare(left: Any, right: Any) -> int:  # noqa: PLR0911  # one return per type
    """Compare as the MongoDB manual's "Comparison/Sort Order" describes it, without the encoding."""
    if _rank(left) != _rank(right):
        return _sign(_rank(left), _rank(right))
    if isinstance(left, dict):
        for (name, value), (other, item) in zip(left.items(), right.items(), strict=False):
            decided = (
                _sign(_rank(value), _rank(item))
                or _sign(name.encode(), other.encode())
                or compare(value, item)
            )
            if decided:
                return decided
        return _sign(len(left), len(right))
    if isinstance(left, list):
        decided = next((c for a, b in zip(left, right, strict=False) if (c := compare(a, b))), 0)
        return decided or _sign(len(left), len(right))
    if left is None:
        return 0
    if isinstance(left, bytes):
        return _sign((len(left), left), (len(right), right))
    if isinstance(left, str):
        return _sign(left.encode(), right.encode())
    if _rank(left) == 1:
        return _sign(_exact(left), _exact(right))
    return _sign(left, right)


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


@given(values, values)
def test_byte_order_is_the_order_of_the_manual(left: Any, right: Any) -> None:
    assert _sign(encode(left), encode(right)) == compare(left, right)


@given(st.lists(values, min_size=2, max_size=2), st.lists(values, min_size=2, max_size=2))
def test_compound_keys_compare_component_by_component(left: list[Any], right: list[Any]) -> None:
    first = compare(left[0], right[0])
    expected = first or -compare(left[1], right[1])
    keys = [encode(a) + invert(encode(b)) for a, b in (left, right)]
    assert _sign(*keys) == expected


@given(values, values)
def test_no_encoding_is_the_beginning_of_another(left: Any, right: Any) -> None:
    first, second = encode(left), encode(right)
    assert first == second or not second.startswith(first)


@given(values, values)
def test_a_continued_key_lies_within_the_bounds_of_its_beginning(value: Any, more: Any) -> None:
    for beginning in (encode(value), invert(encode(value))):
        for continued in (beginning + encode(more), beginning + invert(encode(more))):
            assert beginning + LOW < continued < beginning + HIGH


@given(values, values)
def test_type_bounds_hold_exactly_the_values_of_one_type(value: Any, other: Any) -> None:
    bottom, top = type_bounds(encode(value))
    assert (bottom < encode(other) < top) == (_rank(value) == _rank(other))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, 1.0),
        (1, Int64(1)),
        (1, Decimal128("1.00")),
        (0.0, -0.0),
        (0.5, Decimal128("0.5")),
        (float("nan"), Decimal128("NaN")),
        (b"x", Binary(b"x", 0)),
        (moment(2024, 1, 1), datetime(2024, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_equal_values_of_different_python_types_have_one_encoding(left: Any, right: Any) -> None:
    assert encode(left) == encode(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, True),
        (0, False),
        ("1", 1),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (0.1, Decimal128("0.1")),
        ([], None),
    ],
)
def test_values_that_python_or_a_human_may_confuse_differ(left: Any, right: Any) -> None:
    assert encode(left) != encode(right)


def test_types_sort_in_bson_order() -> None:
    numbers = [float("nan"), -math.inf, -1, 0, 1.5, math.inf]
    scalars = [ObjectId(), False, True, moment(2024, 1, 1), Timestamp(1, 1), Regex("a"), MaxKey()]
    ordered: list[Any] = [MinKey(), None, *numbers, "a", {"a": 1}, [1], b"a", *scalars]
    assert sorted(ordered, key=encode) == ordered
