"""MongoDB's order of values, written once, as an order-preserving byte encoding.

``encode`` maps every BSON value to bytes such that byte order is BSON comparison order and equal bytes
are equal values (1 == 1.0 == Decimal128("1"), but 1 != true). Filters, sorts, groups and index entries all
compare these bytes, so an index can never disagree with a scan.

Every encoding is prefix-free and starts with a type byte between 0x08 and 0xF0. So encodings may be
concatenated (compound keys), inverted (descending keys), and bounded: everything that starts with ``p``
lies strictly between ``p + LOW`` and ``p + HIGH``.

Numbers are compared exactly across int, long, double and decimal: sign, exponent of two, 64 bits of
mantissa, and for decimals that need them 128 bits more (34 decimal digits fit).
"""

import math
import re
import struct
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from localcloud.engine.errors import error, unsupported

LOW: Final = b"\x00"
HIGH: Final = b"\xff"

MIN_KEY: Final = 0x08
ABSENT: Final = 0x10
UNDEFINED: Final = 0x14
NULL: Final = 0x18
NUMBER: Final = 0x20
STRING: Final = 0x28
OBJECT: Final = 0x30
ARRAY: Final = 0x38
BINARY: Final = 0x40
OBJECT_ID: Final = 0x48
BOOL: Final = 0x50
DATE: Final = 0x58
TIMESTAMP: Final = 0x60
REGEX: Final = 0x68
CODE: Final = 0x70
MAX_KEY: Final = 0xF0


class _Missing:
    """The value of a field that is not there; sorts before null, as in aggregation."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()
EMPTY_ARRAY_KEY: Final = bytes([UNDEFINED])
"""What an index and a sort see where an empty array is: less than null."""

NULL_KEY: Final = bytes([NULL])

_NAN, _MINUS_INFINITY, _NEGATIVE, _ZERO, _POSITIVE, _INFINITY = (
    bytes([NUMBER, sub]) for sub in (0x10, 0x20, 0x30, 0x40, 0x50, 0x60)
)
NAN_KEY: Final = _NAN
_EXPONENT_BIAS = 1 << 15
_MANTISSA_BITS = 64
_MORE_BITS = 128
_MAGNITUDE = struct.Struct(">HQ")
_DATE = struct.Struct(">BQ")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_INVERTED = bytes(range(255, -1, -1))


def invert(encoded: bytes) -> bytes:
    """Return *encoded* for a descending position of a compound key."""
    return encoded.translate(_INVERTED)


def encode(value: Any) -> bytes:
    """Return the bytes that stand for *value*'s place in MongoDB's order."""
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        encoder = next((e for t, e in _ENCODERS.items() if isinstance(value, t)), _unknown)
    return encoder(value)


def type_bounds(encoded: bytes) -> tuple[bytes, bytes]:
    """Return the bounds of every value that is comparable with *encoded* (its type bracket)."""
    return bytes([encoded[0] - 1]) + HIGH, bytes([encoded[0] + 1]) + LOW


def milliseconds(value: datetime) -> int:
    """Return *value* as epoch milliseconds; a naive datetime is UTC, as everywhere in BSON."""
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    since = aware - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _unknown(value: Any) -> bytes:
    raise unsupported(f"A value of type {type(value).__name__}")


def _magnitude(exponent: int, mantissa: int, more: bytes = b"\x00") -> bytes:
    return _MAGNITUDE.pack(exponent + _EXPONENT_BIAS, mantissa) + more


def _signed(magnitude: bytes, *, negative: bool) -> bytes:
    return _NEGATIVE + invert(magnitude) if negative else _POSITIVE + magnitude


def _int(value: int) -> bytes:
    if value == 0:
        return _ZERO
    if not -(2**63) <= value < 2**63:
        raise error(2, "an integer does not fit into 64 bits")
    bits = value.bit_length()
    magnitude = _magnitude(bits, abs(value) << (_MANTISSA_BITS - bits))
    return _signed(magnitude, negative=value < 0)


def _float(value: float) -> bytes:
    if value == 0:
        return _ZERO
    if not math.isfinite(value):
        return _NAN if math.isnan(value) else _INFINITY if value > 0 else _MINUS_INFINITY
    fraction, exponent = math.frexp(abs(value))
    return _signed(_magnitude(exponent, int(fraction * 2.0**_MANTISSA_BITS)), negative=value < 0)


def _decimal(value: Decimal128) -> bytes:
    number: Decimal = value.to_decimal()
    if not number.is_finite():
        return _float(float(number)) if not number.is_nan() else _NAN
    if number == 0:
        return _ZERO
    exact = abs(Fraction(number))
    exponent = exact.numerator.bit_length() - exact.denominator.bit_length()
    if exact >= Fraction(2) ** exponent:
        exponent += 1
    scaled = exact * Fraction(2) ** (_MANTISSA_BITS - exponent)
    mantissa = math.floor(scaled)
    rest = scaled - mantissa
    more = (
        b"\x00" if rest == 0 else b"\x01" + math.floor(rest * 2**_MORE_BITS).to_bytes(_MORE_BITS // 8, "big")
    )
    return _signed(_magnitude(exponent, mantissa, more), negative=number < 0)


def _text(value: str) -> bytes:
    encoded = value.encode("utf-8", "surrogatepass")
    if b"\x00" in encoded:
        encoded = encoded.replace(b"\x00", b"\x00\xff")
    return encoded + b"\x00\x01"


def _str(value: str) -> bytes:
    return b"\x28" + _text(value)


def _object(value: Mapping[str, Any]) -> bytes:
    parts = [b"\x30"]
    for name, item in value.items():
        encoded = encode(item)
        parts += (encoded[:1], _text(name), encoded)
    parts.append(b"\x02")
    return b"".join(parts)


def _array(value: list[Any]) -> bytes:
    return b"".join([b"\x38", *map(encode, value), b"\x02"])


def _binary(value: bytes) -> bytes:
    subtype = value.subtype if isinstance(value, Binary) else 0
    return bytes([BINARY]) + len(value).to_bytes(4, "big") + bytes([subtype]) + bytes(value)


def _date(value: datetime) -> bytes:
    return _DATE.pack(DATE, milliseconds(value) + 2**63)


def _regex(value: Regex[str]) -> bytes:
    pattern = value.pattern if isinstance(value.pattern, str) else value.pattern.decode()
    return bytes([REGEX]) + _text(pattern) + _text(str(value.flags & ~re.UNICODE))


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    str: _str,
    bool: lambda value: b"\x50\x02" if value else b"\x50\x01",
    int: _int,
    Int64: _int,
    float: _float,
    type(None): lambda _: NULL_KEY,
    dict: _object,
    list: _array,
    ObjectId: lambda value: b"\x48" + value.binary,
    datetime: _date,
    DatetimeMS: lambda value: _DATE.pack(DATE, int(value) + 2**63),
    Decimal128: _decimal,
    Binary: _binary,
    bytes: _binary,
    Timestamp: lambda value: bytes([TIMESTAMP]) + struct.pack(">II", value.time, value.inc),
    Regex: _regex,
    re.Pattern: lambda value: _regex(Regex.from_native(value)),
    MinKey: lambda _: bytes([MIN_KEY]),
    MaxKey: lambda _: bytes([MAX_KEY]),
    _Missing: lambda _: bytes([ABSENT]),
    Code: lambda value: bytes([CODE]) + _text(str(value)) + encode(value.scope),
}
