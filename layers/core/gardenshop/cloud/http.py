"""The HTTP access service's events and replies.

Shapes: https://docs.cloudbase.net/service/access-cloud-function
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from gardenshop.cloud import ejson
from gardenshop.cloud.errors import InvalidRequest


class HttpRequest(NamedTuple):
    """One HTTP request; header names are lower-case, the body is the bytes that were sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class HttpResponse(NamedTuple):
    """One HTTP reply; a body of bytes travels in base64."""

    status: int
    body: str | bytes = ""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = {}

    @classmethod
    def failure(cls, *, status: int, message: str) -> "HttpResponse":
        """Return a reply in WeChat Pay's form, which makes it send its notice again."""
        return cls(status, ejson.encode({"code": "FAIL", "message": message}))

    def reply(self) -> dict[str, Any]:
        """Return the integration form that the access service takes."""
        encoded = isinstance(self.body, bytes)
        return {
            "isBase64Encoded": encoded,
            "statusCode": self.status,
            "headers": {"Content-Type": self.content_type, **self.headers},
            "body": base64.b64encode(self.body).decode() if isinstance(self.body, bytes) else self.body,
        }

    def packed(self, request: HttpRequest) -> "HttpResponse":
        """Return the reply as *request* takes it: compressed, and nothing where the client has it already."""
        plain = self.body if isinstance(self.body, bytes) else self.body.encode()
        tag = f'"{hashlib.sha256(plain).hexdigest()[:32]}"'
        headers = {**self.headers, "ETag": tag, "Vary": "Accept-Encoding, Cookie"}
        if tag in request.headers.get("if-none-match", ""):
            return self._replace(status=304, body="", headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return self._replace(headers=headers)
        import gzip  # noqa: PLC0415  # Of no use to who is not asked over HTTP.

        body = gzip.compress(plain, mtime=0)
        return self._replace(body=body, headers={**headers, "Content-Encoding": "gzip"})


def parse_http(event: Any) -> HttpRequest:
    """Read an access-service *event*. Raises InvalidRequest when it is not one."""
    if not isinstance(event, Mapping) or not isinstance(event.get("httpMethod"), str):
        raise InvalidRequest("不是 HTTP 请求")
    return HttpRequest(
        method=event["httpMethod"].upper(),
        path=str(event.get("path") or "/"),
        headers=_texts(event.get("headers"), lower=True),
        query=_texts(event.get("queryStringParameters"), lower=False),
        body=_body(event),
    )


def _texts(values: Any, *, lower: bool) -> dict[str, str]:
    if not isinstance(values, Mapping):
        return {}
    return {(str(key).lower() if lower else str(key)): str(value) for key, value in values.items()}


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not isinstance(body, str):
        raise InvalidRequest("请求体格式有误")
    try:
        return base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body.encode()
    except ValueError:
        raise InvalidRequest("请求体格式有误") from None
