"""Aggregation expressions: compile ``{"$add": ["$a", 1]}`` into a function of the variables in scope.

Written by hand because mongomock evaluates with Python's numbers and equality (no int, long or double;
``True`` is 1) and does not tell a missing field from null. The other modules of the package hold the
operators and enter them in the tables here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bson import Decimal128

from localcloud.engine.errors import error, unsupported
from localcloud.engine.order import MISSING
from localcloud.engine.paths import Document

Scope = Mapping[str, Any]
Expression = Callable[[Scope], Any]
Function = Callable[..., Any]
Form = Callable[[Any], Expression]

FUNCTIONS: dict[str, tuple[int, int, Function]] = {}
"""Operators whose arguments are all evaluated: least and most arguments, function."""

NAMED: dict[str, tuple[frozenset[str], frozenset[str], Function]] = {}
"""Operators with an object of arguments: required names, optional names, function of keyword arguments."""

FORMS: dict[str, Form] = {}
"""Operators that evaluate their operand in their own way."""

_NOT_HERE = frozenset(
    [
        "$function",
        "$accumulator",
        "$where",
        "$meta",
        "$rand",
        "$sampleRate",
        "$toHashedIndexKey",
        "$tsSecond",
        "$dateFromString",
        "$dateFromParts",
        "$dateToParts",
        "$dateAdd",
        "$dateSubtract",
        "$dateDiff",
        "$dateTrunc",
        "$sin",
        "$cos",
        "$tan",
        "$asin",
        "$acos",
        "$atan",
        "$atan2",
        "$sinh",
        "$cosh",
        "$tanh",
        "$degreesToRadians",
        "$regexFind",
        "$regexFindAll",
        "$binarySize",
        "$bsonSize",
        "$setField",
        "$unsetField",
        "$bitAnd",
        "$bitOr",
        "$percentile",
        "$median",
        "$top",
        "$topN",
        "$bottom",
        "$bottomN",
        "$minN",
        "$maxN",
        "$tsIncrement",
        "$toUUID",
        "$firstN",
        "$lastN",
        "$indexOfBytes",
        "$radiansToDegrees",
        "$expMovingAvg",
        "$toDecimal",
        "$toObjectId",
    ]
)


def compile_expression(expression: Any) -> Expression:
    """Return the function that evaluates *expression*; MISSING is the result of an absent field."""
    if isinstance(expression, str) and expression.startswith("$"):
        return _path(expression)
    if isinstance(expression, Mapping):
        return _object(expression)
    if isinstance(expression, list):
        items = [compile_expression(item) for item in expression]
        return lambda scope: [None if (value := item(scope)) is MISSING else value for item in items]
    return lambda _: expression


def variables(document: Document, more: Scope | None = None) -> Scope:
    """Return the scope in which *document* is evaluated."""
    scope = {"ROOT": document, "CURRENT": document}
    return {**scope, **more} if more else scope


def truthy(value: Any) -> bool:
    """Say whether MongoDB takes *value* for true: all but false, null, missing and zero."""
    if value is None or value is MISSING:
        return False
    if isinstance(value, Decimal128):
        return bool(value.to_decimal())
    return bool(value) if isinstance(value, bool | int | float) else True


def nullish(value: Any) -> bool:
    """Say whether *value* is null or missing."""
    return value is None or value is MISSING


def walk(value: Any, parts: list[str], at: int = 0) -> Any:
    """Follow a field path; in an array it is followed in every object."""
    for position in range(at, len(parts)):
        if type(value) is list:
            found = (walk(item, parts, position) for item in value if type(item) is dict)
            return [item for item in found if item is not MISSING]
        if type(value) is not dict:
            return MISSING
        value = value.get(parts[position], MISSING)
    return value


def _path(expression: str) -> Expression:
    name = expression[1:]
    if not name.startswith("$"):
        parts = name.split(".")
        _check_parts(parts, expression)
        if len(parts) == 1:
            return lambda scope: (
                scope["CURRENT"].get(name, MISSING) if type(scope["CURRENT"]) is dict else MISSING
            )
        return lambda scope: walk(scope["CURRENT"], parts)
    variable, *parts = name[1:].split(".")
    if variable == "REMOVE":
        return lambda _: MISSING
    if variable in {"NOW", "CLUSTER_TIME", "USER_ROLES", "SEARCH_META", "DESCEND", "PRUNE", "KEEP"}:
        raise unsupported(f"$${variable}")
    _check_parts([variable, *parts], expression)

    def value(scope: Scope) -> Any:
        if variable not in scope:
            raise error(17276, f"Use of undefined variable: {variable}")
        return walk(scope[variable], parts)

    return value


def _check_parts(parts: list[str], expression: str) -> None:
    if not all(parts):
        raise error(40353, f"FieldPath must not be empty or have an empty part: '{expression}'")
    if any(part.startswith("$") for part in parts):
        raise error(16410, f"FieldPath field names may not start with '$': '{expression}'")


def _object(expression: Mapping[str, Any]) -> Expression:
    operators = [name for name in expression if name.startswith("$")]
    if operators:
        if len(expression) != 1:
            raise error(15983, f"an expression object must have exactly one field: {', '.join(expression)}")
        return _operator(operators[0], expression[operators[0]])
    fields = {name: compile_expression(value) for name, value in expression.items()}
    return lambda scope: {
        name: value for name, field in fields.items() if (value := field(scope)) is not MISSING
    }


def _operator(name: str, operand: Any) -> Expression:
    if name in FORMS:
        return FORMS[name](operand)
    if name in NAMED:
        return _named(name, operand)
    if name not in FUNCTIONS:
        if name in _NOT_HERE:
            raise unsupported(f"The expression {name}")
        raise error(168, f"Unrecognized expression '{name}'")
    least, most, function = FUNCTIONS[name]
    given = operand if isinstance(operand, list) else [operand]
    if not least <= len(given) <= most:
        raise error(
            16020, f"Expression {name} takes {least} to {most} arguments. {len(given)} were passed in."
        )
    arguments = [compile_expression(item) for item in given]
    if len(arguments) == 1:
        only = arguments[0]
        return lambda scope: function(only(scope))
    return lambda scope: function(*[argument(scope) for argument in arguments])


def _named(name: str, operand: Any) -> Expression:
    required, optional, function = NAMED[name]
    if not isinstance(operand, Mapping) or not required <= operand.keys() <= required | optional:
        raise error(9, f"{name} needs an object with {sorted(required)}, and may have {sorted(optional)}")
    arguments = {key: compile_expression(value) for key, value in operand.items()}
    return lambda scope: function(**{key: argument(scope) for key, argument in arguments.items()})
