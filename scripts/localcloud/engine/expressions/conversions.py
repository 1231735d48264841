"""Conversions between types, such as $convert, $toString and $toInt."""

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import InvalidOperation
from typing import Any

from bson import Decimal128, ObjectId

from localcloud.engine.errors import EngineError, error, unsupported
from localcloud.engine.expressions.core import FUNCTIONS, NAMED, nullish, truthy
from localcloud.engine.expressions.dates import date_to_string, moment_of
from localcloud.engine.numeric import integer
from localcloud.engine.order import MISSING, milliseconds
from localcloud.engine.types import is_number, type_name

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # BSON dates are read as naive UTC


def to_string(value: Any) -> str:
    """Convert a scalar to a string as $toString does."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return str(date_to_string(value))
    if isinstance(value, float):
        return _double_text(value)
    if isinstance(value, str | int | ObjectId | Decimal128):
        return str(value)
    raise error(241, f"Unsupported conversion from {type_name(value)} to string")


def _double_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004  # digits of a double


def _to_integer(value: Any, *, long: bool) -> Any:
    try:
        if isinstance(value, str):
            number = int(value) if re.fullmatch(r"[+-]?\d+", value) else None
        elif isinstance(value, datetime):
            number = milliseconds(value) if long else None
        elif isinstance(value, Decimal128):
            number = int(value.to_decimal())
        else:
            number = int(value) if is_number(value) or isinstance(value, bool) else None
    except (ValueError, OverflowError, InvalidOperation):
        number = None
    bits = 63 if long else 31
    if number is None or not -(2**bits) <= number < 2**bits:
        raise error(
            241,
            f"Failed to convert {value!r} to {'long' if long else 'int'} in $convert with no onError value",
        )
    return integer(number, long=long)


def _to_double(value: Any) -> float:
    if isinstance(value, datetime):
        return float(milliseconds(value))
    try:
        if isinstance(value, Decimal128):
            return float(value.to_decimal())
        if is_number(value) or isinstance(value, bool | str):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise error(241, f"Failed to convert {value!r} to double in $convert with no onError value")


def _to_date(value: Any) -> datetime:
    if isinstance(value, datetime | ObjectId):
        return moment_of(value)
    if is_number(value) and type(value) is not int:
        return _EPOCH + timedelta(milliseconds=int(float(str(value))))
    if type(value) is int and abs(value) >= 2**31:
        return _EPOCH + timedelta(milliseconds=value)
    if isinstance(value, str):
        try:
            return moment_of(datetime.fromisoformat(value.replace("Z", "+00:00")))
        except ValueError as reason:
            raise error(241, f"Error parsing date string {value!r}") from reason
    raise error(
        241, f"Unsupported conversion from {type_name(value)} to date in $convert with no onError value"
    )


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "string": to_string,
    "int": lambda value: _to_integer(value, long=False),
    "long": lambda value: _to_integer(value, long=True),
    "double": _to_double,
    "bool": truthy,
    "date": _to_date,
}


def _convert_to(name: str) -> tuple[int, int, Callable[[Any], Any]]:
    return 1, 1, lambda value: None if nullish(value) else _CONVERSIONS[name](value)


def _convert(input: Any, to: Any, onError: Any = MISSING, onNull: Any = None) -> Any:  # noqa: A002, N803  # MongoDB's names
    if nullish(input):
        return onNull
    if not isinstance(to, str) or to not in _CONVERSIONS:
        raise unsupported(f"$convert to {to!r}")
    try:
        return _CONVERSIONS[to](input)
    except EngineError:
        if onError is MISSING:
            raise
        return onError


FUNCTIONS.update({f"$to{name.capitalize()}": _convert_to(name) for name in _CONVERSIONS})
NAMED["$convert"] = (frozenset({"input", "to"}), frozenset({"onError", "onNull"}), _convert)
