"""The endpoint of Cloud API 3.0: verify, dispatch, answer. Raw ASGI, because everything passes through it.

Actions run on the event loop's thread: they are short, a hop to another thread would cost more than most of
them take, and one thread gives every command the engine to itself. An invocation waits elsewhere.
"""

import inspect
import logging
import time
import uuid
from collections.abc import Awaitable, Mapping
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from localcloud.clock import Clock
from localcloud.cloudapi import (
    commands,
    environments,
    function_rules,
    functions,
    gateway,
    invocations,
    layers,
    rules,
    tables,
    tc3,
    timers,
    uploads,
    versions,
)
from localcloud.cloudapi.cloud import Action, Cloud, Reply
from localcloud.cloudapi.errors import ApiError, from_engine
from localcloud.cloudapi.rate import Rate
from localcloud.credentials import Credentials
from localcloud.engine import EngineError
from localcloud.traces import Traces

PRODUCTS: Mapping[str, Mapping[str, Mapping[str, Action]]] = {
    "tcb": {
        "2018-06-08": {
            **commands.ACTIONS,
            **tables.ACTIONS,
            **rules.ACTIONS,
            **environments.ACTIONS,
            **function_rules.ACTIONS,
            **gateway.ACTIONS,
        },
    },
    "scf": {
        "2018-04-16": {
            **functions.ACTIONS,
            **versions.ACTIONS,
            **layers.ACTIONS,
            **timers.ACTIONS,
            **invocations.ACTIONS,
            **uploads.ACTIONS,
        },
    },
}
"""Service → version → action: a product is added by a module's ACTIONS and a line here."""

MAX_BODY = 10 * 1024 * 1024
MAX_CODE_BODY = 30 * 1024 * 1024
"""What a request may come to that carries a zip of 20 MB as base64."""

_WITH_CODE = ("CreateFunction", "UpdateFunctionCode", "PublishLayerVersion")

_log = logging.getLogger(__name__)


class Endpoint:
    """The ASGI application of the Cloud API."""

    def __init__(
        self, cloud: Cloud, credentials: Credentials, clock: Clock, traces: Traces | None = None
    ) -> None:
        self._traces = traces or Traces()
        self._cloud = cloud
        self._credentials = credentials
        self._clock = clock
        self._rate = Rate(cloud.limits.requests_per_second)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call; refusals are HTTP 200 too, as on the platform."""
        request_id = str(uuid.uuid4())
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            limit = MAX_CODE_BODY if headers.get("x-tc-action") in _WITH_CODE else MAX_BODY
            reply = self._answer(headers, await _body(receive, limit))
            if inspect.isawaitable(reply):
                reply = await reply
        except ApiError as error:
            reply = _refusal(error)
        except EngineError as error:
            reply = _refusal(from_engine(error))
        except RecursionError:
            reply = _refusal(ApiError("InvalidParameterValue", "The request is nested too deeply."))
        except Exception:  # noqa: BLE001  # The platform answers its own faults in the same form.
            _log.exception("action failed: %s %s", headers.get("x-tc-action"), request_id)
            reply = _refusal(ApiError("InternalError", "An internal error occurred."))
        content = orjson.dumps({"Response": {**reply, "RequestId": request_id}})
        await send({"type": "http.response.start", "status": 200, "headers": _headers(content)})
        await send({"type": "http.response.body", "body": content})

    def _answer(self, headers: Mapping[str, str], body: bytes) -> Reply | Awaitable[Reply]:
        now = time.time()
        service = tc3.verify(headers, body, self._credentials, now, self._clock.now())
        action = _action(service, headers)
        self._rate.take(now)
        try:
            parameters = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError as error:
            raise ApiError("InvalidParameter", f"The body is not JSON: {error}.") from error
        if action is not commands.run_commands:
            return action(self._cloud, parameters)
        with self._traces.trip(headers.get("x-tc-token", ""), parameters, at=self._clock.utc()):
            return action(self._cloud, parameters)


def _refusal(error: ApiError) -> dict[str, Any]:
    return {"Error": {"Code": error.code, "Message": error.message}}


def _headers(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return the response's headers; the SDK only reads a body whose type is exactly this."""
    return [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]


async def _body(receive: Receive, limit: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    size, parts = len(body), [body]
    while message.get("more_body"):
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:  # A larger one is read to its end all the same: its sender is not listening yet.
            parts.append(part)
    if size > limit:
        raise ApiError("RequestSizeLimitExceeded", f"The request is larger than {limit} bytes.")
    return b"".join(parts)


def _action(service: str, headers: Mapping[str, str]) -> Action:
    name, version = (_required(headers, header) for header in ("X-TC-Action", "X-TC-Version"))
    versions = PRODUCTS.get(service)
    if versions is None:
        raise ApiError(
            "NoSuchProduct", f"The product {service} is not served here; served: {', '.join(PRODUCTS)}."
        )
    actions = versions.get(version)
    if actions is None:
        raise ApiError(
            "NoSuchVersion", f"{service} has no version {version} here; served: {', '.join(versions)}."
        )
    action = actions.get(name)
    if action is None:
        raise ApiError(
            "InvalidAction",
            f"{service} {version} has no action {name} here; served: {', '.join(sorted(actions))}.",
        )
    return action


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name.lower())
    if not value:
        raise ApiError("MissingParameter", f"The request is missing the header `{name}`.")
    return value
