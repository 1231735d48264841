"""Update operators: each compiles its operand into a function from the present value to the next one.

A function gets MISSING for no value; it returns MISSING to remove the value and KEEP to leave it alone.
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from itertools import count
from typing import Any, Final

from bson import Timestamp

from localcloud.engine import sorting
from localcloud.engine.comparisons import equals, is_operators
from localcloud.engine.errors import error
from localcloud.engine.numeric import arithmetic, whole
from localcloud.engine.order import MISSING, encode
from localcloud.engine.query import compile_filter
from localcloud.engine.types import is_number, type_name

Modifier = Callable[[Any], Any]


class _Keep:
    """The outcome of a modifier that changes nothing."""


KEEP: Final = _Keep()
_increments = count(1)


def _set(_path: str, operand: Any) -> Modifier:
    return lambda _: operand


def _unset(_path: str, _operand: Any) -> Modifier:
    return lambda value: KEEP if value is MISSING else MISSING


def _arithmetic(operator: str, path: str, operand: Any) -> Modifier:
    if not is_number(operand):
        raise error(14, f"Cannot {operator} with non-numeric argument: {{{path}: {operand!r}}}")
    name = {"$inc": "add", "$mul": "multiply"}[operator]

    def apply(value: Any) -> Any:
        if value is MISSING:
            return operand if operator == "$inc" else arithmetic(name, 0, operand)
        if not is_number(value):
            raise error(
                14, f"Cannot apply {operator} to a value of non-numeric type: {path}, {type_name(value)}"
            )
        result = arithmetic(name, value, operand)
        if result is None:
            raise error(2, f"Failed to apply {operator} to current value of {path}: it would leave 64 bits")
        return result

    return apply


def _inc(path: str, operand: Any) -> Modifier:
    return _arithmetic("$inc", path, operand)


def _mul(path: str, operand: Any) -> Modifier:
    return _arithmetic("$mul", path, operand)


def _min(_path: str, operand: Any) -> Modifier:
    key = encode(operand)
    return lambda value: operand if value is MISSING or key < encode(value) else KEEP


def _max(_path: str, operand: Any) -> Modifier:
    key = encode(operand)
    return lambda value: operand if value is MISSING or key > encode(value) else KEEP


def _current_date(path: str, operand: Any) -> Modifier:
    kind = operand.get("$type") if isinstance(operand, Mapping) and len(operand) == 1 else operand
    if isinstance(operand, bool) or kind == "date":
        return lambda _: _now()
    if kind == "timestamp":
        return lambda _: Timestamp(int(time.time()), next(_increments))
    raise error(2, f"The $type for $currentDate of {path} must be 'date' or 'timestamp'")


def _now() -> datetime:
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _array(value: Any, path: str) -> list[Any]:
    if value is MISSING:
        return []
    if type(value) is not list:
        raise error(2, f"The field '{path}' must be an array but is of type {type_name(value)}")
    return value


def _each(operand: Any, operator: str, clauses: set[str]) -> tuple[list[Any], Mapping[str, Any]]:
    """Return the values to add and the clauses beside $each."""
    if not isinstance(operand, Mapping) or not any(key.startswith("$") for key in operand):
        return [operand], {}
    unknown = operand.keys() - clauses
    if "$each" not in operand or unknown:
        raise error(2, f"Unrecognized clause in {operator}: {', '.join(sorted(unknown)) or 'no $each'}")
    if not isinstance(operand["$each"], list):
        raise error(2, f"The argument to $each in {operator} must be an array")
    return operand["$each"], operand


def _push(path: str, operand: Any) -> Modifier:
    values, clauses = _each(operand, "$push", {"$each", "$slice", "$sort", "$position"})
    position, limit = (
        _whole(clauses[name], name) if name in clauses else None for name in ("$position", "$slice")
    )
    sort_key = sorting.element_key(clauses["$sort"]) if "$sort" in clauses else None

    def apply(value: Any) -> Any:
        array = list(_array(value, path))
        at = len(array) if position is None else position
        array[at:at] = values
        if sort_key is not None:
            array.sort(key=sort_key)
        if limit is not None:
            array = array[limit:] if limit < 0 else array[:limit]
        return array

    return apply


def _whole(value: Any, clause: str) -> int:
    number = whole(value)
    if number is None:
        raise error(2, f"The value for {clause} must be an integer value")
    return number


def _add_to_set(path: str, operand: Any) -> Modifier:
    values, _ = _each(operand, "$addToSet", {"$each"})

    def apply(value: Any) -> Any:
        array = list(_array(value, path))
        known = set(map(encode, array))
        before = len(array)
        for item in values:
            key = encode(item)
            if key not in known:
                known.add(key)
                array.append(item)
        return array if len(array) > before or value is MISSING else KEEP

    return apply


def _pop(path: str, operand: Any) -> Modifier:
    if whole(operand) not in {1, -1}:
        raise error(9, f"$pop expects 1 or -1, found: {operand!r}")

    def apply(value: Any) -> Any:
        if value is MISSING or value == []:
            return KEEP
        if type(value) is not list:
            raise error(14, f"Path '{path}' contains an element of non-array type '{type_name(value)}'")
        return value[:-1] if whole(operand) == 1 else value[1:]

    return apply


def _pull(path: str, operand: Any) -> Modifier:
    if isinstance(operand, Mapping) and not is_operators(operand):
        fits = compile_filter(operand)
        return _without(path, "$pull", lambda item: type(item) is dict and fits(item))
    if isinstance(operand, list):
        return _without(path, "$pull", equals(operand))
    matches = compile_filter({"item": operand})
    return _without(path, "$pull", lambda item: matches({"item": item}))


def _pull_all(path: str, operand: Any) -> Modifier:
    if not isinstance(operand, list):
        raise error(2, f"$pullAll requires an array argument but was given a {type_name(operand)}")
    keys = set(map(encode, operand))
    return _without(path, "$pullAll", lambda item: encode(item) in keys)


def _without(path: str, operator: str, unwanted: Callable[[Any], bool]) -> Modifier:
    def apply(value: Any) -> Any:
        if value is MISSING:
            return KEEP
        if type(value) is not list:
            raise error(
                2, f"Cannot apply {operator} to a non-array value: {path} is of type {type_name(value)}"
            )
        return [item for item in value if not unwanted(item)]

    return apply


MODIFIERS: dict[str, Callable[[str, Any], Modifier]] = {
    "$set": _set,
    "$setOnInsert": _set,
    "$unset": _unset,
    "$inc": _inc,
    "$mul": _mul,
    "$min": _min,
    "$max": _max,
    "$currentDate": _current_date,
    "$push": _push,
    "$addToSet": _add_to_set,
    "$pop": _pop,
    "$pull": _pull,
    "$pullAll": _pull_all,
}
