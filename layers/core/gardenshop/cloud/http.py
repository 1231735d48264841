"""The HTTP access service's events and replies.

Shapes: https://docs.cloudbase.net/service/access-cloud-function
"""

import base64
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
    """One HTTP reply with a text body."""

    status: int
    body: str = ""
    content_type: str = "application/json; charset=utf-8"

    @classmethod
    def failure(cls, *, status: int, message: str) -> "HttpResponse":
        """Return a reply in WeChat Pay's form, which makes it send its notice again."""
        return cls(status, ejson.encode({"code": "FAIL", "message": message}))

    def reply(self) -> dict[str, Any]:
        """Return the integration form that the access service takes."""
        return {
            "isBase64Encoded": False,
            "statusCode": self.status,
            "headers": {"Content-Type": self.content_type},
            "body": self.body,
        }


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
