"""The environment as its API describes it."""

from typing import Any

from localcloud.cloudapi.cloud import Cloud
from localcloud.cloudapi.params import Parameters, parse
from localcloud.functions import LOCAL_APPID, LOCAL_UIN


class DescribeEnvsRequest(Parameters):
    """Which environments to list; channels are accepted, a local environment is in none."""

    EnvId: str | None = None
    IsVisible: bool | None = None
    Channels: list[str] | None = None
    Limit: int | None = None
    Offset: int | None = None


class DescribeEnvInfoRequest(Parameters):
    """One environment."""

    EnvId: str


class DescribeTcbAccountInfoRequest(Parameters):
    """The caller's own account."""


def describe_envs(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """List the one environment there is, unless another was asked for."""
    request = parse(DescribeEnvsRequest, body)
    found = [] if request.EnvId not in (cloud.env, None) else [_describe(cloud)]
    first = request.Offset or 0
    page = found[first:] if request.Limit is None else found[first : first + request.Limit]
    return {"EnvList": page, "Total": len(found)}


def describe_env_info(cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Describe one environment in the form that manager-node reads."""
    cloud.require_env(parse(DescribeEnvInfoRequest, body).EnvId)
    return {"EnvInfo": {"EnvBaseInfo": _describe(cloud)}}


def describe_account(_cloud: Cloud, body: dict[str, Any]) -> dict[str, Any]:
    """Describe the account that the environment belongs to."""
    parse(DescribeTcbAccountInfoRequest, body)
    return {"CloudAppId": int(LOCAL_APPID), "Uin": LOCAL_UIN, "OwnerUin": LOCAL_UIN}


def _describe(cloud: Cloud) -> dict[str, Any]:
    running = {"Status": "RUNNING", "Region": cloud.region, "UpdateTime": cloud.opened}
    return {
        "EnvId": cloud.env,
        "Alias": cloud.env,
        "Source": "qcloud",
        "Status": "NORMAL",
        "Region": cloud.region,
        "CreateTime": cloud.opened,
        "UpdateTime": cloud.opened,
        "IsDefault": True,
        "Databases": [{"InstanceId": cloud.instance_id, **running}],
        "Functions": [{"Namespace": cloud.env, "Region": cloud.region}],
        "Storages": [],
        "LogServices": [],
    }


ACTIONS = {
    "DescribeEnvs": describe_envs,
    "DescribeEnvInfo": describe_env_info,
    "DescribeTcbAccountInfo": describe_account,
}
