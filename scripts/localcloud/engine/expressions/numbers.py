"""Arithmetic expressions and the accumulators that are also expressions ($sum, $avg, $min, $max, …)."""

import math
import operator
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Any

from bson import Decimal128, Int64

from localcloud.engine.errors import error
from localcloud.engine.expressions.core import FUNCTIONS, nullish
from localcloud.engine.numeric import arithmetic, decimal, integer, to_decimal, whole
from localcloud.engine.order import encode, milliseconds
from localcloud.engine.types import is_number, type_name

MANY = 10_000
_EXACT = Context(prec=13_000, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_EVEN)


def combine(name: str, left: Any, right: Any) -> Any:
    """Return ``left name right``; an integer beyond 64 bits becomes a double."""
    result = arithmetic(name, left, right)
    return arithmetic(name, float(left), float(right)) if result is None else result


def _number(name: str, value: Any) -> Any:
    if not is_number(value):
        raise error(14, f"{name} only supports numeric types, not {type_name(value)}")
    return value


def _add(*values: Any) -> Any:
    if any(map(nullish, values)):
        return None
    moments = [value for value in values if isinstance(value, datetime)]
    if len(moments) > 1:
        raise error(16612, "only one date allowed in an $add expression")
    total: Any = 0
    for value in values:
        if not isinstance(value, datetime):
            total = combine("add", total, _number("$add", value))
    return _moved(moments[0], total) if moments else total


def _moved(moment: datetime, by: Any) -> datetime:
    try:
        return moment + timedelta(milliseconds=round(float(to_decimal(by))))
    except (OverflowError, ValueError) as reason:
        raise error(2, "a date would leave the years 1 to 9999") from reason


def _subtract(left: Any, right: Any) -> Any:
    if nullish(left) or nullish(right):
        return None
    if isinstance(left, datetime):
        if isinstance(right, datetime):
            return Int64(milliseconds(left) - milliseconds(right))
        return _moved(left, combine("multiply", _number("$subtract", right), -1))
    return combine("subtract", _number("$subtract", left), _number("$subtract", right))


def _multiply(*values: Any) -> Any:
    if any(map(nullish, values)):
        return None
    product: Any = 1
    for value in values:
        product = combine("multiply", product, _number("$multiply", value))
    return product


def _divide(left: Any, right: Any) -> Any:
    if nullish(left) or nullish(right):
        return None
    for value in (left, right):
        _number("$divide", value)
    if to_decimal(right) == 0:
        raise error(2, "can't $divide by zero")
    if Decimal128 in {type(left), type(right)}:
        return decimal(operator.truediv, left, right)
    return float(left) / float(right)


def _mod(left: Any, right: Any) -> Any:
    if nullish(left) or nullish(right):
        return None
    for value in (left, right):
        _number("$mod", value)
    if to_decimal(right) == 0:
        raise error(16610, "can't $mod by zero")
    if Decimal128 in {type(left), type(right)}:
        return decimal(operator.mod, left, right)
    if float in {type(left), type(right)}:
        return math.fmod(left, right)
    rest = abs(int(left)) % abs(int(right))
    return integer(-rest if left < 0 else rest, long=Int64 in {type(left), type(right)})


def _same_type(name: str, value: Any, apply: Callable[[Decimal], Decimal]) -> Any:
    """Apply *apply* to *value* exactly, and give the result the type of *value*."""
    if nullish(value):
        return None
    _number(name, value)
    number = value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
    if not number.is_finite():
        return value
    with localcontext(_EXACT):
        result = apply(number)
    if isinstance(value, Decimal128):
        return decimal(lambda _: result, value)
    if isinstance(value, float):
        return float(result)
    exact = integer(int(result), long=type(value) is Int64)
    return float(result) if exact is None else exact


def _rounding(name: str, mode: str) -> Callable[..., Any]:
    def apply(value: Any, place: Any = 0) -> Any:
        if nullish(place):
            return None
        digits = whole(place)
        if digits is None or not -20 <= digits <= 100:  # noqa: PLR2004  # MongoDB's limits
            raise error(51083, f"{name} needs an integer place between -20 and 100, found {place!r}")
        unit = Decimal(1).scaleb(-digits)
        return _same_type(name, value, lambda number: number.quantize(unit, rounding=mode))

    return apply


def _real(name: str, function: Callable[..., float]) -> Callable[..., Any]:
    def apply(*values: Any) -> Any:
        if any(map(nullish, values)):
            return None
        try:
            return function(*(float(to_decimal(_number(name, value))) for value in values))
        except (ValueError, OverflowError, ZeroDivisionError) as reason:
            raise error(28766, f"{name} is not defined for {values}") from reason

    return apply


def _pow(base: Any, exponent: Any) -> Any:
    if type(base) in {int, Int64} and type(exponent) in {int, Int64} and 0 <= exponent < 64:  # noqa: PLR2004  # bits of a long
        exact = integer(int(base) ** int(exponent), long=Int64 in {type(base), type(exponent)})
        if exact is not None:
            return exact
    return _real("$pow", math.pow)(base, exponent)


def total(values: Iterable[Any]) -> Any:
    """$sum: the sum of the numbers among *values*."""
    result: Any = 0
    for value in values:
        if is_number(value):
            result = combine("add", result, value)
    return result


def average(values: Iterable[Any]) -> Any:
    """$avg: the mean of the numbers among *values*, or null."""
    numbers = [value for value in values if is_number(value)]
    return _divide(total(numbers), len(numbers)) if numbers else None


def least(values: Iterable[Any]) -> Any:
    """$min: the first of *values* in MongoDB's order, ignoring null."""
    return min((value for value in values if not nullish(value)), key=encode, default=None)


def greatest(values: Iterable[Any]) -> Any:
    """$max: the last of *values* in MongoDB's order, ignoring null."""
    return max((value for value in values if not nullish(value)), key=encode, default=None)


def deviation(*, sample: bool) -> Callable[[Iterable[Any]], Any]:
    """$stdDevPop or, with *sample*, $stdDevSamp."""

    def apply(values: Iterable[Any]) -> Any:
        numbers = [float(to_decimal(value)) for value in values if is_number(value)]
        count = len(numbers) - sample
        if count < 1:
            return None
        mean = math.fsum(numbers) / len(numbers)
        return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / count)

    return apply


def _over(accumulate: Callable[[Iterable[Any]], Any]) -> tuple[int, int, Callable[..., Any]]:
    """Make an accumulator an expression: over its arguments, or over the array that is its only one."""
    return (
        1,
        MANY,
        lambda *values: accumulate(values[0] if len(values) == 1 and type(values[0]) is list else values),
    )


FUNCTIONS.update(
    {
        "$add": (0, MANY, _add),
        "$subtract": (2, 2, _subtract),
        "$multiply": (0, MANY, _multiply),
        "$divide": (2, 2, _divide),
        "$mod": (2, 2, _mod),
        "$abs": (1, 1, lambda value: _same_type("$abs", value, abs)),
        "$ceil": (1, 1, _rounding("$ceil", "ROUND_CEILING")),
        "$floor": (1, 1, _rounding("$floor", "ROUND_FLOOR")),
        "$trunc": (1, 2, _rounding("$trunc", "ROUND_DOWN")),
        "$round": (1, 2, _rounding("$round", ROUND_HALF_EVEN)),
        "$pow": (2, 2, _pow),
        "$sqrt": (1, 1, _real("$sqrt", math.sqrt)),
        "$exp": (1, 1, _real("$exp", math.exp)),
        "$ln": (1, 1, _real("$ln", math.log)),
        "$log": (2, 2, _real("$log", math.log)),
        "$log10": (1, 1, _real("$log10", math.log10)),
        "$sum": _over(total),
        "$avg": _over(average),
        "$min": _over(least),
        "$max": _over(greatest),
        "$stdDevPop": _over(deviation(sample=False)),
        "$stdDevSamp": _over(deviation(sample=True)),
        "$isNumber": (1, 1, is_number),
        "$type": (1, 1, type_name),
    }
)
