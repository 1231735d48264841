"""Whatever the documents, the filter and the sort: an index changes the work, never the result."""

import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.engine import Engine, EngineError
from localcloud.engine.sorting import document_key, parse_sort

from .conftest import Things

_atoms = st.sampled_from([0, 1, 2, 3, 2.5, None, "a", True, float("nan")])
_small = st.integers(0, 3)
_inner = st.fixed_dictionaries({"x": _small | st.lists(_small, max_size=2)}, optional={"y": _small})
_arrays = st.lists(_small | _inner, max_size=3) | st.lists(_inner, min_size=2, max_size=3)
_fields = _small | _arrays | _inner | _atoms | st.just([[1, 2]])
_documents = st.lists(
    st.fixed_dictionaries({"a": _fields}, optional={"b": _fields, "c": _small | _fields}),
    min_size=4,
    max_size=14,
)

_operands: st.SearchStrategy[Any] = _small | _atoms | st.just([]) | st.just([1, 2]) | st.just({"x": 1})
_ranges = st.builds(lambda low, high: {"$gte": low, "$lt": high}, _small, _small)
_operators = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), _operands),
    st.tuples(st.sampled_from(["$in", "$in", "$nin", "$all"]), st.lists(_operands, max_size=3)),
    st.tuples(st.just("$exists"), st.booleans()),
    st.tuples(st.just("$elemMatch"), _ranges),
    st.tuples(st.just("$elemMatch"), st.fixed_dictionaries({"x": _small, "y": _small})),
    st.tuples(st.just("$not"), st.fixed_dictionaries({"$gt": _atoms})),
)
_conditions = _small | _ranges | _operands | st.lists(_operators, min_size=1, max_size=2).map(dict)
_paths = st.sampled_from(["a", "b", "c", "b.x", "b.y", "a.x", "_id"])
_clauses = st.dictionaries(_paths, _conditions, max_size=3)
_filters = _clauses | st.builds(
    lambda clause, more: {**clause, "$or": more}, _clauses, st.lists(_clauses, min_size=1, max_size=3)
)
_directions = st.sampled_from([1, -1])
_sorts = st.dictionaries(_paths, _directions, max_size=3)

_INDEXES: list[tuple[list[tuple[str, int]], dict[str, Any]]] = [
    ([("a", 1)], {}),
    ([("a", 1), ("b", 1)], {}),
    ([("a", -1), ("c", 1)], {}),
    ([("a", 1), ("b", -1), ("c", 1)], {}),
    ([("b.x", 1), ("b.y", 1)], {}),
    ([("b.x", -1)], {"sparse": True}),
    ([("c", 1), ("a.x", 1)], {}),
    ([("b", 1), ("c", 1)], {}),
    ([("c", 1), ("a", -1)], {}),
    ([("c", 1)], {"sparse": True}),
    ([("a", 1), ("c", -1)], {"partial": {"b": {"$exists": True}}}),
    ([("b", 1)], {"partial": {"a": {"$gt": 1}}}),
]
_PARALLEL_ARRAYS = 2
_index_sets = st.lists(st.sampled_from(range(len(_INDEXES))), max_size=4, unique=True)


def _insert(engine: Engine, documents: list[dict[str, Any]], name: str, indexes: list[int]) -> Things:
    things = Things(engine, name)
    for number in indexes:
        keys, options = _INDEXES[number]
        things.index(f"i{number}", *keys, **options)
    for position, document in enumerate(documents):
        with contextlib.suppress(EngineError):  # Parallel arrays, which an index cannot hold.
            things.insert({"_id": position, **document})
    return things


@settings(max_examples=300, deadline=None)
@given(
    documents=_documents,
    number=st.sampled_from(range(len(_INDEXES))),
    query=_filters,
    sort=_sorts,
    limit=st.integers(1, 4),
)
def test_an_index_finds_what_a_full_scan_finds_in_the_order_asked_for(
    documents: list[dict[str, Any]], number: int, query: dict[str, Any], sort: dict[str, Any], limit: int
) -> None:
    with Engine(None) as engine:
        indexed = _insert(engine, documents, "indexed", [number])
        plain = Things(engine, "plain")
        for document in indexed.find():
            plain.insert(document)
        expected, found = (_outcome(things, query, sort) for things in (plain, indexed))
        if isinstance(expected, int) or isinstance(found, int):
            assert _PARALLEL_ARRAYS in (expected, found)
            return
        assert sorted(d["_id"] for d in found) == sorted(d["_id"] for d in expected)
        keys = _keys(expected, sort)
        if keys is not None:
            assert _keys(found, sort) == sorted(keys)
            assert _keys(indexed.find(query, sort=sort, limit=limit), sort) == sorted(keys)[:limit]


def _keys(documents: list[dict[str, Any]], sort: dict[str, Any]) -> list[bytes] | None:
    """Return the sort keys, None if parallel arrays leave a document without one."""
    try:
        return list(map(document_key(parse_sort(sort)), documents))
    except EngineError:
        return None


def _outcome(
    things: Things, query: dict[str, Any], sort: dict[str, Any], **options: Any
) -> list[dict[str, Any]] | int:
    """Return the documents found, or the code of the refusal to sort by parallel arrays."""
    try:
        return things.find(query, sort=sort, **options)
    except EngineError as reason:
        return reason.code


@settings(max_examples=100, deadline=None)
@given(
    documents=_documents,
    indexes=_index_sets,
    changes=st.lists(st.tuples(_clauses, _paths.filter(lambda path: path != "_id"), _fields), max_size=5),
)
def test_entries_follow_every_change_of_a_document(
    documents: list[dict[str, Any]], indexes: list[int], changes: list[tuple[dict[str, Any], str, Any]]
) -> None:
    with Engine(None) as engine:
        indexed = _insert(engine, documents, "indexed", indexes)
        for query, path, value in changes:
            with contextlib.suppress(EngineError):  # A path through a scalar, or parallel arrays.
                indexed.update(query, {"$set": {path: value}}, multi=True)
        indexed.delete({"a": 1})
        stored = indexed.find()
        (collection,) = engine._catalog._collections.values()
        with engine._store.read() as connection:
            for index in collection.indexes:
                entries = connection.execute(f"SELECT count(*) FROM {index.table}").fetchone()[0]
                assert entries == sum(len(index.entries(document)[0]) for document in stored)
