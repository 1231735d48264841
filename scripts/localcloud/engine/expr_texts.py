"""Expressions on strings and dates, and conversions between types."""

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import InvalidOperation
from typing import Any

from bson import Decimal128, Int64, ObjectId, Regex

from localcloud.engine.errors import EngineError, error, unsupported
from localcloud.engine.expr_numbers import MANY
from localcloud.engine.expressions import FORMS, FUNCTIONS, NAMED, Expression, Scope, compile_expression, nullish, truthy
from localcloud.engine.numeric import integer
from localcloud.engine.order import MISSING, milliseconds
from localcloud.engine.patterns import compile_regex, native
from localcloud.engine.types import is_number, type_name

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # BSON dates are read as naive UTC


def _text(operator: str, value: Any) -> str:
    if type(value) is not str:
        raise error(16702, f"{operator} only supports strings, not {type_name(value)}")
    return value


def _loose(value: Any) -> str:
    """Return *value* as the string that case and substring operators see."""
    return "" if nullish(value) else to_string(value)


def _concat(*values: Any) -> Any:
    return None if any(map(nullish, values)) else "".join(_text("$concat", value) for value in values)


def _split(value: Any, separator: Any) -> Any:
    if nullish(value) or nullish(separator):
        return None
    if separator == "":
        raise error(40087, "$split requires a non-empty separator")
    return _text("$split", value).split(_text("$split", separator))


def _sub_points(value: Any, start: Any, length: Any) -> str:
    if start < 0 or length < 0:
        raise error(34452, "$substrCP: starting index and length must be non-negative")
    return _loose(value)[int(start) : int(start) + int(length)]


def _sub_bytes(value: Any, start: Any, length: Any) -> str:
    if start < 0:
        raise error(50752, "$substrBytes: starting index must be non-negative")
    whole = _loose(value).encode()
    piece = whole[int(start) :] if length < 0 else whole[int(start) : int(start) + int(length)]
    try:
        return piece.decode()
    except UnicodeDecodeError as reason:
        raise error(28656, "$substrBytes: Invalid range, in the middle of a UTF-8 character.") from reason


def _index_of(value: Any, part: Any, start: Any = 0, end: Any = MISSING) -> Any:
    if nullish(value):
        return None
    text = _text("$indexOfCP", value)
    return text.find(_text("$indexOfCP", part), int(start), len(text) if end is MISSING else int(end))


def _trim(name: str) -> Callable[..., Any]:
    def apply(input: Any, chars: Any = MISSING) -> Any:  # noqa: A002  # MongoDB's name
        if nullish(input) or chars is None:
            return None
        strip: Callable[..., str] = getattr(_text("$trim", input), name)
        return strip("\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" if chars is MISSING else chars)

    return apply


def _replace(count: int) -> Callable[..., Any]:
    def apply(input: Any, find: Any, replacement: Any) -> Any:  # noqa: A002  # MongoDB's name
        if nullish(input) or nullish(find) or nullish(replacement):
            return None
        return _text("$replace", input).replace(_text("$replace", find), _text("$replace", replacement), count)

    return apply


def _regex_match(input: Any, regex: Any, options: Any = None) -> bool:  # noqa: A002  # MongoDB's name
    if nullish(input) or nullish(regex):
        return False
    pattern: Regex[str] = compile_regex(regex, options or None)
    return native(str(pattern.pattern), pattern.flags).search(_text("$regexMatch", input)) is not None


def _strcasecmp(left: Any, right: Any) -> int:
    a, b = _loose(left).upper(), _loose(right).upper()
    return (a > b) - (a < b)


def _offset(name: Any) -> timedelta:
    if name is MISSING or name in {"UTC", "GMT", "Z"}:
        return timedelta()
    match = re.fullmatch(r"([+-])(\d\d):?(\d\d)?", name) if isinstance(name, str) else None
    if match is None:
        raise unsupported(f"The time zone {name!r} (use UTC or an offset like +08:00)")
    sign = -1 if match[1] == "-" else 1
    return sign * timedelta(hours=int(match[2]), minutes=int(match[3] or 0))


def _moment(value: Any, zone: Any = MISSING) -> datetime:
    """Return the wall-clock time of a date, an ObjectId or a Timestamp."""
    if isinstance(value, ObjectId):
        value = value.generation_time
    if not isinstance(value, datetime):
        raise error(16006, f"can't convert from BSON type {type_name(value)} to Date")
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).replace(tzinfo=None) + _offset(zone)


def _date_part(part: Callable[[datetime], int]) -> Callable[[Any], Expression]:
    """Return the form of $year and its like: a date, or {date, timezone}."""

    def form(operand: Any) -> Expression:
        given = operand if isinstance(operand, dict) and "date" in operand else {"date": operand}
        if isinstance(given["date"], list) and len(given["date"]) == 1:
            given = {"date": given["date"][0]}
        if not given.keys() <= {"date", "timezone"}:
            raise error(40535, "unrecognized option to a date expression")
        date, zone = compile_expression(given["date"]), compile_expression(given.get("timezone", "UTC"))

        def value(scope: Scope) -> Any:
            moment, name = date(scope), zone(scope)
            return None if nullish(moment) or nullish(name) else part(_moment(moment, name))

        return value

    return form


def _date_to_string(
    date: Any, format: Any = "%Y-%m-%dT%H:%M:%S.%LZ", timezone: Any = MISSING, onNull: Any = None  # noqa: A002, N803  # MongoDB's names
) -> Any:
    if nullish(date):
        return onNull
    moment = _moment(date, timezone)

    def part(match: re.Match[str]) -> str:
        if match[1] not in _FORMATS:
            raise error(18536, f"Invalid format character '%{match[1]}' in format string")
        return _FORMATS[match[1]](moment)

    return re.sub(r"%(.)", part, _text("$dateToString", format))


_FORMATS: dict[str, Callable[[datetime], str]] = {
    "Y": lambda t: f"{t.year:04}",
    "m": lambda t: f"{t.month:02}",
    "d": lambda t: f"{t.day:02}",
    "H": lambda t: f"{t.hour:02}",
    "M": lambda t: f"{t.minute:02}",
    "S": lambda t: f"{t.second:02}",
    "L": lambda t: f"{t.microsecond // 1000:03}",
    "j": lambda t: f"{t.timetuple().tm_yday:03}",
    "u": lambda t: str(t.isoweekday()),
    "w": lambda t: str(t.isoweekday() % 7 + 1),
    "G": lambda t: f"{t.isocalendar()[0]:04}",
    "V": lambda t: f"{t.isocalendar()[1]:02}",
    "U": lambda t: t.strftime("%U"),
    "%": lambda _: "%",
}


def to_string(value: Any) -> str:
    """Convert a scalar to a string as $toString does."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return str(_date_to_string(value))
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
        raise error(241, f"Failed to convert {value!r} to {'long' if long else 'int'} in $convert with no onError value")
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
        return _moment(value)
    if is_number(value) and type(value) is not int:
        return _EPOCH + timedelta(milliseconds=int(float(str(value))))
    if type(value) is int and abs(value) >= 2**31:
        return _EPOCH + timedelta(milliseconds=value)
    if isinstance(value, str):
        try:
            return _moment(datetime.fromisoformat(value.replace("Z", "+00:00")))
        except ValueError as reason:
            raise error(241, f"Error parsing date string {value!r}") from reason
    raise error(241, f"Unsupported conversion from {type_name(value)} to date in $convert with no onError value")


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
    if to not in _CONVERSIONS:
        raise unsupported(f"$convert to {to!r}")
    try:
        return _CONVERSIONS[to](input)
    except EngineError:
        if onError is MISSING:
            raise
        return onError


_INPUT = frozenset({"input"})
_DATE_PARTS: dict[str, Callable[[datetime], int]] = {
    "$year": lambda t: t.year,
    "$month": lambda t: t.month,
    "$dayOfMonth": lambda t: t.day,
    "$hour": lambda t: t.hour,
    "$minute": lambda t: t.minute,
    "$second": lambda t: t.second,
    "$millisecond": lambda t: t.microsecond // 1000,
    "$dayOfYear": lambda t: t.timetuple().tm_yday,
    "$dayOfWeek": lambda t: t.isoweekday() % 7 + 1,
    "$isoDayOfWeek": lambda t: t.isoweekday(),
    "$isoWeek": lambda t: t.isocalendar()[1],
    "$isoWeekYear": lambda t: t.isocalendar()[0],
    "$week": lambda t: int(t.strftime("%U")),
}
FORMS.update({name: _date_part(part) for name, part in _DATE_PARTS.items()})
FUNCTIONS.update(
    {
        "$concat": (0, MANY, _concat),
        "$split": (2, 2, _split),
        "$strcasecmp": (2, 2, _strcasecmp),
        "$strLenCP": (1, 1, lambda value: len(_text("$strLenCP", value))),
        "$strLenBytes": (1, 1, lambda value: len(_text("$strLenBytes", value).encode())),
        "$substr": (3, 3, _sub_bytes),
        "$substrBytes": (3, 3, _sub_bytes),
        "$substrCP": (3, 3, _sub_points),
        "$indexOfCP": (2, 4, _index_of),
        "$toLower": (1, 1, lambda value: _loose(value).lower()),
        "$toUpper": (1, 1, lambda value: _loose(value).upper()),
        **{f"$to{name.capitalize()}": _convert_to(name) for name in _CONVERSIONS},
    }
)
NAMED.update(
    {
        "$trim": (_INPUT, frozenset({"chars"}), _trim("strip")),
        "$ltrim": (_INPUT, frozenset({"chars"}), _trim("lstrip")),
        "$rtrim": (_INPUT, frozenset({"chars"}), _trim("rstrip")),
        "$replaceOne": (_INPUT | {"find", "replacement"}, frozenset(), _replace(1)),
        "$replaceAll": (_INPUT | {"find", "replacement"}, frozenset(), _replace(-1)),
        "$regexMatch": (_INPUT | {"regex"}, frozenset({"options"}), _regex_match),
        "$dateToString": (frozenset({"date"}), frozenset({"format", "timezone", "onNull"}), _date_to_string),
        "$convert": (_INPUT | {"to"}, frozenset({"onError", "onNull"}), _convert),
    }
)
