"""The door itself: who calls is checked, the action found, the answer put into words."""

import json
import time
from typing import Any
from uuid import uuid4

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from localcloud.admin.documents import Documents
from localcloud.admin.refusals import Refused, from_engine
from localcloud.admin.signature import Call, verify
from localcloud.clock import Clock
from localcloud.cloudapi import Cloud
from localcloud.credentials import Credentials
from localcloud.engine import EngineError
from localcloud.functions import FunctionHost


class Door:
    """Answers what functions in Node ask of their environment."""

    def __init__(self, cloud: Cloud, functions: FunctionHost, credentials: Credentials, clock: Clock) -> None:
        self._env = cloud.env
        self._documents = Documents(cloud, clock)
        self._functions = functions
        self._credentials = credentials
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        request_id = str(uuid4())
        try:
            reply = {"data": await self._data(await self._body(request))}
        except Refused as refused:
            reply = refused.reply()
        except EngineError as error:
            reply = from_engine(error).reply()
        return JSONResponse({**reply, "requestId": request_id})

    async def _body(self, request: Request) -> dict[str, Any]:
        try:
            body = json.loads(await request.body())
        except ValueError as error:
            raise Refused("INVALID_PARAM", f"The body is not JSON: {error}.") from error
        if not isinstance(body, dict):
            raise Refused("INVALID_PARAM", "The body is not a JSON object.")
        call = Call(request.url.path, request.url.query, request.headers, body)
        verify(call, self._credentials, time.time(), self._clock.now())
        if body.get("envName") != self._env:
            raise Refused("INVALIID_ENV", f"Env {body.get('envName')} does not exist.")
        return body

    async def _data(self, body: dict[str, Any]) -> dict[str, Any]:
        name = body.get("action")
        if name == "functions.invokeFunction":
            return await self._invoke(body)
        action = self._documents.actions.get(str(name))
        if action is None:
            known = ", ".join([*self._documents.actions, "functions.invokeFunction"])
            raise Refused(
                "INVALID_PARAM", f"{name} is not supported by the local CloudBase; supported: {known}."
            )
        return action(body)

    async def _invoke(self, body: dict[str, Any]) -> dict[str, Any]:
        """Call another function, which then has no member's identity."""
        try:
            event = json.loads(body.get("request_data") or "{}")
        except (TypeError, json.JSONDecodeError) as error:
            raise Refused("INVALID_PARAM", f"request_data is not JSON: {error}.") from error
        called = await anyio.to_thread.run_sync(
            self._functions.invoke, str(body.get("function_name", "")), event
        )
        if called.failure is not None:
            raise Refused("FUNCTIONS_EXECUTE_FAIL", str(called.failure))
        return {"response_data": called.payload.decode()}
