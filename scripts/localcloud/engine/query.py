"""Filters: compile a MongoDB query document into a test of documents.

Written by hand because mongomock.filtering follows Python equality (``True`` matches 1, objects match in any
field order), applies two conditions to the same array element, and lacks $mod and most $type; it serves the
tests as a second opinion where it is right.

Every operator is a *single* test of one value. A condition on a path holds if any candidate of the path
passes; $ne, $nin, $not, $nor and {$exists: false} are the exact negation of their positive form.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bson import Decimal128, Int64, MaxKey, MinKey, Regex

from localcloud.engine import expressions
from localcloud.engine.errors import error, unsupported
from localcloud.engine.order import MISSING, NULL_KEY, encode
from localcloud.engine.paths import Document, candidates
from localcloud.engine.patterns import compile_regex, searcher
from localcloud.engine.types import type_test

Single = Callable[[Any], bool]
Test = Callable[[Document], bool]

_REALS = (int, Int64, float)
_UNSUPPORTED = {
    *("$where", "$text", "$jsonSchema", "$bitsAllClear", "$bitsAllSet", "$bitsAnyClear", "$bitsAnySet", "$near"),
    *("$geoIntersects", "$geoWithin", "$nearSphere", "$maxDistance", "$minDistance", "$rand", "$sampleRate"),
}


def compile_filter(query: Any, scope: expressions.Scope | None = None) -> Test:
    """Return a function that says whether a document matches *query*; *scope* has the variables of $expr."""
    if not isinstance(query, Mapping):
        raise error(14, "a filter must be an object")
    tests = [_clause(key, operand, scope) for key, operand in query.items() if key != "$comment"]
    return all_of(tests)


def all_of(tests: list[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    """Return the conjunction of *tests*."""
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def is_operators(operand: Any) -> bool:
    """Say whether *operand* of a path is an object of operators rather than a value."""
    return isinstance(operand, Mapping) and next(iter(operand), "").startswith("$")


def _clause(key: str, operand: Any, scope: expressions.Scope | None) -> Test:
    if not key.startswith("$"):
        return _condition(key.split("."), operand)
    if key == "$expr":
        value = expressions.compile_expression(operand)
        return lambda document: expressions.truthy(value(expressions.variables(document, scope)))
    if key in _UNSUPPORTED:
        raise unsupported(key)
    if key not in {"$and", "$or", "$nor"}:
        raise error(2, f"unknown top level operator: {key}")
    if not isinstance(operand, list) or not operand:
        raise error(2, f"{key} must be a nonempty array")
    tests = [compile_filter(branch, scope) for branch in operand]
    if key == "$and":
        return all_of(tests)
    wanted = key == "$or"
    return lambda document: any(test(document) for test in tests) is wanted


def _condition(parts: list[str], operand: Any) -> Test:
    if isinstance(operand, re.Pattern | Regex):
        return _any(parts, searcher(operand))
    if not is_operators(operand):
        return _any(parts, equals(operand))
    return all_of([_operator(parts, name, operand) for name in operand if name != "$options"])


def _operator(parts: list[str], name: str, operators: Mapping[str, Any]) -> Test:
    operand = operators[name]
    if name in _NEGATIONS:
        return _negate(_operator(parts, _NEGATIONS[name], {_NEGATIONS[name]: operand}))
    if name == "$not":
        return _negate(_condition(parts, _negated(operand)))
    if name == "$exists":
        present = _any(parts, lambda value: value is not MISSING, expand=False)
        return present if expressions.truthy(operand) else _negate(present)
    if name == "$all":
        return _all(parts, operand)
    return _any(parts, single(name, operators), expand=name not in {"$size", "$elemMatch"})


def _negated(operand: Any) -> Any:
    if isinstance(operand, re.Pattern | Regex) or (operand and is_operators(operand)):
        return operand
    raise error(2, "$not needs a regex or a document")


def _negate(test: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: not test(value)


def _any(parts: list[str], test: Single, *, expand: bool = True) -> Test:
    """Return the test that some candidate of the path passes *test*."""
    if len(parts) > 1:
        return lambda document: any(map(test, candidates(document, parts, 0, expand=expand)))
    name = parts[0]

    def passes(document: Document) -> bool:
        value = document.get(name, MISSING)
        if type(value) is list and expand and any(map(test, value)):
            return True
        return test(value)

    return passes


def _all(parts: list[str], operand: Any) -> Test:
    if not isinstance(operand, list):
        raise error(2, "$all needs an array")
    if not operand:
        return lambda _: False
    has_elements = [is_operators(item) and next(iter(item)) == "$elemMatch" for item in operand]
    if any(has_elements) and not all(has_elements):
        raise error(2, "$all/$elemMatch has to be consistent")
    if not any(has_elements) and any(map(is_operators, operand)):
        raise error(2, "no $ expressions in $all")
    return all_of([_condition(parts, item) for item in operand])


def single(name: str, operators: Mapping[str, Any]) -> Single:
    """Return the test of one value for the operator *name* among its sibling *operators*."""
    operand = operators[name]
    if name == "$eq":
        return equals(operand)
    if name in _RANGES:
        return _range(name, operand)
    if name == "$regex":
        return searcher(compile_regex(operand, operators.get("$options")))
    if name in _SINGLES:
        return _SINGLES[name](operand)
    if name in _NEGATIONS:
        return _negate(single(_NEGATIONS[name], {_NEGATIONS[name]: operand}))
    if name == "$not":
        negated = _negated(operand)
        return _negate(_element(negated) if is_operators(negated) else searcher(negated))
    if name in _UNSUPPORTED:
        raise unsupported(name)
    raise error(2, f"unknown operator: {name}")


def equals(operand: Any) -> Single:
    """Return the test of equality with *operand*; null also equals a missing field."""
    if operand is None:
        return lambda value: value is None or value is MISSING
    if type(operand) is str:
        return lambda value: type(value) is str and value == operand
    key = encode(operand)
    if type(operand) in _REALS and operand == operand:  # noqa: PLR0124  # NaN goes the slow way
        return lambda value: value == operand if type(value) in _REALS else _decimal_key(value) == key
    return lambda value: encode(value) == key


def _decimal_key(value: Any) -> bytes | None:
    return encode(value) if type(value) is Decimal128 else None


def _range(name: str, operand: Any) -> Single:
    if isinstance(operand, re.Pattern | Regex):
        raise error(2, f"Can't have RegEx as arg to predicate {name}")
    if isinstance(operand, MinKey | MaxKey):
        raise unsupported(f"{name} with MinKey or MaxKey")
    accepts = _RANGES[name]
    key = encode(operand)
    bracket = key[:1]
    if key == NULL_KEY or operand != operand:  # noqa: PLR0124  # NaN is only ever equal to itself
        same = equals(operand)
        return same if name in {"$gte", "$lte"} else lambda _: False
    if type(operand) in _REALS:
        return lambda value: (
            accepts(value, operand) if type(value) in _REALS else _decimal_in_range(value, key, accepts)
        )

    def in_range(value: Any) -> bool:
        encoded = encode(value)
        return encoded[:1] == bracket and accepts(encoded, key)

    return in_range


def _decimal_in_range(value: Any, key: bytes, accepts: Callable[[Any, Any], bool]) -> bool:
    if type(value) is not Decimal128 or value.to_decimal().is_nan():
        return False
    return accepts(encode(value), key)


def _in(operand: Any) -> Single:
    if not isinstance(operand, list):
        raise error(2, "$in needs an array")
    if any(map(is_operators, operand)):
        raise error(2, "cannot nest $ under $in")
    patterns = [searcher(item) for item in operand if isinstance(item, re.Pattern | Regex)]
    values = [item for item in operand if not isinstance(item, re.Pattern | Regex)]
    if not patterns and all(type(item) is str for item in values):
        texts = frozenset(values)
        return lambda value: type(value) is str and value in texts
    keys = frozenset(map(encode, values))
    null = NULL_KEY in keys
    return lambda value: (
        null if value is MISSING else encode(value) in keys or any(pattern(value) for pattern in patterns)
    )


def _size(operand: Any) -> Single:
    if isinstance(operand, float) and operand.is_integer():
        operand = int(operand)
    if type(operand) not in {int, Int64} or operand < 0:
        raise error(2, "Failed to parse $size. Expected a non-negative integer")
    return lambda value: type(value) is list and len(value) == operand


def _mod(operand: Any) -> Single:
    if not isinstance(operand, list) or len(operand) != 2 or not all(type(n) in _REALS for n in operand):  # noqa: PLR2004  # divisor, remainder
        raise error(2, "malformed mod, needs to be an array of a divisor and a remainder")
    divisor, remainder = (_truncate(number) for number in operand)
    if divisor == 0:
        raise error(2, "divisor cannot be 0")

    def has_remainder(value: Any) -> bool:
        if type(value) is Decimal128:
            value = float(value.to_decimal())
        if type(value) not in _REALS or value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124  # NaN
            return False
        dividend = _truncate(value)
        rest = abs(dividend) % abs(divisor)
        return (-rest if dividend < 0 else rest) == remainder

    return has_remainder


def _truncate(number: float) -> int:
    try:
        return int(number)
    except (ValueError, OverflowError) as reason:
        raise error(2, "malformed mod, numbers must be finite") from reason


def _elem_match(operand: Any) -> Single:
    if not isinstance(operand, Mapping):
        raise error(2, "$elemMatch needs an Object")
    if is_operators(operand) and next(iter(operand)) not in {"$and", "$or", "$nor", "$expr"}:
        element = _element(operand)
        return lambda value: type(value) is list and any(map(element, value))
    matches = compile_filter(operand)
    return lambda value: type(value) is list and any(
        matches(_as_object(item)) for item in value if type(item) in {dict, list}
    )


def _as_object(item: Any) -> Document:
    return item if type(item) is dict else {str(index): value for index, value in enumerate(item)}


def _element(operators: Mapping[str, Any]) -> Single:
    """Return the test of one array element, which is not entered any further."""
    return all_of([single(name, operators) for name in operators if name != "$options"])


def _exists(operand: Any) -> Single:
    wanted = expressions.truthy(operand)
    return lambda value: (value is not MISSING) is wanted


def _all_values(operand: Any) -> Single:
    test = _all(["value"], operand)
    return lambda value: test({"value": value})


_NEGATIONS = {"$ne": "$eq", "$nin": "$in"}
_RANGES: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda a, b: a > b,
    "$gte": lambda a, b: a >= b,
    "$lt": lambda a, b: a < b,
    "$lte": lambda a, b: a <= b,
}
_SINGLES: dict[str, Callable[[Any], Single]] = {
    "$in": _in,
    "$size": _size,
    "$mod": _mod,
    "$type": type_test,
    "$elemMatch": _elem_match,
    "$exists": _exists,
    "$all": _all_values,
}
