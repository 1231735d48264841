"""The temporary bucket: a zip that no request carries is put there, and named to the API instead.

The official command line takes this way for functions, in parts. That layers may come by it too, that the
bucket takes an object at once and that its ETag is the MD5 is not documented: `deploy.py doctor` asks it.
"""

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx

from dataio.cloudapi import Access, is_loopback
from deploying.service import Service

_MB = 1024 * 1024
_PIECE = 4 * _MB
_ATTEMPTS = 3
_TIMEOUT = 120.0
_BUCKETS = {"ap-shanghai": "sh", "ap-guangzhou": "gz", "ap-beijing": "bj", "ap-singapore": "sg"}
"""What the name of each region's bucket begins with."""


class NotStaged(Exception):
    """The bucket did not take a zip, or took another one."""


class TemporaryBucket:
    """The bucket of *access*'s region; *scf* tells the place and gives the right to write there."""

    def __init__(self, access: Access, scf: Service, sleep: Callable[[float], None] = time.sleep) -> None:
        self._access = access
        self._scf = scf
        self._sleep = sleep

    def put(self, name: str, content: bytes) -> dict[str, str]:
        """Upload *content* and return the `Code` that names it. Raises NotStaged, CloudError."""
        host, url = self._place()
        path = f"{self._access.env_id}/{name}-{hashlib.sha256(content).hexdigest()[:16]}.zip"
        for attempt in range(1, _ATTEMPTS + 1):
            granted = self._scf.call("GetTempCosInfo", ObjectPath=path)
            key = f"/{granted['Date']}/{path}"
            headers = {"Host": host, "Authorization": granted["Sign"], "Content-Length": str(len(content))}
            try:
                reply = self._send(f"{url}{key}", headers, name, content)
            except httpx.TransportError as error:
                refusal = type(error).__name__
            else:
                if reply.is_success:
                    _check(reply, content)
                    return {"TempCosObjectName": key, "CosBucketRegion": self._access.region}
                refusal = f"{reply.status_code} {reply.text[:200]}"
                if reply.is_client_error:
                    break
            if attempt < _ATTEMPTS:
                self._sleep(2.0**attempt)
        raise NotStaged(f"the temporary bucket answered {refusal}")

    def _place(self) -> tuple[str, str]:
        """Return the bucket's host and where it is reached; a cloud on this machine is reached itself."""
        region = self._access.region
        if region not in _BUCKETS:
            raise NotStaged(f"no temporary bucket is known in {region}")
        host = f"{_BUCKETS[region]}tempcos-1253665819.cos.{region}.myqcloud.com"
        url = urlsplit(self._access.endpoint)
        return host, f"{url.scheme}://{url.netloc}" if is_loopback(self._access) else f"https://{host}"

    def _send(self, url: str, headers: dict[str, str], name: str, content: bytes) -> httpx.Response:
        with httpx.Client(timeout=_TIMEOUT, trust_env=not is_loopback(self._access)) as client:
            return client.put(url, headers=headers, content=_pieces(name, content))


def _pieces(name: str, content: bytes) -> Iterator[bytes]:
    """Yield *content* piece by piece, and say how far it is where there are several."""
    view, total = memoryview(content), len(content)
    for start in range(0, total, _PIECE):
        yield bytes(view[start : start + _PIECE])
        done = min(start + _PIECE, total)
        if total > _PIECE:
            print(f"{name}: {done / _MB:.0f} of {total / _MB:.0f} MB uploaded", file=sys.stderr)


def _check(reply: httpx.Response, content: bytes) -> None:
    """Refuse what arrived as something else than *content*."""
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if reply.headers.get("ETag", "").strip('"') != md5:
        raise NotStaged("the temporary bucket holds something else than was sent")
