"""The temporary bucket: what is sent there, what is made again, and what is not believed."""

import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from dataio.cloudapi import Access
from deploying import environment as deployed
from deploying.environment import Environment
from deploying.errors import NotDeployable
from deploying.service import Service
from deploying.staging import NotStaged, TemporaryBucket

CONTENT = b"zip" * 3_000_000
ACCESS = Access("https://tcb.tencentcloudapi.com", "env-1", "id", "key")
HOST = "shtempcos-1253665819.cos.ap-shanghai.myqcloud.com"
KEY = f"/2026-11-29/env-1/core-{hashlib.sha256(CONTENT).hexdigest()[:16]}.zip"
TAG = {"ETag": f'"{hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}"'}
STORED = httpx.Response(200, headers=TAG)

Answer = httpx.Response | httpx.TransportError


class Client:
    """The SDK's client: grants every upload and publishes every layer; keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def call_json(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((action, parameters))
        granted = {"Date": "2026-11-29", "Sign": "right"}
        return {"Response": {**granted, "LayerVersion": 4, "Status": "Active"}}


@pytest.fixture(name="answers")
def _answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[httpx.Request]]:
    """Let the bucket give some answers one by one; return what it is sent."""
    received: list[httpx.Request] = []
    client = httpx.Client

    def give(*answers: Answer) -> list[httpx.Request]:
        left = list(answers)

        def handle(request: httpx.Request) -> httpx.Response:
            request.read()
            received.append(request)
            answer = left.pop(0)
            if isinstance(answer, httpx.TransportError):
                raise answer
            return answer

        transport = httpx.MockTransport(handle)
        monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=transport))
        return received

    return give


def bucket(access: Access = ACCESS) -> TemporaryBucket:
    return TemporaryBucket(access, Service(Client()), lambda _: None)


def test_a_zip_is_sent_in_pieces_to_the_bucket_of_the_region_and_named_after_its_content(
    answers: Callable[..., list[httpx.Request]], capsys: pytest.CaptureFixture[str]
) -> None:
    received = answers(STORED)

    code = bucket().put("core", CONTENT)

    (request,) = received
    assert code == {"TempCosObjectName": KEY, "CosBucketRegion": "ap-shanghai"}
    assert (request.method, str(request.url), request.content) == ("PUT", f"https://{HOST}{KEY}", CONTENT)
    assert [request.headers[name] for name in ("Host", "Authorization", "Content-Length")] == [
        HOST,
        "right",
        "9000000",
    ]
    assert capsys.readouterr().err.splitlines() == [f"core: {done} of 9 MB uploaded" for done in (4, 8, 9)]


def test_an_upload_that_breaks_off_is_made_again(answers: Callable[..., list[httpx.Request]]) -> None:
    received = answers(httpx.ReadError("reset"), httpx.Response(503), STORED)

    bucket().put("core", CONTENT)

    assert [request.content == CONTENT for request in received] == [True] * 3


@pytest.mark.parametrize(
    ("given", "sent", "told"),
    [
        ((httpx.ReadError("reset"),) * 3, 3, "ReadError"),
        ((httpx.Response(503),) * 3, 3, "503"),
        ((httpx.Response(403, text="AccessDenied"),), 1, "403 AccessDenied"),
        ((httpx.Response(200, headers={"ETag": '"other"'}),), 1, "something else"),
        ((httpx.Response(200),), 1, "something else"),
    ],
    ids=["broken off", "unavailable", "refused", "other content", "no hash"],
)
def test_what_does_not_arrive_whole_is_not_named(
    answers: Callable[..., list[httpx.Request]], given: tuple[Answer, ...], sent: int, told: str
) -> None:
    received = answers(*given)

    with pytest.raises(NotStaged, match=told):
        bucket().put("core", CONTENT)

    assert len(received) == sent


def test_a_region_without_a_bucket_is_said() -> None:
    with pytest.raises(NotStaged, match="in mars"):
        bucket(ACCESS._replace(region="mars")).put("core", CONTENT)


def test_a_layer_is_published_by_name_and_one_that_cannot_be_sent_is_refused_with_a_way_out(
    answers: Callable[..., list[httpx.Request]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deployed, "LAYER_LIMIT", len(CONTENT) - 1)
    there, client = Environment(ACCESS, sleep=lambda _: None), Client()
    there.scf = Service(client)
    answers(STORED, httpx.Response(403, text="AccessDenied"))

    assert there.publish_layer("core", CONTENT, "layer abc") == 4
    with pytest.raises(NotDeployable, match=r"8\.6 MB.*403 AccessDenied.*in the console.*“layer abc”"):
        there.publish_layer("core", CONTENT, "layer abc")

    published = [asked for action, asked in client.asked if action == "PublishLayerVersion"]
    assert [each["Content"] for each in published] == [
        {"TempCosObjectName": KEY, "CosBucketRegion": "ap-shanghai"}
    ]
