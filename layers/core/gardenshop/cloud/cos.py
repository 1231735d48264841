"""The one doorway to COS, through boto3's S3 interface with what COS requires of it.

COS takes addresses that name the bucket in the host, uploads with a Content-Length and no checksum trailers,
and deletes of many objects only with an MD5: one at a time is deleted here. boto3 is imported where it is
used, because it costs more of a start than everything else together.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple

from gardenshop.cloud.errors import StorageUnavailable

_TIMEOUT = 20
_ATTEMPTS = 4
_GONE = frozenset({"404", "NoSuchKey"})


class CosSettings(NamedTuple):
    """Which bucket, and the keys to it; an *endpoint* of one's own is addressed by path, as stand-ins are."""

    bucket: str
    region: str
    secret_id: str
    secret_key: str
    token: str = ""
    endpoint: str = ""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "CosSettings | None":
        """Return what *environ* says; None where it names no bucket."""
        if not environ.get("COS_BUCKET"):
            return None
        return cls(
            bucket=environ["COS_BUCKET"],
            region=environ.get("COS_REGION") or environ.get("TENCENTCLOUD_REGION") or "ap-shanghai",
            secret_id=environ.get("TENCENTCLOUD_SECRETID", ""),
            secret_key=environ.get("TENCENTCLOUD_SECRETKEY", ""),
            token=environ.get("TENCENTCLOUD_SESSIONTOKEN", ""),
            endpoint=environ.get("COS_ENDPOINT", ""),
        )


class Cos:
    """The files of one bucket whose names begin with *prefix*."""

    def __init__(self, settings: CosSettings, prefix: str) -> None:
        self._settings = settings
        self._prefix = prefix

    def put(self, name: str, data: bytes) -> None:
        """Store *data* as *name*, in place of what was there."""
        self._call("put_object", Key=self._prefix + name, Body=data)

    def get(self, name: str) -> bytes:
        """Return what is stored as *name*.

        Raises:
            FileNotFoundError: nothing is.
        """
        with _translated(name):
            found: bytes = self._call("get_object", Key=self._prefix + name)["Body"].read()
        return found

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with *prefix*, in order."""
        more: dict[str, str] = {}
        while True:
            page = self._call("list_objects_v2", Prefix=self._prefix + prefix, **more)
            for item in page.get("Contents", ()):
                yield item["Key"].removeprefix(self._prefix)
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, name: str) -> None:
        """Delete *name*, if it is there."""
        self._call("delete_object", Key=self._prefix + name)

    @cached_property
    def client(self) -> Any:
        """The S3 client as COS wants it."""
        import boto3  # noqa: PLC0415  # See the module.
        from botocore.config import Config  # noqa: PLC0415

        settings = self._settings
        return boto3.client(
            "s3",
            endpoint_url=settings.endpoint or f"https://cos.{settings.region}.myqcloud.com",
            region_name=settings.region,
            aws_access_key_id=settings.secret_id,
            aws_secret_access_key=settings.secret_key,
            aws_session_token=settings.token or None,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path" if settings.endpoint else "virtual"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"max_attempts": _ATTEMPTS, "mode": "standard"},
                connect_timeout=_TIMEOUT,
                read_timeout=_TIMEOUT,
            ),
        )

    def _call(self, action: str, **arguments: Any) -> Any:
        with _translated(arguments.get("Key", "")):
            return getattr(self.client, action)(Bucket=self._settings.bucket, **arguments)


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """Turn what boto3 raises into errors of ours."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # See the module.

    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _GONE:
            raise FileNotFoundError(name) from None
        raise StorageUnavailable(reason=code) from error
    except BotoCoreError as error:
        raise StorageUnavailable(reason=type(error).__name__) from error
