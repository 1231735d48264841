"""Arithmetic on BSON numbers: int, long, double and decimal, promoted as MongoDB promotes them."""

import operator
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from typing import Any

from bson import Decimal128, Int64
from bson.decimal128 import create_decimal128_context

_INT32, _INT64 = 2**31, 2**63
_DECIMAL128: Context = create_decimal128_context()
_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
}


def arithmetic(name: str, left: Any, right: Any) -> Any:
    """Return ``left name right`` for name in add, subtract, multiply; None if an integer leaves 64 bits."""
    apply = _OPERATIONS[name]
    kinds = {type(left), type(right)}
    if Decimal128 in kinds:
        return decimal(apply, left, right)
    if float in kinds:
        return apply(float(left), float(right))
    return integer(int(apply(int(left), int(right))), long=Int64 in kinds)


def decimal(apply: Callable[..., Decimal], *values: Any) -> Decimal128:
    """Return *apply* of *values* as decimals, rounded to the 34 digits of a Decimal128."""
    with localcontext(_DECIMAL128) as context:
        return Decimal128(context.create_decimal(apply(*map(to_decimal, values))))


def integer(value: int, *, long: bool = False) -> Any:
    """Return *value* as an int, as a long if it must be or has to, or None beyond 64 bits."""
    if not long and -_INT32 <= value < _INT32:
        return value
    return Int64(value) if -_INT64 <= value < _INT64 else None


def whole(value: Any) -> int | None:
    """Return a number without a fraction as an int; None for anything else, and beyond 64 bits."""
    if type(value) is Decimal128:
        number = value.to_decimal()
        value = int(number) if number.is_finite() and abs(number) < _INT64 and number == int(number) else None
    elif type(value) is float:
        value = int(value) if value.is_integer() else None
    if type(value) not in {int, Int64} or not -_INT64 <= value < _INT64:
        return None
    return int(value)


def to_decimal(value: Any) -> Decimal:
    """Return any BSON number as a decimal; a double keeps 15 digits, as MongoDB converts it."""
    if isinstance(value, Decimal128):
        return value.to_decimal()
    return Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)
