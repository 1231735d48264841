"""The endpoint itself: dispatch, the form of its errors, its limits."""

import asyncio
import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette

from gardenshop.cloud import tc3
from localcloud import cloudapi
from localcloud.clock import Clock
from localcloud.cloudapi import Cloud, Limits
from localcloud.cloudapi.endpoint import MAX_BODY
from localcloud.credentials import Credentials
from localcloud.engine import Engine

ENV = "test-env-1"
KEYS = Credentials("AKIDlocal", "secret-of-the-test", "token-of-the-test")


class Api:
    """The Cloud API without a server, called with a signature of the layer's own."""

    def __init__(self, engine: Engine, limits: Limits) -> None:
        none: Any = None  # No action of these tests is about functions.
        cloud = Cloud(engine, ENV, none, none, KEYS.secret_key, limits=limits)
        self._app = Starlette(routes=cloudapi.routes(cloud, KEYS, Clock()))

    def request(self, method: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
        async def send() -> Response:
            async with AsyncClient(
                transport=ASGITransport(self._app), base_url="http://testserver"
            ) as client:
                return await client.request(method, "/", content=body, headers=headers)

        return asyncio.run(send())

    def post(self, body: bytes, *, service: str = "tcb", **headers: str | None) -> Response:
        timestamp = int(time.time())
        keys = tc3.Credentials(KEYS.secret_id, KEYS.secret_key)
        sent = {
            "Content-Type": "application/json",
            "X-TC-Version": "2018-06-08",
            "X-TC-Timestamp": str(timestamp),
            "Authorization": tc3.authorization(
                keys, service=service, host="testserver", body=body, timestamp=timestamp
            ),
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("POST", body, {name: value for name, value in sent.items() if value is not None})

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        reply = self.post(json.dumps({"EnvId": ENV, **parameters}).encode(), X_TC_Action=action)
        return dict(reply.json()["Response"])

    def run(self, command: dict[str, Any], kind: str) -> dict[str, Any]:
        table = next(iter(command.values()))
        listed = [{"TableName": table, "CommandType": kind, "Command": json.dumps(command)}]
        return self.call("RunCommands", MgoCommands=listed)


def code(reply: dict[str, Any] | Response) -> str:
    fields = reply.json()["Response"] if isinstance(reply, Response) else reply
    assert set(fields) == {"Error", "RequestId"}
    assert set(fields["Error"]) == {"Code", "Message"}
    return str(fields["Error"]["Code"])


@pytest.fixture
def engine() -> Iterator[Engine]:
    with closing(Engine(None)) as engine:
        yield engine


@pytest.fixture
def api(engine: Engine) -> Api:
    return Api(engine, Limits())


def test_replies_and_refusals_are_http_200_with_a_request_id_each(api: Api) -> None:
    replies = [api.post(b"{}", X_TC_Action="DescribeEnvs"), api.post(b"{}", X_TC_Action="Nothing")]

    assert [reply.status_code for reply in replies] == [200, 200]
    assert [reply.headers["content-type"] for reply in replies] == ["application/json"] * 2
    assert len({uuid.UUID(reply.json()["Response"]["RequestId"]) for reply in replies}) == 2


def test_an_unknown_action_is_told_what_is_served(api: Api) -> None:
    reply = api.call("InvokeFunction")

    assert code(reply) == "InvalidAction"
    assert "InvokeFunction" in reply["Error"]["Message"]
    assert "RunCommands" in reply["Error"]["Message"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X_TC_Action": None}, "MissingParameter"),
        ({"X_TC_Version": None}, "MissingParameter"),
        ({"X_TC_Version": "2017-01-01"}, "NoSuchVersion"),
        ({"service": "cvm"}, "NoSuchProduct"),
        ({"X_TC_Timestamp": None}, "MissingParameter"),
        ({"X_TC_Timestamp": "0"}, "AuthFailure.SignatureExpire"),
        ({"Authorization": None}, "MissingParameter"),
        ({"Content_Type": "text/plain"}, "AuthFailure.SignatureFailure"),
        ({"X_TC_Token": "stolen"}, "AuthFailure.TokenFailure"),
    ],
)
def test_wrong_headers_are_refused(api: Api, headers: dict[str, Any], expected: str) -> None:
    assert code(api.post(b"{}", **{"X_TC_Action": "DescribeEnvs", **headers})) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", "InvalidParameter"),
        (b"\xff", "InvalidParameter"),
        (b'{"EnvId": NaN}', "InvalidParameter"),
        (b"[]", "InvalidParameterValue"),
        (b"null", "InvalidParameterValue"),
        (b'{"EnvId": 5}', "InvalidParameterValue"),
        (b'{"Surprise": 5}', "UnknownParameter"),
    ],
)
def test_a_body_that_is_no_request_is_refused(api: Api, body: bytes, expected: str) -> None:
    assert code(api.post(body, X_TC_Action="DescribeEnvs")) == expected


def test_a_body_may_be_empty(api: Api) -> None:
    assert api.post(b"", X_TC_Action="DescribeEnvs").json()["Response"]["Total"] == 1


def test_a_body_over_the_limit_is_refused(api: Api) -> None:
    reply = api.post(b" " * (MAX_BODY + 1), X_TC_Action="DescribeEnvs")

    assert code(reply) == "RequestSizeLimitExceeded"


def test_only_post_is_answered(api: Api) -> None:
    assert api.request("GET").status_code == 405


def test_a_fault_of_ours_is_an_internal_error_without_its_reason(
    api: Api, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(env: str) -> list[str]:
        raise RuntimeError(f"secret of {env}")

    monkeypatch.setattr(engine, "list_collections", broken)

    reply = api.call("ListTables")

    assert code(reply) == "InternalError"
    assert "secret" not in reply["Error"]["Message"]
    assert "secret of test-env-1" in caplog.text


def test_a_command_that_is_nested_too_deeply_is_refused(api: Api) -> None:
    api.call("CreateTable", TableName="t")
    nested: dict[str, Any] = {}
    for _ in range(900):
        nested = {"a": nested}

    reply = api.run({"update": "t", "updates": [{"q": {}, "u": {"$set": nested}, "upsert": True}]}, "UPDATE")

    assert code(reply) in {"InvalidParameterValue", "FailedOperation"}
    assert api.call("DescribeTables")["Tables"][0]["Count"] == 0


def test_a_result_over_the_limit_is_refused(engine: Engine) -> None:
    api = Api(engine, Limits(result_bytes=1000))
    api.call("CreateTable", TableName="t")
    api.run({"insert": "t", "documents": [{"_id": str(n), "text": "x" * 400} for n in range(3)]}, "INSERT")

    assert "Data" in api.run({"find": "t", "filter": {}, "limit": 2}, "QUERY")
    assert code(api.run({"find": "t", "filter": {}}, "QUERY")) == "LimitExceeded.OutOfResultSizeLimit"


def test_collections_over_the_limit_are_refused(engine: Engine) -> None:
    api = Api(engine, Limits(collections=2))
    for name in ("a", "b"):
        api.call("CreateTable", TableName=name)

    assert code(api.call("CreateTable", TableName="c")) == "LimitExceeded.OutOfTableQuota"
    assert [table["TableName"] for table in api.call("ListTables")["Tables"]] == ["a", "b"]


def test_indexes_over_the_limit_are_refused(engine: Engine) -> None:
    api = Api(engine, Limits(indexes=2))
    api.call("CreateTable", TableName="t")
    created = [
        {"IndexName": name, "MgoKeySchema": {"MgoIndexKeys": [{"Name": name, "Direction": "1"}]}}
        for name in "ab"
    ]

    reply = api.call("UpdateTable", TableName="t", CreateIndexes=created)

    assert code(reply) == "LimitExceeded.OutOfIndexQuota"
    assert [index["Name"] for index in api.call("DescribeTable", TableName="t")["Indexes"]] == ["_id_", "a"]


def test_requests_over_the_rate_are_refused_until_the_next_second(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api(engine, Limits(requests_per_second=2))
    now = 1_763_900_000.0
    monkeypatch.setattr(time, "time", lambda: now)

    codes = [api.call("DescribeEnvs").get("Error", {}).get("Code") for _ in range(3)]
    monkeypatch.setattr(time, "time", lambda: now + 1)

    assert codes == [None, None, "LimitExceeded.Request"]
    assert "Error" not in api.call("DescribeEnvs")
