"""The HTTP doors of the function host: what the platform's gateway does before and after a function."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

import anyio
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from . import http_shapes
from .callers import HTTP, OPERATOR, TIMER, Caller, member
from .failures import Failure, FunctionNotFound, ParameterInvalid, PayloadTooLarge, ResponseTooLarge
from .invocation import Invocation, new_request_id
from .launcher import DEFAULT_ENV_ID
from .timers import timer_event

if TYPE_CHECKING:
    from .host import FunctionHost

TEXT_LIMIT = 100 * 1024
"""What a text request to the gateway may hold: docs.cloudbase.net/en/error-code/EXCEED_MAX_PAYLOAD_SIZE."""

BINARY_LIMIT = 6 * 1024 * 1024
RESPONSE_LIMIT = 1024 * 1024
"""What the gateway sends back: docs.cloudbase.net/error-code/EXCEED_MAX_RESPONSE_SIZE."""

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
_FOLLOW_SECONDS = 0.1
_WORKERS = 200
_MESSAGE_LIMIT = 4 * 1024


class TimerCall(BaseModel):
    """What may be said when a timer is fired by hand."""

    model_config = ConfigDict(extra="forbid")

    Time: datetime | None = None
    Message: str = ""


def routes(host: "FunctionHost") -> list[BaseRoute]:
    """Return the doors of *host*, ready to be mounted."""
    doors = _Doors(host)
    return [
        Route("/functions/{name}", doors.function, methods=["POST"]),
        Route("/http/{path:path}", doors.http_access, methods=_METHODS),
        Route("/timers/{name}", doors.timer, methods=["POST"]),
        Route("/logs", doors.logs, methods=["GET"]),
    ]


class _Doors:
    def __init__(self, host: "FunctionHost") -> None:
        self._host = host
        self._workers: anyio.CapacityLimiter | None = None

    async def function(self, request: Request) -> Response:
        """Answer as ``wx.cloud.callFunction`` does to a member, as an invoke does to the others."""
        caller = _caller(request)
        from_client = caller.kind == "member"
        try:
            event = _parse(await _read(request, TEXT_LIMIT if from_client else BINARY_LIMIT))
        except Failure as failure:
            return JSONResponse(failure.to_client(new_request_id()), failure.http_status)
        invocation = await self._invoke(request.path_params["name"], event, caller)
        return _function_response(invocation, RESPONSE_LIMIT if from_client else BINARY_LIMIT)

    async def http_access(self, request: Request) -> Response:
        """Answer as the HTTP access service does."""
        request_id = new_request_id()
        path = "/" + request.path_params["path"]
        try:
            is_text = http_shapes.is_text(request.headers.get("content-type", ""))
            body = await _read(request, TEXT_LIMIT if is_text else BINARY_LIMIT)
            project = self._host.launcher.project()
            function = project.route(path)
            if function is None:
                raise FunctionNotFound(f"No function among those {project.origin} serves the path {path}")
            env_id = project.env_id or DEFAULT_ENV_ID
            event = http_shapes.to_event(request, body, path=path, env_id=env_id, request_id=request_id)
            invocation = await self._invoke(function.name, event, HTTP, request_id)
            return _http_response(invocation)
        except Failure as failure:
            return JSONResponse(failure.to_http(request_id), failure.http_status)

    async def timer(self, request: Request) -> Response:
        """Fire a timer of the function now, once, and answer what came of it."""
        name = request.path_params["name"]
        try:
            call = _timer_call(await _read(request, TEXT_LIMIT))
            project = self._host.launcher.project()
            function = project.function(name)
            trigger = function.trigger(request.query_params.get("trigger")) if function else None
            if trigger is None:
                raise FunctionNotFound(f"No timer of the function [{name}] is among those {project.origin}")
        except Failure as failure:
            return JSONResponse(failure.to_client(new_request_id()), failure.http_status)
        event = timer_event(trigger, call.Time or self._host.clock.utc(), call.Message or trigger.message)
        return _function_response(await self._invoke(name, event, TIMER), BINARY_LIMIT)

    async def logs(self, request: Request) -> Response:
        """Send the log as one JSON object per line; with ``follow=1`` until the host closes."""
        query = request.query_params
        lines = self._lines(
            query.get("function", ""),
            query.get("request_id", ""),
            follow=query.get("follow", "") not in ("", "0"),
        )
        return StreamingResponse(lines, media_type="application/x-ndjson")

    async def _lines(self, function: str, request_id: str, *, follow: bool) -> AsyncIterator[str]:
        number = 0
        while True:
            last = self._host.closed or not follow
            for line in self._host.log.lines(after=number, function=function, request_id=request_id):
                number = line.number
                yield json.dumps(line.to_json(), ensure_ascii=False) + "\n"
            if last:
                return
            await anyio.sleep(_FOLLOW_SECONDS)

    async def _invoke(
        self, name: str, event: Any, caller: Caller, request_id: str | None = None
    ) -> Invocation:
        """Invoke in a worker thread; with the usual forty, a few slow functions would hold up all others."""
        if self._workers is None:
            self._workers = anyio.CapacityLimiter(_WORKERS)
        return await anyio.to_thread.run_sync(
            lambda: self._host.invoke(name, event, caller, request_id=request_id), limiter=self._workers
        )


def _caller(request: Request) -> Caller:
    openid = request.headers.get("x-local-openid", "")
    if openid:
        address = request.client.host if request.client else "127.0.0.1"
        return member(openid, request.headers.get("x-local-unionid", ""), address)
    return TIMER if request.headers.get("x-local-caller") == "timer" else OPERATOR


async def _read(request: Request, limit: int) -> bytes:
    """Return the body. Raises PayloadTooLarge beyond *limit* bytes.

    A body that is too large, but not absurdly so, is read to its end: only then every client sees the reply.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BINARY_LIMIT:
            break
    if len(body) > limit:
        raise PayloadTooLarge(f"The request body is larger than {limit} bytes")
    return bytes(body)


def _parse(body: bytes) -> Any:
    """Return the event in *body*; an empty body is an empty object."""
    try:
        return json.loads(body or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise ParameterInvalid("The request body is not valid JSON") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _timer_call(body: bytes) -> TimerCall:
    try:
        call = TimerCall.model_validate(_parse(body))
    except ValidationError as error:
        raise ParameterInvalid(str(error)) from None
    if len(call.Message.encode()) > _MESSAGE_LIMIT:
        raise ParameterInvalid(f"Message is larger than {_MESSAGE_LIMIT} bytes")
    return call


def _function_response(invocation: Invocation, limit: int) -> Response:
    failure = invocation.failure or _too_large(invocation, limit)
    if failure is None:
        response = Response(invocation.payload, media_type="application/json")
    else:
        response = JSONResponse(failure.to_client(invocation.request_id), failure.http_status)
    return _marked(response, invocation)


def _http_response(invocation: Invocation) -> Response:
    try:
        failure = invocation.failure or _too_large(invocation, RESPONSE_LIMIT)
        if failure is not None:
            raise failure
        response = http_shapes.to_response(invocation.payload)
    except Failure as failed:
        response = JSONResponse(failed.to_http(invocation.request_id), failed.http_status)
    return _marked(response, invocation)


def _too_large(invocation: Invocation, limit: int) -> Failure | None:
    if len(invocation.payload) <= limit:
        return None
    return ResponseTooLarge(f"The reply is larger than {limit} bytes")


def _marked(response: Response, invocation: Invocation) -> Response:
    response.headers["X-Local-Cold"] = "1" if invocation.cold else "0"
    response.headers["X-Local-Duration-Ms"] = f"{invocation.duration_ms:.2f}"
    response.headers["X-Local-Memory-Mb"] = f"{invocation.memory_mb:.1f}"
    response.headers["X-Local-Request-Id"] = invocation.request_id
    return response
