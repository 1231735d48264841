"""The database port: commands as dictionaries, and what a list of writes says."""

from collections.abc import Sequence

import pytest

from gardenshop.cloud.database import (
    PAGE,
    Command,
    Database,
    Document,
    Written,
    aggregate,
    delete,
    find,
    get,
    insert,
    put,
    update,
)
from gardenshop.cloud.errors import DatabaseUnavailable, DuplicateKey, Internal


class Scripted:
    """An adapter that replies, or raises, what it was told to."""

    def __init__(self, *replies: list[list[Document]] | Exception) -> None:
        self.replies = list(replies)
        self.trips: list[Sequence[Command]] = []

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        self.trips.append(commands)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.mark.parametrize(
    ("command", "native"),
    [
        (find("t", {"a": 1}), {"find": "t", "filter": {"a": 1}, "limit": PAGE}),
        (
            find("t", {}, fields=("a", "b.c"), sort={"a": -1}, limit=3),
            {"find": "t", "filter": {}, "limit": 3, "projection": {"a": 1, "b.c": 1}, "sort": {"a": -1}},
        ),
        (get("t", "1", userId="u"), {"find": "t", "filter": {"_id": "1", "userId": "u"}, "limit": 1}),
        (
            aggregate("t", {"$match": {}}, {"$limit": 1}),
            {"aggregate": "t", "pipeline": ({"$match": {}}, {"$limit": 1}), "cursor": {}},
        ),
        (insert("t", {"_id": "1"}), {"insert": "t", "documents": [{"_id": "1"}]}),
        (
            update("t", {"a": 1}, {"$set": {"b": 2}}, multi=True),
            {
                "update": "t",
                "updates": [{"q": {"a": 1}, "u": {"$set": {"b": 2}}, "upsert": False, "multi": True}],
            },
        ),
        (
            put("t", {"_id": "1", "b": 2}),
            {
                "update": "t",
                "updates": [
                    {"q": {"_id": "1"}, "u": {"$setOnInsert": {"b": 2}}, "upsert": True, "multi": False}
                ],
            },
        ),
        (delete("t", {"a": 1}), {"delete": "t", "deletes": [{"q": {"a": 1}, "limit": 1}]}),
    ],
)
def test_commands_are_native(command: Command, native: Document) -> None:
    assert command == native
    assert next(iter(command)) == next(iter(native))


@pytest.mark.parametrize(
    ("command", "item", "written", "happened"),
    [
        (insert("t", {"_id": "1"}), {"n": 1}, Written(0, 0, 1), True),
        (delete("t", {}), {"n": 2}, Written(2, 2, 0), True),
        (delete("t", {}), {"n": 0}, Written(0, 0, 0), False),
        (update("t", {}, {}), {"n": 1, "nModified": 1}, Written(1, 1, 0), True),
        (update("t", {}, {}), {"n": 1, "nModified": 0}, Written(1, 0, 0), False),
        (update("t", {}, {}), {"n": 0, "nModified": 0, "upserted": None}, Written(0, 0, 0), False),
        (
            put("t", {"_id": "1"}),
            {"n": 1, "nModified": 0, "upserted": [{"_id": "1"}]},
            Written(0, 0, 1),
            True,
        ),
    ],
)
def test_a_write_says_what_it_did(
    command: Command, item: Document, written: Written, *, happened: bool
) -> None:
    (result,) = Database(Scripted([[item]])).write(command)

    assert result == written
    assert result.happened is happened


def test_one_is_the_first_document_or_none() -> None:
    db = Database(Scripted([[{"_id": "1"}, {"_id": "2"}]], [[]]))

    assert db.one(find("t", {})) == {"_id": "1"}
    assert db.one(find("t", {})) is None
    assert db.round_trips == 2


def test_nothing_to_run_costs_nothing() -> None:
    db = Database(Scripted())

    assert (db.read(), db.write(), db.round_trips) == ([], [], 0)


def test_a_duplicate_is_a_result() -> None:
    (result,) = Database(Scripted(DuplicateKey())).write(insert("t", {"_id": "1"}))

    assert result == Written(0, 0, 0, duplicate=True)
    assert not result.happened


def test_where_one_of_several_is_a_duplicate_they_are_run_one_by_one_in_order() -> None:
    adapter = Scripted(DuplicateKey(), [[{"n": 1, "nModified": 1}]], DuplicateKey(), [[{"n": 1}]])
    commands = [update("t", {}, {}), insert("t", {"_id": "1"}), insert("t", {"_id": "2"})]
    db = Database(adapter)

    results = db.write(*commands)

    assert results == [Written(1, 1, 0), Written(0, 0, 0, duplicate=True), Written(0, 0, 1)]
    assert [list(trip) for trip in adapter.trips] == [commands, *([command] for command in commands)]
    assert db.round_trips == 4


def test_a_write_without_a_reply_is_a_fault() -> None:
    with pytest.raises(Internal):
        Database(Scripted([[]])).write(insert("t", {"_id": "1"}))


def test_what_the_adapter_cannot_reach_is_not_hidden() -> None:
    with pytest.raises(DatabaseUnavailable):
        Database(Scripted(DatabaseUnavailable())).write(insert("t", {"_id": "1"}))
