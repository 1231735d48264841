"""Filters: compile a MongoDB query document into a test of documents.

Written by hand because mongomock.filtering follows Python equality (``True`` matches 1, objects match in any
field order), applies two conditions to the same array element, and lacks $mod and most $type; it serves the
tests as a second opinion where it is right.

Every operator is a *single* test of one value. A condition on a path holds if any candidate of the path
passes; $ne, $nin, $not, $nor and {$exists: false} are the exact negation of their positive form.
"""

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.engine import expressions
from localcloud.engine.comparisons import (
    RANGES,
    Single,
    equals,
    in_range,
    is_operators,
    is_pattern,
    one_of,
    remainder_is,
    size_is,
)
from localcloud.engine.errors import error, unsupported
from localcloud.engine.order import MISSING
from localcloud.engine.paths import Document, candidates
from localcloud.engine.patterns import compile_regex, searcher
from localcloud.engine.types import type_test

Test = Callable[[Document], bool]

_UNSUPPORTED = frozenset(
    [
        "$where",
        "$text",
        "$jsonSchema",
        "$bitsAllClear",
        "$bitsAllSet",
        "$bitsAnyClear",
        "$bitsAnySet",
        "$near",
        "$nearSphere",
        "$geoIntersects",
        "$geoWithin",
        "$maxDistance",
        "$minDistance",
        "$rand",
        "$sampleRate",
    ]
)


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
    if is_pattern(operand):
        return _any(parts, searcher(operand))
    if not is_operators(operand):
        return _any(parts, equals(operand))
    return all_of([_operator(parts, name, operand) for name in _names(operand)])


def _names(operators: Mapping[str, Any]) -> list[str]:
    """Return the operators to test; $options belongs to its $regex."""
    if "$options" in operators and "$regex" not in operators:
        raise error(2, "$options needs a $regex")
    return [name for name in operators if name != "$options"]


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
    if is_pattern(operand) or (operand and is_operators(operand)):
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
    if name in RANGES:
        return in_range(name, operand)
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


def _elem_match(operand: Any) -> Single:
    if not isinstance(operand, Mapping):
        raise error(2, "$elemMatch needs an Object")
    if is_operators(operand) and next(iter(operand)) not in {"$and", "$or", "$nor", "$expr"}:
        element = _element(operand)
        return lambda value: type(value) is list and any(map(element, value))
    matches = compile_filter(operand)
    return lambda value: (
        type(value) is list and any(matches(_as_object(item)) for item in value if type(item) in {dict, list})
    )


def _as_object(item: Any) -> Document:
    return item if type(item) is dict else {str(index): value for index, value in enumerate(item)}


def _element(operators: Mapping[str, Any]) -> Single:
    """Return the test of one array element, which is not entered any further."""
    return all_of([single(name, operators) for name in _names(operators)])


def _exists(operand: Any) -> Single:
    wanted = expressions.truthy(operand)
    return lambda value: (value is not MISSING) is wanted


def _all_values(operand: Any) -> Single:
    test = _all(["value"], operand)
    return lambda value: test({"value": value})


_NEGATIONS = {"$ne": "$eq", "$nin": "$in"}
_SINGLES: dict[str, Callable[[Any], Single]] = {
    "$in": one_of,
    "$size": size_is,
    "$mod": remainder_is,
    "$type": type_test,
    "$elemMatch": _elem_match,
    "$exists": _exists,
    "$all": _all_values,
}
