"""The doorway of every function: who calls, what is asked, what is answered.

`cloud_function` turns a function file's ``main(request, ctx)`` into the platform's
``main(event, context)``: it tells the caller from the context, refuses the wrong kind, parses the
event once, runs the action, and maps every outcome to one reply shape. Nothing is ever raised
to the platform. An operator who asks for the health of a function is told what code it runs.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_type_hints

from gardenshop.cloud import clock, log
from gardenshop.cloud.context import Context
from gardenshop.cloud.database import Adapter, Database, find
from gardenshop.cloud.errors import AppError, Fault, Forbidden, Internal, InvalidRequest
from gardenshop.cloud.http import HttpRequest, HttpResponse, parse_http
from gardenshop.cloud.identity import (
    Caller,
    Kind,
    Unreadable,
    caller_of,
    context_environment,
    credentials_of,
    user_id,
)
from gardenshop.cloud.messages import NoRequest, Request, Response, TimerEvent, parse
from gardenshop.cloud.roles import role_among, roles_for
from gardenshop.cloud.settings import Settings
from gardenshop.cloud.tc3 import Credentials

MEMBER = "member"
OPERATOR = "operator"
TIMER = "timer"
HTTP = "http"

HEALTH = {"health": True}
"""What an operator asks any function to be told what code it runs."""

Event = Any
Reply = dict[str, Any]
Main = Callable[[Event, Any], Any]

_MARGIN = 0.5
_DEFAULT_TIME_LIMIT_MS = 10_000
_END_OF_TIME = 4_102_416_000_000
"""2100 in China, where the table of solar terms ends."""


AdapterFactory = Callable[[Settings, Credentials, float], Adapter]


def run_commands(settings: Settings, credentials: Credentials, deadline: float) -> Adapter:
    """The production adapter of the database port."""
    from gardenshop.cloud.runcommands import RunCommands  # noqa: PLC0415  # Tests bring their own adapter.

    return RunCommands(settings, credentials, deadline=deadline)


adapter_factory: AdapterFactory = run_commands
"""How an invocation reaches the database; tests put the local engine here."""

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")
Action = Callable[[RequestT, Context], ResponseT]


def cloud_function(*, caller: str, name: str = "") -> Callable[[Action[Any, Any]], Main]:
    """Declare a function's action: it serves callers of the kind *caller* and refuses the rest.

    OPERATOR actions also serve members of whom ``roles.MAY`` says that they may do what *name* does.
    """

    def declare(action: Action[Any, Any]) -> Main:
        hints = get_type_hints(action)
        function = _Function(action, hints["request"], caller, name)
        function.__doc__ = action.__doc__
        return function

    return declare


class _Function:
    """A declared function, callable as the platform calls it."""

    def __init__(self, action: Action[Any, Any], request_type: Any, caller: str, name: str) -> None:
        self.action = action
        self.request_type = request_type
        self.caller = caller
        self._name = name

    def __call__(self, event: Event, context: Any) -> Any:
        started = time.monotonic()
        facts = context if isinstance(context, Mapping) else {}
        call = _Call(request_id=str(facts.get("request_id") or ""))
        try:
            result = self._perform(event, context, facts, started, call)
            reply = result if isinstance(result, HttpResponse) else _success(result, call.request_id)
        except AppError as error:
            reply = self._failure(error, call)
        except Exception as error:  # noqa: BLE001  # The last doorway: nothing may reach the platform.
            call.cause = f"{type(error).__name__} at {log.place(error)}"
            reply = self._failure(Internal(), call)
        self._log(facts, started, call)
        return reply.reply() if isinstance(reply, HttpResponse) else reply

    def _perform(
        self, event: Event, context: Any, facts: Mapping[str, Any], started: float, call: "_Call"
    ) -> Any:
        try:
            environment = context_environment(context)
        except Unreadable:
            raise Forbidden from None
        caller = caller_of(environment)
        if caller.kind is Kind.PLATFORM and event == HEALTH:
            from gardenshop.cloud.health import health_of  # noqa: PLC0415  # Of no use to any other call.

            return health_of(self.action)
        self._admit_kind(caller)
        request = self._parse(event)
        limit_ms = float(facts.get("time_limit_in_ms") or _DEFAULT_TIME_LIMIT_MS)
        deadline = started + limit_ms / 1000 - _MARGIN
        settings = Settings.read()
        credentials = credentials_of(environment, os.environ)
        call.db = Database(adapter_factory(settings, credentials, deadline), caller.user_id)
        now = _time_of(request) if isinstance(request, TimerEvent) else clock.now_ms()
        ctx = Context(caller, call.db, now, call.request_id, settings, environment, deadline, credentials)
        return self.action(request, ctx._replace(role=self._role_of(request, ctx)))

    def _admit_kind(self, caller: Caller) -> None:
        expected = {MEMBER: (Kind.MEMBER,), OPERATOR: (Kind.PLATFORM, Kind.MEMBER)}
        if caller.kind not in expected.get(self.caller, (Kind.PLATFORM,)):
            raise Forbidden

    def _role_of(self, request: Any, ctx: Context) -> str:
        """Return by which role the caller may do it; who has no client identity acts as operator.

        Raises Forbidden for a member without one.
        """
        if self.caller != OPERATOR:
            return ""
        if ctx.caller.kind is not Kind.MEMBER:
            return OPERATOR
        action = getattr(request, "action", "")
        holds = {"_id": ctx.user_id, "roles": {"$in": list(roles_for(self._name, action))}}
        account = ctx.db.one(find("users", holds, fields=("roles",), limit=1))
        role = account and role_among(account["roles"], self._name, action)
        if not role:
            raise Forbidden
        return role

    def _parse(self, event: Event) -> Any:
        if self.request_type is HttpRequest:
            return parse_http(event)
        return parse(event, self.request_type)

    def _failure(self, error: AppError, call: "_Call") -> Any:
        call.error = error.error
        call.code = error.code
        if isinstance(error, Fault) and error.details:
            call.cause = str(error.details.get("apiCode") or error.details.get("cause") or call.cause)
        reply: Reply = {
            "code": error.code,
            "error": error.error,
            "message": error.message,
            "details": {} if isinstance(error, Fault) else error.details,
            "requestId": call.request_id,
        }
        if self.caller == HTTP:
            return HttpResponse.failure(status=error.code // 100, message=error.message)
        return reply

    def _log(self, facts: Mapping[str, Any], started: float, call: "_Call") -> None:
        log.emit(
            "call",
            function=str(facts.get("function_name") or ""),
            requestId=call.request_id,
            code=call.code,
            error=call.error,
            cause=call.cause,
            ms=round((time.monotonic() - started) * 1000, 1),
            roundTrips=call.db.round_trips if call.db else 0,
        )


class _Call:
    """What the log line of a call will say."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.db: Database | None = None
        self.code = 0
        self.error = self.cause = ""


def _success(result: Response, request_id: str) -> Reply:
    return {
        "code": 0,
        "message": "ok",
        "data": result.model_dump(mode="json", by_alias=True, exclude_none=True),
        "requestId": request_id,
    }


def _time_of(event: TimerEvent) -> int:
    if not event.Time:
        return clock.now_ms()
    try:
        instant = clock.parse_utc(event.Time)
    except ValueError:
        instant = -1
    if not 0 <= instant < _END_OF_TIME:
        raise InvalidRequest(fields=[{"field": "Time", "problem": "UTC time required"}])
    return instant


__all__ = [
    "HTTP",
    "MEMBER",
    "OPERATOR",
    "TIMER",
    "Context",
    "HttpRequest",
    "HttpResponse",
    "NoRequest",
    "Request",
    "Response",
    "TimerEvent",
    "cloud_function",
    "user_id",
]
