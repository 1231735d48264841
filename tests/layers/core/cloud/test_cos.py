"""COS: files in one bucket, asked for as COS wants to be asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from gardenshop.cloud.cos import Cos, CosSettings
from gardenshop.cloud.errors import StorageUnavailable
from localcloud.cos import CosStandIn

SETTINGS = CosSettings("garden-1250000000", "ap-shanghai", "id", "key")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    standin = CosStandIn()
    yield standin.start()
    standin.stop()


@pytest.fixture
def cos(endpoint: str) -> Iterator[Cos]:
    """The files of an empty bucket below ``backups/``."""
    opened = Cos(SETTINGS._replace(endpoint=endpoint), "backups/")
    opened.client.create_bucket(
        Bucket=SETTINGS.bucket, CreateBucketConfiguration={"LocationConstraint": SETTINGS.region}
    )
    yield opened
    for name in list(opened.names()):
        opened.delete(name)
    opened.client.delete_bucket(Bucket=SETTINGS.bucket)


@pytest.fixture
def sent() -> list[Any]:
    """The requests that would have gone to COS, each answered with nothing."""
    requests: list[Any] = []
    wanted = CosSettings("garden-1250000000", "ap-guangzhou", "id", "key", token="session")

    def answer(request: Any, **_: Any) -> AWSResponse:
        requests.append(request)
        response = AWSResponse(request.url, 200, {}, None)
        response._content = b""
        return response

    opened = Cos(wanted, "backups/")
    opened.client.meta.events.register("before-send.s3", answer)
    opened.put("2026-11-29/products/00001.jsonl.gz", bytes(9 << 20))
    opened.delete("2026-11-29/manifest.json")
    list(opened.names("2026-11-29/"))
    return requests


def test_what_is_put_comes_back_in_place_of_what_was_there(cos: Cos) -> None:
    cos.put("a/1", b"one")
    cos.put("a/1", bytes(range(256)))

    assert cos.get("a/1") == bytes(range(256))


def test_names_are_listed_over_many_pages_in_order_and_below_a_prefix(cos: Cos) -> None:
    for number in range(5):
        cos.put(f"a/{number}", b"")
    cos.put("b/0", b"")
    pages = 0

    def count(params: Any, **_: Any) -> None:
        nonlocal pages
        pages += 1
        params["MaxKeys"] = 2

    cos.client.meta.events.register("provide-client-params.s3.ListObjectsV2", count)

    assert list(cos.names("a/")) == [f"a/{number}" for number in range(5)]
    assert pages == 3
    assert list(cos.names()) == [*(f"a/{number}" for number in range(5)), "b/0"]


def test_what_is_not_there_is_told_and_may_be_deleted_again(cos: Cos) -> None:
    cos.put("a", b"")
    cos.delete("a")
    cos.delete("a")

    with pytest.raises(FileNotFoundError):
        cos.get("a")


def test_a_bucket_that_is_not_there_or_a_server_that_does_not_answer_is_an_error_of_ours(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gardenshop.cloud.cos._ATTEMPTS", 1)
    for settings in (
        SETTINGS._replace(endpoint=endpoint, bucket="other-1250000000"),
        SETTINGS._replace(endpoint="http://127.0.0.1:9"),
    ):
        with pytest.raises(StorageUnavailable):
            Cos(settings, "").put("a", b"")


def test_in_production_the_bucket_is_in_the_host_and_the_length_in_the_headers(sent: list[Any]) -> None:
    put, delete, listing = sent
    host = "https://garden-1250000000.cos.ap-guangzhou.myqcloud.com"

    assert (put.method, put.url) == ("PUT", f"{host}/backups/2026-11-29/products/00001.jsonl.gz")
    assert put.headers["Content-Length"] in {str(9 << 20), str(9 << 20).encode()}
    assert (delete.method, delete.url) == ("DELETE", f"{host}/backups/2026-11-29/manifest.json")
    assert listing.url.startswith(f"{host}/?list-type=2&prefix=backups%2F2026-11-29%2F")


def test_in_production_nothing_is_sent_in_chunks_or_with_checksum_trailers(sent: list[Any]) -> None:
    names = {name.lower() for request in sent for name in request.headers}

    assert not names & {
        "transfer-encoding",
        "x-amz-trailer",
        "content-encoding",
        "x-amz-sdk-checksum-algorithm",
    }
    assert all(b"session" in _bytes(request.headers["X-Amz-Security-Token"]) for request in sent)
    assert all(b"AWS4-HMAC-SHA256" in _bytes(request.headers["Authorization"]) for request in sent)


def test_settings_come_from_the_environment_and_none_without_a_bucket() -> None:
    environ = {"COS_BUCKET": "b-1", "TENCENTCLOUD_SECRETID": "i", "TENCENTCLOUD_SECRETKEY": "k"}

    assert CosSettings.read({}) is None
    assert CosSettings.read(environ) == CosSettings("b-1", "ap-shanghai", "i", "k")
    assert CosSettings.read({**environ, "COS_REGION": "ap-beijing", "COS_ENDPOINT": "http://x"}) == (
        CosSettings("b-1", "ap-beijing", "i", "k", endpoint="http://x")
    )


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
