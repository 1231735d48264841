"""MongoDB Extended JSON as far as our documents need it: plain JSON out, canonical or relaxed in.

Our documents hold only JSON types, with instants as integers, so commands go out as plain
JSON. Replies come as canonical EJSON: numbers and dates are wrapped in ``$``-objects.
By hand because bson costs more at a cold start than this whole module; `bson.json_util` is
its oracle in the tests.
"""

import json
from collections.abc import Callable
from typing import Any

import orjson

_INFINITY = {"Infinity": float("inf"), "-Infinity": float("-inf"), "NaN": float("nan")}


def _date(value: Any) -> int:
    if isinstance(value, str):
        from gardenshop.cloud.clock import parse_utc  # noqa: PLC0415  # Relaxed dates are rare.

        return parse_utc(value)
    return int(value)


_SCALARS: dict[str, Callable[[Any], Any]] = {
    "$numberInt": int,
    "$numberLong": int,
    "$numberDouble": lambda text: _INFINITY.get(text) if text in _INFINITY else float(text),
    "$numberDecimal": str,
    "$oid": str,
    "$date": _date,
    "$symbol": str,
    "$undefined": lambda _: None,
}


def _unwrap(value: dict[str, Any]) -> Any:
    if len(value) == 1:
        ((key, inner),) = value.items()
        convert = _SCALARS.get(key)
        if convert is not None:
            return convert(inner)
    return value


def encode(value: Any) -> str:
    """Return *value* as JSON text. Raises TypeError for what JSON cannot say."""
    return orjson.dumps(value).decode()


def encode_bytes(value: Any) -> bytes:
    """Return *value* as JSON bytes. Raises TypeError for what JSON cannot say."""
    return orjson.dumps(value)


def encode_sorted(value: Any) -> bytes:
    """Return *value* as JSON bytes that do not depend on the order of its fields."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def decode(text: str | bytes) -> Any:
    """Return what the EJSON *text* says: numbers as int and float, dates as epoch milliseconds.

    Raises ValueError when *text* is not JSON.
    """
    return json.loads(text, object_hook=_unwrap)


def decode_items(data: str | None) -> list[dict[str, Any]]:
    """Return the documents of one element of RunCommands' ``Data``.

    An element is a JSON array whose items are EJSON strings, or sometimes objects; it may be null.
    """
    if not data:
        return []
    items = decode(data)
    return [decode(item) if isinstance(item, str) else item for item in items or []]
