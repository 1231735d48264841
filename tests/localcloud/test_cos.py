"""COS through the S3 API, with the client configuration that production uses."""

import base64
import hashlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.cos import CosStandIn

BUCKET = "garden-1250000000"
PRODUCTION: dict[str, Any] = {
    "signature_version": "s3v4",
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


def _client(endpoint: str, **options: Any) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="ap-shanghai",
        aws_access_key_id="id",
        aws_secret_access_key="key",
        config=Config(s3={"addressing_style": "path"}, **options),
    )


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    standin = CosStandIn()
    yield standin.start()
    standin.stop()


@pytest.fixture
def cos(endpoint: str) -> Any:
    client = _client(endpoint, **PRODUCTION)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-shanghai"})
    yield client
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)
    client.close()


def test_what_is_put_comes_back(cos: Any) -> None:
    cos.put_object(Bucket=BUCKET, Key="评价/1.jpg", Body=b"\xff\xd8", ContentType="image/jpeg")

    found = cos.get_object(Bucket=BUCKET, Key="评价/1.jpg")

    assert (found["Body"].read(), found["ContentType"]) == (b"\xff\xd8", "image/jpeg")


def test_large_files_go_up_in_parts(cos: Any) -> None:
    data = bytes(9 * 1024 * 1024)

    cos.upload_fileobj(BytesIO(data), BUCKET, "video.mp4")

    assert cos.head_object(Bucket=BUCKET, Key="video.mp4")["ContentLength"] == len(data)


def test_copies_and_single_deletes_work(cos: Any) -> None:
    cos.put_object(Bucket=BUCKET, Key="a", Body=b"1")

    cos.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
    cos.delete_object(Bucket=BUCKET, Key="a")

    assert [item["Key"] for item in cos.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["b"]


def test_multi_deletes_need_an_md5_as_on_cos(cos: Any) -> None:
    cos.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    wanted = {"Bucket": BUCKET, "Delete": {"Objects": [{"Key": "a"}]}}

    with pytest.raises(ClientError) as refusal:
        cos.delete_objects(**wanted)
    assert refusal.value.response["Error"]["Code"] == "MissingContentMD5"
    assert cos.head_object(Bucket=BUCKET, Key="a")["ContentLength"] == 1

    cos.meta.events.register("before-call.s3.DeleteObjects", _add_md5)
    cos.delete_objects(**wanted)
    assert "Contents" not in cos.list_objects_v2(Bucket=BUCKET)


def test_boto3s_default_upload_is_refused_as_on_cos(cos: Any, endpoint: str) -> None:
    default = _client(endpoint)

    with pytest.raises(ClientError) as refusal:
        default.put_object(Bucket=BUCKET, Key="a", Body=BytesIO(b"1"))

    assert refusal.value.response["Error"]["Code"] == "MissingContentLength"
    assert "Contents" not in cos.list_objects_v2(Bucket=BUCKET)
    default.close()


def test_it_starts_once_and_stops_for_good() -> None:
    standin = CosStandIn()
    assert standin.start() == standin.start()

    standin.stop()
    standin.stop()


def _add_md5(params: dict[str, Any], **_: Any) -> None:
    digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()
