"""Expressions on dates. BSON dates are read as naive UTC; a time zone is an offset from it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from bson import ObjectId

from localcloud.engine.errors import error, unsupported
from localcloud.engine.expressions.core import FORMS, NAMED, Expression, Scope, compile_expression, nullish
from localcloud.engine.order import MISSING
from localcloud.engine.types import type_name


def _offset(name: Any) -> timedelta:
    if name is MISSING:
        return timedelta()
    match = (
        re.fullmatch(r"(?:UTC|GMT|Z|([+-])([01]\d|2[0-3]):?([0-5]\d)?)", name)
        if isinstance(name, str)
        else None
    )
    if match is None:
        raise unsupported(f"The time zone {name!r} (use UTC or an offset like +08:00)")
    sign = -1 if match[1] == "-" else 1
    return sign * timedelta(hours=int(match[2] or 0), minutes=int(match[3] or 0))


def moment_of(value: Any, zone: Any = MISSING) -> datetime:
    """Return the wall-clock time of a date, an ObjectId or a Timestamp."""
    if isinstance(value, ObjectId):
        value = value.generation_time
    if not isinstance(value, datetime):
        raise error(16006, f"can't convert from BSON type {type_name(value)} to Date")
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    try:
        return aware.astimezone(timezone.utc).replace(tzinfo=None) + _offset(zone)
    except OverflowError as reason:
        raise error(2, "a date would leave the years 1 to 9999") from reason


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
            return None if nullish(moment) or nullish(name) else part(moment_of(moment, name))

        return value

    return form


def date_to_string(
    date: Any,
    format: Any = "%Y-%m-%dT%H:%M:%S.%LZ",  # noqa: A002  # MongoDB's name
    timezone: Any = MISSING,
    onNull: Any = None,  # noqa: N803  # MongoDB's names
) -> Any:
    if nullish(date):
        return onNull
    if type(format) is not str:
        raise error(18533, "$dateToString requires a string format")
    moment = moment_of(date, timezone)

    def part(match: re.Match[str]) -> str:
        if match[1] not in _FORMATS:
            raise error(18536, f"Invalid format character '%{match[1]}' in format string")
        return _FORMATS[match[1]](moment)

    return re.sub(r"%(.)", part, format)


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
NAMED["$dateToString"] = (frozenset({"date"}), frozenset({"format", "timezone", "onNull"}), date_to_string)
