"""Expressions on arrays, sets and objects."""

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.engine.errors import error
from localcloud.engine.expressions.control import check_names
from localcloud.engine.expressions.core import (
    FORMS,
    FUNCTIONS,
    NAMED,
    Expression,
    Scope,
    compile_expression,
    nullish,
    truthy,
)
from localcloud.engine.expressions.numbers import MANY
from localcloud.engine.numeric import whole
from localcloud.engine.order import MISSING, encode
from localcloud.engine.sorting import element_key
from localcloud.engine.types import type_name

_MAX_RANGE = 1_000_000


def _array(operator: str, value: Any) -> list[Any]:
    if type(value) is not list:
        raise error(
            17124, f"The argument to {operator} must be an array, but was of type: {type_name(value)}"
        )
    return value


def _whole(operator: str, value: Any) -> int:
    number = whole(value)
    if number is None:
        raise error(40096, f"{operator} requires an integral argument, found: {type_name(value)}")
    return number


def _or_null(operator: str, function: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    """Return *function* of an array, null for null."""
    return lambda value: None if nullish(value) else function(_array(operator, value))


def _element_at(array: Any, index: Any) -> Any:
    if nullish(array) or nullish(index):
        return None
    items, at = _array("$arrayElemAt", array), _whole("$arrayElemAt", index)
    return items[at] if -len(items) <= at < len(items) else MISSING


def _concat(*arrays: Any) -> Any:
    if any(map(nullish, arrays)):
        return None
    return [item for array in arrays for item in _array("$concatArrays", array)]


def _slice(array: Any, first: Any, length: Any = MISSING) -> Any:
    if nullish(array) or nullish(first):
        return None
    items, start = _array("$slice", array), _whole("$slice", first)
    if length is MISSING:
        return items[start:] if start < 0 else items[:start]
    count = _whole("$slice", length)
    if count <= 0:
        raise error(28729, "Third argument to $slice must be positive")
    start = max(len(items) + start, 0) if start < 0 else start
    return items[start : start + count]


def _in(value: Any, array: Any) -> bool:
    key = encode(value)
    return any(encode(item) == key for item in _array("$in", array))


def _index_of(array: Any, value: Any, start: Any = 0, end: Any = MISSING) -> Any:
    if nullish(array):
        return None
    items, key = _array("$indexOfArray", array), encode(value)
    first = _whole("$indexOfArray", start)
    stop = len(items) if end is MISSING else min(_whole("$indexOfArray", end), len(items))
    if first < 0 or stop < 0:
        raise error(40097, "$indexOfArray requires a nonnegative start and end")
    found = (at for at in range(first, stop) if encode(items[at]) == key)
    return next(found, -1)


def _range(start: Any, end: Any, step: Any = 1) -> list[int]:
    first, last, by = (_whole("$range", value) for value in (start, end, step))
    if by == 0:
        raise error(34449, "$range requires a non-zero step value")
    numbers = range(first, last, by)
    if len(numbers) > _MAX_RANGE:
        raise error(146, f"$range would make more than {_MAX_RANGE} numbers")
    return list(numbers)


def _zip(inputs: Any, useLongestLength: Any = False, defaults: Any = MISSING) -> Any:  # noqa: N803, FBT002  # MongoDB's names
    if nullish(inputs) or any(map(nullish, _array("$zip", inputs))):
        return None
    arrays = [_array("$zip", array) for array in inputs]
    fill = [None] * len(arrays) if nullish(defaults) else _array("$zip", defaults)
    if not arrays or len(fill) != len(arrays):
        raise error(34467, "$zip needs at least one input, and as many defaults as inputs")
    length = max(map(len, arrays)) if truthy(useLongestLength) else min(map(len, arrays))
    return [
        [array[at] if at < len(array) else fill[n] for n, array in enumerate(arrays)] for at in range(length)
    ]


def _sort_array(input: Any, sortBy: Any) -> Any:  # noqa: A002, N803  # MongoDB's names
    return None if nullish(input) else sorted(_array("$sortArray", input), key=element_key(sortBy))


def _map(operand: Any) -> Expression:
    items, name, body = _loop("$map", operand, "in")

    def value(scope: Scope) -> Any:
        array = items(scope)
        if nullish(array):
            return None
        results = (body({**scope, name: item}) for item in _array("$map", array))
        return [None if result is MISSING else result for result in results]

    return value


def _filter(operand: Any) -> Expression:
    limit = (
        compile_expression(operand["limit"]) if isinstance(operand, Mapping) and "limit" in operand else None
    )
    items, name, test = _loop("$filter", operand, "cond", "limit")

    def value(scope: Scope) -> Any:
        array = items(scope)
        if nullish(array):
            return None
        kept = [item for item in _array("$filter", array) if truthy(test({**scope, name: item}))]
        most = None if limit is None else limit(scope)
        return kept if nullish(most) else kept[: _whole("$filter", most)]

    return value


def _loop(operator: str, operand: Any, body: str, *more: str) -> tuple[Expression, str, Expression]:
    if not isinstance(operand, Mapping) or not {"input", body} <= operand.keys() <= {
        "input",
        "as",
        body,
        *more,
    }:
        raise error(28646, f"{operator} needs an object with input, {body}, and may have as")
    name = operand.get("as", "this")
    if not isinstance(name, str):
        raise error(16876, f"the variable of {operator} must be named by a string")
    check_names({name: None})
    return compile_expression(operand["input"]), name, compile_expression(operand[body])


def _reduce(operand: Any) -> Expression:
    if not isinstance(operand, Mapping) or operand.keys() != {"input", "initialValue", "in"}:
        raise error(40075, "$reduce needs exactly input, initialValue and in")
    items, initial, step = (compile_expression(operand[key]) for key in ("input", "initialValue", "in"))

    def value(scope: Scope) -> Any:
        array = items(scope)
        if nullish(array):
            return None
        result = initial(scope)
        for item in _array("$reduce", array):
            result = step({**scope, "this": item, "value": result})
        return result

    return value


def distinct(items: list[Any]) -> dict[bytes, Any]:
    """Return *items* by their key, the first of equal ones, in order."""
    known: dict[bytes, Any] = {}
    for item in items:
        known.setdefault(encode(item), item)
    return known


def _sets(operator: str, function: Callable[[list[dict[bytes, Any]]], Any]) -> Callable[..., Any]:
    """Return *function* of arrays as sets; null if one of them is null."""

    def apply(*arrays: Any) -> Any:
        if any(map(nullish, arrays)):
            return None
        return function([distinct(_array(operator, array)) for array in arrays])

    return apply


def _intersection(sets: list[dict[bytes, Any]]) -> list[Any]:
    return [item for key, item in sets[0].items() if all(key in other for other in sets[1:])] if sets else []


def _union(sets: list[dict[bytes, Any]]) -> list[Any]:
    return list({key: item for one in reversed(sets) for key, item in one.items()}.values())


def merge_objects(values: Any) -> Any:
    """$mergeObjects: the fields of all objects, later ones win; null and missing are skipped."""
    merged: dict[str, Any] = {}
    for value in values:
        if nullish(value):
            continue
        if type(value) is not dict:
            raise error(
                40400, f"$mergeObjects requires object inputs, but input is of type {type_name(value)}"
            )
        merged.update(value)
    return merged


def _to_pairs(value: Any) -> Any:
    if nullish(value):
        return None
    if type(value) is not dict:
        raise error(40390, f"$objectToArray requires a document input, found: {type_name(value)}")
    return [{"k": name, "v": item} for name, item in value.items()]


def _from_pairs(array: list[Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for pair in array:
        name, value = (
            (pair.get("k"), pair.get("v"))
            if type(pair) is dict and pair.keys() == {"k", "v"}
            else _pair(pair)
        )
        if not isinstance(name, str):
            raise error(40394, f"$arrayToObject requires keys of type string, found: {type_name(name)}")
        result[name] = value
    return result


def _pair(pair: Any) -> tuple[Any, Any]:
    if type(pair) is not list or len(pair) != 2:  # noqa: PLR2004  # key and value
        raise error(40392, "$arrayToObject requires an array of [key, value] or {k, v}")
    return pair[0], pair[1]


def _get_field(operand: Any) -> Expression:
    if not isinstance(operand, Mapping) or operand.keys() != {"field", "input"}:
        operand = {"field": operand, "input": "$$CURRENT"}
    name, source = compile_expression(operand["field"]), compile_expression(operand["input"])

    def value(scope: Scope) -> Any:
        holder, field = source(scope), name(scope)
        if type(field) is not str:
            raise error(3041704, "$getField requires 'field' to evaluate to type String")
        return holder.get(field, MISSING) if type(holder) is dict else MISSING

    return value


FUNCTIONS.update(
    {
        "$arrayElemAt": (2, 2, _element_at),
        "$first": (1, 1, _or_null("$first", lambda items: items[0] if items else MISSING)),
        "$last": (1, 1, _or_null("$last", lambda items: items[-1] if items else MISSING)),
        "$concatArrays": (0, MANY, _concat),
        "$slice": (2, 3, _slice),
        "$in": (2, 2, _in),
        "$indexOfArray": (2, 4, _index_of),
        "$isArray": (1, 1, lambda value: type(value) is list),
        "$range": (2, 3, _range),
        "$reverseArray": (1, 1, _or_null("$reverseArray", lambda items: items[::-1])),
        "$size": (1, 1, lambda value: len(_array("$size", value))),
        "$setUnion": (0, MANY, _sets("$setUnion", _union)),
        "$setIntersection": (0, MANY, _sets("$setIntersection", _intersection)),
        "$setDifference": (
            2,
            2,
            _sets("$setDifference", lambda s: [v for k, v in s[0].items() if k not in s[1]]),
        ),
        "$setEquals": (2, MANY, _sets("$setEquals", lambda s: all(one.keys() == s[0].keys() for one in s))),
        "$setIsSubset": (2, 2, _sets("$setIsSubset", lambda s: s[0].keys() <= s[1].keys())),
        "$anyElementTrue": (1, 1, lambda value: any(map(truthy, _array("$anyElementTrue", value)))),
        "$allElementsTrue": (1, 1, lambda value: all(map(truthy, _array("$allElementsTrue", value)))),
        "$mergeObjects": (0, MANY, lambda *values: merge_objects(values)),
        "$objectToArray": (1, 1, _to_pairs),
        "$arrayToObject": (1, 1, _or_null("$arrayToObject", _from_pairs)),
    }
)
NAMED.update(
    {
        "$zip": (frozenset({"inputs"}), frozenset({"useLongestLength", "defaults"}), _zip),
        "$sortArray": (frozenset({"input", "sortBy"}), frozenset(), _sort_array),
    }
)
FORMS.update({"$map": _map, "$filter": _filter, "$reduce": _reduce, "$getField": _get_field})
