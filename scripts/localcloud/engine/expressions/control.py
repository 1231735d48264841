"""Expressions that decide, compare and bind variables."""

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.engine.errors import error
from localcloud.engine.expressions.core import (
    FORMS,
    FUNCTIONS,
    Expression,
    Scope,
    compile_expression,
    nullish,
    truthy,
)
from localcloud.engine.order import MISSING, encode


def _compare(test: Callable[[bytes, bytes], Any]) -> tuple[int, int, Callable[[Any, Any], Any]]:
    return 2, 2, lambda left, right: test(encode(left), encode(right))


def _all_arguments(operand: Any) -> list[Expression]:
    return [compile_expression(item) for item in (operand if isinstance(operand, list) else [operand])]


def _and(operand: Any) -> Expression:
    terms = _all_arguments(operand)
    return lambda scope: all(truthy(term(scope)) for term in terms)


def _or(operand: Any) -> Expression:
    terms = _all_arguments(operand)
    return lambda scope: any(truthy(term(scope)) for term in terms)


def _cond(operand: Any) -> Expression:
    if isinstance(operand, Mapping):
        if operand.keys() != {"if", "then", "else"}:
            raise error(17080, "$cond needs exactly if, then and else")
        operand = [operand["if"], operand["then"], operand["else"]]
    if not isinstance(operand, list) or len(operand) != 3:  # noqa: PLR2004  # if, then, else
        raise error(16020, "Expression $cond takes exactly 3 arguments.")
    test, then, other = map(compile_expression, operand)
    return lambda scope: then(scope) if truthy(test(scope)) else other(scope)


def _if_null(operand: Any) -> Expression:
    terms = _all_arguments(operand)
    if len(terms) < 2:  # noqa: PLR2004  # a value and its replacement
        raise error(1257300, "$ifNull needs at least two arguments")

    def value(scope: Scope) -> Any:
        result: Any = MISSING
        for term in terms:
            result = term(scope)
            if not nullish(result):
                break
        return result

    return value


def _switch(operand: Any) -> Expression:
    branches = operand.get("branches") if isinstance(operand, Mapping) else None
    if not isinstance(branches, list) or not branches or not operand.keys() <= {"branches", "default"}:
        raise error(40068, "$switch requires at least one branch.")
    if not all(isinstance(branch, Mapping) and branch.keys() == {"case", "then"} for branch in branches):
        raise error(40067, "$switch requires each branch to have exactly case and then")
    cases = [(compile_expression(branch["case"]), compile_expression(branch["then"])) for branch in branches]
    default = compile_expression(operand["default"]) if "default" in operand else None

    def value(scope: Scope) -> Any:
        for case, then in cases:
            if truthy(case(scope)):
                return then(scope)
        if default is None:
            raise error(
                40066, "$switch could not find a matching branch for an input, and no default was specified."
            )
        return default(scope)

    return value


def _let(operand: Any) -> Expression:
    if not isinstance(operand, Mapping) or operand.keys() != {"vars", "in"}:
        raise error(16874, "$let needs exactly vars and in")
    check_names(operand["vars"])
    bound = {name: compile_expression(value) for name, value in operand["vars"].items()}
    inner = compile_expression(operand["in"])
    return lambda scope: inner({**scope, **{name: value(scope) for name, value in bound.items()}})


def check_names(names: Any) -> None:
    """Refuse what cannot name user variables: they start with a lower-case letter."""
    if not isinstance(names, Mapping):
        raise error(16876, "variables must be an object")
    for name in names:
        if not name[:1].islower() and name != "CURRENT":
            raise error(16867, f"'{name}' starts with an invalid character for a user variable name")


FUNCTIONS.update(
    {
        "$eq": _compare(lambda a, b: a == b),
        "$ne": _compare(lambda a, b: a != b),
        "$gt": _compare(lambda a, b: a > b),
        "$gte": _compare(lambda a, b: a >= b),
        "$lt": _compare(lambda a, b: a < b),
        "$lte": _compare(lambda a, b: a <= b),
        "$cmp": _compare(lambda a, b: (a > b) - (a < b)),
        "$not": (1, 1, lambda value: not truthy(value)),
    }
)
FORMS.update(
    {
        "$and": _and,
        "$or": _or,
        "$cond": _cond,
        "$ifNull": _if_null,
        "$switch": _switch,
        "$let": _let,
        "$literal": lambda operand: lambda _: operand,
        "$expr": compile_expression,
    }
)
