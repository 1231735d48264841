"""Sort specifications: the key of a document, and the order of array elements for $push and $sortArray."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from localcloud.engine.errors import EngineError, error, unsupported
from localcloud.engine.numeric import whole
from localcloud.engine.order import EMPTY_ARRAY_KEY, NULL_KEY, encode, invert
from localcloud.engine.paths import EMPTY_ARRAY, Document, rows

Sort = Sequence[tuple[str, int]]


def parse_sort(spec: Any) -> Sort:
    """Return *spec* as (path, 1 or -1) pairs."""
    if not isinstance(spec, Mapping):
        raise error(14, "Expected field sort to be of type object")
    return [(path, _direction(path, direction)) for path, direction in spec.items()]


def _direction(path: str, direction: Any) -> int:
    if isinstance(direction, Mapping):
        raise unsupported(f"$meta in the sort of {path}")
    number = whole(direction)
    if number not in {1, -1}:
        raise error(15975, f"$sort key ordering must be 1 (for ascending) or -1 (for descending): {path}")
    if path.startswith("$"):
        raise error(16410, "FieldPath field names may not start with '$'")
    if not all(path.split(".")):
        raise error(40353, f"FieldPath must not be empty or have an empty part: '{path}'")
    return number


def key_part(value: Any, direction: int) -> bytes:
    """Return the bytes of one component of a compound key."""
    encoded = NULL_KEY if value is None else EMPTY_ARRAY_KEY if value is EMPTY_ARRAY else encode(value)
    return encoded if direction > 0 else invert(encoded)


def document_key(sort: Sort) -> Callable[[Document], bytes]:
    """Return the sort key of a document: of all the keys its arrays give it, the one that sorts first."""
    paths = [path.split(".") for path, _ in sort]
    directions = [direction for _, direction in sort]

    def key(document: Document) -> bytes:
        try:
            found, _ = rows(document, paths)
        except EngineError as reason:
            raise error(2, "cannot sort with keys that are parallel arrays") from reason
        return min(b"".join(map(key_part, row, directions)) for row in found)

    return key


def element_key(spec: Any) -> Callable[[Any], bytes]:
    """Return the sort key of an array element for a direction, or for a sort pattern on its fields."""
    if isinstance(spec, Mapping):
        if not spec:
            raise error(2, "The $sort pattern is empty when it should be a set of fields")
        key = document_key(parse_sort(spec))
        return lambda item: key(item if type(item) is dict else {})
    direction = _direction("array", spec)
    return lambda item: key_part(item, direction)
