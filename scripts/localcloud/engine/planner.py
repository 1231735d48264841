"""Choosing how to find documents: which index, which ranges of it, and whether it gives the order asked for.

An index is used for the longest run of its leading paths that have equality conditions (points), and for the
intervals of the next path. Whatever an index yields is checked again with the whole filter, so a plan only
has to be wide enough, never exact. Among several usable indexes the one with the fewest entries in its ranges
wins; that is counted, up to a small limit, not guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.engine.bounds import (
    Bounds,
    Interval,
    Intervals,
    bounds_of,
    holds_null,
    intersect,
    is_point,
)
from localcloud.engine.catalog import ID_INDEX, Collection, Index
from localcloud.engine.comparisons import is_operators
from localcloud.engine.errors import error
from localcloud.engine.order import HIGH, LOW, encode, invert
from localcloud.engine.sorting import Sort
from localcloud.engine.store import Connection

_MAX_RANGES = 10_000
_PROBE = 300
_MAX_CHOICES = 8


@dataclass
class Plan:
    """Scan *ranges* of *index* (the whole collection in insertion order if None).

    ``skipped`` has, when several ranges must be merged to be in order, the length of each range's prefix that
    does not take part in the order.
    """

    index: Index | None = None
    ranges: list[Interval] = field(default_factory=list)
    depth: int = 0
    bounded: bool = False
    ordered: bool = False
    reverse: bool = False
    skipped: list[int] | None = None


@dataclass
class _Shape:
    """The ranges of one index: how many leading paths are points, and how many values each has."""

    ranges: list[Interval]
    points: list[int]
    prefix_lengths: list[list[int]]
    bounded: bool


def choose(
    connection: Connection,
    collection: Collection,
    query: Mapping[str, Any],
    sort: Sort,
    hint: Any = None,
) -> Plan:
    """Return the plan to find what matches *query* in the order of *sort*."""
    hinted = _hinted(collection, hint)
    if not query and not sort:
        return Plan(ordered=True)
    bounds = bounds_of(query)
    plans = [
        plan
        for index in (ID_INDEX, *collection.indexes)
        if _covers(index, bounds, query)
        for one in _choices(index, bounds)
        if (plan := _plan(index, one, sort)) is not None
    ]
    preferred = [plan for plan in plans if plan.index is hinted]
    return _cheapest(connection, collection, preferred or plans) or Plan(ordered=not sort)


def _hinted(collection: Collection, hint: Any) -> Index | None:
    if hint is None or hint == {"$natural": 1}:
        return None
    for index in (ID_INDEX, *collection.indexes):
        if hint == index.name or (isinstance(hint, Mapping) and list(hint.items()) == list(index.keys)):
            return index
    raise error(2, "hint provided does not correspond to an existing index")


def _plan(index: Index, bounds: Bounds, sort: Sort) -> Plan | None:
    shape = _shape(index, bounds)
    order = _order(index, shape, sort)
    if not shape.bounded and (order is None or not sort):
        return None
    plan = Plan(index, shape.ranges, len(shape.points), bounded=shape.bounded)
    if order is not None:
        plan.ordered, plan.reverse = True, order[0]
        if order[1] >= 0 and len(shape.ranges) > 1:
            plan.skipped = [lengths[order[1]] for lengths in shape.prefix_lengths]
    return plan


def _covers(index: Index, bounds: Bounds, query: Mapping[str, Any]) -> bool:
    """Say whether every match of the query has an entry in *index*."""
    if index.sparse and not any(
        not holds_null(intervals) for path, _ in index.keys for intervals in bounds.get(path, [])
    ):
        return False
    return index.partial is None or all(
        _implies(query, bounds, path, operand) for path, operand in index.partial.items()
    )


def _implies(query: Mapping[str, Any], bounds: Bounds, path: str, wanted: Any) -> bool:
    """Say whether *query* lets only documents through that meet the condition *wanted* on *path*."""
    if path.startswith("$"):
        return path == "$and" and all(
            _implies(query, bounds, part, operand) for branch in wanted for part, operand in branch.items()
        )
    if path in query and encode(query[path]) == encode(wanted):
        return True
    given = bounds.get(path, [])
    if not is_operators(wanted):
        wanted = {"$eq": wanted}
    for name, operand in wanted.items():
        if name == "$exists":
            if not operand or not any(not holds_null(intervals) for intervals in given):
                return False
            continue
        limits = bounds_of({path: {name: operand}}).get(path)
        if limits is None or not any(_within(intervals, limits[0]) for intervals in given):
            return False
    return True


def _within(intervals: Intervals, limits: Intervals) -> bool:
    return all(any(low >= lower and high <= upper for lower, upper in limits) for low, high in intervals)


def _choices(index: Index, bounds: Bounds) -> list[Bounds]:
    """Return *bounds* once for each condition on the first array path, of which a scan can use only one."""
    for position, (path, _) in enumerate(index.keys):
        if path not in bounds:
            break
        if position in index.multikey:
            return [{**bounds, path: [intervals]} for intervals in bounds[path][:_MAX_CHOICES]]
    return [bounds]


def _shape(index: Index, bounds: Bounds) -> _Shape:
    shape = _Shape([(LOW, HIGH)], [], [[]], bounded=False)
    prefixes = [b""]
    entered_array = False
    for position, (path, direction) in enumerate(index.keys):
        lists = bounds.get(path)
        if lists is None or (position in index.multikey and entered_array):
            break
        intervals = intersect(lists)
        entered_array = entered_array or position in index.multikey
        if len(prefixes) * len(intervals) > _MAX_RANGES:
            break
        if direction < 0:
            intervals = [(invert(high), invert(low)) for low, high in reversed(intervals)]
        shape.bounded = True
        lengths = shape.prefix_lengths
        shape.ranges = [(prefix + low, prefix + high) for prefix in prefixes for low, high in intervals]
        shape.prefix_lengths = [
            [*before, len(prefix) + len(low) - 1]
            for prefix, before in zip(prefixes, lengths, strict=True)
            for low, _ in intervals
        ]
        if not all(map(is_point, intervals)):
            break
        shape.points.append(len(intervals))
        prefixes = [low[:-1] for low, _ in shape.ranges]
    return shape


def _order(index: Index, shape: _Shape, sort: Sort) -> tuple[bool, int] | None:
    """Return (backwards?, last position left out of the order or -1) if *index* yields *sort*'s order."""
    keys = list(index.keys)
    if index is not ID_INDEX:
        keys.append(("_id", keys[-1][1]))
    fixed = {
        keys[position][0]
        for position, count in enumerate(shape.points)
        if count == 1 and position not in index.multikey
    }
    wanted = [(path, direction) for path, direction in sort if path not in fixed]
    position, left_out = 0, -1
    turned: set[bool] = set()
    for path, direction in wanted:
        while position < len(shape.points) and keys[position][0] != path:
            if shape.points[position] > 1:
                left_out = position
            if shape.points[position] > 1 and turned:
                return None
            position += 1
        if position >= len(keys) or keys[position][0] != path or position in index.multikey:
            return None
        turned.add(keys[position][1] != direction)
        position += 1
        if path == "_id":
            break
    return None if len(turned) > 1 else (True in turned, left_out)


def _cheapest(connection: Connection, collection: Collection, plans: list[Plan]) -> Plan | None:
    bounded = [plan for plan in plans if plan.bounded]
    if not bounded:
        return plans[0] if plans else None
    for plan in bounded:
        if plan.index is not None and plan.index.unique and plan.depth == len(plan.index.keys):
            return plan
    if len(bounded) == 1:
        return bounded[0]
    return min(
        bounded, key=lambda plan: (_entries(connection, collection, plan), not plan.ordered, -plan.depth)
    )


def _entries(connection: Connection, collection: Collection, plan: Plan) -> int:
    """Count the entries in the plan's ranges, up to a limit."""
    table = table_of(collection, plan.index)
    total = 0
    for low, high in plan.ranges:
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE key > ? AND key < ? LIMIT ?)"  # noqa: S608  # our own table name
        total += connection.execute(sql, (low, high, _PROBE - total)).fetchone()[0]
        if total >= _PROBE:
            break
    return total


def table_of(collection: Collection, index: Index | None) -> str:
    """Return the SQLite table that has the keys of *index*."""
    return collection.table if index is None or index is ID_INDEX else index.table
