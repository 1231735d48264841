"""Stages that gather documents: $group, $bucket, $sortByCount, $count."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from localcloud.engine.errors import error, unsupported
from localcloud.engine.expressions import Expression, Scope, compile_expression, variables
from localcloud.engine.expressions.arrays import distinct, merge_objects
from localcloud.engine.expressions.numbers import average, deviation, greatest, least, total
from localcloud.engine.order import MISSING, encode
from localcloud.engine.paths import Document

Gather = Callable[[Iterable[Document], Scope], Iterator[Document]]

_ACCUMULATORS: dict[str, Callable[[list[Any]], Any]] = {
    "$sum": total,
    "$avg": average,
    "$min": least,
    "$max": greatest,
    "$first": lambda values: values[0],
    "$last": lambda values: values[-1],
    "$push": lambda values: [value for value in values if value is not MISSING],
    "$addToSet": lambda values: list(distinct([value for value in values if value is not MISSING]).values()),
    "$mergeObjects": merge_objects,
    "$stdDevPop": deviation(sample=False),
    "$stdDevSamp": deviation(sample=True),
    "$count": len,
}
_NOT_HERE = {
    "$accumulator",
    "$top",
    "$topN",
    "$bottom",
    "$bottomN",
    "$firstN",
    "$lastN",
    "$maxN",
    "$minN",
    "$median",
}
_Fields = dict[str, tuple[Expression, Callable[[list[Any]], Any]]]


def group(spec: Any) -> Gather:
    """Compile $group."""
    if not isinstance(spec, Mapping):
        raise error(15947, "a group's fields must be specified in an object")
    if "_id" not in spec:
        raise error(15955, "a group specification must include an _id")
    fields = _fields({name: value for name, value in spec.items() if name != "_id"})
    return _gather(compile_expression(spec["_id"]), fields)


def _gather(key: Expression, fields: _Fields) -> Gather:
    """Return the function that groups by *key*, in the order in which groups appear."""

    def gather(documents: Iterable[Document], scope: Scope) -> Iterator[Document]:
        groups: dict[bytes, tuple[Any, list[list[Any]]]] = {}
        for document in documents:
            bound = variables(document, scope)
            value = key(bound)
            value = None if value is MISSING else value
            _, columns = groups.setdefault(encode(value), (value, [[] for _ in fields]))
            for column, (expression, _) in zip(columns, fields.values(), strict=True):
                column.append(expression(bound))
        for value, columns in groups.values():
            yield {"_id": value, **_results(fields, columns)}

    return gather


def _fields(spec: Mapping[str, Any]) -> _Fields:
    fields: _Fields = {}
    for name, value in spec.items():
        if "." in name or name.startswith("$"):
            raise error(40235, f"The field name '{name}' cannot contain '.' or start with '$'")
        if not isinstance(value, Mapping) or len(value) != 1:
            raise error(40234, f"The field '{name}' must be an accumulator object")
        operator, operand = next(iter(value.items()))
        if operator in _NOT_HERE:
            raise unsupported(f"The accumulator {operator}")
        if operator not in _ACCUMULATORS:
            raise error(15952, f"unknown group operator '{operator}'")
        if operator == "$count" and operand != {}:
            raise error(9, "$count takes no arguments, i.e. $count:{}")
        fields[name] = (compile_expression(operand), _ACCUMULATORS[operator])
    return fields


def _results(fields: _Fields, columns: list[list[Any]]) -> Document:
    results = {
        name: accumulate(column)
        for (name, (_, accumulate)), column in zip(fields.items(), columns, strict=True)
    }
    return {name: None if value is MISSING else value for name, value in results.items()}


def bucket(spec: Any) -> Gather:
    """Compile $bucket: groups between boundaries, in their order."""
    if not isinstance(spec, Mapping) or not {"groupBy", "boundaries"} <= spec.keys() <= _BUCKET:
        raise error(40198, f"$bucket requires groupBy and boundaries, and takes {sorted(_BUCKET)}")
    place = _place(spec["boundaries"], compile_expression(spec["groupBy"]), spec.get("default", MISSING))
    gather = _gather(place, _fields(spec.get("output", {"count": {"$sum": 1}})))
    return lambda documents, scope: iter(
        sorted(gather(documents, scope), key=lambda found: encode(found["_id"]))
    )


def _place(boundaries: Any, by: Expression, default: Any) -> Expression:
    """Return the lower boundary of the bucket that a value belongs to, else *default*."""
    keys = [encode(boundary) for boundary in boundaries] if isinstance(boundaries, list) else []
    if len(keys) < 2 or keys != sorted(set(keys)) or len({key[0] for key in keys}) > 1:  # noqa: PLR2004  # a bucket has two ends
        raise error(40192, "$bucket needs at least 2 boundaries of one type in ascending order")
    if default is not MISSING and keys[0] <= encode(default) < keys[-1]:
        raise error(40199, "The $bucket 'default' field must be outside of the boundaries")

    def place(scope: Scope) -> Any:
        position = bisect_right(keys, encode(by(scope))) - 1
        if 0 <= position < len(keys) - 1:
            return boundaries[position]
        if default is MISSING:
            raise error(40066, "$bucket found a value outside of the boundaries and has no default")
        return default

    return place


_BUCKET = {"groupBy", "boundaries", "default", "output"}


def sort_by_count(spec: Any) -> Gather:
    """Compile $sortByCount: groups, the largest first."""
    gather = group({"_id": spec, "count": {"$sum": 1}})
    return lambda documents, scope: iter(sorted(gather(documents, scope), key=lambda found: -found["count"]))


def count(spec: Any) -> Gather:
    """Compile $count: one document with the number, none for nothing."""
    if not isinstance(spec, str) or not spec or spec.startswith("$") or "." in spec:
        raise error(40156, "the count field must be a non-empty string without '$' and '.'")

    def gather(documents: Iterable[Document], _: Scope) -> Iterator[Document]:
        number = sum(1 for _ in documents)
        if number:
            yield {spec: number}

    return gather
