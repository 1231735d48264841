"""The HTTP doors: callers by header, the access service's shapes, failures in the platform's form, logs."""

import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.applications import Starlette

from localcloud.functions import FunctionHost, Limits
from localcloud.functions.routes import _Doors

from .conftest import Workshop

ECHO = "def main(event, context): return {'event': event, 'environment': context['environment']}"
REPLY = """
import json
def main(event, context):
    return json.loads(event['queryStringParameters']['reply'])
"""


class Client:
    """A plain client of a host's routes, in one event loop as under a server."""

    def __init__(self, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self._portal = portal
        self._client = client

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._portal.call(partial(self._client.request, method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)


@contextmanager
def open_client(host: FunctionHost) -> Iterator[Client]:
    transport = httpx.ASGITransport(Starlette(routes=host.routes()))
    with start_blocking_portal() as portal:
        client = httpx.AsyncClient(transport=transport, base_url="http://local")
        yield Client(portal, client)
        portal.call(client.aclose)


@pytest.fixture
def host(workshop: Workshop) -> FunctionHost:
    workshop.function("echo", ECHO, path="/shop/echo")
    workshop.function("reply", REPLY, path="reply")
    workshop.function("fail", "def main(event, context): raise ValueError('no')", path="/fail")
    timers = [{"name": "nightly", "config": "0 0 2 * * * *"}, {"name": "hourly", "config": "0 7 * * * * *"}]
    workshop.function("clock", "def main(event, context): return event", triggers=timers)
    return workshop.host()


@pytest.fixture
def client(host: FunctionHost) -> Iterator[Client]:
    with open_client(host) as client:
        yield client


def test_the_openid_header_makes_a_member(client: Client) -> None:
    response = client.post("/functions/echo", json={"a": 1}, headers={"X-Local-Openid": "oAnna"})
    reply = response.json()
    assert reply["event"] == {"a": 1, "userInfo": {"appId": "wx00000000000local", "openId": "oAnna"}}
    assert json.loads(reply["environment"])["WX_OPENID"] == "oAnna"
    assert response.headers["x-local-cold"] == "1"
    assert float(response.headers["x-local-duration-ms"]) > 0
    assert len(response.headers["x-local-request-id"]) == 36
    assert client.post("/functions/echo", json={}).headers["x-local-cold"] == "0"


@pytest.mark.parametrize(("headers", "trigger"), [({}, None), ({"X-Local-Caller": "timer"}, "timer")])
def test_without_an_openid_the_event_is_as_given(
    client: Client, headers: dict[str, str], trigger: str | None
) -> None:
    reply = client.post("/functions/echo", json={"a": 1}, headers=headers).json()
    environment = json.loads(reply["environment"])
    assert reply["event"] == {"a": 1}
    assert "WX_OPENID" not in environment
    assert environment.get("TRIGGER_SRC") == trigger


def test_an_empty_body_is_an_empty_event(client: Client) -> None:
    assert client.post("/functions/echo").json()["event"] == {}


@pytest.mark.parametrize("body", [b"{", b'{"a": NaN}', b"\xff", b"[" * 100_000, b"9" * 5000])
def test_a_body_that_is_not_json_is_refused_before_any_function_runs(
    client: Client, host: FunctionHost, body: bytes
) -> None:
    response = client.post("/functions/echo", content=body)
    assert response.status_code == 400
    assert response.json()["code"] == "FUNCTION_PARAM_INVALID"
    assert host.instances("echo") == 0


def test_an_unknown_function_is_not_found(client: Client) -> None:
    response = client.post("/functions/nothing", json={})
    assert response.status_code == 404
    reply = response.json()
    assert (reply["errCode"], reply["code"]) == (-501009, "FUNCTION_NOT_FOUND")
    assert reply["requestId"] == response.headers["x-local-request-id"]


def test_a_raised_exception_has_the_mini_programs_form(client: Client) -> None:
    response = client.post("/functions/fail", json={})
    reply = response.json()
    assert response.status_code == 500
    assert (reply["errCode"], reply["statusCode"]) == (-504002, 430)
    assert "ValueError: no" in reply["errMsg"]
    assert "index.py" in reply["errMsg"]


def test_a_members_request_above_100_kb_is_refused_and_an_operators_is_not(
    client: Client, host: FunctionHost
) -> None:
    body = json.dumps({"x": "y" * 100 * 1024})
    refused = client.post("/functions/echo", content=body, headers={"X-Local-Openid": "o"})
    assert refused.status_code == 413
    assert refused.json()["code"] == "EXCEED_MAX_PAYLOAD_SIZE"
    assert host.instances("echo") == 0
    assert client.post("/functions/echo", content=body).status_code == 200


def test_a_reply_above_1_mb_does_not_reach_a_member(client: Client, workshop: Workshop) -> None:
    workshop.function("large", "def main(event, context): return 'x' * 1024 * 1024")
    refused = client.post("/functions/large", headers={"X-Local-Openid": "o"})
    assert refused.status_code == 500
    assert refused.json()["code"] == "EXCEED_MAX_RESPONSE_SIZE"
    assert client.post("/functions/large").status_code == 200


def test_the_concurrency_error_is_told_as_such(workshop: Workshop) -> None:
    workshop.function("echo", ECHO)
    host = workshop.host(Limits(instances=0, queue_seconds=0))
    with open_client(host) as client:
        response = client.post("/functions/echo", json={})
    assert response.status_code == 429
    assert (response.json()["errCode"], response.json()["statusCode"]) == (-501004, 432)


def test_an_http_request_becomes_the_access_services_event(client: Client) -> None:
    response = client.request(
        "PUT",
        "/http/shop/echo/deeper?a=1&b=%E4%B8%AD",
        content="付款".encode(),
        headers=[("Content-Type", "text/plain; charset=utf-8"), ("X-Twice", "1"), ("X-Twice", "2")],
    )
    reply = response.json()
    event = reply["event"]
    headers = event.pop("headers")
    assert event.pop("multiValueHeaders")["x-twice"] == ["1", "2"]
    assert headers["x-twice"] == "1,2"
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert event == {
        "path": "/shop/echo/deeper",
        "httpMethod": "PUT",
        "queryStringParameters": {"a": "1", "b": "中"},
        "requestContext": {
            "requestId": response.headers["x-local-request-id"],
            "envId": "test-env",
            "appId": 1250000000,
            "uin": 100000000000,
        },
        "body": "付款",
        "isBase64Encoded": False,
    }
    assert "WX_" not in reply["environment"]


@pytest.mark.parametrize("content_type", ["application/octet-stream", "image/png", "text/plain"])
def test_a_body_that_is_not_text_travels_in_base64(client: Client, content_type: str) -> None:
    body = bytes(range(256))
    event = client.post("/http/shop/echo", content=body, headers={"Content-Type": content_type}).json()[
        "event"
    ]
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == body


@pytest.mark.parametrize(
    ("reply", "status", "content_type", "body"),
    [
        ("done", 200, "text/plain; charset=utf-8", b"done"),
        (12, 200, "text/plain; charset=utf-8", b"12"),
        ({"a": "中"}, 200, "application/json", '{"a": "中"}'.encode()),
        ([1], 200, "application/json", b"[1]"),
        (True, 200, "application/json", b"true"),
        (
            {"statusCode": 404, "body": "gone", "headers": {"Content-Type": "text/html"}},
            404,
            "text/html",
            b"gone",
        ),
        ({"statusCode": 201, "headers": {"Content-Type": "x/y"}, "body": {"b": 1}}, 201, "x/y", b'{"b": 1}'),
        (
            {
                "statusCode": "200",
                "isBase64Encoded": True,
                "headers": {"content-type": "x/y"},
                "body": "AP8=",
            },
            200,
            "x/y",
            b"\x00\xff",
        ),
    ],
)
def test_a_reply_becomes_the_response_of_its_shape(
    client: Client, reply: object, status: int, content_type: str, body: bytes
) -> None:
    response = client.get("/http/reply", params={"reply": json.dumps(reply)})
    assert response.status_code == status
    assert response.headers["content-type"] == content_type
    assert response.content == body


@pytest.mark.parametrize(
    "reply",
    [
        {"statusCode": 99},
        {"statusCode": "x"},
        {"statusCode": 200, "headers": 1},
        {"statusCode": 200, "isBase64Encoded": True, "body": "?"},
    ],
)
def test_a_malformed_integration_reply_is_a_clear_failure(client: Client, reply: object) -> None:
    response = client.get("/http/reply", params={"reply": json.dumps(reply)})
    assert response.status_code == 500
    assert response.json()["message"].startswith("Invalid integration response")


def test_http_failures_have_the_access_services_form(client: Client) -> None:
    missing, failed = client.get("/http/nothing"), client.get("/http/fail")
    large = client.post("/http/shop/echo", content="x" * (100 * 1024 + 1))
    assert (missing.status_code, missing.json()["code"]) == (404, "FUNCTION_NOT_FOUND")
    assert (failed.status_code, failed.json()["code"]) == (500, "FUNCTION_INVOCATION_FAILED")
    assert (large.status_code, large.json()["code"]) == (413, "EXCEED_MAX_PAYLOAD_SIZE")
    assert failed.json()["requestId"] == failed.headers["x-local-request-id"]


def test_a_timer_is_fired_by_hand(client: Client) -> None:
    first = client.post("/timers/clock").json()
    other = {"Time": "2026-02-21T19:49:00+08:00", "Message": "again"}
    second = client.post("/timers/clock?trigger=hourly", json=other).json()
    assert first["Type"] == "Timer"
    assert first["TriggerName"] == "nightly"
    assert first["Time"].endswith("Z")
    assert second == {
        "Type": "Timer",
        "TriggerName": "hourly",
        "Time": "2026-02-21T11:49:00Z",
        "Message": "again",
    }


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/timers/echo", {}, 404),
        ("/timers/nothing", {}, 404),
        ("/timers/clock?trigger=weekly", {}, 404),
        ("/timers/clock", {"Type": "Other"}, 400),
        ("/timers/clock", {"Time": "yesterday"}, 400),
        ("/timers/clock", {"Message": "x" * 4097}, 400),
    ],
)
def test_a_timer_that_cannot_be_fired_says_why(
    client: Client, host: FunctionHost, path: str, body: object, status: int
) -> None:
    response = client.post(path, json=body)
    assert response.status_code == status
    assert response.json()["errMsg"]
    assert host.instances("clock") == 0


def test_logs_can_be_read_by_function_and_by_request(client: Client, workshop: Workshop) -> None:
    workshop.function("talk", "def main(event, context):\n  print('你好', end='')\n  return 1")
    request_id = client.post("/functions/talk").headers["x-local-request-id"]
    client.post("/functions/talk")
    client.post("/functions/echo", json={})
    lines = [json.loads(line) for line in client.get(f"/logs?request_id={request_id}").text.splitlines()]
    assert [(line["function"], line["kind"]) for line in lines] == [("talk", "output"), ("talk", "report")]
    assert lines[0]["text"] == "你好"
    assert lines[1]["text"].startswith("OK cold ")
    assert len(client.get("/logs?function=talk").text.splitlines()) == 4
    assert len(client.get("/logs").text.splitlines()) == 5


def test_logs_are_followed_until_the_host_closes(host: FunctionHost) -> None:
    async def follow() -> list[str]:
        host.invoke("echo", {})
        lines: AsyncIterator[str] = _Doors(host)._lines("echo", "", follow=True)
        found = [json.loads(await anext(lines))["kind"]]
        with anyio.fail_after(10):
            host.invoke("echo", {})
            found.append(json.loads(await anext(lines))["kind"])
            host.close()
            found.extend([json.loads(line)["kind"] async for line in lines])
        return found

    assert anyio.run(follow) == ["report", "report"]
