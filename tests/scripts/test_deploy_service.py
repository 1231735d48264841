"""The doorways to the SDK: what is made again, what is waited for, and what the cloud may answer."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from dataio.cloudapi import Access, CloudError
from deploying import watching
from deploying.doors import Doors, Route
from deploying.environment import Environment
from deploying.errors import NotDeployable
from deploying.service import Service, scf

ACCESS = Access("https://tcb.tencentcloudapi.com", "env-1", "id", "key")
FUNCTION = {
    "FunctionName": "f",
    "Runtime": "Python3.10",
    "Handler": "index.main",
    "Timeout": 3,
    "MemorySize": 128,
}


class Client:
    """The SDK's client: gives *answers* one by one, codes as refusals, and keeps what was asked."""

    def __init__(self, *answers: dict[str, Any] | str) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call_json(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((action, parameters))
        answer = self._answers.pop(0)
        if isinstance(answer, str):
            raise TencentCloudSDKException(answer, "refused")
        return {"Response": answer}


def service(client: Client) -> tuple[Service, list[float]]:
    slept: list[float] = []
    return Service(client, slept.append), slept


def environment(*answers: dict[str, Any] | str) -> tuple[Environment, Client]:
    client = Client(*answers)
    found = Environment(ACCESS, sleep=lambda _: None)
    found.scf = found.tcb = service(client)[0]
    return found, client


def test_a_throttled_call_is_made_again_after_longer_and_longer_waits() -> None:
    client = Client("RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded", {"a": 1})
    calling, slept = service(client)

    assert calling.call("Do", Name="x") == {"a": 1}

    assert client.asked == [("Do", {"Name": "x"})] * 3
    assert 0 < slept[0] < 1
    assert slept[1] > slept[0] * 0.99


def test_a_call_that_is_throttled_on_and_on_is_given_up() -> None:
    client = Client(*["RequestLimitExceeded"] * 9)

    with pytest.raises(CloudError, match="RequestLimitExceeded"):
        service(client)[0].call("Do")

    assert len(client.asked) == 6


@pytest.mark.parametrize("code", ["InternalError", "ClientNetworkError", "ResourceInUse.Function"])
def test_nothing_else_is_made_again(code: str) -> None:
    client = Client(code, {"a": 1})

    with pytest.raises(CloudError, match=code):
        service(client)[0].call("Do")

    assert len(client.asked) == 1


def test_all_pages_are_read() -> None:
    client = Client({"Items": [{"n": 1}, {"n": 2}]}, {"Items": [{"n": 3}]})

    assert list(service(client)[0].pages("List", "Items", 2)) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert [parameters["Offset"] for _, parameters in client.asked] == [0, 2]


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://tcb.tencentcloudapi.com", "scf.tencentcloudapi.com"),
        ("https://tcb.ap-shanghai.tencentcloudapi.com", "scf.ap-shanghai.tencentcloudapi.com"),
        ("http://127.0.0.1:8787", "127.0.0.1:8787"),
    ],
)
def test_functions_have_a_host_of_their_own_on_the_real_cloud(endpoint: str, host: str) -> None:
    client = scf(ACCESS._replace(endpoint=endpoint))._client

    assert client.profile.httpProfile.endpoint == host


def test_a_change_is_over_when_the_function_is_active() -> None:
    there, client = environment({}, {"Status": "Updating"}, {"Status": "Updating"}, {"Status": "Active"})

    there.update_code("f", "index.main", b"zip")

    assert [action for action, _ in client.asked] == ["UpdateFunctionCode", *["GetFunction"] * 3]


@pytest.mark.parametrize("status", ["UpdateFailed", "Updating"], ids=["failed", "never ends"])
def test_a_change_that_fails_or_takes_minutes_is_told(status: str) -> None:
    there, _ = environment({}, *[{"Status": status}] * 200)

    with pytest.raises(NotDeployable, match=f"f is {status}"):
        there.update_code("f", "index.main", b"zip")


def test_a_new_function_is_one_of_cloudbases_and_logs_where_the_environment_does() -> None:
    logs = {"EnvList": [{"LogServices": [{"LogsetId": "set", "TopicId": "topic"}]}]}
    there, client = environment(logs, {}, {"Status": "Active"})
    settings = there_settings()

    there.create_function("f", "Python3.10", b"zip", settings, "code 0")

    action, asked = client.asked[1]
    assert (action, asked) == (
        "CreateFunction",
        {
            "FunctionName": "f",
            "Namespace": "env-1",
            "Runtime": "Python3.10",
            "Handler": "index.main",
            "Timeout": 3,
            "MemorySize": 128,
            "Description": "code 0",
            "Environment": {"Variables": [{"Key": "A", "Value": "1"}, {"Key": "B", "Value": "2"}]},
            "Layers": [{"LayerName": "core_env-1", "LayerVersion": 3}],
            "Code": {"ZipFile": "emlw"},
            "InstallDependency": "FALSE",
            "Role": "TCB_QcsRole",
            "Stamp": "MINI_QCBASE",
            "ClsLogsetId": "set",
            "ClsTopicId": "topic",
        },
    )


def there_settings() -> Any:
    found, _ = environment({**FUNCTION, "Status": "Active", **described([("B", "2"), ("A", "1")])})
    return found.function("f").settings


def described(variables: Sequence[tuple[str, str]]) -> dict[str, Any]:
    return {
        "Environment": {"Variables": [{"Key": key, "Value": value} for key, value in variables]},
        "Layers": [{"LayerName": "core_env-1", "LayerVersion": 3}],
    }


@pytest.mark.parametrize("told", ["0 0 2 * * * *", '{"cron": "0 0 2 * * * *"}'], ids=["text", "object"])
def test_a_function_is_read_whatever_form_the_cloud_gives_its_parts(told: str) -> None:
    timer = {"TriggerName": "t", "Type": "timer", "TriggerDesc": told}
    other = {"TriggerName": "c", "Type": "cls", "TriggerDesc": "{}"}
    there, _ = environment({**FUNCTION, "Status": "Active", "Triggers": [timer, other], "Layers": None})

    found = there.function("f")

    assert (dict(found.timers), found.description, dict(found.settings.variables), found.settings.layers) == (
        {"t": "0 0 2 * * * *"},
        "",
        {},
        (),
    )


def test_a_layer_that_is_not_there_has_no_versions_and_another_refusal_is_told() -> None:
    assert environment("ResourceNotFound.Layer")[0].layer_versions("core") == []
    with pytest.raises(CloudError, match="AuthFailure"):
        environment("AuthFailure.SignatureFailure")[0].layer_versions("core")


def test_a_request_that_the_cloud_finds_too_large_has_the_same_way_out() -> None:
    there, _ = environment("RequestSizeLimitExceeded")

    with pytest.raises(NotDeployable, match="in the console"):
        there.publish_layer("core_env-1", b"zip", "layer 0")


def test_an_invocation_tells_a_failure_from_a_result() -> None:
    failed = {"ErrMsg": "it broke", "RetMsg": "", "FunctionRequestId": "r", "Duration": 1.5}
    well = {"ErrMsg": "", "RetMsg": '{"a": 1}', "FunctionRequestId": "r", "Duration": 1.5, "Log": "said"}
    there, client = environment({"Result": failed}, {"Result": well})

    assert there.invoke("f", {})[:3] == (None, "it broke", "")
    assert there.invoke("f", {"键": 1})[:3] == ({"a": 1}, "", "said")
    assert json.loads(client.asked[1][1]["ClientContext"]) == {"键": 1}


def test_routes_are_those_of_the_own_domain_to_functions() -> None:
    scf_route = {"Path": "/a", "UpstreamResourceType": "SCF", "UpstreamResourceName": "f", "Enable": True}
    shut = {**scf_route, "Path": "/b", "EnableAuth": True}
    static = {"Path": "/", "UpstreamResourceType": "STATIC_STORE", "UpstreamResourceName": "staticstore"}
    custom = {"Domain": "shop.example", "IsDefault": False, "Routes": [scf_route]}
    own = {"Domain": "env.example", "IsDefault": True, "Routes": [scf_route, shut, static]}
    doors = Doors(service(Client({"Domains": [custom, own]}))[0], "env-1")

    assert doors.routes() == ("env.example", {"/a": Route("f", open=True), "/b": Route("f", open=False)})


def test_without_a_domain_a_route_is_refused_with_what_to_do() -> None:
    doors = Doors(service(Client({"Domains": None}))[0], "env-1")

    domain, routes = doors.routes()

    assert (domain, routes) == (None, {})
    with pytest.raises(NotDeployable, match="in the console"):
        doors.set_route(domain, "/a", "f", exists=False)


def test_a_rule_that_was_never_set_is_the_platforms_default() -> None:
    assert Doors(service(Client({}))[0], "env-1").rule() == {"*": {"invoke": "auth != null"}}


def test_following_the_log_shows_every_invocation_once() -> None:
    first, second = ({"RequestId": name, "StartTime": name} for name in ("1", "2"))
    there, client = environment({"Data": [first]}, {"Data": [first, second]}, {"Data": [second]})

    following = watching.logs(there, ["f"], watching.now(), request_id=None, follow=True)

    assert [next(following), next(following)] == [first, second]
    with pytest.raises(IndexError):
        next(following)
    assert len(client.asked) == 4


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("15m", 900), ("2h", 7200), ("9d", 86400)])
def test_a_while_is_a_day_at_most(text: str, seconds: int) -> None:
    now = watching.now()

    assert (now - watching.since(text, now)).total_seconds() == seconds
