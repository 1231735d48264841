"""Stages that reshape a document: $project, $addFields, $unset, $replaceRoot, $unwind."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localcloud.engine.errors import error
from localcloud.engine.expressions import Expression, Scope, compile_expression, variables, walk
from localcloud.engine.order import MISSING
from localcloud.engine.paths import Document
from localcloud.engine.projection import Tree, includes, is_flag, is_truthy_number, kept, tree_of, without

Shape = Callable[[Document, Scope], Document]


def project(spec: Any) -> Shape:
    """Compile $project: fields included or excluded, and computed ones."""
    if not isinstance(spec, Mapping) or not spec:
        raise error(51272, "projection specification must have at least one field")
    leaves = list(_leaves(spec, ""))
    flags = {path: is_truthy_number(value) for path, value in leaves if is_flag(value)}
    computed = {path: compile_expression(value) for path, value in leaves if path not in flags}
    if not computed and not includes(flags):
        dropped = tree_of([path for path, on in flags.items() if not on])
        return lambda document, _: without(document, dropped)
    if computed and any(not on for path, on in flags.items() if path != "_id"):
        raise error(31254, "Cannot do exclusion in inclusion projection")
    paths = [path for path, on in flags.items() if on and path != "_id"]
    if flags.get("_id", "_id" not in computed):
        paths.append("_id")
    tree_of([*paths, *computed])
    shape = tree_of(paths)
    assign = _assignment(computed)
    return lambda document, scope: assign(kept(document, shape), variables(document, scope))


def _leaves(spec: Mapping[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for name, value in spec.items():
        if name.startswith("$"):
            raise error(16410, f"FieldPath field names may not start with '$': '{name}'")
        if isinstance(value, Mapping) and value and not next(iter(value)).startswith("$"):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def add_fields(spec: Any) -> Shape:
    """Compile $addFields, alias $set."""
    if not isinstance(spec, Mapping) or not spec:
        raise error(40177, "$addFields specification must be a non-empty object")
    computed = {path: compile_expression(value) for path, value in _leaves(spec, "")}
    tree_of(list(computed))
    assign = _assignment(computed)
    return lambda document, scope: assign(document, variables(document, scope))


def _assignment(computed: Mapping[str, Expression]) -> Callable[[Document, Scope], Document]:
    """Return the function that gives a document the *computed* fields, without changing the original."""

    def assign(document: Document, scope: Scope) -> Document:
        values = [(path.split("."), expression(scope)) for path, expression in computed.items()]
        for parts, value in values:
            document = _assigned(document, parts, value)
        return document

    return assign


def _assigned(holder: Any, parts: list[str], value: Any) -> Any:
    if not parts:
        return value
    if type(holder) is list:
        return [_assigned(item, parts, value) for item in holder]
    fields = holder if type(holder) is dict else {}
    below = value if len(parts) == 1 else _assigned(fields.get(parts[0], MISSING), parts[1:], value)
    if below is MISSING:
        return {name: item for name, item in fields.items() if name != parts[0]}
    return {**fields, parts[0]: below}


def assignment(path: str) -> Callable[[Document, Any], Document]:
    """Return the function that sets a value at *path*."""
    if not isinstance(path, str):
        raise error(9, "the name of a field must be a string")
    tree_of([path])
    return lambda document, value: _assigned(document, path.split("."), value)


def unset(spec: Any) -> Shape:
    """Compile $unset: a path or several."""
    paths = spec if isinstance(spec, list) else [spec]
    if not paths or not all(isinstance(path, str) and path for path in paths):
        raise error(31002, "$unset specification must be a string or a non-empty array of strings")
    tree: Tree = tree_of(paths)
    return lambda document, _: without(document, tree)


def replace_root(spec: Any) -> Shape:
    """Compile $replaceRoot."""
    if not isinstance(spec, Mapping) or spec.keys() != {"newRoot"}:
        raise error(40231, "$replaceRoot needs exactly newRoot")
    return replace_with(spec["newRoot"])


def replace_with(spec: Any) -> Shape:
    """Compile $replaceWith."""
    expression = compile_expression(spec)

    def shape(document: Document, scope: Scope) -> Document:
        root = expression(variables(document, scope))
        if type(root) is not dict:
            raise error(40228, "'newRoot' expression must evaluate to an object")
        return root

    return shape


def unwind(spec: Any) -> Callable[[Document], Iterator[Document]]:
    """Compile $unwind: one document per element of an array."""
    options = {"path": spec} if isinstance(spec, str) else spec
    if not isinstance(options, Mapping) or not {"path"} <= options.keys() <= _UNWIND:
        raise error(28812, f"$unwind takes {sorted(_UNWIND)}")
    path, index_name = options["path"], options.get("includeArrayIndex")
    if not isinstance(index_name, str | None):
        raise error(28810, "expected a non-empty string for the includeArrayIndex option to $unwind")
    if not isinstance(path, str) or not path.startswith("$") or path.startswith("$$"):
        raise error(28818, f"path option to $unwind stage should be prefixed with a '$': {path}")
    keep = bool(options.get("preserveNullAndEmptyArrays"))
    parts = path[1:].split(".")

    def each(document: Document) -> Iterator[Document]:
        value = _through_objects(document, parts)
        if type(value) is list and value:
            for index, item in enumerate(value):
                yield _numbered(_assigned(document, parts, item), index_name, index)
        elif type(value) is list or value is None or value is MISSING:
            if keep:
                yield _numbered(
                    _assigned(document, parts, MISSING) if value == [] else document, index_name, None
                )
        else:
            yield _numbered(document, index_name, None)

    return each


_UNWIND = {"path", "includeArrayIndex", "preserveNullAndEmptyArrays"}


def _through_objects(document: Document, parts: list[str]) -> Any:
    holder = document if len(parts) == 1 else walk(document, parts[:-1])
    return holder.get(parts[-1], MISSING) if type(holder) is dict else MISSING


def _numbered(document: Document, name: Any, index: int | None) -> Document:
    return document if name is None else _assigned(document, name.split("."), index)
