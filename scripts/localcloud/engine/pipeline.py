"""The aggregate command: compile a pipeline of stages and run documents through it.

The $match stages at the beginning, with the $sort, $skip and $limit that follow, become one indexed find.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from localcloud.engine import grouping, shaping
from localcloud.engine.catalog import Catalog, Collection
from localcloud.engine.commands import Command
from localcloud.engine.comparisons import is_pattern
from localcloud.engine.errors import error, unsupported
from localcloud.engine.expressions import Scope, check_names, compile_expression, nullish, variables, walk
from localcloud.engine.numeric import whole
from localcloud.engine.order import encode
from localcloud.engine.paths import Document
from localcloud.engine.query import compile_filter
from localcloud.engine.scan import Tally, find_rows
from localcloud.engine.sorting import document_key, parse_sort
from localcloud.engine.store import Connection

_NOT_HERE = frozenset(
    [
        "$out",
        "$merge",
        "$geoNear",
        "$graphLookup",
        "$bucketAuto",
        "$collStats",
        "$currentOp",
        "$indexStats",
        "$redact",
        "$unionWith",
        "$setWindowFields",
        "$densify",
        "$fill",
        "$documents",
        "$search",
        "$searchMeta",
        "$listSessions",
        "$listLocalSessions",
        "$planCacheStats",
        "$changeStream",
        "$vectorSearch",
    ]
)


@dataclass(frozen=True)
class Context:
    """What stages need beside the documents."""

    connection: Connection
    catalog: Catalog
    env: str
    tally: Tally
    scope: Scope = field(default_factory=dict)


Stage = Callable[[Iterable[Document]], Iterable[Document]]


def aggregate(
    connection: Connection, catalog: Catalog, collection: Collection, command: Command, tally: Tally
) -> list[Document]:
    """Return the documents of an aggregate command."""
    if not isinstance(command.get("cursor"), Mapping):
        raise error(9, "The 'cursor' option is required, except for aggregate with the explain argument")
    context = Context(connection, catalog, collection.env, tally)
    return list(run_pipeline(context, collection, command.get("pipeline"), command.get("hint")))


def run_pipeline(
    context: Context,
    collection: Collection,
    pipeline: Any,
    hint: Any = None,
    base: Mapping[str, Any] | None = None,
) -> Iterable[Document]:
    """Yield what *pipeline* makes of the documents of *collection* that match *base*."""
    specs = _stages(pipeline)
    stages = [(name, _compile(context, name, spec)) for name, spec in specs]
    filters = [base] if base else []
    used = 0
    while used < len(specs) and specs[used][0] == "$match":
        filters.append(specs[used][1])
        used += 1
    found: dict[str, Any] = {}
    for name in ("$sort", "$skip", "$limit"):
        if used < len(specs) and specs[used][0] == name:
            found[name] = specs[used][1]
            used += 1
    rows = find_rows(
        context.connection,
        collection,
        {"$and": filters} if filters else {},
        sort=parse_sort(found.get("$sort", {})),
        skip=_count_of("$skip", found.get("$skip", 0), least=0),
        limit=_count_of("$limit", found.get("$limit", 0), least=0),
        hint=hint,
        scope=context.scope,
        tally=context.tally,
    )
    documents: Iterable[Document] = (document for _, _, document in rows)
    for _, stage in stages[used:]:
        documents = stage(documents)
    return documents


def _stages(pipeline: Any) -> list[tuple[str, Any]]:
    if not isinstance(pipeline, list):
        raise error(14, "'pipeline' option must be specified as an array")
    for spec in pipeline:
        if not isinstance(spec, Mapping) or len(spec) != 1:
            raise error(40323, "A pipeline stage specification object must contain exactly one field.")
    return [next(iter(spec.items())) for spec in pipeline]


def _compile(context: Context, name: str, spec: Any) -> Stage:
    if name in _SHAPES:
        shape = _SHAPES[name](spec)
        return lambda documents: (shape(document, context.scope) for document in documents)
    if name in _GATHERS:
        gather = _GATHERS[name](spec)
        return lambda documents: gather(documents, context.scope)
    if name in _STAGES:
        return _STAGES[name](context, spec)
    if name in _NOT_HERE:
        raise unsupported(f"The stage {name}")
    raise error(40324, f"Unrecognized pipeline stage name: '{name}'")


def _match(context: Context, spec: Any) -> Stage:
    matches = compile_filter(spec, context.scope)
    return lambda documents: filter(matches, documents)


def _sort(_context: Context, spec: Any) -> Stage:
    order = parse_sort(spec)
    if not order:
        raise error(15976, "$sort stage must have at least one sort key")
    key = document_key(order)
    return lambda documents: sorted(documents, key=key)


def _count_of(name: str, value: Any, *, least: int) -> int:
    number = whole(value)
    if number is None or number < least:
        raise error(15958 if least else 15956, f"invalid argument to {name} stage: {value!r}")
    return number


def _limit(_context: Context, spec: Any) -> Stage:
    limit = _count_of("$limit", spec, least=1)
    return lambda documents: islice(documents, limit)


def _skip(_context: Context, spec: Any) -> Stage:
    skip = _count_of("$skip", spec, least=0)
    return lambda documents: islice(documents, skip, None)


def _unwind(_context: Context, spec: Any) -> Stage:
    each = shaping.unwind(spec)
    return lambda documents: chain.from_iterable(map(each, documents))


def _sample(_context: Context, spec: Any) -> Stage:
    if not isinstance(spec, Mapping) or spec.keys() != {"size"}:
        raise error(28745, "$sample stage must specify a size")
    size = _count_of("$sample", spec["size"], least=0)

    def pick(documents: Iterable[Document]) -> Iterable[Document]:
        everything = list(documents)
        return random.sample(everything, min(size, len(everything)))

    return pick


def _facet(context: Context, spec: Any) -> Stage:
    if not isinstance(spec, Mapping) or not spec:
        raise error(40169, "the $facet specification must be a non-empty object")
    facets: dict[str, list[Stage]] = {}
    for name, pipeline in spec.items():
        steps = _stages(pipeline)
        if any(stage == "$facet" for stage, _ in steps):
            raise error(40600, "$facet is not allowed to be used within a $facet stage")
        facets[name] = [_compile(context, stage, operand) for stage, operand in steps]

    def split(documents: Iterable[Document]) -> Iterator[Document]:
        everything = list(documents)
        result: Document = {}
        for name, stages in facets.items():
            found: Iterable[Document] = everything
            for stage in stages:
                found = stage(found)
            result[name] = list(found)
        yield result

    return split


def _lookup(context: Context, spec: Any) -> Stage:
    if not isinstance(spec, Mapping) or not {"from", "as"} <= spec.keys() <= _LOOKUP:
        raise error(9, f"$lookup needs from and as, and takes {sorted(_LOOKUP)}")
    for name in ("from", "as", "localField", "foreignField"):
        if not isinstance(spec.get(name, ""), str):
            raise error(9, f"$lookup argument '{name}' must be a string")
    local, foreign = spec.get("localField"), spec.get("foreignField")
    if (local is None) != (foreign is None) or (local is None and "pipeline" not in spec):
        raise error(
            9, "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified"
        )
    check_names(spec.get("let", {}))
    bound = {name: compile_expression(value) for name, value in spec.get("let", {}).items()}
    pipeline = spec.get("pipeline", [])
    other = context.catalog.find(context.env, spec["from"])
    for name, operand in _stages(pipeline):
        _compile(context, name, operand)
    known: dict[bytes, list[Document]] = {}

    def foreign_rows(document: Document) -> list[Document]:
        if other is None:
            return []
        scope = variables(document, context.scope)
        chosen = {**context.scope, **{name: value(scope) for name, value in bound.items()}}
        base = {foreign: {"$in": _local_values(document, local)}} if local and foreign else None
        key = encode([base, list(chosen.values())])
        if key not in known:
            inner = Context(context.connection, context.catalog, context.env, context.tally, chosen)
            known[key] = list(run_pipeline(inner, other, pipeline, base=base))
        return known[key]

    assign = shaping.assignment(spec["as"])
    return lambda documents: (assign(document, foreign_rows(document)) for document in documents)


_LOOKUP = {"from", "as", "localField", "foreignField", "let", "pipeline"}


def _local_values(document: Document, path: str) -> list[Any]:
    """Return the values to look for; a missing field looks for null, an array for each of its elements."""
    value = walk(document, path.split("."))
    if nullish(value):
        return [None]
    values: list[Any] = value if type(value) is list else [value]
    if any(map(is_pattern, values)):
        raise unsupported("$lookup by a regular expression")
    return values


_SHAPES: dict[str, Callable[[Any], shaping.Shape]] = {
    "$project": shaping.project,
    "$addFields": shaping.add_fields,
    "$set": shaping.add_fields,
    "$unset": shaping.unset,
    "$replaceRoot": shaping.replace_root,
    "$replaceWith": shaping.replace_with,
}
_GATHERS: dict[str, Callable[[Any], grouping.Gather]] = {
    "$group": grouping.group,
    "$bucket": grouping.bucket,
    "$sortByCount": grouping.sort_by_count,
    "$count": grouping.count,
}
_STAGES: dict[str, Callable[[Context, Any], Stage]] = {
    "$match": _match,
    "$sort": _sort,
    "$limit": _limit,
    "$skip": _skip,
    "$unwind": _unwind,
    "$sample": _sample,
    "$facet": _facet,
    "$lookup": _lookup,
}
