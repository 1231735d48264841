"""Declared indexes: their definition, what unique ones refuse, and how little work the others leave."""

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.engine import Engine, EngineError, Tally

from .conftest import ENV, Things


def test_indexes_are_listed_as_they_were_declared(things: Things) -> None:
    things.index("by_user", ("userId", 1), ("createdAt", -1), unique=True)
    things.index("by_code", ("code", 1), sparse=True)
    things.index("by_live", ("live", 1), partial={"state": {"$exists": True}})
    assert things.engine.list_indexes(ENV, "things") == [
        {"v": 2, "key": {"_id": 1}, "name": "_id_"},
        {"v": 2, "key": {"userId": 1, "createdAt": -1}, "name": "by_user", "unique": True},
        {"v": 2, "key": {"code": 1}, "name": "by_code", "sparse": True},
        {
            "v": 2,
            "key": {"live": 1},
            "name": "by_live",
            "partialFilterExpression": {"state": {"$exists": True}},
        },
    ]


def test_declaring_the_same_index_again_changes_nothing(things: Things) -> None:
    things.index("a", ("a", 1))
    things.insert({"_id": 1, "a": [1, 2]})
    things.index("a", ("a", 1))
    assert len(things.engine.list_indexes(ENV, "things")) == 2


@pytest.mark.parametrize(
    ("name", "keys", "options", "code"),
    [
        ("a", [("b", 1)], {}, 86),
        ("a", [("a", 1)], {"unique": True}, 86),
        ("other", [("a", 1)], {}, 85),
        ("x", [], {}, 67),
        ("", [("x", 1)], {}, 67),
        ("x", [("x", 1), ("x", -1)], {}, 67),
        ("x", [("x..y", 1)], {}, 67),
        ("x", [("$x", 1)], {}, 67),
        ("x", [("x", "2dsphere")], {}, 238),
        ("x", [("x", "text")], {}, 238),
        ("x", [("x.0", 1)], {}, 238),
        ("x", [("x", 1)], {"sparse": True, "partial": {"x": 1}}, 67),
        ("x", [("x", 1)], {"partial": {"x": {"$ne": 1}}}, 67),
        ("x", [("x", 1)], {"partial": {"x": {"$exists": False}}}, 67),
        ("x", [("x", 1)], {"partial": {"$or": [{"x": 1}]}}, 67),
    ],
)
def test_an_index_that_cannot_be_or_is_not_supported_is_refused(
    things: Things, name: str, keys: list[tuple[str, Any]], options: dict[str, Any], code: int
) -> None:
    things.index("a", ("a", 1))
    with pytest.raises(EngineError) as refusal:
        things.index(name, *keys, **options)
    assert refusal.value.code == code
    assert [index["name"] for index in things.engine.list_indexes(ENV, "things")] == ["_id_", "a"]


def test_an_index_can_be_dropped_but_not_the_one_on_id(things: Things) -> None:
    things.index("a", ("a", 1), unique=True)
    things.insert({"_id": 1, "a": 1})
    things.engine.drop_index(ENV, "things", "a")
    things.insert({"_id": 2, "a": 1})
    assert things.ids({"a": 1}) == [1, 2]
    for name, code in (("a", 27), ("_id_", 72)):
        with pytest.raises(EngineError) as refusal:
            things.engine.drop_index(ENV, "things", name)
        assert refusal.value.code == code


def test_collections_are_created_listed_and_dropped(things: Things) -> None:
    engine = things.engine
    engine.create_collection(ENV, "orders")
    assert engine.list_collections(ENV) == ["orders", "things"]
    for name, code in (("orders", 48), ("", 73), ("a$b", 73), ("system.x", 73)):
        with pytest.raises(EngineError) as refusal:
            engine.create_collection(ENV, name)
        assert refusal.value.code == code
    things.index("a", ("a", 1))
    things.insert({"_id": 1})
    engine.drop_collection(ENV, "things")
    with pytest.raises(EngineError, match="ns does not exist"):
        things.find()
    engine.create_collection(ENV, "things")
    assert things.find() == []
    assert len(engine.list_indexes(ENV, "things")) == 1


@pytest.mark.parametrize(
    ("options", "first", "second", "refused"),
    [
        ({}, {"a": 1}, {"a": 1.0}, True),
        ({}, {"a": 1}, {"a": "1"}, False),
        ({}, {}, {"a": None}, True),
        ({}, {"a": [1, 2]}, {"a": [2, 3]}, True),
        ({}, {"a": [1, 1]}, {"a": 2}, False),
        ({}, {"a": []}, {"a": []}, True),
        ({}, {"a": []}, {"a": None}, False),
        ({"sparse": True}, {}, {}, False),
        ({"sparse": True}, {"a": None}, {"a": None}, True),
        ({"partial": {"a": {"$exists": True}}}, {}, {}, False),
        ({"partial": {"state": "live"}}, {"a": 1, "state": "live"}, {"a": 1, "state": "old"}, False),
        ({"partial": {"state": "live"}}, {"a": 1, "state": "live"}, {"a": 1, "state": "live"}, True),
        ({"partial": {"n": {"$gt": 5}}}, {"a": 1, "n": 6}, {"a": 1, "n": 5}, False),
    ],
)
def test_a_unique_index_refuses_a_second_document_with_the_key(
    things: Things, options: dict[str, Any], first: dict[str, Any], second: dict[str, Any], *, refused: bool
) -> None:
    things.index("a_1", ("a", 1), unique=True, **options)
    things.insert({"_id": 1, **first})
    if not refused:
        things.insert({"_id": 2, **second})
        assert things.ids() == [1, 2]
        return
    with pytest.raises(EngineError, match=r"E11000 .* index: a_1") as refusal:
        things.insert({"_id": 2, **second})
    assert refusal.value.code == 11000
    assert things.ids() == [1]


def test_a_unique_compound_key_is_named_in_the_error(things: Things) -> None:
    things.index("token", ("userId", 1), ("clientToken", -1), unique=True)
    things.insert({"userId": "u1", "clientToken": "t"}, {"userId": "u2", "clientToken": "t"})
    with pytest.raises(EngineError) as refusal:
        things.insert({"userId": "u1", "clientToken": "t"})
    assert refusal.value.message.endswith('index: token dup key: { userId: "u1", clientToken: "t" }')
    assert refusal.value.details["keyPattern"] == {"userId": 1, "clientToken": -1}
    assert refusal.value.details["keyValue"] == {"userId": "u1", "clientToken": "t"}


def test_an_update_into_a_taken_key_is_refused_and_leaves_both_documents(things: Things) -> None:
    things.index("a", ("a", 1), unique=True)
    things.insert({"_id": 1, "a": 1}, {"_id": 2, "a": 2})
    with pytest.raises(EngineError) as refusal:
        things.update({"_id": 2}, {"$set": {"a": 1, "b": 1}})
    assert refusal.value.code == 11000
    assert things.find() == [{"_id": 1, "a": 1}, {"_id": 2, "a": 2}]
    things.update({"_id": 1}, {"$set": {"a": 3}})
    things.update({"_id": 2}, {"$set": {"a": 1}})
    assert things.ids({"a": 1}) == [2]


def test_a_unique_index_over_duplicates_is_not_built(things: Things) -> None:
    things.insert({"_id": 1, "a": 1}, {"_id": 2, "a": 1})
    with pytest.raises(EngineError) as refusal:
        things.index("a", ("a", 1), unique=True)
    assert refusal.value.code == 11000
    assert len(things.engine.list_indexes(ENV, "things")) == 1
    things.insert({"_id": 3, "a": 1})


def test_parallel_arrays_are_not_indexed_together(things: Things) -> None:
    things.index("ab", ("a", 1), ("b", 1))
    with pytest.raises(EngineError) as refusal:
        things.insert({"_id": 1, "a": [1], "b": [1]})
    assert refusal.value.code == 171
    assert things.ids() == []


@pytest.fixture(scope="module", params=[1_000, 10_000])
def shop(request: pytest.FixtureRequest) -> Iterator[Things]:
    """A shop of a thousand or ten thousand documents: the work must be the same."""
    things = Things(Engine(None), "shop")
    things.index("user", ("userId", 1), ("status", 1), ("createdAt", -1))
    things.index("due", ("state", 1), ("dueAt", 1))
    things.index("sku", ("skus.skuId", 1), unique=True)
    things.index("keys", ("searchKeys", 1))
    things.index("code", ("code", 1), sparse=True)
    things.index("live", ("liveKey", 1), partial={"live": True})
    things.insert(*map(_document, range(request.param)))
    yield things
    things.engine.close()


def _document(n: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "_id": f"id{n:06}",
        "userId": f"u{n // 20}",
        "status": ("paid", "shipped", "closed")[n % 3],
        "createdAt": n,
        "state": "due" if n < 500 else "done",
        "dueAt": n,
        "skus": [{"skuId": f"s{n}a"}, {"skuId": f"s{n}b"}],
        "searchKeys": ["all", f"word{n % (n // 100 + 7)}", f"rare{n // 5}"],
        "live": n % 2 == 0,
        "liveKey": n,
    }
    return {**document, "code": n} if n < 100 else document


_WORK: list[tuple[dict[str, Any], dict[str, Any], str, int, int]] = [
    ({"_id": "id000500"}, {}, "_id_", 1, 1),
    ({"_id": {"$in": ["id000500", "id000501", "nothing"]}}, {}, "_id_", 2, 2),
    ({"_id": {"$gt": "id000500"}}, {"sort": {"_id": 1}, "limit": 5}, "_id_", 5, 5),
    ({"_id": {"$lt": "id000500"}}, {"sort": {"_id": -1}, "limit": 5}, "_id_", 5, 5),
    ({"userId": "u10"}, {}, "user", 20, 20),
    ({"userId": "u10", "status": "paid"}, {"sort": {"createdAt": -1}, "limit": 3}, "user", 3, 3),
    ({"userId": "u10", "status": "paid"}, {"sort": {"createdAt": -1, "_id": -1}, "limit": 3}, "user", 3, 3),
    ({"userId": "u10", "status": "paid"}, {"sort": {"createdAt": 1}, "limit": 3}, "user", 3, 3),
    (
        {"userId": "u10", "status": "paid", "createdAt": {"$lt": 210}},
        {"sort": {"createdAt": -1}},
        "user",
        3,
        3,
    ),
    (
        {"userId": "u10", "status": {"$in": ["paid", "closed"]}},
        {"sort": {"createdAt": -1}, "limit": 4},
        "user",
        4,
        4,
    ),
    ({"userId": {"$in": ["u10", "u11"]}, "status": "paid"}, {}, "user", 13, 13),
    (
        {
            "userId": "u10",
            "status": "paid",
            "$or": [{"createdAt": {"$lt": 207}}, {"createdAt": 207, "_id": {"$lt": "id000207"}}],
        },
        {"sort": {"createdAt": -1, "_id": -1}, "limit": 2},
        "user",
        3,
        3,
    ),
    ({"state": "due", "dueAt": {"$lte": 3}}, {"sort": {"dueAt": 1}}, "due", 4, 4),
    ({"state": "due", "dueAt": {"$lte": 400}}, {"sort": {"dueAt": 1}, "limit": 10}, "due", 10, 10),
    ({"state": "due"}, {"sort": {"state": 1, "dueAt": 1}, "limit": 2}, "due", 2, 2),
    ({"skus.skuId": "s7b"}, {}, "sku", 1, 1),
    ({"skus.skuId": {"$in": ["s7a", "s7b", "s9a", "none"]}}, {}, "sku", 3, 2),
    ({"skus": {"$elemMatch": {"skuId": "s7a"}}}, {}, "sku", 1, 1),
    ({"searchKeys": {"$all": ["all", "rare60"]}}, {}, "keys", 5, 5),
    ({"$and": [{"searchKeys": "all"}, {"searchKeys": "rare60"}]}, {}, "keys", 5, 5),
    ({"code": 7}, {}, "code", 1, 1),
    ({"liveKey": 8, "live": True}, {}, "live", 1, 1),
    ({"createdAt": {"$gte": 0}, "_id": "id000007"}, {}, "_id_", 1, 1),
    ({}, {"sort": {"state": -1, "dueAt": -1}, "limit": 3}, "due", 3, 3),
]


@pytest.mark.parametrize(("query", "options", "index", "keys", "documents"), _WORK)
def test_the_work_does_not_grow_with_the_collection(
    shop: Things, query: dict[str, Any], *, options: dict[str, Any], index: str, keys: int, documents: int
) -> None:
    tally = shop.explain(query, **options)
    assert (tally.index, tally.documents) == (index, documents)
    assert tally.keys <= keys + 2


@pytest.mark.parametrize(
    "query",
    [
        {"status": "paid"},
        {"code": None},
        {"code": {"$exists": False}},
        {"liveKey": 8},
        {"liveKey": 8, "live": 1},
        {"userId": {"$ne": "u1"}},
    ],
)
def test_an_index_that_might_miss_a_match_is_not_used(shop: Things, query: dict[str, Any]) -> None:
    assert shop.explain(query).index is None


def test_writes_find_their_documents_by_index(things: Things) -> None:
    things.index("due", ("state", 1), ("dueAt", 1))
    things.insert(*({"_id": n, "state": "due", "dueAt": n} for n in range(200)))
    engine = things.engine
    updates = [
        {"q": {"state": "due", "dueAt": {"$lte": 4}}, "u": {"$set": {"state": "leased"}}, "multi": True}
    ]
    assert engine.explain(ENV, {"update": "things", "updates": updates}) == Tally("due", keys=5, documents=5)
    assert (
        engine.explain(ENV, {"delete": "things", "deletes": [{"q": {"_id": 9}, "limit": 1}]}).documents == 1
    )
    assert engine.explain(ENV, {"count": "things", "query": {"state": "leased"}}).documents == 5
    pipeline = [
        {"$match": {"state": "due"}},
        {"$match": {"dueAt": {"$gt": 190}}},
        {"$sort": {"dueAt": -1}},
        {"$limit": 2},
    ]
    command = {"aggregate": "things", "pipeline": pipeline, "cursor": {}}
    assert engine.explain(ENV, command) == Tally("due", keys=2, documents=2)


def test_of_two_indexes_the_one_with_fewer_entries_is_used(things: Things) -> None:
    things.index("a", ("a", 1))
    things.index("b", ("b", 1))
    things.insert(*({"_id": n, "a": 1, "b": n} for n in range(100)))
    assert things.explain({"a": 1, "b": 5}) == Tally("b", keys=1, documents=1)
    assert things.explain({"b": {"$gte": 0}, "a": 2}) == Tally("a", keys=0, documents=0)


@pytest.mark.parametrize(
    ("keys", "documents", "query", "sort", "expected"),
    [
        # Two conditions may be met by different elements.
        ([("a", 1)], [{"a": [0, 10]}], {"a": {"$gt": 4, "$lt": 6}}, {}, [0]),
        # A compound entry pairs the fields of one element, the filter does not.
        (
            [("a.x", 1), ("a.y", 1)],
            [{"a": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]}],
            {"a.x": 1, "a.y": 3},
            {},
            [0],
        ),
        # A document with several entries comes once, and where its least or greatest value puts it.
        ([("a", 1)], [{"a": [1, 9]}, {"a": 5}], {"a": {"$gte": 0}}, {}, [0, 1]),
        ([("a", 1)], [{"a": [1, 9]}, {"a": 5}], {"a": {"$gte": 2}}, {"a": 1}, [0, 1]),
        # Ranges of a leading path are merged into the order of a later one.
        (
            [("s", 1), ("n", 1)],
            [{"s": "a", "n": 2}, {"s": "b", "n": 1}],
            {"s": {"$in": ["a", "b"]}},
            {"n": 1},
            [1, 0],
        ),
        (
            [("s", 1), ("n", 1)],
            [{"s": "a", "n": 2}, {"s": "b", "n": 3}],
            {"s": {"$in": ["a", "b"]}},
            {"n": -1},
            [1, 0],
        ),
        (
            [("s", -1), ("n", 1)],
            [{"s": "a", "n": 2}, {"s": "b", "n": 1}],
            {"s": {"$in": ["a", "b"]}},
            {"n": 1},
            [1, 0],
        ),
    ],
)
def test_arrays_and_several_ranges_do_not_mislead_an_index(
    things: Things,
    *,
    keys: list[tuple[str, int]],
    documents: list[dict[str, Any]],
    query: dict[str, Any],
    sort: dict[str, int],
    expected: list[int],
) -> None:
    things.index("the_index", *keys)
    things.insert(*({"_id": position, **document} for position, document in enumerate(documents)))
    assert things.explain(query, sort=sort).index == "the_index"
    assert things.ids(query, sort=sort) == expected
