"""What a filter says about the keys of an index: for each path, intervals that hold every match.

Intervals are open ranges of encoded bytes, sorted and disjoint. Each condition gives its own list, because
under a multikey index two conditions may be met by different array elements and must not be intersected.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bson import MaxKey, MinKey

from localcloud.engine.comparisons import is_operators, is_pattern
from localcloud.engine.order import EMPTY_ARRAY_KEY, HIGH, LOW, NAN_KEY, NULL_KEY, encode, type_bounds

Interval = tuple[bytes, bytes]
Intervals = list[Interval]
Bounds = dict[str, list[Intervals]]


def bounds_of(query: Mapping[str, Any]) -> Bounds:
    """Return the intervals of every path that *query* restricts."""
    found: Bounds = {}
    for path, intervals in _clauses(query):
        found.setdefault(path, []).append(intervals)
    return found


def is_point(interval: Interval) -> bool:
    """Say whether *interval* holds exactly one value."""
    return interval[0][:-1] == interval[1][:-1]


def intersect(lists: list[Intervals]) -> Intervals:
    """Return the intervals that all *lists* share."""
    shared = lists[0]
    for intervals in lists[1:]:
        pairs = [(max(a[0], b[0]), min(a[1], b[1])) for a in shared for b in intervals]
        shared = sorted(pair for pair in pairs if pair[0] < pair[1])
    return shared


def narrowest(lists: list[Intervals]) -> Intervals:
    """Return the one list to use where only one may be used: points before ranges, few before many."""
    return min(lists, key=lambda intervals: (not all(map(is_point, intervals)), len(intervals)))


def holds_null(intervals: Intervals) -> bool:
    """Say whether a missing field lies within *intervals*."""
    return any(low < NULL_KEY + b"\x01" < high for low, high in intervals)


def _clauses(query: Mapping[str, Any]) -> Iterator[tuple[str, Intervals]]:
    for key, operand in query.items():
        if key == "$and":
            for branch in operand:
                yield from _clauses(branch)
        elif key == "$or":
            yield from _alternatives([bounds_of(branch) for branch in operand])
        elif not key.startswith("$"):
            yield from _condition(key, operand)


def _alternatives(branches: list[Bounds]) -> Iterator[tuple[str, Intervals]]:
    for path in branches[0]:
        if all(path in branch for branch in branches):
            yield path, _union([interval for branch in branches for interval in narrowest(branch[path])])


def _union(intervals: Intervals) -> Intervals:
    merged: Intervals = []
    for low, high in sorted(intervals):
        if merged and low < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _condition(path: str, operand: Any) -> Iterator[tuple[str, Intervals]]:
    if not is_operators(operand):
        if not is_pattern(operand):
            yield path, _equal(operand)
        return
    for name, value in operand.items():
        if name == "$all":
            for item in value:
                yield from _condition(path, item)
        elif name == "$elemMatch":
            yield from _element(path, value)
        else:
            intervals = _operator(name, value)
            if intervals is not None:
                yield path, intervals


def _element(path: str, operand: Mapping[str, Any]) -> Iterator[tuple[str, Intervals]]:
    if not is_operators(operand):
        for below, lists in bounds_of(operand).items():
            yield f"{path}.{below}", narrowest(lists)
        return
    same = [intervals for name, value in operand.items() if (intervals := _operator(name, value)) is not None]
    if same:
        yield path, intersect(same)


def _operator(name: str, operand: Any) -> Intervals | None:
    if name == "$eq":
        return _equal(operand)
    if name == "$in":
        if any(is_pattern(item) for item in operand):
            return None
        return _union([interval for item in operand for interval in _equal(item)])
    if name in {"$gt", "$gte", "$lt", "$lte"} and not isinstance(operand, list | MinKey | MaxKey):
        return _range(name, operand)
    return None


def _point(key: bytes) -> Interval:
    return key + LOW, key + HIGH


def _equal(operand: Any) -> Intervals:
    """Return the points of *operand*; an array is found by its first element, or as an element itself."""
    if not isinstance(operand, list):
        return [_point(encode(operand))]
    first = encode(operand[0]) if operand else EMPTY_ARRAY_KEY
    return _union([_point(first), _point(encode(operand))])


def _range(name: str, operand: Any) -> Intervals:
    key = encode(operand)
    if key in {NULL_KEY, NAN_KEY}:
        return [_point(key)] if name in {"$gte", "$lte"} else []
    bottom, top = type_bounds(key)
    return [
        {
            "$gt": (key + HIGH, top),
            "$gte": (key + LOW, top),
            "$lt": (bottom, key + LOW),
            "$lte": (bottom, key + HIGH),
        }[name]
    ]
