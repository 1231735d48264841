"""The document that an upsert starts from: the fields its filter fixes by equality."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.engine.comparisons import is_operators, is_pattern
from localcloud.engine.errors import error
from localcloud.engine.locations import put
from localcloud.engine.paths import Document


def seed(query: Mapping[str, Any], *, only_id: bool) -> Document:
    """Return the document of *query*'s equalities; for a replacement *only_id* counts."""
    found: dict[str, Any] = {}
    for path, value in _equalities(query):
        if only_id and path != "_id":
            continue
        if any(
            path == other or path.startswith(f"{other}.") or other.startswith(f"{path}.") for other in found
        ):
            raise error(54, f"cannot infer query fields to set, path '{path}' is matched twice")
        found[path] = value
    document: Document = {}
    for path in sorted(found, key=lambda path: path != "_id"):
        put(document, path.split("."), copy.deepcopy(found[path]))
    return document


def _equalities(query: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, operand in query.items():
        if key == "$and" or (key == "$or" and len(operand) == 1):
            for branch in operand:
                yield from _equalities(branch)
        elif key.startswith("$") or is_pattern(operand):
            continue
        elif not is_operators(operand):
            yield key, operand
        else:
            yield from _from_operators(key, operand)


def _from_operators(path: str, operators: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in operators.items():
        if name == "$eq":
            yield path, value
        elif (
            name in {"$in", "$all"}
            and len(value) == 1
            and not (is_operators(value[0]) or is_pattern(value[0]))
        ):
            yield path, value[0]
