"""aggregate: every stage, and stages together."""

from typing import Any

import pytest
from bson import Decimal128

from localcloud.engine import Engine, EngineError

from .conftest import ENV, Things

SALES: list[dict[str, Any]] = [
    {"_id": 1, "item": "tofu", "qty": 2, "price": 10, "tags": ["soy", "fresh"]},
    {"_id": 2, "item": "kale", "qty": 1, "price": 20, "tags": []},
    {"_id": 3, "item": "tofu", "qty": 5, "price": 10, "tags": ["soy"]},
    {"_id": 4, "item": "rice", "qty": 10, "price": 3, "at": {"city": "成都"}},
    {"_id": 5, "item": None, "qty": "many"},
]


@pytest.fixture
def sales(engine: Engine) -> Things:
    things = Things(engine, "sales")
    things.insert(*SALES)
    return things


_PIPELINES: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
    (
        [{"$match": {"qty": {"$gte": 5}}}, {"$project": {"item": 1}}],
        [{"_id": 3, "item": "tofu"}, {"_id": 4, "item": "rice"}],
    ),
    (
        [{"$sort": {"price": -1, "_id": -1}}, {"$skip": 1}, {"$limit": 1}, {"$unset": ["tags", "qty"]}],
        [{"_id": 3, "item": "tofu", "price": 10}],
    ),
    ([{"$limit": 4}, {"$sort": {"qty": -1}}, {"$limit": 1}, {"$project": {"_id": 1}}], [{"_id": 4}]),
    (
        [{"$match": {"item": "tofu"}}, {"$project": {"_id": 0, "total": {"$multiply": ["$qty", "$price"]}}}],
        [{"total": 20}, {"total": 50}],
    ),
    ([{"$match": {"_id": 4}}, {"$project": {"at": 0, "qty": 0}}], [{"_id": 4, "item": "rice", "price": 3}]),
    (
        [{"$match": {"_id": 4}}, {"$project": {"at": {"city": 1, "zip": {"$literal": 1}}}}],
        [{"_id": 4, "at": {"city": "成都", "zip": 1}}],
    ),
    ([{"$match": {"_id": 4}}, {"$project": {"_id": 0, "at.zip": "$qty"}}], [{"at": {"zip": 10}}]),
    (
        [{"$match": {"_id": 4}}, {"$addFields": {"at.zip": 1, "qty": "$$REMOVE", "price": "$missing"}}],
        [{"_id": 4, "item": "rice", "at": {"city": "成都", "zip": 1}}],
    ),
    (
        [
            {"$match": {"_id": 4}},
            {"$set": {"qty": {"$add": ["$qty", 1]}, "old": "$qty"}},
            {"$project": {"qty": 1, "old": 1}},
        ],
        [{"_id": 4, "qty": 11, "old": 10}],
    ),
    ([{"$match": {"_id": 4}}, {"$replaceRoot": {"newRoot": "$at"}}], [{"city": "成都"}]),
    (
        [{"$match": {"_id": 4}}, {"$replaceWith": {"$mergeObjects": ["$at", {"n": 1}]}}],
        [{"city": "成都", "n": 1}],
    ),
    (
        [{"$unwind": "$tags"}, {"$project": {"tags": 1}}],
        [{"_id": 1, "tags": "soy"}, {"_id": 1, "tags": "fresh"}, {"_id": 3, "tags": "soy"}],
    ),
    (
        [
            {"$match": {"_id": {"$lte": 2}}},
            {"$unwind": {"path": "$tags", "includeArrayIndex": "n", "preserveNullAndEmptyArrays": True}},
            {"$project": {"tags": 1, "n": 1}},
        ],
        [{"_id": 1, "tags": "soy", "n": 0}, {"_id": 1, "tags": "fresh", "n": 1}, {"_id": 2, "n": None}],
    ),
    ([{"$match": {"_id": 1}}, {"$unwind": "$item"}, {"$project": {"item": 1}}], [{"_id": 1, "item": "tofu"}]),
    (
        [
            {"$group": {"_id": "$item", "n": {"$sum": 1}, "qty": {"$sum": "$qty"}, "avg": {"$avg": "$qty"}}},
            {"$sort": {"_id": 1}},
        ],
        [
            {"_id": None, "n": 1, "qty": 0, "avg": None},
            {"_id": "kale", "n": 1, "qty": 1, "avg": 1.0},
            {"_id": "rice", "n": 1, "qty": 10, "avg": 10.0},
            {"_id": "tofu", "n": 2, "qty": 7, "avg": 3.5},
        ],
    ),
    (
        [
            {"$match": {"item": "tofu"}},
            {
                "$group": {
                    "_id": None,
                    "min": {"$min": "$qty"},
                    "max": {"$max": "$qty"},
                    "first": {"$first": "$_id"},
                    "last": {"$last": "$_id"},
                    "all": {"$push": "$qty"},
                    "set": {"$addToSet": "$price"},
                    "none": {"$first": "$missing"},
                    "no": {"$push": "$missing"},
                    "count": {"$count": {}},
                }
            },
        ],
        [
            {
                "_id": None,
                "min": 2,
                "max": 5,
                "first": 1,
                "last": 3,
                "all": [2, 5],
                "set": [10],
                "none": None,
                "no": [],
                "count": 2,
            }
        ],
    ),
    (
        [{"$group": {"_id": {"has": {"$gt": ["$price", 5]}}, "n": {"$sum": 1}}}, {"$sort": {"n": 1}}],
        [{"_id": {"has": False}, "n": 2}, {"_id": {"has": True}, "n": 3}],
    ),
    ([{"$match": {"qty": {"$gt": 1}}}, {"$count": "n"}], [{"n": 3}]),
    ([{"$match": {"qty": 99}}, {"$count": "n"}], []),
    ([{"$sortByCount": "$item"}, {"$limit": 1}], [{"_id": "tofu", "count": 2}]),
    (
        [
            {
                "$bucket": {
                    "groupBy": "$price",
                    "boundaries": [0, 10, 20],
                    "default": "other",
                    "output": {"ids": {"$push": "$_id"}},
                }
            }
        ],
        [{"_id": 0, "ids": [4]}, {"_id": 10, "ids": [1, 3]}, {"_id": "other", "ids": [2, 5]}],
    ),
    (
        [
            {
                "$facet": {
                    "n": [{"$count": "n"}],
                    "top": [{"$sort": {"price": -1}}, {"$limit": 1}, {"$project": {"_id": 1}}],
                }
            }
        ],
        [{"n": [{"n": 5}], "top": [{"_id": 2}]}],
    ),
    (
        [
            {"$match": {"$expr": {"$eq": [{"$multiply": ["$qty", "$price"]}, 50]}, "_id": 3}},
            {"$project": {"_id": 1}},
        ],
        [{"_id": 3}],
    ),
    ([{"$project": {"x": {"$literal": 1}}}, {"$match": {"x": 1}}, {"$skip": 4}], [{"_id": 5, "x": 1}]),
]


@pytest.mark.parametrize(("pipeline", "expected"), _PIPELINES)
def test_a_pipeline_yields_what_the_manual_says(
    sales: Things, pipeline: list[dict[str, Any]], expected: list[dict[str, Any]]
) -> None:
    found = sales.aggregate(*pipeline)
    assert found == expected
    assert [list(document) for document in found] == [list(document) for document in expected]


def test_a_pipeline_leaves_the_stored_documents_alone(sales: Things) -> None:
    sales.aggregate({"$addFields": {"tags": [1], "at.city": "x"}}, {"$unwind": "$tags"}, {"$unset": "qty"})
    assert sales.find() == SALES


def test_groups_are_made_by_value_not_by_python_equality(things: Things) -> None:
    things.insert(*({"k": key} for key in (1, 1.0, True, Decimal128("1"), None)), {})
    groups = things.aggregate({"$group": {"_id": "$k", "n": {"$sum": 1}}})
    assert [(type(group["_id"]), group["n"]) for group in groups] == [(int, 3), (bool, 1), (type(None), 2)]


def test_a_sample_has_the_size_asked_for_and_no_repeats(sales: Things) -> None:
    picked = [document["_id"] for document in sales.aggregate({"$sample": {"size": 3}})]
    assert len(set(picked)) == 3
    assert len(sales.aggregate({"$sample": {"size": 50}})) == 5


@pytest.fixture
def stock(engine: Engine) -> Things:
    stock = Things(engine, "stock")
    stock.index("sku", ("skus.id", 1))
    stock.insert(
        {"_id": "p1", "skus": [{"id": "a"}, {"id": "b"}]}, {"_id": "p2", "skus": [{"id": "c"}]}, {"_id": "p3"}
    )
    return stock


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"sku": "a"}, ["p1"]),
        ({"sku": ["a", "c"]}, ["p1", "p2"]),
        ({"sku": []}, []),
        ({"sku": None}, ["p3"]),
        ({}, ["p3"]),
        ({"sku": "z"}, []),
    ],
)
def test_lookup_joins_by_equal_fields_through_arrays(
    things: Things, stock: Things, document: dict[str, Any], expected: list[str]
) -> None:
    things.insert({"_id": 1, **document})
    join = {"from": stock.name, "localField": "sku", "foreignField": "skus.id", "as": "found.here"}
    (row,) = things.aggregate({"$lookup": join})
    assert [product["_id"] for product in row["found"]["here"]] == expected
    assert {name: value for name, value in row.items() if name != "found"} == {"_id": 1, **document}


def test_lookup_through_dotted_local_fields_uses_the_index_of_the_foreign_field(
    things: Things, stock: Things
) -> None:
    things.insert({"_id": 1, "lines": [{"sku": "b"}, {"sku": "c"}, {}]})
    for n in range(100):
        stock.insert({"_id": n, "skus": [{"id": n}]})
    join = {"from": stock.name, "localField": "lines.sku", "foreignField": "skus.id", "as": "products"}
    command = {"aggregate": things.name, "pipeline": [{"$lookup": join}], "cursor": {}}
    (row,) = things.engine.run(ENV, command)
    assert [product["_id"] for product in row["products"]] == ["p1", "p2"]
    assert things.engine.explain(ENV, command).documents == 3


def test_lookup_with_a_pipeline_sees_its_variables(things: Things, stock: Things) -> None:
    things.insert({"_id": 1, "want": "c"}, {"_id": 2, "want": "b"})
    pipeline = [
        {"$match": {"$expr": {"$in": ["$$want", {"$ifNull": ["$skus.id", []]}]}}},
        {"$project": {"want": "$$want"}},
    ]
    rows = things.aggregate(
        {"$lookup": {"from": stock.name, "let": {"want": "$want"}, "pipeline": pipeline, "as": "p"}}
    )
    assert [row["p"] for row in rows] == [[{"_id": "p2", "want": "c"}], [{"_id": "p1", "want": "b"}]]


def test_lookup_with_fields_and_a_pipeline_applies_both(things: Things, stock: Things) -> None:
    things.insert({"_id": 1, "sku": ["a", "c"]})
    join = {
        "from": stock.name,
        "localField": "sku",
        "foreignField": "skus.id",
        "as": "p",
        "pipeline": [{"$count": "n"}],
    }
    assert things.aggregate({"$lookup": join}) == [{"_id": 1, "sku": ["a", "c"], "p": [{"n": 2}]}]


def test_lookup_in_a_collection_that_is_not_there_finds_nothing(things: Things) -> None:
    things.insert({"_id": 1})
    join = {"from": "nowhere", "localField": "a", "foreignField": "b", "as": "p"}
    assert things.aggregate({"$lookup": join}) == [{"_id": 1, "p": []}]


@pytest.mark.parametrize(
    ("stage", "code"),
    [
        ({"$out": "x"}, 238),
        ({"$merge": {"into": "x"}}, 238),
        ({"$geoNear": {}}, 238),
        ({"$graphLookup": {}}, 238),
        ({"$bucketAuto": {}}, 238),
        ({"$foo": 1}, 40324),
        ({"$match": {}, "$limit": 1}, 40323),
        ({}, 40323),
        ({"$limit": 0}, 15958),
        ({"$limit": "1"}, 15958),
        ({"$skip": -1}, 15956),
        ({"$sort": {}}, 15976),
        ({"$project": {}}, 51272),
        ({"$project": {"a": 1, "b": 0}}, 31254),
        ({"$project": {"a": "$b", "c": 0}}, 31254),
        ({"$group": {"n": {"$sum": 1}}}, 15955),
        ({"$group": {"_id": 1, "n": {"$foo": 1}}}, 15952),
        ({"$group": {"_id": 1, "n": {"$accumulator": {}}}}, 238),
        ({"$group": {"_id": 1, "n": 1}}, 40234),
        ({"$group": {"_id": 1, "a.b": {"$sum": 1}}}, 40235),
        ({"$unwind": "tags"}, 28818),
        ({"$unwind": {"path": "$a", "x": 1}}, 28812),
        ({"$count": ""}, 40156),
        ({"$sample": {"size": -1}}, 15956),
        ({"$facet": {"a": [{"$facet": {"b": []}}]}}, 40600),
        ({"$bucket": {"groupBy": "$a", "boundaries": [2, 1]}}, 40192),
        ({"$bucket": {"groupBy": "$qty", "boundaries": [0, 1]}}, 40066),
        ({"$replaceRoot": {"newRoot": "$item"}}, 40228),
        ({"$addFields": {}}, 40177),
        ({"$unset": []}, 31002),
        ({"$lookup": {"from": "x", "as": "y"}}, 9),
        ({"$lookup": {"from": {}, "as": "y", "pipeline": []}}, 9),
        ({"$lookup": {"from": "x", "as": "y", "localField": 1, "foreignField": "a"}}, 9),
        ({"$unwind": {"path": "$a", "includeArrayIndex": 1}}, 28810),
        ({"$match": {"$where": "1"}}, 238),
    ],
)
def test_a_stage_that_is_wrong_or_not_supported_is_refused(
    sales: Things, stage: dict[str, Any], code: int
) -> None:
    with pytest.raises(EngineError) as refusal:
        sales.aggregate({"$match": {}}, stage)
    assert refusal.value.code == code
