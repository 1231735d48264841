"""The positional operator: which element of an array made a document match its filter."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localcloud.engine.comparisons import is_operators
from localcloud.engine.errors import error
from localcloud.engine.locations import fetch
from localcloud.engine.paths import Document, is_index
from localcloud.engine.query import compile_filter


def matched_index(query: Mapping[str, Any], document: Document, path: Sequence[str]) -> int:
    """Return the index of the first element of the array at *path* that meets the filter's condition on it.

    With several conditions on the array outside of $elemMatch, the last one decides. Code 2 if there is none.
    """
    array = fetch(document, path)
    found: int | None = None
    if type(array) is list:
        for rest, operand in _conditions(query, ".".join(path)):
            found = _first(array, rest, operand, found)
    if found is None:
        raise error(2, "The positional operator did not find the match needed from the query.")
    return found


def _first(array: list[Any], rest: str, operand: Any, found: int | None) -> int | None:
    if is_index(rest.split(".", 1)[0]):
        return found
    if not rest and isinstance(operand, Mapping) and "$elemMatch" in operand:
        matches = compile_filter({"array": {"$elemMatch": operand["$elemMatch"]}})
        return next((at for at, item in enumerate(array) if matches({"array": [item]})), found)
    name = f"element.{rest}" if rest else "element"
    matches = compile_filter({name: operand})
    usable = (at for at, item in enumerate(array) if not rest or type(item) is dict)
    return next((at for at in usable if matches({"element": array[at]})), found)


def _conditions(query: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Yield (rest of the path below the array, operand) of every positive condition on the array."""
    for key, operand in query.items():
        if key in {"$and", "$or"}:
            for branch in operand:
                yield from _conditions(branch, path)
        elif key == path or key.startswith(f"{path}."):
            positive = operand
            if is_operators(operand):
                positive = {
                    name: value for name, value in operand.items() if name not in {"$ne", "$nin", "$not"}
                }
            if positive != {}:
                yield key[len(path) + 1 :], positive
