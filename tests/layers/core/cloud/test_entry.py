"""The doorway of every function: whom it serves, what it refuses, what it answers and what it logs."""

import json
import math
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from gardenshop.cloud import clock, entry
from gardenshop.cloud.database import find
from gardenshop.cloud.entry import (
    HTTP,
    MEMBER,
    OPERATOR,
    TIMER,
    Context,
    HttpRequest,
    HttpResponse,
    NoRequest,
    Request,
    Response,
    TimerEvent,
    cloud_function,
)
from gardenshop.cloud.errors import AppError, Busy, DatabaseRejected, DatabaseUnavailable, OutOfStock
from gardenshop.cloud.tc3 import Credentials
from gardenshop.models.base import Quantity, SkuId
from harness import A, B, Shop, open_shop, user_id
from misbehaving import misbehaving

NOON = 1_795_500_000_000
SECRET = "some-secret-value"


class Wish(Request):
    sku_id: SkuId
    quantity: Quantity = 1
    tags: Annotated[list[str], Field(max_length=3)] = Field(default_factory=list)


class Told(Response):
    """What the action saw."""

    user_id: str
    actor: str
    day: str
    now: int
    sku_id: str | None = None


def told(ctx: Context, **more: Any) -> Told:
    return Told(user_id=ctx.user_id, actor=ctx.actor, day=ctx.day, now=ctx.now, **more)


@cloud_function(caller=MEMBER)
def for_members(request: Wish, ctx: Context) -> Told:
    """Tell a member."""
    return told(ctx, sku_id=request.sku_id)


@cloud_function(caller=OPERATOR, name="admin_commission_pay")
def for_operators(request: NoRequest, ctx: Context) -> Told:  # noqa: ARG001  # Takes nothing.
    return told(ctx)


@cloud_function(caller=TIMER)
def for_timers(request: TimerEvent, ctx: Context) -> Told:  # noqa: ARG001  # Only dates the run.
    return told(ctx)


@cloud_function(caller=HTTP)
def for_http(request: HttpRequest, ctx: Context) -> HttpResponse:  # noqa: ARG001  # An echo.
    return HttpResponse(201, request.body.decode())


FUNCTIONS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {
    "member": (for_members, {"skuId": "tofu"}),
    "operator": (for_operators, {}),
    "timer": (for_timers, {"Type": "Timer", "Time": "2026-11-24T06:40:00Z"}),
    "http": (for_http, {"httpMethod": "POST", "body": "hello"}),
}


def context(carried: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    plain = {"request_id": "r-1", "function_name": "probe", "time_limit_in_ms": 10_000}
    return {**plain, "environment": json.dumps({"TCB_ENV": "env-1", **(carried or {})}), **changes}


def member(openid: str = A, source: str = "wx_client") -> dict[str, Any]:
    return context({"WX_OPENID": openid, "TCB_SOURCE": source})


CALLERS = {
    "member": member(),
    "member through a function": member(source="wx_client,scf"),
    "platform": context(),
    "old platform": context(environment=None, environ="TCB_ENV=env-1"),
    "other client": context({"TCB_UUID": "web-user"}),
    "crawler": context({"TCB_SOURCE": "wx_crawler"}),
    "unreadable": context(environment="{"),
    "no context": None,
}
SERVED = {
    "member": {"member", "member through a function"},
    "operator": {"platform", "old platform"},
    "timer": {"platform", "old platform"},
    "http": {"platform", "old platform"},
}


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as opened:
        yield opened


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("kind", FUNCTIONS)
@pytest.mark.usefixtures("shop")
def test_a_function_serves_its_callers_and_refuses_the_rest(kind: str, caller: str) -> None:
    function, event = FUNCTIONS[kind]

    reply = function(event, CALLERS[caller])

    if kind == "http":
        assert reply["statusCode"] == (201 if caller in SERVED[kind] else 403)
    else:
        assert reply["code"] == (0 if caller in SERVED[kind] else 40300)


def test_a_member_with_the_role_may_do_what_operators_do(shop: Shop) -> None:
    shop.add("users", {"_id": user_id(A), "roles": ["finance", "operator"], "openid": A})
    shop.add("users", {"_id": user_id(B), "roles": ["operator"], "openid": B})

    reply = for_operators({}, member(A))

    assert (reply["data"]["userId"], reply["data"]["actor"]) == (user_id(A), user_id(A))
    assert for_operators({}, member(B))["error"] == "FORBIDDEN"
    assert for_operators({}, member("o-unknown"))["error"] == "FORBIDDEN"
    assert for_operators({}, context())["data"]["actor"] == "platform"


@pytest.mark.usefixtures("shop")
def test_the_former_caller_left_in_the_process_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WX_OPENID", B)
    monkeypatch.setenv("TCB_SOURCE", "wx_client")

    assert for_members({"skuId": "tofu"}, context())["error"] == "FORBIDDEN"
    assert for_members({"skuId": "tofu"}, member(A))["data"]["userId"] == user_id(A)
    assert for_operators({}, context())["data"]["actor"] == "platform"


@pytest.mark.usefixtures("shop")
def test_the_identity_that_an_event_claims_is_passed_over() -> None:
    forged = {"skuId": "tofu", "userInfo": {"openId": B, "appId": "wx0"}}

    assert for_members(forged, member(A))["data"]["userId"] == user_id(A)
    assert for_members(forged, context())["error"] == "FORBIDDEN"


class TestEvents:
    """What is refused at the door, and how."""

    @pytest.mark.parametrize("event", [None, [], [{}], "text", '{"skuId":"tofu"}', 7, 1.5, True, b"bytes"])
    def test_what_is_no_object_is_refused(self, event: Any) -> None:
        reply = for_members(event, member())

        assert reply["error"] == "INVALID_REQUEST"
        assert reply["details"] == {"fields": [{"field": "event", "problem": "object required"}]}

    @pytest.mark.parametrize(
        ("event", "field", "problem"),
        [
            ({}, "skuId", "missing"),
            ({"skuId": SECRET + "!"}, "skuId", "string_pattern_mismatch"),
            ({"skuId": None}, "skuId", "string_type"),
            ({"skuId": {"$ne": SECRET}}, "skuId", "string_type"),
            ({"skuId": "tofu", "quantity": 0}, "quantity", "greater_than_equal"),
            ({"skuId": "tofu", "quantity": -1}, "quantity", "greater_than_equal"),
            ({"skuId": "tofu", "quantity": "2"}, "quantity", "int_type"),
            ({"skuId": "tofu", "quantity": 2.0}, "quantity", "int_type"),
            ({"skuId": "tofu", "quantity": True}, "quantity", "int_type"),
            ({"skuId": "tofu", "quantity": {"$gt": 0}}, "quantity", "int_type"),
            ({"skuId": "tofu", "tags": [1]}, "tags.0", "string_type"),
            ({"skuId": "tofu", "tags": list("abcd")}, "tags", "too_long"),
            ({"skuId": "tofu", "more": SECRET}, "more", "extra_forbidden"),
            ({"skuId": "tofu", "$where": SECRET}, "$where", "extra_forbidden"),
        ],
    )
    def test_the_wrong_field_is_named_and_never_its_value(self, event: Any, field: str, problem: str) -> None:
        reply = for_members(event, member())

        assert reply["error"] == "INVALID_REQUEST"
        assert reply["details"] == {"fields": [{"field": field, "problem": problem}]}
        assert SECRET not in json.dumps(reply)

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
    def test_numbers_that_are_none_are_refused(self, number: float) -> None:
        assert for_members({"skuId": "tofu", "quantity": number}, member())["code"] == 40000

    @pytest.mark.parametrize("value", ["\ud800", b"bytes", {1, 2}, object(), 10**30])
    def test_what_json_cannot_say_is_refused(self, value: Any) -> None:
        reply = for_members({"skuId": "tofu", "tags": [value]}, member())

        assert reply["code"] == 40000
        assert reply["details"] == {"fields": [{"field": "tags", "problem": "not JSON"}]}

    @pytest.mark.usefixtures("shop")
    def test_an_event_may_be_100_kilobytes_long(self) -> None:
        empty = len(json.dumps({"skuId": "tofu", "tags": [""]}, separators=(",", ":")))
        fits = {"skuId": "tofu", "tags": ["x" * (100 * 1024 - empty)]}
        too_large = {"skuId": "tofu", "tags": ["x" * (100 * 1024 - empty + 1)]}

        assert for_members(fits, member())["code"] == 0
        reply = for_members(too_large, member())
        assert (reply["error"], reply["details"]) == ("PAYLOAD_TOO_LARGE", {"limitBytes": 102_400})

    def test_many_wrong_fields_are_not_all_told(self) -> None:
        reply = for_members({f"field{i}" + "x" * 200: i for i in range(50)}, member())

        fields = reply["details"]["fields"]
        assert len(fields) == 20
        assert max(len(each["field"]) for each in fields) == 64

    def test_the_caller_is_told_apart_before_the_event_is_read(self) -> None:
        assert for_members({"nonsense": 1}, context())["error"] == "FORBIDDEN"


@pytest.mark.usefixtures("shop")
class TestReplies:
    """What is answered."""

    def test_a_success(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now_ms", lambda: NOON)

        assert for_members({"skuId": "tofu"}, member()) == {
            "code": 0,
            "message": "ok",
            "data": {
                "userId": user_id(A),
                "actor": user_id(A),
                "day": "2026-11-24",
                "now": NOON,
                "skuId": "tofu",
            },
            "requestId": "r-1",
        }

    def test_what_is_none_is_left_out(self) -> None:
        assert "skuId" not in for_operators({}, context())["data"]

    def test_a_refusal_says_why_and_with_what(self) -> None:
        assert failing(OutOfStock("卖完了", left=0)) == {
            "code": 40901,
            "error": "OUT_OF_STOCK",
            "message": "卖完了",
            "details": {"left": 0},
            "requestId": "r-1",
        }

    @pytest.mark.parametrize("fault", [Busy, DatabaseUnavailable, DatabaseRejected])
    def test_a_fault_tells_the_caller_nothing_but_its_name(self, fault: type[AppError]) -> None:
        assert failing(fault(reason=SECRET, cause=SECRET)) == {
            "code": fault.code,
            "error": fault.error,
            "message": fault.text,
            "details": {},
            "requestId": "r-1",
        }

    def test_a_bug_is_internal_without_a_trace_of_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        reply = failing(ValueError(SECRET))

        assert reply == {
            "code": 50000,
            "error": "INTERNAL",
            "message": "系统开小差了，请稍后再试",
            "details": {},
            "requestId": "r-1",
        }
        logged = capsys.readouterr()
        assert SECRET not in logged.out + logged.err
        assert json.loads(logged.out)["cause"].startswith("ValueError at test_entry.py:")

    def test_a_validation_error_from_within_is_our_bug(self) -> None:
        class Stored(BaseModel):
            n: int

        @cloud_function(caller=MEMBER)
        def reads_nonsense(request: NoRequest, ctx: Context) -> Told:  # noqa: ARG001  # Fails before it asks.
            Stored.model_validate({"n": SECRET})
            raise AssertionError

        reply = reads_nonsense({}, member())

        assert (reply["error"], reply["details"]) == ("INTERNAL", {})
        assert SECRET not in json.dumps(reply)


def failing(error: Exception) -> Any:
    @cloud_function(caller=MEMBER)
    def fails(request: NoRequest, ctx: Context) -> Told:  # noqa: ARG001  # Fails before it asks.
        raise error

    return fails({}, member())


class TestLog:
    """One line a call, with facts and nothing personal."""

    def test_a_call_is_one_line(self, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
        @cloud_function(caller=MEMBER)
        def reads_twice(request: Wish, ctx: Context) -> Told:
            ctx.db.read(find("users", {}), find("orders", {}))
            ctx.db.read(find("users", {"_id": request.sku_id}))
            return told(ctx)

        assert shop
        reads_twice({"skuId": SECRET}, member())

        (line,) = capsys.readouterr().out.splitlines()
        logged = json.loads(line)
        assert logged.pop("ms") >= 0
        assert logged == {
            "event": "call",
            "function": "probe",
            "requestId": "r-1",
            "code": 0,
            "error": "",
            "cause": "",
            "roundTrips": 2,
        }

    @pytest.mark.parametrize(
        ("event", "caller", "code", "error"),
        [
            ({"skuId": SECRET, "more": SECRET}, member(), 40000, "INVALID_REQUEST"),
            ({SECRET: SECRET}, member(), 40000, "INVALID_REQUEST"),
            ({"skuId": SECRET}, context({"TCB_UUID": SECRET}), 40300, "FORBIDDEN"),
            (SECRET, member(), 40000, "INVALID_REQUEST"),
            ({"skuId": "tofu"}, context(environment=SECRET), 40300, "FORBIDDEN"),
        ],
    )
    def test_a_refusal_is_one_too_and_says_nothing_personal(
        self, capsys: pytest.CaptureFixture[str], event: Any, caller: Any, code: int, error: str
    ) -> None:
        for_members(event, caller)

        (line,) = capsys.readouterr().out.splitlines()
        logged = json.loads(line)
        assert (logged["code"], logged["error"], logged["roundTrips"]) == (code, error, 0)
        assert SECRET not in line
        assert A not in line
        assert user_id(A) not in line

    def test_a_fault_leaves_its_cause_in_the_log(self, capsys: pytest.CaptureFixture[str]) -> None:
        failing(DatabaseRejected(apiCode="ResourceNotFound.Table", reason=SECRET))

        line = capsys.readouterr().out
        assert json.loads(line)["cause"] == "ResourceNotFound.Table"
        assert SECRET not in line


@pytest.mark.usefixtures("shop")
class TestTimers:
    """The event's time dates the work, for timers run late and more than once."""

    @pytest.mark.parametrize(
        ("event", "now", "day"),
        [
            ({"Type": "Timer", "Time": "2026-11-24T06:40:00Z"}, 1_795_502_400_000, "2026-11-24"),
            ({"Time": "2026-11-24T15:59:59Z"}, 1_795_535_999_000, "2026-11-24"),
            ({"Time": "2026-11-24T16:00:00Z"}, 1_795_536_000_000, "2026-11-25"),
            ({"Time": "2026-11-24T16:00:00Z", "Message": "x", "New": 1}, 1_795_536_000_000, "2026-11-25"),
        ],
    )
    def test_the_work_is_of_the_events_time(self, event: Any, now: int, day: str) -> None:
        data = for_timers(event, context())["data"]

        assert (data["now"], data["day"]) == (now, day)

    def test_without_a_time_it_is_now(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clock, "now_ms", lambda: NOON)

        assert for_timers({}, context())["data"]["now"] == NOON

    @pytest.mark.parametrize(
        "moment", ["yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z", "9" * 30, 7]
    )
    def test_a_time_that_is_none_is_refused(self, moment: Any) -> None:
        reply = for_timers({"Time": moment}, context())

        assert reply["error"] == "INVALID_REQUEST"
        assert reply["details"]["fields"][0]["field"] == "Time"


@pytest.mark.usefixtures("shop")
class TestHttp:
    """HTTP functions answer in the access service's integration form, whatever happens."""

    def test_a_success(self) -> None:
        reply = for_http({"httpMethod": "POST", "body": "aGk=", "isBase64Encoded": True}, context())

        assert reply == {
            "isBase64Encoded": False,
            "statusCode": 201,
            "headers": {"Content-Type": "application/json; charset=utf-8"},
            "body": "hi",
        }

    @pytest.mark.parametrize("event", [None, {}, "text", {"httpMethod": 7}])
    def test_what_is_no_http_request_is_400(self, event: Any) -> None:
        reply = for_http(event, context())

        assert reply["statusCode"] == 400
        assert json.loads(reply["body"]) == {"code": "FAIL", "message": "不是 HTTP 请求"}

    def test_a_bug_is_500_without_a_trace_of_it(self) -> None:
        @cloud_function(caller=HTTP)
        def fails(request: HttpRequest, ctx: Context) -> HttpResponse:  # noqa: ARG001  # Fails before it asks.
            raise ValueError(SECRET)

        reply = fails({"httpMethod": "GET"}, context())

        assert reply["statusCode"] == 500
        assert json.loads(reply["body"]) == {"code": "FAIL", "message": "系统开小差了，请稍后再试"}


class TestAdapter:
    """What an invocation gives to the way to the database."""

    def test_credentials_and_deadline_are_of_this_invocation(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen: list[tuple[Credentials, float]] = []
        monkeypatch.setattr(entry, "adapter_factory", lambda _, keys, deadline: seen.append((keys, deadline)))
        monkeypatch.setenv("TENCENTCLOUD_SECRETID", "stale")
        monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", "stale-key")
        monkeypatch.setattr(time, "monotonic", lambda: 1000.0)
        for name in ("one", "two"):
            keys = {"TENCENTCLOUD_SECRETID": name, "TENCENTCLOUD_SECRETKEY": f"key-{name}"}
            for_operators({}, context({**keys, "TENCENTCLOUD_SESSIONTOKEN": f"token-{name}"}))
        for_operators({}, context(time_limit_in_ms=3000))

        assert seen == [
            (Credentials("one", "key-one", "token-one"), 1009.5),
            (Credentials("two", "key-two", "token-two"), 1009.5),
            (Credentials("stale", "stale-key", ""), 1002.5),
        ]

    def test_a_database_that_does_not_answer_is_unavailable_within_the_time_limit(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        @cloud_function(caller=OPERATOR)
        def reads(request: NoRequest, ctx: Context) -> Told:  # noqa: ARG001  # The reply never comes.
            ctx.db.read(find("users", {}))
            raise AssertionError

        with misbehaving() as server:
            server.acts = [lambda _: server.over.wait(30) and False]
            monkeypatch.setenv("CLOUD_API_ENDPOINT", server.url)
            reply = reads({}, context(time_limit_in_ms=600))
            assert len(server.seen) == 1

        assert (reply["code"], reply["error"], reply["details"]) == (50303, "DATABASE_UNAVAILABLE", {})


def test_a_function_keeps_its_actions_docstring() -> None:
    assert for_members.__doc__ == "Tell a member."
