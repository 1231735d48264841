"""The HTTP access service: from a request to the event a function gets, from its reply to a response.

Shapes: docs.cloudbase.net/service/access-cloud-function, cloud.tencent.com/document/product/876/41776.
"""

import base64
import binascii
import json
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .callers import LOCAL_APPID, LOCAL_UIN
from .failures import FunctionRaised

_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")
_TEXT_ENDINGS = ("+json", "+xml", "x-www-form-urlencoded")


def is_text(content_type: str) -> bool:
    """Say whether a body of this type travels as text; without a type it does."""
    kind = content_type.partition(";")[0].strip().lower()
    return not kind or kind.startswith(_TEXT_TYPES) or kind.endswith(_TEXT_ENDINGS)


def to_event(request: Request, body: bytes, *, path: str, env_id: str, request_id: str) -> dict[str, Any]:
    """Return the event of *request*: header names in lower case, a body that is not text in base64."""
    text, encoded = _body(body, request.headers.get("content-type", ""))
    return {
        "path": path,
        "httpMethod": request.method,
        "headers": {key: ",".join(request.headers.getlist(key)) for key in request.headers},
        "multiValueHeaders": {key: request.headers.getlist(key) for key in request.headers},
        "queryStringParameters": dict(request.query_params),
        "requestContext": {
            "requestId": request_id,
            "envId": env_id,
            "appId": int(LOCAL_APPID),
            "uin": int(LOCAL_UIN),
        },
        "body": text,
        "isBase64Encoded": encoded,
    }


def to_response(payload: bytes) -> Response:
    """Return the response for a function's reply: text, the integration form, or plain JSON.

    Raises FunctionRaised when the integration form is malformed.
    """
    reply = json.loads(payload)
    if isinstance(reply, dict) and "statusCode" in reply:
        return _integration(reply)
    if isinstance(reply, str):
        return Response(reply, media_type="text/plain")
    if isinstance(reply, int | float) and not isinstance(reply, bool):
        return Response(payload, media_type="text/plain")
    return Response(payload, media_type="application/json")


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    with suppress(UnicodeDecodeError):  # What is said to be text may not be.
        if is_text(content_type):
            return body.decode(), False
    return base64.b64encode(body).decode(), True


def _integration(reply: dict[str, Any]) -> Response:
    try:
        body = reply.get("body", "")
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        content = base64.b64decode(text, validate=True) if reply.get("isBase64Encoded") else text.encode()
        response = Response(content, status_code=HTTPStatus(int(reply["statusCode"])))
        for name, value in (reply.get("headers") or {}).items():
            for one in value if isinstance(value, list) else [value]:
                response.headers.append(name, str(one))
    except (binascii.Error, TypeError, ValueError, AttributeError) as error:
        raise FunctionRaised(f"Invalid integration response: {error}") from error
    return response
