"""One contract for every adapter of the database port; the official SDK is the judge of ours."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count

import pytest
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.tcb.v20180608 import models
from tencentcloud.tcb.v20180608.tcb_client import TcbClient

from gardenshop.cloud import ejson
from gardenshop.cloud.database import (
    Adapter,
    Command,
    Database,
    Document,
    aggregate,
    delete,
    find,
    get,
    insert,
    put,
    update,
)
from gardenshop.cloud.errors import DatabaseRejected, DuplicateKey
from gardenshop.cloud.runcommands import RunCommands, target_of
from gardenshop.cloud.settings import Settings
from gardenshop.cloud.tc3 import Credentials
from localcloud.adapter import EngineAdapter
from localcloud.engine import Engine
from localcloud.server import LocalCloud

ENV = "test-env-1"
NOON = 1_795_500_000_000

_names = count()


class SdkAdapter:
    """The database port on the unmodified official SDK."""

    def __init__(self, cloud: LocalCloud) -> None:
        host = cloud.url.removeprefix("http://")
        keys = credential.Credential(cloud.credentials.secret_id, cloud.credentials.secret_key)
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=host))
        self.client = TcbClient(keys, "ap-shanghai", profile)

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        """Run *commands* in one call."""
        request = models.RunCommandsRequest()
        wanted = [(target_of(command), json.dumps(command)) for command in commands]
        request.from_json_string(
            json.dumps(
                {
                    "EnvId": ENV,
                    "MgoCommands": [
                        {"TableName": target.collection, "CommandType": target.kind, "Command": text}
                        for target, text in wanted
                    ],
                }
            )
        )
        try:
            data = self.client.RunCommands(request).Data
        except TencentCloudSDKException as error:
            if "E11000" in error.message:
                raise DuplicateKey from None
            raise DatabaseRejected(apiCode=error.code, reason=error.message) from None
        replies = [ejson.decode_items(element) for element in data or []]
        for failed in (each for reply in replies for item in reply for each in item.get("writeErrors", ())):
            raise DuplicateKey if failed["code"] == 11000 else DatabaseRejected(reason=failed["errmsg"])
        return replies


def settings_of(cloud: LocalCloud) -> Settings:
    return Settings.read({"TCB_ENV": ENV, "CLOUD_API_ENDPOINT": cloud.url})


def keys_of(cloud: LocalCloud) -> Credentials:
    return Credentials(cloud.credentials.secret_id, cloud.credentials.secret_key)


@pytest.fixture(params=["engine", "RunCommands", "official SDK"])
def adapter(request: pytest.FixtureRequest, table: str) -> Iterator[Adapter]:
    """Every adapter, with the collection *table* in reach."""
    if request.param == "engine":
        with closing(Engine(None)) as engine:
            engine.create_collection(ENV, table)
            yield EngineAdapter(engine, ENV)
        return
    cloud: LocalCloud = request.getfixturevalue("cloud")
    sdk = SdkAdapter(cloud)
    created = models.CreateTableRequest()
    created.from_json_string(json.dumps({"EnvId": ENV, "TableName": table}))
    sdk.client.CreateTable(created)
    ours = RunCommands(settings_of(cloud), keys_of(cloud), deadline=time.monotonic() + 60)
    yield sdk if request.param == "official SDK" else ours


@pytest.fixture
def table() -> str:
    """The name of a new collection."""
    return f"contract_{next(_names)}"


class TestContract:
    """What every adapter does."""

    def test_reads_return_plain_values_of_the_right_types(self, adapter: Adapter, table: str) -> None:
        document = {
            "_id": "1",
            "int": 7,
            "long": NOON,
            "negative": -(2**40),
            "float": 2.0,
            "text": '豆腐 "quoted" \\ \n 🌱',
            "yes": True,
            "nothing": None,
            "list": [1, [2.5, "x"], {}],
            "nested": {"a": {"b": []}},
        }
        adapter.run([insert(table, document)])

        ((found,),) = adapter.run([get(table, "1")])

        assert found == document
        assert json.dumps(found, sort_keys=True) == json.dumps(document, sort_keys=True)

    def test_each_command_has_its_reply_in_order(self, adapter: Adapter, table: str) -> None:
        adapter.run([insert(table, {"_id": key, "n": n}) for n, key in enumerate("abc")])

        replies = adapter.run(
            [
                find(table, {}, sort={"n": -1}, limit=2),
                find(table, {"n": {"$gt": 9}}),
                {"count": table, "query": {"n": {"$gte": 1}}},
                aggregate(table, {"$group": {"_id": None, "sum": {"$sum": "$n"}}}),
                get(table, "b", fields=("_id",)),
            ]
        )

        assert replies[0] == [{"_id": "c", "n": 2}, {"_id": "b", "n": 1}]
        assert replies[1] == []
        assert replies[2][0]["n"] == 2
        assert replies[3] == [{"_id": None, "sum": 3}]
        assert replies[4] == [{"_id": "b"}]

    def test_writes_say_what_they_did(self, adapter: Adapter, table: str) -> None:
        db = Database(adapter)

        results = db.write(
            insert(table, {"_id": "1", "n": 1}),
            update(table, {"_id": "1"}, {"$set": {"n": 1}}),
            update(table, {"_id": "1"}, {"$inc": {"n": 1}}),
            update(table, {"_id": "2"}, {"$inc": {"n": 1}}),
            update(table, {"_id": "2"}, {"$inc": {"n": 1}}, upsert=True),
            update(table, {}, {"$inc": {"n": 1}}, multi=True),
            put(table, {"_id": "1", "n": 99}),
            put(table, {"_id": "3", "n": 99}),
            delete(table, {"_id": "9"}),
            delete(table, {"n": {"$lt": 90}}),
            delete(table, {}, limit=0),
        )

        assert [(each.matched, each.modified, each.upserted) for each in results] == [
            (0, 0, 1),
            (1, 0, 0),
            (1, 1, 0),
            (0, 0, 0),
            (0, 0, 1),
            (2, 2, 0),
            (1, 0, 0),
            (0, 0, 1),
            (0, 0, 0),
            (1, 1, 0),
            (2, 2, 0),
        ]
        assert db.round_trips == 1

    def test_a_second_key_is_a_duplicate_and_those_before_it_stand(
        self, adapter: Adapter, table: str
    ) -> None:
        with pytest.raises(DuplicateKey):
            adapter.run([insert(table, {"_id": key}) for key in ("1", "1", "2")])

        assert adapter.run([find(table, {})]) == [[{"_id": "1"}]]

    def test_a_missing_collection_is_refused(self, adapter: Adapter, table: str) -> None:
        with pytest.raises(DatabaseRejected) as refused:
            adapter.run([insert(table, {"_id": "1"}), find("no_such_collection", {})])

        assert not isinstance(refused.value, DuplicateKey)
        assert refused.value.details["apiCode"] == "ResourceNotFound.Table"
        assert adapter.run([find(table, {})]) == [[{"_id": "1"}]]

    def test_an_operator_that_does_not_exist_is_refused(self, adapter: Adapter, table: str) -> None:
        with pytest.raises(DatabaseRejected):
            adapter.run([find(table, {"n": {"$near": 1}})])

    def test_after_a_duplicate_the_writes_are_run_one_by_one(self, adapter: Adapter, table: str) -> None:
        db = Database(adapter)
        db.write(insert(table, {"_id": "taken"}))

        results = db.write(*(insert(table, {"_id": key}) for key in ("a", "taken", "b")))

        assert [each.duplicate for each in results] == [True, True, False]
        assert [each.happened for each in results] == [False, False, True]
        (found,) = db.read(find(table, {}, sort={"_id": 1}))
        assert [each["_id"] for each in found] == ["a", "b", "taken"]
        assert db.round_trips == 6

    def test_the_guard_lets_one_of_many_through(self, adapter: Adapter, table: str) -> None:
        db = Database(adapter)
        db.write(insert(table, {"_id": "1", "left": 1}))
        take = update(table, {"_id": "1", "left": {"$gte": 1}}, {"$inc": {"left": -1}})

        assert [each.happened for each in db.write(take, take, take)] == [True, False, False]


def test_a_wrong_key_is_refused(cloud: LocalCloud) -> None:
    wrong = keys_of(cloud)._replace(secret_key="another")
    with pytest.raises(DatabaseRejected) as refused:
        RunCommands(settings_of(cloud), wrong, deadline=time.monotonic() + 60).run([find("t", {})])

    assert str(refused.value.details["apiCode"]).startswith("AuthFailure.")


def test_only_the_ports_commands_are_sent(cloud: LocalCloud) -> None:
    ours = RunCommands(settings_of(cloud), keys_of(cloud), deadline=time.monotonic() + 60)

    with pytest.raises(KeyError):
        ours.run([{"findAndModify": "t"}])
