"""Collections and indexes through the official SDK."""

import json
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.tcb.v20180608 import models

from .conftest import Sdk

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")


def refusal(sdk: Sdk, action: str, **parameters: Any) -> str:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.call(action, **parameters)
    return str(refused.value.code)


def index(name: str, *keys: tuple[str, str], **options: Any) -> dict[str, Any]:
    schema = {"MgoIndexKeys": [{"Name": field, "Direction": direction} for field, direction in keys]}
    return {
        "IndexName": name,
        "MgoKeySchema": schema | {"MgoIsUnique": False, "MgoIsSparse": False} | options,
    }


def indexes(sdk: Sdk, table: str) -> dict[str, tuple[list[tuple[str, str]], bool]]:
    reply = sdk.call("DescribeTable", TableName=table)
    assert reply["IndexNum"] == len(reply["Indexes"])
    return {
        one["Name"]: ([(key["Name"], key["Direction"]) for key in one["Keys"]], one["Unique"])
        for one in reply["Indexes"]
    }


def documents(sdk: Sdk, table: str) -> int:
    return int(sdk.run({"count": table})[0][0]["n"]["$numberInt"])


def test_a_collection_is_created_described_and_dropped(sdk: Sdk) -> None:
    sdk.call("CreateTable", TableName="born")
    sdk.run({"insert": "born", "documents": [{"_id": "1"}]})
    assert sdk.call("DescribeTables", TableNames=["born"]) == {
        "Tables": [{"TableName": "born", "Count": 1, "IndexCount": 1}],
        "Pager": {"Offset": 0, "Limit": 100, "Total": 1},
    }

    sdk.call("DeleteTable", TableName="born")

    assert refusal(sdk, "DescribeTable", TableName="born") == "ResourceNotFound.Table"
    assert refusal(sdk, "DeleteTable", TableName="born") == "ResourceNotFound.Table"
    assert sdk.call("DescribeTables", TableNames=["born"])["Tables"] == []


def test_the_typed_client_creates_lists_describes_updates_and_drops(sdk: Sdk) -> None:
    target = {"EnvId": sdk.env, "TableName": "typed"}
    sdk.typed.CreateTable(_typed(models.CreateTableRequest(), target))
    sdk.typed.UpdateTable(
        _typed(
            models.UpdateTableRequest(),
            target | {"CreateIndexes": [index("a_1", ("a", "1"), MgoIsUnique=True)]},
        )
    )

    described = sdk.typed.DescribeTable(_typed(models.DescribeTableRequest(), target))
    listed = sdk.typed.ListTables(
        _typed(models.ListTablesRequest(), {"EnvId": sdk.env, "SearchValue": "typed"})
    )
    sdk.typed.DeleteTable(_typed(models.DeleteTableRequest(), target))
    after = sdk.typed.DescribeTables(_typed(models.DescribeTablesRequest(), {"EnvId": sdk.env}))

    assert [(one.Name, one.Keys[0].Name, one.Unique) for one in described.Indexes if one.Name != "_id_"] == [
        ("a_1", "a", True)
    ]
    assert [(one.TableName, one.IndexCount) for one in listed.Tables] == [("typed", 2)]
    assert "typed" not in [one.TableName for one in after.Tables]


def _typed(request: Any, values: dict[str, Any]) -> Any:
    request._deserialize(values)
    return request


def test_a_collection_cannot_be_created_twice(sdk: Sdk, table: str) -> None:
    sdk.run({"insert": table, "documents": [{"_id": "1"}]})

    assert refusal(sdk, "CreateTable", TableName=table) == "ResourceUnavailable.ResourceExist"

    assert documents(sdk, table) == 1


@pytest.mark.parametrize("name", ["", "_hidden", "system.users", "with space", "素食", "x" * 97, 5, None])
def test_a_name_the_platform_does_not_take_is_refused(sdk: Sdk, name: Any) -> None:
    assert refusal(sdk, "CreateTable", TableName=name) == "InvalidParameterValue"


def test_lists_come_in_pages(sdk: Sdk) -> None:
    for name in ("page-b", "page-a", "page-c"):
        sdk.call("CreateTable", TableName=name)

    reply = sdk.call("ListTables", SearchValue="page-", MgoLimit=2, MgoOffset=1)

    assert [one["TableName"] for one in reply["Tables"]] == ["page-b", "page-c"]
    assert reply["Pager"] == {"Offset": 1, "Limit": 2, "Total": 3}


def test_a_compound_unique_index_holds(sdk: Sdk, table: str) -> None:
    sdk.call(
        "UpdateTable",
        TableName=table,
        CreateIndexes=[index("owner", ("u", "1"), ("t", "-1"), MgoIsUnique=True)],
    )
    sdk.run({"insert": table, "documents": [{"_id": "1", "u": "a", "t": 1}, {"_id": "2", "u": "a", "t": 2}]})

    with pytest.raises(TencentCloudSDKException, match="E11000 duplicate key error"):
        sdk.run({"insert": table, "documents": [{"_id": "3", "u": "a", "t": 2}]})

    assert indexes(sdk, table)["owner"] == ([("u", "1"), ("t", "-1")], True)
    assert documents(sdk, table) == 2


def test_a_sparse_unique_index_leaves_out_what_lacks_the_field(sdk: Sdk, table: str) -> None:
    sdk.call(
        "UpdateTable",
        TableName=table,
        CreateIndexes=[index("p", ("p", "1"), MgoIsUnique=True, MgoIsSparse=True)],
    )

    sdk.run({"insert": table, "documents": [{"_id": "1"}, {"_id": "2"}, {"_id": "3", "p": "x"}]})
    with pytest.raises(TencentCloudSDKException, match="E11000"):
        sdk.run({"insert": table, "documents": [{"_id": "4", "p": "x"}]})

    assert documents(sdk, table) == 3


def test_a_partial_unique_index_holds_where_its_expression_does(sdk: Sdk, table: str) -> None:
    live = json.dumps({"state": "live"})
    sdk.call(
        "UpdateTable",
        TableName=table,
        CreateIndexes=[index("live", ("k", "1"), MgoIsUnique=True, PartialFilterExpression=live)],
    )

    sdk.run({"insert": table, "documents": [{"_id": str(n), "k": 1, "state": "old"} for n in range(2)]})
    sdk.run({"insert": table, "documents": [{"_id": "a", "k": 1, "state": "live"}]})
    with pytest.raises(TencentCloudSDKException, match="E11000"):
        sdk.run({"insert": table, "documents": [{"_id": "b", "k": 1, "state": "live"}]})

    assert documents(sdk, table) == 3


def test_an_index_can_be_replaced_in_one_call(sdk: Sdk, table: str) -> None:
    sdk.call("UpdateTable", TableName=table, CreateIndexes=[index("i", ("a", "1"))])

    sdk.call(
        "UpdateTable",
        TableName=table,
        DropIndexes=[{"IndexName": "i"}],
        CreateIndexes=[index("i", ("b", "-1"))],
    )

    assert indexes(sdk, table)["i"] == ([("b", "-1")], False)


def test_the_same_name_with_other_keys_is_a_conflict(sdk: Sdk, table: str) -> None:
    sdk.call("UpdateTable", TableName=table, CreateIndexes=[index("i", ("a", "1"))])

    code = refusal(sdk, "UpdateTable", TableName=table, CreateIndexes=[index("i", ("b", "1"))])

    assert code == "ResourceUnavailable.IndexOptionsConflict"
    assert indexes(sdk, table)["i"] == ([("a", "1")], False)


def test_a_unique_index_over_duplicates_is_not_created(sdk: Sdk, table: str) -> None:
    sdk.run({"insert": table, "documents": [{"_id": "1", "a": 1}, {"_id": "2", "a": 1}]})

    with pytest.raises(TencentCloudSDKException, match="E11000"):
        sdk.call("UpdateTable", TableName=table, CreateIndexes=[index("i", ("a", "1"), MgoIsUnique=True)])

    assert "i" not in indexes(sdk, table)


@pytest.mark.parametrize(
    "created",
    [
        index("i"),
        index("i", ("a", "2dsphere")),
        index("i", ("a", "0")),
        index("", ("a", "1")),
        index("i", ("a", "1"), PartialFilterExpression="{"),
        index("i", ("a", "1"), PartialFilterExpression="[]"),
        index("i", *[(f"f{n}", "1") for n in range(32)]),
    ],
)
def test_a_malformed_index_is_refused(sdk: Sdk, table: str, created: dict[str, Any]) -> None:
    assert refusal(sdk, "UpdateTable", TableName=table, CreateIndexes=[created]) == "InvalidParameterValue"
    assert list(indexes(sdk, table)) == ["_id_"]


def test_dropping_an_index_that_is_not_there_is_refused(sdk: Sdk, table: str) -> None:
    assert refusal(sdk, "UpdateTable", TableName=table, DropIndexes=[{"IndexName": "i"}]) == "FailedOperation"
