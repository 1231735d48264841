"""Documents are created once, refreshed only from the catalogue, and never laid over something newer."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from dataio.cloudapi import CloudError, Command, Items
from dataio.documents import BATCH_DOCUMENTS, Intent, Record, check, record_of, store
from gardenshop.models.base import dump
from gardenshop.models.registry import model_of
from harness import open_shop

STAMPS = {"createdAt": 100, "updatedAt": 200}
MEAT = {
    "name": "猪肉",
    "category": "畜肉",
    "group": "猪",
    "carbonGPerKg": 12_310,
    "source": "P&N 2018",
    "factorVersion": "pn2018-mean",
}
TASK = {"topic": "garden.sync", "refId": "1", "dueAt": 5}


class Cloud:
    """Stores documents in dicts and knows the two commands that `store` sends."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, dict[str, Any]]] = {}
        self.calls: list[list[str]] = []
        self.taken = ""

    def run(self, commands: Sequence[Command]) -> list[Items]:
        self.calls.append([next(iter(command)) for command in commands])
        return [self._find(one) if "find" in one else self._update(one) for one in commands]

    def _find(self, command: Command) -> Items:
        found = self.stored.get(command["find"], {})
        wanted = command["filter"]["_id"]["$in"]
        assert len(wanted) <= command["limit"] <= 1000
        fields = command.get("projection") or dict.fromkeys(name for each in found.values() for name in each)
        shown = {"_id", *fields}
        return [
            {name: value for name, value in found[key].items() if name in shown}
            for key in wanted
            if key in found
        ]

    def _update(self, command: Command) -> Items:
        documents = self.stored.setdefault(command["update"], {})
        for one in command["updates"]:
            key = one["q"]["_id"]
            if key == self.taken:
                raise CloudError("FailedOperation", "E11000 duplicate key error collection: name")
            if one.get("upsert"):
                documents.setdefault(key, {"_id": key, **one["u"]["$setOnInsert"]})
            elif one["q"].items() <= documents[key].items():
                documents[key] |= one["u"]["$set"]
        return [{"ok": 1.0}]


def meat(key: str = "pork", **fields: Any) -> Record:
    return record_of("meat_products", {"_id": key, **STAMPS, **MEAT, **fields})


def fates(cloud: Cloud, *records: Record) -> list[str]:
    return [written.fate for written in store(cloud, records)]


def test_an_absent_document_is_created_with_all_its_defaults() -> None:
    cloud = Cloud()

    assert fates(cloud, meat()) == ["created"]
    assert cloud.stored["meat_products"]["pork"] == dump(
        model_of("meat_products").model_validate({"_id": "pork", **STAMPS, **MEAT})
    )


def test_doing_it_again_changes_nothing_and_writes_nothing() -> None:
    cloud = Cloud()
    fates(cloud, meat())
    before = dict(cloud.stored["meat_products"]["pork"])
    cloud.calls.clear()

    assert fates(cloud, meat()) == ["unchanged"]
    assert cloud.stored["meat_products"]["pork"] == before
    assert cloud.calls == [["find"]]


def test_an_older_catalogue_document_gets_the_stated_fields_and_keeps_the_others() -> None:
    cloud = Cloud()
    fates(cloud, meat(alternatives=["豆腐"], status="hidden"))

    assert fates(cloud, meat(updatedAt=201, createdAt=999, carbonGPerKg=12_000)) == ["refreshed"]

    stored = cloud.stored["meat_products"]["pork"]
    assert (stored["carbonGPerKg"], stored["updatedAt"]) == (12_000, 201)
    assert (stored["alternatives"], stored["status"], stored["createdAt"]) == (["豆腐"], "hidden", 100)


def test_a_newer_document_is_kept() -> None:
    cloud = Cloud()
    fates(cloud, meat(updatedAt=500))

    assert fates(cloud, meat(carbonGPerKg=1)) == ["kept"]
    assert cloud.stored["meat_products"]["pork"]["carbonGPerKg"] == 12_310


def test_what_changes_between_reading_and_writing_is_kept() -> None:
    class Busy(Cloud):
        def _find(self, command: Command) -> Items:
            found = super()._find(command)
            self.stored["meat_products"]["pork"] |= {"updatedAt": 999, "carbonGPerKg": 7}
            return found

    cloud = Busy()
    cloud.stored["meat_products"] = {"pork": dict(meat().document)}

    fates(cloud, meat(updatedAt=201))

    assert cloud.stored["meat_products"]["pork"]["carbonGPerKg"] == 7


def test_what_belongs_to_the_shop_is_never_refreshed() -> None:
    cloud = Cloud()
    fates(cloud, record_of("sync_tasks", {"_id": "t", **STAMPS, **TASK}))
    later = record_of("sync_tasks", {"_id": "t", **STAMPS, **TASK, "updatedAt": 900, "attempts": 3})

    assert fates(cloud, later) == ["kept"]
    assert cloud.stored["sync_tasks"]["t"]["attempts"] == 0


def test_a_dry_run_tells_the_fates_and_only_reads() -> None:
    cloud = Cloud()

    assert [one.fate for one in store(cloud, [meat()], dry_run=True)] == ["created"]
    assert cloud.stored == {}
    assert cloud.calls == [["find"]]


def test_one_document_in_the_way_of_a_unique_index_does_not_stop_the_others() -> None:
    cloud = Cloud()
    cloud.taken = "beef"

    written = list(store(cloud, [meat("pork"), meat("beef"), meat("lamb")]))

    assert [one.fate for one in written] == ["created", "refused", "created"]
    assert "E11000" in written[1].reason
    assert set(cloud.stored["meat_products"]) == {"pork", "lamb"}


def test_any_other_refusal_of_the_cloud_is_raised() -> None:
    class Full(Cloud):
        def _update(self, command: Command) -> Items:
            raise CloudError("LimitExceeded.OutOfTableQuota", command["update"])

    with pytest.raises(CloudError, match="OutOfTableQuota"):
        list(store(Full(), [meat()]))


def test_a_batch_of_several_collections_costs_two_round_trips() -> None:
    cloud = Cloud()
    task = record_of("sync_tasks", {"_id": "t", **STAMPS, **TASK})

    assert fates(cloud, *(meat(f"m{n}") for n in range(100)), task) == ["created"] * 101
    assert cloud.calls == [["find", "find"], ["update", "update"]]


def test_more_than_a_round_trip_carries_is_split() -> None:
    cloud = Cloud()
    records = [meat(f"m{n}") for n in range(BATCH_DOCUMENTS + 1)]

    assert fates(cloud, *records) == ["created"] * len(records)
    assert cloud.calls == [["find"], ["update"]] * 2
    found = [state for _, state in check(cloud, [*records, meat("absent")])]
    assert found == ["as stated"] * (BATCH_DOCUMENTS + 1) + ["missing"]


def test_large_documents_are_split_by_their_bytes() -> None:
    cloud = Cloud()
    body = "字" * 19_000
    wisdom = {"kind": "quote", "title": "一", "body": body, "source": {"title": "书"}}
    records = [
        record_of("tcm_wisdom", {"_id": f"q{n}", **STAMPS, **wisdom, "key": f"q{n}"}) for n in range(14)
    ]

    fates(cloud, *records)

    assert cloud.calls == [["find"], ["update"]] * 2


def test_what_is_no_document_is_not_a_record() -> None:
    with pytest.raises(ValidationError, match="carbonGPerKg"):
        meat(carbonGPerKg=-1)


def test_what_is_about_to_be_written_is_announced_with_what_was_there() -> None:
    cloud = Cloud()
    announced: list[Intent] = []

    def announce(intents: Sequence[Intent]) -> None:
        assert "update" not in cloud.calls[-1]
        announced.extend(intents)

    list(store(cloud, [meat()], announce=announce))
    before = dict(cloud.stored["meat_products"]["pork"])
    list(store(cloud, [meat(), meat("beef", updatedAt=300)], announce=announce))
    list(store(cloud, [meat(updatedAt=201, carbonGPerKg=12_000)], announce=announce))

    assert [(each.record.key, each.former) for each in announced] == [
        ("pork", None),
        ("beef", None),
        ("pork", before),
    ]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "as stated"),
        ({"alternatives": ["豆腐"]}, "as stated"),
        ({"carbonGPerKg": 1}, "otherwise"),
        ({"carbonGPerKg": 1, "updatedAt": 201}, "newer"),
    ],
)
def test_a_document_is_read_back_as_its_source_states_it(change: dict[str, Any], state: str) -> None:
    cloud = Cloud()
    list(store(cloud, [meat()]))
    cloud.stored["meat_products"]["pork"] |= change

    assert [found for _, found in check(cloud, [meat()])] == [state]


@pytest.mark.parametrize(
    ("collection", "mine", "theirs", "reason"),
    [
        ("users", {"phoneHash": "a" * 64}, {"phoneHash": "a" * 64}, "phoneHash is that of other"),
        ("users", {"phoneHash": "a" * 64}, {"phoneHash": "b" * 64}, ""),
        ("users", {}, {}, ""),
        (
            "orders",
            {"userId": "u1", "clientToken": "t"},
            {"userId": "u1", "clientToken": "t"},
            "userId_clientToken is",
        ),
        ("orders", {"userId": "u1", "clientToken": "t"}, {"userId": "u2", "clientToken": "t"}, ""),
        (
            "products",
            {"skus": [{"skuId": "s1"}, {"skuId": "s2"}]},
            {"skus": [{"skuId": "s2"}]},
            "skus-skuId is",
        ),
    ],
)
def test_a_dry_run_tells_what_a_unique_index_would_refuse(
    collection: str, mine: dict[str, Any], theirs: dict[str, Any], reason: str
) -> None:
    with open_shop() as shop:
        shop.add(collection, {"_id": "other", **theirs, **STAMPS})
        record = Record(collection, {"_id": "mine", **mine, **STAMPS}, {})

        (written,) = store(shop.adapter, [record], dry_run=True)
        (again,) = store(
            shop.adapter, [record._replace(document={**record.document, "_id": "other"})], dry_run=True
        )

    assert (written.fate, again.fate) == ("refused" if reason else "created", "unchanged")
    assert written.reason.startswith(reason)
