"""Filter operators that compare one value with a constant: equality, ranges, $in, $mod, $size."""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from bson import Decimal128, Int64, MaxKey, MinKey, Regex

from localcloud.engine.errors import error, unsupported
from localcloud.engine.numeric import whole
from localcloud.engine.order import MISSING, NAN_KEY, NULL_KEY, encode
from localcloud.engine.patterns import searcher

Single = Callable[[Any], bool]

RANGES: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_REALS = (int, Int64, float)


def is_operators(operand: Any) -> bool:
    """Say whether *operand* of a path is an object of operators rather than a value."""
    return isinstance(operand, Mapping) and next(iter(operand), "").startswith("$")


def is_pattern(operand: Any) -> bool:
    """Say whether *operand* is a regular expression."""
    return isinstance(operand, re.Pattern | Regex)


def equals(operand: Any) -> Single:
    """Return the test of equality with *operand*; null also equals a missing field."""
    if operand is None:
        return lambda value: value is None or value is MISSING
    if type(operand) is str:
        return lambda value: type(value) is str and value == operand
    key = encode(operand)
    if type(operand) in _REALS and key != NAN_KEY:
        return lambda value: value == operand if type(value) in _REALS else _decimal_key(value) == key
    return lambda value: encode(value) == key


def _decimal_key(value: Any) -> bytes | None:
    return encode(value) if type(value) is Decimal128 else None


def in_range(name: str, operand: Any) -> Single:
    """Return the test of $gt, $gte, $lt or $lte: only values of the operand's type can pass."""
    if is_pattern(operand):
        raise error(2, f"Can't have RegEx as arg to predicate {name}")
    if isinstance(operand, MinKey | MaxKey):
        raise unsupported(f"{name} with MinKey or MaxKey")
    accepts, key = RANGES[name], encode(operand)
    if key in {NULL_KEY, NAN_KEY}:
        return equals(operand) if name in {"$gte", "$lte"} else lambda _: False
    bracket = key[:1]

    def by_key(value: Any) -> bool:
        encoded = encode(value)
        return encoded[:1] == bracket and encoded != NAN_KEY and accepts(encoded, key)

    if type(operand) in _REALS:
        return lambda value: accepts(value, operand) if type(value) in _REALS else by_key(value)
    return by_key


def one_of(operand: Any) -> Single:
    """Return the test of $in: equal to one of the values, or found by one of the patterns."""
    if not isinstance(operand, list):
        raise error(2, "$in needs an array")
    if any(map(is_operators, operand)):
        raise error(2, "cannot nest $ under $in")
    patterns = [searcher(item) for item in operand if is_pattern(item)]
    values = [item for item in operand if not is_pattern(item)]
    if not patterns and all(type(item) is str for item in values):
        texts = frozenset(values)
        return lambda value: type(value) is str and value in texts
    keys = frozenset(map(encode, values))
    null = NULL_KEY in keys
    return lambda value: (
        null if value is MISSING else encode(value) in keys or any(found(value) for found in patterns)
    )


def size_is(operand: Any) -> Single:
    """Return the test of $size."""
    size = whole(operand)
    if size is None or size < 0:
        raise error(2, "Failed to parse $size. Expected a non-negative integer")
    return lambda value: type(value) is list and len(value) == size


def remainder_is(operand: Any) -> Single:
    """Return the test of $mod; fractions are cut off, and the remainder has the sign of the value."""
    numbers = [_truncated(number) for number in operand] if isinstance(operand, list) else []
    if len(numbers) != 2 or None in numbers:  # noqa: PLR2004  # divisor and remainder
        raise error(2, "malformed mod, needs to be an array of a divisor and a remainder")
    divisor, remainder = numbers
    if not divisor:
        raise error(2, "divisor cannot be 0")

    def has_remainder(value: Any) -> bool:
        dividend = _truncated(value)
        if dividend is None:
            return False
        rest = abs(dividend) % abs(divisor)
        return (-rest if dividend < 0 else rest) == remainder

    return has_remainder


def _truncated(value: Any) -> int | None:
    """Return a finite number without its fraction, None for anything else."""
    if type(value) is Decimal128:
        value = float(value.to_decimal())
    if type(value) not in _REALS:
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None
