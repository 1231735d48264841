"""Whatever anybody sends to any function, the answer is clean: done, or refused by name with nothing changed.

Driven by the request models, so a new function is under test as soon as it exists.
"""

import json
import socket
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.builders import (
    FREIGHT,
    NOW,
    assert_lawful,
    document,
    garden,
    line,
    lot,
    place_order,
    plant,
    rule,
    stock_up,
    template,
    user,
)
from gardenshop.cloud import clock, entry
from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Command
from gardenshop.cloud.errors import AppError, DatabaseUnavailable
from gardenshop.cloud.http import HttpRequest
from gardenshop.cloud.wechat import WeChatApi
from harness import PHONE_KEY, ROOT, A, B, Shop, context, function, open_shop, user_id

NAMES = sorted(path.parent.name for path in (ROOT / "functions").glob("*/index.py"))
MODELLED = [name for name in NAMES if function(name).main.request_type is not HttpRequest]
CALLERS = {"member": A, "operator": "", "timer": "", "http": ""}
EVENTS_EACH = 120

CANARY = "canary"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
POOL: dict[str, list[Any]] = {
    "skuId": ["tofu-500g", "tea-500g"],
    "productId": ["tofu", "tea"],
    "code": ["mint", "sprout"],
    "plantId": ["p1", "p-of-b"],
    "addressId": ["home", "elsewhere"],
    "userId": [user_id(A), user_id(B)],
    "clientToken": ["token-0001", "token-0002", "token-0003"],
    "expectedTotalFen": [2200, 3400],
    "cursor": ["5~tofu", "0~x"],
    "Time": [
        "",
        "2026-11-23T04:00:00Z",
        "2099-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ],
}
VALID: dict[str, Any] = {
    "login": {},
    "profile_update": {"nickname": "小满", "sex": "female"},
    "constitution_assess": {},
    "product_search": {"keyword": "豆腐"},
    "product_detail": {"productId": "tofu"},
    "recommend": {},
    "cart_add": {"skuId": "tofu-500g", "clientToken": "add-00000001"},
    "cart_update": {"changes": [{"skuId": "tea-500g", "quantity": 2}]},
    "cart_view": {},
    "checkout_preview": {"lines": [line()]},
    "checkout": {"lines": [line()], "clientToken": "token-0009", "expectedTotalFen": 2200},
    "order_pay": {"orderNo": "of-a"},
    "order_view": {},
    "order_cancel": {"orderNo": "of-a"},
    "points_statement": {},
    "points_award": {
        "userId": user_id(A),
        "book": "garden",
        "points": 5,
        "reason": "感谢反馈",
        "clientToken": "award-0001",
    },
    "garden_tend": {"action": "plant", "code": "mint", "clientToken": "plant-0001"},
    "outbox_pump": {},
    "order_timeout": {},
    "restock_check": {},
    "pay_notify": {"httpMethod": "POST", "headers": {}, "body": "{}"},
}


def furnish(shop: Shop) -> None:
    """A small shop where most ids of `POOL` lead somewhere; nothing in it needs WeChat."""
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("plant_templates", template())
    for name in ("tofu", "tea"):
        stock_up(shop, name)
    for openid, points in ((A, 100), (B, 100)):
        balance = {"garden": {"available": points}, "shop": {"available": 0}}
        shop.add("users", user(openid, points=balance))
        shop.add("points_ledger", lot(f"award:{openid}", points, openid=openid))
    shop.add("gardens", garden(plant("p1")))
    shop.add("gardens", garden(plant("p-of-b"), openid=B))
    lines = [{**line("tea-500g"), "productId": "tea", "addedAt": NOW}]
    shop.add("shopping_cart", document("shopping_cart", id=user_id(A), lines=lines))


@contextmanager
def furnished() -> Iterator[Shop]:
    with pytest.MonkeyPatch.context() as patch, open_shop() as shop:
        patch.setenv("PHONE_HASH_KEY", PHONE_KEY)
        patch.setattr(clock, "now_ms", lambda: NOW)
        patch.setattr(WeChatApi, "_post", lambda *_: {"errcode": 40029})
        furnish(shop)
        yield shop


@pytest.fixture(scope="module", name="shop")
def _shop() -> Iterator[Shop]:
    with furnished() as shop:
        yield shop


# Events: valid ones from the model's schema, then broken.


def valid(schema: dict[str, Any], defs: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Return values that *schema* allows, where *name* says so from `POOL`."""
    if "$ref" in schema:
        return valid(defs[schema["$ref"].rsplit("/", 1)[1]], defs, name)
    if "anyOf" in schema:
        return st.one_of(*(valid(each, defs, name) for each in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if name in POOL:
        return st.sampled_from(POOL[name])
    return _BY_TYPE[schema["type"]](schema, defs)


def _objects(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" not in schema and "additionalProperties" in schema:
        keys = st.from_regex(schema.get("propertyNames", {}).get("pattern", "^[a-z]{1,3}$"), fullmatch=True)
        return st.dictionaries(keys, valid(schema["additionalProperties"], defs), max_size=3)
    properties = schema.get("properties", {})
    required = {name: valid(properties[name], defs, name) for name in schema.get("required", ())}
    optional = {name: valid(each, defs, name) for name, each in properties.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def _arrays(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    low = schema.get("minItems", 0)
    return st.lists(valid(schema["items"], defs), min_size=low, max_size=max(low, 3))


def _strings(schema: dict[str, Any], _: dict[str, Any]) -> st.SearchStrategy[Any]:
    low, high = schema.get("minLength", 0), schema.get("maxLength", 40)
    if "pattern" in schema:
        found = st.from_regex(schema["pattern"], fullmatch=True)
        return found.filter(lambda text: low <= len(text) <= high)
    return st.text("豆腐薄荷abc 1", min_size=low, max_size=min(high, 20))


def _integers(schema: dict[str, Any], _: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum", 0), schema.get("maximum", 10**6))


_BY_TYPE: dict[str, Any] = {
    "object": _objects,
    "array": _arrays,
    "string": _strings,
    "integer": _integers,
    "boolean": lambda *_: st.booleans(),
    "null": lambda *_: st.none(),
}

NASTY: list[Any] = [
    None, True, False, -1, 0, 1, 10**12, 2**63, 10**400, 0.5, 1.0, -0.0, 1e308, float("nan"), float("inf"),
    "", " ", "\u200b", "\u3164", f"{CANARY}\x00", f"{CANARY}\x1b[31m", f"{CANARY}\n", f"{CANARY}\u202e",
    f"\u2066{CANARY}", f"{CANARY}\ud800", f"\ufeff{CANARY}", f"{CANARY}\u2028", "１２３", "٣", "👩‍🌾" * 9,
    f"{CANARY}'; DROP TABLE users; --", f"<script>{CANARY}</script>", CANARY * 20_000, CANARY * 500,
    {"$ne": None}, {"$gt": ""}, {"$where": CANARY}, {"$regex": f".*{CANARY}"}, {"$in": [CANARY]},
    {"a.b": CANARY}, [], {}, [[]], [None], [{"$ne": None}], {"__proto__": CANARY}, [0] * 5_000,
]  # fmt: skip
KEYS = [
    "$where",
    "$ne",
    "a.b",
    "",
    "_id",
    "userId",
    "_openid",
    "openid",
    "__class__",
    "unknown",
    "\u202e",
    "\x00",
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside *value*."""
    yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def put(event: Any, path: Sequence[Any], value: Any) -> Any:
    if not path:
        return value
    inside = event
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return event


@st.composite
def broken(draw: st.DrawFn, events: st.SearchStrategy[Any]) -> Any:
    """An event with up to three values replaced, dropped, wrapped or added."""
    event = deepcopy(draw(events))
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(places(event))))
        kind = draw(st.sampled_from(["replace", "drop", "wrap", "add"]))
        inside = event
        for key in path:
            inside = inside[key]
        if kind == "replace":
            event = put(event, path, deepcopy(draw(st.sampled_from(NASTY))))
        elif kind == "wrap":
            event = put(event, path, draw(st.sampled_from([{"$ne": inside}, {"$in": [inside]}, [inside]])))
        elif kind == "drop" and path and isinstance(path[-1], str):
            holder = event
            for key in path[:-1]:
                holder = holder[key]
            del holder[path[-1]]
        elif kind == "add" and isinstance(inside, dict):
            inside[draw(st.sampled_from(KEYS))] = deepcopy(draw(st.sampled_from(NASTY)))
    return event


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = function(name).main.request_type.model_json_schema()
    return schema


# Replies: what is clean.


def error_classes(root: type[AppError] = AppError) -> Iterator[type[AppError]]:
    yield root
    for each in root.__subclasses__():
        yield from error_classes(each)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for part in pair for text in texts(part))
    elif isinstance(value, list):
        yield from (text for each in value for text in texts(each))


def is_tricky(text: str) -> bool:
    """Say whether *text* holds what no person types: control characters, bidi overrides, half characters."""
    return any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} or each in BIDI for each in text)


def check_success(name: str, event: Any, reply: dict[str, Any]) -> None:
    assert set(reply) == {"code", "message", "data", "requestId"}
    jsonschema.validate(event, schema_of(name))
    if function(name).main.caller != "timer":
        assert not any(is_tricky(text) for text in texts(event))


def check_refusal(reply: dict[str, Any]) -> None:
    known = {each.code: each.error for each in error_classes()}
    assert set(reply) == {"code", "error", "message", "details", "requestId"}
    assert known[reply["code"]] == reply["error"]
    assert 40000 <= reply["code"] < 50000
    assert any("\u4e00" <= character <= "\u9fff" for character in reply["message"])
    if reply["error"] == "INVALID_REQUEST":
        assert reply["details"]["fields"]
        assert all(each["field"] for each in reply["details"]["fields"])
    if reply["error"] in {"INVALID_REQUEST", "PAYLOAD_TOO_LARGE"}:
        assert CANARY not in json.dumps(reply)


class Watched:
    """The shop of one function's events, and what it held after the last that succeeded."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.held = shop.dump()

    def send(self, name: str, event: Any) -> None:
        """Call the function; check the answer, and that a refusal has changed nothing."""
        sent = deepcopy(event)
        reply = self.shop.call(name, event, openid=CALLERS[function(name).main.caller])
        json.dumps(reply, allow_nan=False)
        if reply["code"] == 0:
            check_success(name, sent, reply)
            self.held = self.shop.dump()
        else:
            check_refusal(reply)
            assert self.shop.dump() == self.held


@pytest.mark.parametrize("name", MODELLED)
def test_any_event_is_done_or_refused_cleanly(shop: Shop, name: str) -> None:
    schema = schema_of(name)
    watched = Watched(shop)

    @settings(max_examples=EVENTS_EACH, deadline=None, suppress_health_check=list(HealthCheck))
    @given(broken(valid(schema, schema.get("$defs", {}))))
    def holds(event: Any) -> None:
        if isinstance(event, dict):
            watched.send(name, event)

    holds()


@pytest.mark.parametrize("name", MODELLED)
@pytest.mark.parametrize("event", [[], "event", 7, 1.5, True, b"event", [{}]], ids=repr)
def test_what_is_no_object_is_refused(shop: Shop, name: str, event: Any) -> None:
    reply = shop.refused(name, event, openid=CALLERS[function(name).main.caller])

    check_refusal(reply)
    assert reply["details"]["fields"] == [{"field": "event", "problem": "object required"}]


@pytest.mark.parametrize("name", MODELLED)
def test_none_for_an_event_is_refused(shop: Shop, name: str) -> None:
    before = shop.dump()

    reply = function(name).main(None, context(CALLERS[function(name).main.caller]))

    check_refusal(reply)
    assert shop.dump() == before


@pytest.mark.parametrize("name", MODELLED)
def test_more_than_the_gateway_takes_is_refused(shop: Shop, name: str) -> None:
    event = {"unknown": "豆" * 40_000}

    reply = shop.refused(name, event, openid=CALLERS[function(name).main.caller])

    assert (reply["code"], reply["details"]) == (41300, {"limitBytes": 102_400})


def ascii_id(value: Any) -> str:
    return ascii(value)[:12]


@pytest.mark.parametrize("name", [name for name in MODELLED if function(name).main.caller != "timer"])
@pytest.mark.parametrize("value", [float("nan"), 10**400, "\ud800", {"$ne": None}, "x\x00"], ids=ascii_id)
def test_every_field_of_every_request_is_refused_by_its_name(shop: Shop, name: str, value: Any) -> None:
    for field in schema_of(name).get("properties", {}):
        reply = shop.refused(name, {**VALID[name], field: value}, openid=CALLERS[function(name).main.caller])

        assert reply["error"] == "INVALID_REQUEST"
        assert {each["field"].split(".")[0] for each in reply["details"]["fields"]} == {field}


WRONG_CALLERS = {"member": [""], "operator": [A], "timer": [A], "http": [A]}


@pytest.mark.parametrize("name", NAMES)
def test_the_wrong_kind_of_caller_is_refused(shop: Shop, name: str) -> None:
    main = function(name).main
    for openid in WRONG_CALLERS[main.caller]:
        before = shop.dump()
        reply = main(deepcopy(VALID[name]), context(openid))
        assert reply.get("statusCode", reply.get("code")) in {403, 40300}
        assert shop.dump() == before


def foreign() -> Any:
    facts: dict[str, Any] = context()
    facts["environment"] = json.dumps({"TCB_UUID": "web-user", "TCB_SOURCE": "web_client"})
    return facts


GARBAGE = [None, [], "context", 7, {"environment": "{"}, {"environment": "[]"}, {"environment": 5}, foreign()]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("facts", GARBAGE, ids=lambda facts: repr(facts)[:24])
def test_a_context_that_names_nobody_serves_nobody(shop: Shop, name: str, facts: Any) -> None:
    before = shop.dump()

    reply = function(name).main(deepcopy(VALID[name]), facts)

    assert reply.get("statusCode", reply.get("code")) in {403, 40300}
    assert shop.dump() == before


# Ids of what belongs to others.

OWNED = {"orderNo", "plantId", "addressId", "removeAddressId"}
SHARED = {"skuId", "productId", "userId", "exposureId", "practitionerId", "recipeId", "campaignId"}
"""``userId`` is asked for by operators only."""
OF_A: dict[str, list[dict[str, Any]]] = {
    "order_view": [{"orderNo": "{order}"}],
    "order_pay": [{"orderNo": "{order}"}],
    "order_cancel": [{"orderNo": "{order}"}],
    "garden_tend": [{"action": "water", "plantId": "p1"}, {"action": "harvest", "plantId": "p1"}],
    "checkout_preview": [{"lines": [line()], "addressId": "of-a"}],
    "checkout": [
        {"lines": [line()], "addressId": "of-a", "clientToken": "token-0009", "expectedTotalFen": 2200}
    ],
}


def id_fields(schema: dict[str, Any]) -> set[str]:
    parts = [schema, *schema.get("$defs", {}).values()]
    names = {name for part in parts for name in part.get("properties", {})}
    return {name for name in names if name.endswith(("Id", "No"))}


def test_every_id_that_a_request_can_name_is_known_to_be_owned_or_shared() -> None:
    assert {field for name in MODELLED for field in id_fields(schema_of(name))} <= OWNED | SHARED
    naming = {name for name in MODELLED if id_fields(schema_of(name)) & OWNED}
    assert naming == {*OF_A, "profile_update"}


@pytest.mark.parametrize("name", sorted(OF_A))
def test_what_belongs_to_another_is_not_found(name: str) -> None:
    with furnished() as shop:
        order_no = place_order(shop)["_id"]
        address = {**shop.one("users", user_id(A))["addresses"][0], "addressId": "of-a"}
        shop.ok("profile_update", {"saveAddress": address}, openid=A)
        for event in OF_A[name]:
            named = json.loads(json.dumps(event).replace("{order}", order_no))
            reply = shop.refused(name, named, openid=B)
            assert (reply["code"], reply["error"], reply["details"]) == (40400, "NOT_FOUND", {})


def test_removing_anothers_address_removes_nothing(shop: Shop) -> None:
    before = shop.one("users", user_id(A))

    shop.ok("profile_update", {"removeAddressId": "home"}, openid=B)

    assert shop.one("users", user_id(A)) == before


# A database in trouble.


class Troubled:
    """An adapter that fails at one trip, before or after its commands took effect."""

    def __init__(self, shop: Shop, trip: int, *, applied: bool) -> None:
        self.inner = shop.adapter.inner
        self.left = trip
        self.applied = applied

    def run(self, commands: Sequence[Command]) -> Any:
        self.left -= 1
        if self.left != 0:
            return self.inner.run(commands)
        if self.applied:
            self.inner.run(commands)
        raise DatabaseUnavailable


@pytest.mark.parametrize("applied", [False, True], ids=["not applied", "reply lost"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"pay_notify", "order_pay"}])
def test_a_database_that_fails_at_any_trip_harms_nothing(
    monkeypatch: pytest.MonkeyPatch, name: str, *, applied: bool
) -> None:
    """Trip after trip: a retriable answer; the same call again succeeds; what is left the timers finish.

    Paying, which needs WeChat, is tested with it.
    """
    for trip in range(1, 30):
        with furnished() as shop:
            order_no = place_order(shop)["_id"]
            event = json.loads(json.dumps(VALID[name]).replace("of-a", order_no))
            openid = CALLERS[function(name).main.caller]
            sound = shop.adapter.inner
            shop.adapter.inner = troubled = Troubled(shop, trip, applied=applied)
            reply = shop.call(name, event, openid=openid)
            shop.adapter.inner = sound
            if troubled.left <= 0:
                assert (reply["code"], reply["error"]) == (50303, "DATABASE_UNAVAILABLE")
                assert reply["details"] == {}
            shop.ok(name, event, openid=openid)
            monkeypatch.setattr(clock, "now_ms", lambda: NOW + 40 * MINUTE)
            shop.ok("order_timeout")
            assert_lawful(shop)
            monkeypatch.undo()
        if troubled.left > 0:
            return
    raise AssertionError


class Gateway(BaseHTTPRequestHandler):
    """A cloud API that answers *garbage*, or not at all before the test is over."""

    garbage: bytes | None = None
    over = threading.Event()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.garbage is None:
            self.over.wait()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.garbage)))
        self.end_headers()
        self.wfile.write(self.garbage)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Gateway.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


TROUBLE: dict[str, bytes | None] = {
    "silent": None,
    "not json": b"<html>502</html>",
    "not an object": b"[]",
    "no reply": b'{"Response": null}',
    "too few": b'{"Response": {"Data": []}}',
    "not documents": b'{"Response": {"Data": ["7", "7", "7", "7", "7", "7"]}}',
    "busy": b'{"Response": {"Error": {"Code": "LimitExceeded.Request", "Message": "x"}}}',
}


@pytest.mark.parametrize("kind", TROUBLE)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "pay_notify"])
def test_a_database_down_or_slow_or_mad_is_a_retriable_answer_in_time(
    monkeypatch: pytest.MonkeyPatch, gateway: str, name: str, kind: str
) -> None:
    monkeypatch.setattr(Gateway, "garbage", TROUBLE[kind])
    monkeypatch.setattr(entry, "adapter_factory", entry.run_commands)
    monkeypatch.setenv("CLOUD_API_ENDPOINT", gateway)
    main = function(name).main

    reply = main(deepcopy(VALID[name]), context(CALLERS[main.caller], time_limit_ms=560))

    assert (reply["code"], reply["error"], reply["details"]) == (50303, "DATABASE_UNAVAILABLE", {})


@pytest.mark.parametrize("name", [name for name in NAMES if name != "pay_notify"])
def test_a_database_that_is_not_there_is_a_retriable_answer(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(entry, "adapter_factory", entry.run_commands)
    monkeypatch.setenv("CLOUD_API_ENDPOINT", f"http://127.0.0.1:{free_port()}")
    main = function(name).main

    reply = main(deepcopy(VALID[name]), context(CALLERS[main.caller], time_limit_ms=560))

    assert (reply["code"], reply["error"]) == (50303, "DATABASE_UNAVAILABLE")
