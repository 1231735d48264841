"""The environment through the official SDK."""

import re

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.tcb.v20180608 import models

from .conftest import Sdk

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")


def test_the_one_environment_is_listed_with_its_database(sdk: Sdk) -> None:
    reply = sdk.call("DescribeEnvs", EnvId=None, IsVisible=False, Channels=["dcloud"])

    (env,) = reply["EnvList"]
    assert reply["Total"] == 1
    assert (env["EnvId"], env["Status"], env["Region"]) == (sdk.env, "NORMAL", "ap-shanghai")
    assert re.fullmatch(r"tnt-[0-9a-z]{9}", env["Databases"][0]["InstanceId"])


def test_the_typed_client_reads_the_same(sdk: Sdk) -> None:
    reply = sdk.typed.DescribeEnvs(models.DescribeEnvsRequest())

    assert [env.EnvId for env in reply.EnvList] == [sdk.env]
    assert reply.EnvList[0].Databases[0].Status == "RUNNING"


def test_another_environment_is_not_listed(sdk: Sdk) -> None:
    assert sdk.call("DescribeEnvs", EnvId="other-env") == {"EnvList": [], "Total": 0}


def test_a_page_may_lie_behind_the_end(sdk: Sdk) -> None:
    assert sdk.call("DescribeEnvs", Offset=1, Limit=20) == {"EnvList": [], "Total": 1}


def test_manager_node_reads_the_environment_from_its_base_info(sdk: Sdk) -> None:
    (listed,) = sdk.call("DescribeEnvs")["EnvList"]

    assert sdk.call("DescribeEnvInfo") == {"EnvInfo": {"EnvBaseInfo": listed}}


def test_another_environment_is_not_described(sdk: Sdk) -> None:
    with pytest.raises(TencentCloudSDKException) as refused:
        sdk.call("DescribeEnvInfo", EnvId="other-env")

    assert refused.value.code == "ResourceNotFound.EnvNotExist"
