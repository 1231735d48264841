"""Updates: compile {$set: …, $inc: …} or a replacement into a function from document to document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from localcloud.engine.errors import error, unsupported
from localcloud.engine.locations import discard, fetch, put
from localcloud.engine.modifiers import KEEP, MODIFIERS, Modifier
from localcloud.engine.order import MISSING, encode
from localcloud.engine.paths import Document, is_index
from localcloud.engine.position import matched_index

_Path = tuple[str, ...]


@dataclass(frozen=True)
class _Step:
    """One modifier at one path; a rename also carries where the value goes."""

    path: _Path
    modify: Modifier
    rename_to: _Path = ()
    on_insert_only: bool = False


class Update:
    """A compiled update. ``apply`` changes the given document and returns the new one."""

    def __init__(self, spec: Any, *, multi: bool = False) -> None:
        if isinstance(spec, list):
            raise unsupported("An update with an aggregation pipeline")
        if not isinstance(spec, Mapping):
            raise error(9, "Update argument must be an object")
        self._steps: list[_Step] = []
        self._replacement: Mapping[str, Any] | None = None
        if not next(iter(spec), "").startswith("$"):
            if multi:
                raise error(9, "multi update is not supported for replacement-style update")
            self._replacement = _replacement(spec)
            return
        for operator, fields in spec.items():
            self._steps += _parse(operator, fields)
        _refuse_conflicts([path for step in self._steps for path in (step.path, step.rename_to) if path])
        self._steps.sort(key=lambda step: [_part_order(part) for part in step.rename_to or step.path])

    @property
    def is_replacement(self) -> bool:
        """Whether the update replaces whole documents."""
        return self._replacement is not None

    def apply(self, document: Document, query: Mapping[str, Any], *, inserting: bool = False) -> Document:
        """Return *document* updated; *query* tells the positional operator which element matched."""
        identity = document.get("_id", MISSING)
        kept = encode(identity)
        if self._replacement is not None:
            updated = {**({} if identity is MISSING else {"_id": identity}), **self._replacement}
        else:
            updated = document
            self._run(document, query, inserting=inserting)
        if identity is MISSING:
            return updated
        if encode(updated.get("_id", MISSING)) != kept:
            raise error(66, "Performing an update on the path '_id' would modify the immutable field '_id'")
        return {**updated, "_id": identity}

    def _run(self, document: Document, query: Mapping[str, Any], *, inserting: bool) -> None:
        steps = [
            (path, step)
            for step in self._steps
            if inserting or not step.on_insert_only
            for path in _resolve(step.path, document, query)
        ]
        if len(steps) != len(self._steps) or any(path != step.path for path, step in steps):
            _refuse_conflicts([path for path, _ in steps])
        for path, step in steps:
            _take(step, path, document)


def _take(step: _Step, path: _Path, document: Document) -> None:
    value = fetch(document, path)
    if step.rename_to:
        if value is not MISSING:
            _refuse_array_on(path, document)
            _refuse_array_on(step.rename_to, document)
            discard(document, path)
            put(document, step.rename_to, value)
        return
    changed = step.modify(value)
    if changed is MISSING:
        discard(document, path)
    elif changed is not KEEP:
        put(document, path, changed)


def _refuse_array_on(path: _Path, document: Document) -> None:
    for depth in range(1, len(path)):
        if type(fetch(document, path[:depth])) is list:
            raise error(
                2, f"The source or destination of $rename cannot be an array element: '{'.'.join(path)}'"
            )


def _replacement(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in spec:
        if name.startswith("$"):
            raise error(
                52, f"The dollar ($) prefixed field '{name}' is not allowed in a replacement document"
            )
    return spec


def _parse(operator: str, fields: Any) -> Iterator[_Step]:
    if operator == "$bit":
        raise unsupported(operator)
    if operator != "$rename" and operator not in MODIFIERS:
        raise error(9, f"Unknown modifier: {operator}. Expected a valid update modifier")
    if not isinstance(fields, Mapping):
        raise error(9, f"Modifiers operate on fields, e.g. {{{operator}: {{<field>: ...}}}}")
    for path, operand in fields.items():
        parts = _split(path)
        if operator != "$rename":
            yield _Step(parts, MODIFIERS[operator](path, operand), on_insert_only=operator == "$setOnInsert")
            continue
        if not isinstance(operand, str):
            raise error(2, f"The 'to' field for $rename must be a string: {path}")
        if "$" in path or "$" in operand:
            raise error(2, f"The source and destination of $rename may not be dynamic: {path}")
        yield _Step(parts, lambda _: KEEP, rename_to=_split(operand))


def _split(path: str) -> _Path:
    parts = tuple(path.split("."))
    if not all(parts):
        raise error(56, f"The update path '{path}' contains an empty field name, which is not allowed.")
    for position, part in enumerate(parts):
        if part.startswith("$[") and part != "$[]":
            raise unsupported(f"{part} with arrayFilters")
        if part in {"$", "$[]"} and position:
            continue
        if part.startswith("$"):
            raise error(52, f"The dollar ($) prefixed field '{part}' in '{path}' is not valid for storage.")
    return parts


def _refuse_conflicts(paths: Sequence[_Path]) -> None:
    seen = sorted(paths)
    for first, second in pairwise(seen):
        if second[: len(first)] == first:
            raise error(
                40, f"Updating the path '{'.'.join(second)}' would create a conflict at '{'.'.join(first)}'"
            )


def _part_order(part: str) -> tuple[int, int, str]:
    return (0, int(part), "") if is_index(part) else (1, 0, part)


def _resolve(path: _Path, document: Document, query: Mapping[str, Any]) -> list[_Path]:
    """Return the concrete paths that ``$`` and ``$[]`` in *path* stand for in *document*."""
    for position, part in enumerate(path):
        if part == "$":
            index = matched_index(query, document, path[:position])
            return _resolve((*path[:position], str(index), *path[position + 1 :]), document, query)
        if part == "$[]":
            array = fetch(document, path[:position])
            if type(array) is not list:
                raise error(
                    2, f"The path '{'.'.join(path[:position])}' must exist as an array to apply $[] to it."
                )
            return [
                resolved
                for index in range(len(array))
                for resolved in _resolve(
                    (*path[:position], str(index), *path[position + 1 :]), document, query
                )
            ]
    return [path]
