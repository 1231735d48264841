"""Permissions of collections through the official SDK."""

import json
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.tcb.v20180608 import models

from .conftest import Sdk

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

RULE = json.dumps({"read": "doc._openid == auth.openid", "write": False})


def stored(sdk: Sdk, table: str) -> tuple[str, str | None]:
    reply = sdk.call("DescribeSafeRule", CollectionName=table)
    assert sdk.call("DescribeDatabaseACL", CollectionName=table) == {"AclTag": reply["AclTag"]}
    return reply["AclTag"], reply["Rule"]


def refusal(sdk: Sdk, action: str, **parameters: Any) -> str:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.call(action, **parameters)
    return str(refused.value.code)


def test_a_new_collection_is_private(sdk: Sdk, table: str) -> None:
    assert stored(sdk, table) == ("PRIVATE", None)


@pytest.mark.parametrize("tag", ["READONLY", "PRIVATE", "ADMINWRITE", "ADMINONLY"])
def test_a_base_permission_is_read_back(sdk: Sdk, table: str, tag: str) -> None:
    sdk.call("ModifyDatabaseACL", CollectionName=table, AclTag=tag)

    assert stored(sdk, table) == (tag, None)


def test_a_security_rule_is_read_back_until_it_is_replaced(sdk: Sdk, table: str) -> None:
    sdk.call("ModifySafeRule", CollectionName=table, AclTag="CUSTOM", Rule=RULE)
    assert stored(sdk, table) == ("CUSTOM", RULE)

    sdk.call("ModifySafeRule", CollectionName=table, AclTag="ADMINONLY")

    assert stored(sdk, table) == ("ADMINONLY", None)


def test_the_typed_client_works_too(sdk: Sdk, table: str) -> None:
    modify, describe = models.ModifySafeRuleRequest(), models.DescribeSafeRuleRequest()
    modify.EnvId = describe.EnvId = sdk.env
    modify.CollectionName = describe.CollectionName = table
    modify.AclTag, modify.Rule = "CUSTOM", RULE

    sdk.typed.ModifySafeRule(modify)

    assert sdk.typed.DescribeSafeRule(describe).Rule == RULE


def test_a_collection_may_be_created_with_its_permission(sdk: Sdk) -> None:
    sdk.call("CreateTable", TableName="ruled", PermissionInfo={"AclTag": "CUSTOM", "Rule": RULE})

    assert stored(sdk, "ruled") == ("CUSTOM", RULE)


def test_a_permission_goes_with_its_collection(sdk: Sdk) -> None:
    sdk.call("CreateTable", TableName="again", PermissionInfo={"AclTag": "ADMINONLY"})
    sdk.call("DeleteTable", TableName="again")

    sdk.call("CreateTable", TableName="again")

    assert stored(sdk, "again") == ("PRIVATE", None)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"AclTag": "CUSTOM"}, "MissingParameter"),
        ({"AclTag": "EVERYBODY"}, "InvalidParameterValue"),
        ({"AclTag": "CUSTOM", "Rule": "{"}, "InvalidParameterValue"),
        ({"AclTag": "CUSTOM", "Rule": "[]"}, "InvalidParameterValue"),
        ({"AclTag": "CUSTOM", "Rule": '{"invoke": true}'}, "InvalidParameterValue"),
        ({"AclTag": "CUSTOM", "Rule": '{"read": 1}'}, "InvalidParameterValue"),
        ({"AclTag": "CUSTOM", "Rule": json.dumps({"read": "x" * 1025})}, "InvalidParameterValue"),
    ],
)
def test_a_malformed_rule_is_refused_and_changes_nothing(
    sdk: Sdk, table: str, parameters: dict[str, str], code: str
) -> None:
    assert refusal(sdk, "ModifySafeRule", CollectionName=table, **parameters) == code
    assert stored(sdk, table) == ("PRIVATE", None)


def test_the_simple_action_takes_no_custom_rule(sdk: Sdk, table: str) -> None:
    assert refusal(sdk, "ModifyDatabaseACL", CollectionName=table, AclTag="CUSTOM") == "InvalidParameterValue"


@pytest.mark.parametrize("action", ["DescribeSafeRule", "DescribeDatabaseACL"])
def test_a_collection_that_is_not_there_has_no_permission(sdk: Sdk, action: str) -> None:
    assert refusal(sdk, action, CollectionName="nowhere") == "ResourceNotFound.Table"


@pytest.mark.parametrize("action", ["ModifySafeRule", "ModifyDatabaseACL"])
def test_a_collection_that_is_not_there_gets_no_permission(sdk: Sdk, action: str) -> None:
    assert refusal(sdk, action, CollectionName="nowhere", AclTag="PRIVATE") == "ResourceNotFound.Table"
