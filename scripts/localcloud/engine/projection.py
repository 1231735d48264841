"""Projections of find: inclusion or exclusion by dotted path, with $slice and $elemMatch."""

from collections.abc import Callable, Mapping
from typing import Any

from bson import Decimal128

from localcloud.engine.errors import error, unsupported
from localcloud.engine.numeric import whole
from localcloud.engine.paths import Document
from localcloud.engine.query import compile_filter
from localcloud.engine.types import is_number

Projection = Callable[[Document], Document]
Tree = dict[str, Any]
_LEAF = None


def find_projection(spec: Mapping[str, Any]) -> Projection | None:
    """Compile *spec*; None if it asks for whole documents."""
    if not spec:
        return None
    flags = {path: is_truthy_number(value) for path, value in spec.items() if is_flag(value)}
    operators = {path: value for path, value in spec.items() if path not in flags}
    slices = {
        path: _slice(path, value) for path, value in operators.items() if "$slice" in _operator(path, value)
    }
    matches = {
        path: _match(path, value)
        for path, value in operators.items()
        if "$elemMatch" in _operator(path, value)
    }
    include = includes(flags) or (
        bool(matches) and not any(not on for path, on in flags.items() if path != "_id")
    )
    paths = [path for path, on in flags.items() if on is include and path != "_id"]
    keep_id = flags.get("_id", True)
    if include:
        shape = tree_of([*paths, *operators, *(["_id"] if keep_id else [])])
    else:
        shape = tree_of([*paths, *([] if keep_id else ["_id"])])

    def project(document: Document) -> Document:
        shaped = kept(document, shape) if include else without(document, shape)
        for path, cut in slices.items():
            shaped = _at(shaped, path.split("."), cut)
        for path, match in matches.items():
            _replace(shaped, path, match(document.get(path)))
        return shaped

    return project


def is_flag(value: Any) -> bool:
    """Say whether *value* includes or excludes a field."""
    return isinstance(value, bool) or is_number(value)


def is_truthy_number(value: Any) -> bool:
    """Say whether a flag includes."""
    return bool(value.to_decimal()) if isinstance(value, Decimal128) else bool(value)


def includes(flags: Mapping[str, bool]) -> bool:
    """Say whether *flags* include; a mixture is refused, except for ``_id``."""
    modes = {on for path, on in flags.items() if path != "_id"}
    if len(modes) > 1:
        path = next(
            path for path, on in flags.items() if path != "_id" and on is not next(iter(flags.values()))
        )
        raise error(31254, f"Cannot do exclusion and inclusion in one projection: field {path}")
    return modes.pop() if modes else bool(flags.get("_id", False))


def tree_of(paths: list[str]) -> Tree:
    """Return *paths* as nested dicts; a path below or above another one is refused."""
    tree: Tree = {}
    for path in paths:
        *above, last = path.split(".")
        if not all([*above, last]):
            raise error(40353, f"FieldPath must not be empty or have an empty part: '{path}'")
        if last.startswith("$") or any(part.startswith("$") for part in above):
            raise unsupported(f"The projection '{path}'")
        node = tree
        for part in above:
            node = node.setdefault(part, {})
            if node is _LEAF:
                raise error(31249, f"Path collision at {path}")
        if last in node:
            raise error(31250, f"Path collision at {path}")
        node[last] = _LEAF
    return tree


def kept(document: Document, tree: Tree) -> Document:
    """Return only the fields of *tree*, in the document's order."""
    result: Document = {}
    for name, value in document.items():
        if name not in tree:
            continue
        below = tree[name]
        if below is _LEAF or type(value) is dict:
            result[name] = value if below is _LEAF else kept(value, below)
        elif type(value) is list:
            result[name] = _kept_items(value, below)
    return result


def _kept_items(items: list[Any], tree: Tree) -> list[Any]:
    return [
        kept(item, tree) if type(item) is dict else _kept_items(item, tree)
        for item in items
        if type(item) in {dict, list}
    ]


def without(value: Any, tree: Tree) -> Any:
    """Return *value* less the fields of *tree*, in objects and in the objects of arrays."""
    if type(value) is list:
        return [without(item, tree) for item in value]
    if type(value) is not dict:
        return value
    return {
        name: item if name not in tree else without(item, tree[name])
        for name, item in value.items()
        if name not in tree or tree[name] is not _LEAF
    }


def _operator(path: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in {"$slice", "$elemMatch"}:
        return value
    raise unsupported(f"The projection of '{path}' by anything but 0, 1, $slice or $elemMatch")


def _slice(path: str, value: Mapping[str, Any]) -> Callable[[Any], Any]:
    wanted = value["$slice"]
    numbers = [whole(number) for number in wanted] if isinstance(wanted, list) else [whole(wanted)]
    if len(numbers) != (2 if isinstance(wanted, list) else 1):
        raise error(28667, f"Invalid $slice for '{path}'")
    return _cut(path, [_integer(path, number) for number in numbers])


def _integer(path: str, number: int | None) -> int:
    if number is None:
        raise error(28667, f"Invalid $slice for '{path}'")
    return number


def _cut(path: str, numbers: list[int]) -> Callable[[Any], Any]:
    if len(numbers) == 1:
        first, last = (numbers[0], None) if numbers[0] < 0 else (0, numbers[0])
        return lambda array: array[first:last]
    skip, length = numbers
    if length <= 0:
        raise error(28724, f"The third argument to $slice must be positive: '{path}'")

    def cut(array: list[Any]) -> list[Any]:
        start = skip if skip >= 0 else max(len(array) + skip, 0)
        return array[start : start + length]

    return cut


def _match(path: str, value: Mapping[str, Any]) -> Callable[[Any], Any]:
    if "." in path:
        raise error(31275, f"Cannot use $elemMatch projection on a nested field: {path}")
    fits = compile_filter({"item": {"$elemMatch": value["$elemMatch"]}})

    def first(array: Any) -> list[Any]:
        items = array if type(array) is list else []
        return next(([item] for item in items if fits({"item": [item]})), [])

    return first


def _at(value: Any, parts: list[str], cut: Callable[[Any], Any]) -> Any:
    """Return *value* with *cut* applied to the arrays at *parts*, through objects and arrays of objects."""
    if not parts:
        return cut(value) if type(value) is list else value
    if type(value) is list:
        return [_at(item, parts, cut) if type(item) is dict else item for item in value]
    if type(value) is not dict or parts[0] not in value:
        return value
    return {name: _at(item, parts[1:], cut) if name == parts[0] else item for name, item in value.items()}


def _replace(document: Document, path: str, found: list[Any]) -> None:
    document.pop(path, None)
    if found:
        document[path] = found
