"""Reading and changing one place of a document by its path, creating what is missing on the way."""

from collections.abc import Sequence
from typing import Any

from localcloud.engine.errors import error
from localcloud.engine.order import MISSING
from localcloud.engine.paths import Document, is_index

_MAX_PADDING = 1_500_000


def fetch(document: Any, parts: Sequence[str]) -> Any:
    """Return the value at *parts* (array elements by index only), or MISSING."""
    value: Any = document
    for part in parts:
        if type(value) is dict:
            value = value.get(part, MISSING)
        elif type(value) is list and is_index(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def put(document: Document, parts: Sequence[str], value: Any) -> None:
    """Store *value* at *parts*; a path through a scalar is refused (code 28)."""
    holder: Any = document
    for position, part in enumerate(parts[:-1]):
        below = fetch(holder, (part,))
        if below is MISSING:
            below = {}
            _place(holder, part, below, parts[:position])
        holder = below
    _place(holder, parts[-1], value, parts[:-1])


def _place(holder: Any, part: str, value: Any, at: Sequence[str]) -> None:
    if type(holder) is dict:
        holder[part] = value
        return
    if type(holder) is not list or not is_index(part):
        raise error(28, f"Cannot create field '{part}' in element {{{'.'.join(at)}: {holder!r}}}")
    index = int(part)
    if index - len(holder) > _MAX_PADDING:
        raise error(2, f"can't backfill array to larger than {_MAX_PADDING} elements")
    holder.extend([None] * (index + 1 - len(holder)))
    holder[index] = value


def discard(document: Document, parts: Sequence[str]) -> None:
    """Remove what is at *parts*: a field disappears, an array element becomes null."""
    holder = fetch(document, parts[:-1])
    if type(holder) is dict:
        holder.pop(parts[-1], None)
    elif fetch(holder if type(holder) is list else {}, parts[-1:]) is not MISSING:
        holder[int(parts[-1])] = None
