"""Dotted paths: which values a filter sees, and which keys an index or a sort sees.

A filter looks at every *candidate*: arrays on the way are entered, element by element and by index.
An index or a sort takes *rows*: one tuple of values per element of the one array its paths may share.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from localcloud.engine.errors import error
from localcloud.engine.order import MISSING

Document = dict[str, Any]
_MAX_DIGITS = 10


class _EmptyArray:
    """What an index sees where an array has no elements."""


EMPTY_ARRAY = _EmptyArray()


def candidates(document: Document, parts: Sequence[str], at: int, *, expand: bool) -> Iterator[Any]:
    """Yield the values that *parts* from position *at* lead to; MISSING where an object lacks the field.

    With *expand*, the elements of an array at the end are yielded too, before the array itself.
    """
    value: Any = document
    for position in range(at, len(parts)):
        value = value.get(parts[position], MISSING)
        if type(value) is list:
            yield from _candidates_in(value, parts, position + 1, expand=expand)
            return
        if type(value) is not dict:
            yield value if position == len(parts) - 1 else MISSING
            return
    yield value


def _candidates_in(array: list[Any], parts: Sequence[str], at: int, *, expand: bool) -> Iterator[Any]:
    if at == len(parts):
        if expand:
            yield from array
        yield array
        return
    for element in array:
        if type(element) is dict:
            yield from candidates(element, parts, at, expand=expand)
    if is_index(parts[at]) and int(parts[at]) < len(array):
        element = array[int(parts[at])]
        if at + 1 == len(parts):
            yield element
        elif type(element) is dict:
            yield from candidates(element, parts, at + 1, expand=expand)
        elif type(element) is list:
            yield from _candidates_in(element, parts, at + 1, expand=expand)


def is_index(part: str) -> bool:
    """Say whether *part* of a path can be the index of an array element."""
    return len(part) < _MAX_DIGITS and part.isascii() and part.isdigit() and (part == "0" or part[0] != "0")


def rows(document: Document, paths: Sequence[Sequence[str]]) -> tuple[list[tuple[Any, ...]], frozenset[int]]:
    """Return one tuple of values per array element that *paths* meet, and the positions that met an array.

    A missing field counts as null, an empty array as EMPTY_ARRAY. Two paths that meet different arrays are
    refused (code 171), as MongoDB refuses to index parallel arrays.
    """
    values: list[Any] = [None] * len(paths)
    array: list[Any] | None = None
    inside: dict[int, Sequence[str]] = {}
    for position, parts in enumerate(paths):
        value, rest = _descend(document, parts)
        if type(value) is not list:
            values[position] = value
            continue
        if array is not None and array is not value:
            raise error(171, f"cannot index parallel arrays [{'.'.join(parts)}]")
        array = value
        inside[position] = rest
    if array is None:
        return [tuple(values)], frozenset()
    return _array_rows(array, values, inside)


def _array_rows(
    array: list[Any], values: list[Any], inside: dict[int, Sequence[str]]
) -> tuple[list[tuple[Any, ...]], frozenset[int]]:
    met = frozenset(inside)
    if not array:
        row = [
            EMPTY_ARRAY if position in inside and not inside[position] else v
            for position, v in enumerate(values)
        ]
        return [tuple(row)], met
    found: list[tuple[Any, ...]] = []
    deeper = [position for position in inside if inside[position]]
    for element in array:
        row = [
            element if position in inside and not inside[position] else v for position, v in enumerate(values)
        ]
        nested = element if type(element) is dict else {}
        for below in rows(nested, [inside[position] for position in deeper])[0] if deeper else [()]:
            for position, value in zip(deeper, below, strict=True):
                row[position] = value
            found.append(tuple(row))
    return found, met


def _descend(document: Document, parts: Sequence[str]) -> tuple[Any, Sequence[str]]:
    """Follow *parts* through objects up to the first array or the end; a missing value is None."""
    value: Any = document
    for position, part in enumerate(parts):
        if type(value) is list:
            return value, parts[position:]
        if type(value) is not dict:
            return None, ()
        value = value.get(part)
    return value, ()
