"""A second opinion: where mongomock is right, the engine says the same.

Left out is what mongomock is known to get wrong: bool and null beside numbers, field order of objects,
several conditions on the elements of one array, $not of a missing element, $all of nothing; it has no $mod,
no $mul and few $type.
"""

import copy
from typing import Any

import mongomock
import mongomock.filtering
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.engine import Engine, EngineError
from localcloud.engine.query import compile_filter

from .conftest import Things

_numbers = st.integers(0, 5)
_words = st.sampled_from(["a", "b", "ab", ""])
_values = _numbers | _words
_lists = st.lists(_numbers, min_size=1, max_size=3)
_objects = st.lists(st.fixed_dictionaries({"x": _numbers, "y": _words}), min_size=1, max_size=3)
_documents = st.fixed_dictionaries(
    {"n": _numbers, "w": _words, "l": _lists, "o": _objects},
    optional={"m": _numbers, "d": st.just({"x": 1, "y": "a"})},
)

_scalar_tests = st.one_of(
    _numbers,
    st.tuples(st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), _numbers).map(
        lambda pair: dict([pair])
    ),
    st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(_numbers, max_size=3)).map(
        lambda pair: dict([pair])
    ),
    st.booleans().map(lambda wanted: {"$exists": wanted}),
    _numbers.map(lambda number: {"$not": {"$gt": number}}),
)
_clause = st.one_of(
    st.tuples(st.sampled_from(["n", "m", "d.x", "l", "o.x", "l.0"]), _scalar_tests),
    st.tuples(st.just("w"), _words | st.sampled_from(["^a", "b$"]).map(lambda pattern: {"$regex": pattern})),
    st.tuples(st.just("l"), _lists | st.integers(1, 3).map(lambda size: {"$size": size})),
    st.tuples(st.just("l"), st.lists(_numbers, min_size=1, max_size=2).map(lambda items: {"$all": items})),
    st.tuples(
        st.just("o"), st.builds(lambda x, y: {"$elemMatch": {"x": {"$gte": x}, "y": y}}, _numbers, _words)
    ),
).map(lambda pair: dict([pair]))
_filters = st.recursive(
    _clause,
    lambda inner: st.builds(
        lambda name, branches: {name: branches},
        st.sampled_from(["$and", "$or", "$nor"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=4,
)
_updates = st.one_of(
    st.tuples(
        st.sampled_from(["$set", "$inc", "$min", "$max"]), st.sampled_from(["n", "m", "d.x"]), _numbers
    ),
    st.tuples(st.just("$unset"), st.sampled_from(["m", "d.x", "w"]), st.just("")),
    st.tuples(st.sampled_from(["$push", "$addToSet", "$pull"]), st.just("l"), _numbers),
    st.tuples(
        st.just("$push"), st.just("l"), st.builds(lambda e, s: {"$each": e, "$slice": s}, _lists, st.just(-3))
    ),
    st.tuples(st.just("$pull"), st.just("o"), st.fixed_dictionaries({"x": _numbers})),
    st.tuples(st.just("$pop"), st.just("l"), st.sampled_from([1, -1])),
).map(lambda change: {change[0]: {change[1]: change[2]}})

_PIPELINES: list[list[dict[str, Any]]] = [
    [
        {"$unwind": "$o"},
        {"$group": {"_id": "$o.y", "sum": {"$sum": "$o.x"}, "n": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ],
    [{"$project": {"v": {"$add": ["$n", {"$multiply": [2, "$n"]}]}, "first": {"$arrayElemAt": ["$l", 0]}}}],
    [{"$addFields": {"big": {"$cond": [{"$gt": ["$n", 2]}, "yes", "no"]}}}, {"$match": {"big": "yes"}}],
    [
        {
            "$project": {
                "kept": {"$filter": {"input": "$l", "as": "i", "cond": {"$gte": ["$$i", 2]}}},
                "s": {"$size": "$l"},
            }
        }
    ],
    [
        {"$group": {"_id": "$w", "max": {"$max": "$n"}, "min": {"$min": "$n"}, "avg": {"$avg": "$n"}}},
        {"$sort": {"_id": -1}},
    ],
    [{"$project": {"_id": 0, "o.x": 1, "up": {"$toUpper": "$w"}}}, {"$limit": 3}],
    [{"$sort": {"n": -1, "_id": 1}}, {"$skip": 1}, {"$limit": 2}],
]


@settings(max_examples=200, deadline=None)
@given(document=_documents, query=_filters)
def test_filters_agree(document: dict[str, Any], query: dict[str, Any]) -> None:
    applies: Any = mongomock.filtering.filter_applies
    assert compile_filter(query)(document) == bool(applies(query, document))


@settings(max_examples=80, deadline=None)
@given(
    documents=st.lists(_documents, min_size=1, max_size=6),
    pipeline=st.sampled_from(_PIPELINES),
    query=_filters,
    change=_updates,
)
def test_updates_and_pipelines_agree(
    documents: list[dict[str, Any]],
    pipeline: list[dict[str, Any]],
    query: dict[str, Any],
    change: dict[str, Any],
) -> None:
    theirs: Any = mongomock.MongoClient().db.things
    numbered = [{"_id": number, **document} for number, document in enumerate(documents)]
    theirs.insert_many(copy.deepcopy(numbered))
    with Engine(None) as engine:
        ours = Things(engine)
        ours.insert(*numbered)
        assert ours.aggregate(*pipeline) == list(theirs.aggregate(pipeline))
        try:
            ours.update(query, change, multi=True)
        except EngineError:
            return
        theirs.update_many(query, change)
        assert ours.find() == list(theirs.find())
