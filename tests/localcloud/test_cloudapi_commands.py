"""RunCommands through the official SDK."""

import json
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.tcb.v20180608 import models

from .conftest import Sdk, items, mgo

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")


def refusal(sdk: Sdk, *commands: dict[str, Any], **parameters: Any) -> TencentCloudSDKException:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.call("RunCommands", MgoCommands=list(commands), **parameters)
    return refused.value


def ids(sdk: Sdk, table: str) -> list[str]:
    return [document["_id"] for document in sdk.run({"find": table, "filter": {}, "sort": {"_id": 1}})[0]]


def test_a_reply_holds_one_json_array_of_ejson_strings_per_command(sdk: Sdk, table: str) -> None:
    document = {
        "_id": "p1",
        "priceFen": 1200,
        "soldAt": {"$date": {"$numberLong": "1572937669786"}},
        "rate": 0.5,
    }

    data = sdk.call(
        "RunCommands",
        MgoCommands=[
            mgo({"insert": table, "documents": [document]}),
            mgo({"find": table, "filter": {"_id": "p1"}}),
            mgo({"find": table, "filter": {"_id": "p2"}}),
        ],
    )["Data"]

    (written,) = json.loads(data[0])
    assert json.loads(written)["n"] == {"$numberInt": "1"}
    (found,) = json.loads(data[1])
    assert found == (
        '{"_id":"p1","priceFen":{"$numberInt":"1200"},'
        '"soldAt":{"$date":{"$numberLong":"1572937669786"}},"rate":{"$numberDouble":"0.5"}}'
    )
    assert data[2] == "[]"


def test_the_typed_client_works_too(sdk: Sdk, table: str) -> None:
    request = models.RunCommandsRequest()
    request.EnvId = sdk.env
    command = models.MgoCommandParam()
    command.TableName = table
    command.CommandType = "INSERT"
    command.Command = json.dumps({"insert": table, "documents": [{"_id": "1"}, {"_id": "2"}]})
    request.MgoCommands = [command]

    reply = sdk.typed.RunCommands(request)

    assert items(reply.Data)[0][0]["n"] == {"$numberInt": "2"}
    assert reply.RequestId


def test_each_kind_of_command_is_answered(sdk: Sdk, table: str) -> None:
    sdk.run({"insert": table, "documents": [{"_id": "1", "n": 1}, {"_id": "2", "n": 2}]})

    updated, counted, summed, deleted = sdk.run(
        {"update": table, "updates": [{"q": {"_id": "1"}, "u": {"$inc": {"n": 5}}}]},
        {"count": table},
        {"aggregate": table, "pipeline": [{"$group": {"_id": None, "n": {"$sum": "$n"}}}], "cursor": {}},
        {"delete": table, "deletes": [{"q": {"_id": "2"}, "limit": 1}]},
    )

    assert updated[0]["nModified"] == {"$numberInt": "1"}
    assert counted[0]["n"] == {"$numberInt": "2"}
    assert summed == [{"_id": None, "n": {"$numberInt": "8"}}]
    assert deleted[0]["n"] == {"$numberInt": "1"}
    assert ids(sdk, table) == ["1"]


def test_commands_run_in_order_up_to_the_first_that_fails(sdk: Sdk, table: str) -> None:
    refused = refusal(
        sdk,
        mgo({"insert": table, "documents": [{"_id": "1"}]}),
        mgo({"insert": table, "documents": [{"_id": "1"}]}),
        mgo({"insert": table, "documents": [{"_id": "2"}]}),
    )

    assert refused.code == "FailedOperation"
    assert ids(sdk, table) == ["1"]


def test_a_duplicate_key_is_a_failed_operation_that_says_e11000(sdk: Sdk, table: str) -> None:
    sdk.run({"insert": table, "documents": [{"_id": "1"}]})

    refused = refusal(sdk, mgo({"insert": table, "documents": [{"_id": "1"}]}))

    assert refused.code == "FailedOperation"
    assert refused.message.startswith("E11000 duplicate key error collection: ")


def test_a_collection_that_was_not_created_is_not_found(sdk: Sdk) -> None:
    for command in ({"find": "nowhere", "filter": {}}, {"insert": "nowhere", "documents": [{"_id": "1"}]}):
        assert refusal(sdk, mgo(command)).code == "ResourceNotFound.Table"


@pytest.mark.parametrize(
    "command",
    [
        {"findAndModify": "", "query": {}, "update": {"$set": {"a": 1}}},
        {"find": "", "filter": {"a": {"$near": [0, 0]}}},
        {"update": "", "updates": [{"q": {}, "u": [{"$set": {"a": 1}}]}]},
        {"update": "", "updates": [{"q": {}, "u": {"$set": {"a.$[x]": 1}}, "arrayFilters": [{"x": 1}]}]},
        {"frobnicate": ""},
    ],
    ids=lambda command: next(iter(command)),
)
def test_what_the_engine_does_not_support_is_refused_by_name(
    sdk: Sdk, table: str, command: dict[str, Any]
) -> None:
    name = next(iter(command))
    sdk.run({"insert": table, "documents": [{"_id": "1"}]})

    refused = refusal(sdk, mgo(command | {name: table}))

    assert refused.code == "FailedOperation"
    assert sdk.run({"find": table, "filter": {}}) == [[{"_id": "1"}]]


@pytest.mark.parametrize("kind", ["QUERY", "UPDATE", "DELETE", "COMMAND"])
def test_the_command_type_must_be_truthful(sdk: Sdk, table: str, kind: str) -> None:
    refused = refusal(sdk, mgo({"insert": table, "documents": [{"_id": "1"}]}, CommandType=kind))

    assert refused.code == "InvalidParameterValue"
    assert refused.message == f"CommandType {kind} does not fit the command insert."
    assert ids(sdk, table) == []


def test_the_table_name_must_be_the_commands(sdk: Sdk, table: str) -> None:
    refused = refusal(sdk, mgo({"insert": table, "documents": [{"_id": "1"}]}, TableName="other"))

    assert refused.code == "InvalidParameterValue"
    assert ids(sdk, table) == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", "null", '"find"', '{"find": "x", "filter": {"_id": {"$oid": 1}}}']
)
def test_a_command_that_is_none_is_refused(sdk: Sdk, table: str, text: str) -> None:
    refused = refusal(sdk, {"TableName": table, "CommandType": "QUERY", "Command": text})

    assert refused.code == "InvalidParameterValue"


def test_a_malformed_command_keeps_those_before_it_from_running(sdk: Sdk, table: str) -> None:
    refused = refusal(
        sdk, mgo({"insert": table, "documents": [{"_id": "1"}]}), mgo({"count": table}) | {"Command": "{"}
    )

    assert refused.code == "InvalidParameterValue"
    assert ids(sdk, table) == []


def test_canonical_and_relaxed_numbers_are_the_same(sdk: Sdk, table: str) -> None:
    sdk.run({"insert": table, "documents": [{"_id": "1", "n": {"$numberInt": "7"}}]})

    assert ids(sdk, table) == ["1"]
    assert sdk.run({"find": table, "filter": {"n": 7}, "projection": {"_id": 1}}) == [[{"_id": "1"}]]


@pytest.mark.parametrize("connector", [None, "flexdb"])
def test_the_database_may_be_named_as_official_clients_name_it(
    sdk: Sdk, table: str, connector: str | None
) -> None:
    instance = sdk.call("DescribeEnvs")["EnvList"][0]["Databases"][0]["InstanceId"]
    target: dict[str, Any] = {"Tag": instance}
    if connector:
        target["MongoConnector"] = {"InstanceId": connector, "DatabaseName": instance}

    reply = sdk.call("RunCommands", MgoCommands=[mgo({"count": table})], **target)

    assert items(reply["Data"]) == [[{"n": {"$numberInt": "0"}}]]


def test_the_tag_alone_names_the_environment(sdk: Sdk, table: str) -> None:
    instance = sdk.call("DescribeEnvs")["EnvList"][0]["Databases"][0]["InstanceId"]

    reply = sdk.call("RunCommands", EnvId=None, Tag=instance, MgoCommands=[mgo({"count": table})])

    assert items(reply["Data"]) == [[{"n": {"$numberInt": "0"}}]]
    assert (
        refusal(sdk, mgo({"count": table}), EnvId=None, Tag="tnt-other").code
        == "ResourceNotFound.InstanceNotFound"
    )
    assert refusal(sdk, mgo({"count": table}), EnvId=None).code == "MissingParameter"


def test_another_connector_is_another_database(sdk: Sdk, table: str) -> None:
    own = {"InstanceId": "cluster-1", "DatabaseName": "shop"}

    assert refusal(sdk, mgo({"count": table}), MongoConnector=own).code == "ResourceNotFound.Table"
    sdk.call("CreateTable", TableName=table, MongoConnector=own)
    sdk.call(
        "RunCommands", MongoConnector=own, MgoCommands=[mgo({"insert": table, "documents": [{"_id": "1"}]})]
    )

    assert ids(sdk, table) == []


def test_another_environment_is_not_found(sdk: Sdk, table: str) -> None:
    assert refusal(sdk, mgo({"count": table}), EnvId="other-env").code == "ResourceNotFound.EnvNotExist"


@pytest.mark.parametrize(
    ("commands", "code", "name"),
    [
        (None, "InvalidParameterValue", "MgoCommands"),
        ([], "InvalidParameterValue", "MgoCommands"),
        ([{}], "MissingParameter", "MgoCommands.0.TableName"),
        ([mgo({"find": "x"}) | {"Foo": 1}], "UnknownParameter", "MgoCommands.0.Foo"),
        ([mgo({"find": "x"}, CommandType="LOOK")], "InvalidParameterValue", "MgoCommands.0.CommandType"),
        ([mgo({"find": "x"}) | {"Command": {"find": "x"}}], "InvalidParameterValue", "MgoCommands.0.Command"),
    ],
)
def test_a_refused_parameter_is_named(sdk: Sdk, commands: Any, code: str, name: str) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.call("RunCommands", MgoCommands=commands)

    assert refused.value.code == code
    assert f"`{name}`" in refused.value.message
