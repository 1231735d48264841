"""BSON types of Python values: their names and codes, and the $type operator."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from localcloud.engine.errors import error
from localcloud.engine.order import MISSING

_INT32 = 2**31

_NAMES: dict[type, str] = {
    float: "double",
    str: "string",
    dict: "object",
    list: "array",
    bytes: "binData",
    Binary: "binData",
    ObjectId: "objectId",
    bool: "bool",
    datetime: "date",
    DatetimeMS: "date",
    type(None): "null",
    Regex: "regex",
    Timestamp: "timestamp",
    Int64: "long",
    Decimal128: "decimal",
    MinKey: "minKey",
    MaxKey: "maxKey",
    Code: "javascript",
}
_CODES = {
    1: "double",
    2: "string",
    3: "object",
    4: "array",
    5: "binData",
    6: "undefined",
    7: "objectId",
    8: "bool",
    9: "date",
    10: "null",
    11: "regex",
    12: "dbPointer",
    13: "javascript",
    14: "symbol",
    15: "javascriptWithScope",
    16: "int",
    17: "timestamp",
    18: "long",
    19: "decimal",
    -1: "minKey",
    127: "maxKey",
}
NUMBERS = frozenset({"int", "long", "double", "decimal"})


def type_name(value: Any) -> str:
    """Return MongoDB's name for the type of *value* ("missing" for no value)."""
    if value is MISSING:
        return "missing"
    if type(value) is int:
        return "int" if -_INT32 <= value < _INT32 else "long"
    if isinstance(value, Code) and value.scope is not None:
        return "javascriptWithScope"
    return _NAMES.get(type(value)) or next(name for t, name in _NAMES.items() if isinstance(value, t))


def is_number(value: Any) -> bool:
    """Say whether *value* is a BSON number (a bool is not)."""
    return type(value) in {int, float, Int64, Decimal128}


def type_test(operand: Any) -> Callable[[Any], bool]:
    """Return the test of $type with one type or an array of types."""
    wanted = operand if isinstance(operand, list) else [operand]
    if not wanted:
        raise error(9, "$type must match at least one type")
    names = frozenset[str]().union(*map(_named, wanted))
    return lambda value: type_name(value) in names


def _named(operand: Any) -> frozenset[str]:
    if operand == "number" and isinstance(operand, str):
        return NUMBERS
    if isinstance(operand, str) and operand in _CODES.values():
        return frozenset({operand})
    if is_number(operand) and not isinstance(operand, Decimal128) and operand in _CODES:
        return frozenset({_CODES[operand]})
    code = 2 if isinstance(operand, str) or is_number(operand) else 14
    raise error(code, f"Unknown type name alias or invalid type code: {operand}")
