"""Whatever anybody sends to any function, the answer is clean: done, or refused by name with nothing changed.

Driven by the request models, so a new function is under test as soon as it exists.
"""

import json
import unicodedata
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from functions.builders import line, place_order, user_coupon
from functions.events import CALLERS, CANARY, MODELLED, NAMES, VALID, broken, furnished, schema_of, valid
from gardenshop.cloud.errors import AppError
from harness import A, B, Shop, context, function, user_id

EVENTS_EACH = 120
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.fixture(scope="module", name="shop")
def _shop() -> Iterator[Shop]:
    with furnished() as shop:
        yield shop


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

OWNED = {"orderNo", "afterSaleNo", "plantId", "addressId", "removeAddressId", "userCouponId"}
SHARED = {
    "trackingNo",
    "lineId",
    "skuId",
    "productId",
    "userId",
    "exposureId",
    "practitionerId",
    "recipeId",
    "campaignId",
    "couponId",
    "promotionId",
    "giftSkuId",
    "withdrawalId",
    "payoutNo",
    "reviewId",
    "deviceId",
    "lessonId",
    "eventId",
    "ingredientId",
    "photoId",
    "supplierOrderNo",
    "supplierId",
    "suggestionId",
    "ruleId",
}
"""``userId``, ``payoutNo`` and ``reviewId`` only operators send, ``lineId`` is part of an owned order,
``trackingNo`` names a parcel, ``withdrawalId`` is looked for on the caller's own document, ``deviceId`` is
hers to say, an ``eventId`` is kept under her own id, ``photoId`` names a picture that is only kept.
``supplierOrderNo``, ``supplierId``, ``suggestionId`` and ``ruleId`` only operators send.
"""
OF_A: dict[str, list[dict[str, Any]]] = {
    "order_view": [{"orderNo": "{order}"}],
    "order_pay": [{"orderNo": "{order}"}],
    "order_cancel": [{"orderNo": "{order}"}],
    "order_confirm": [{"orderNo": "{order}"}],
    "refund_apply": [{"orderNo": "{order}", "action": "preview"}],
    "review_add": [{"orderNo": "{order}", "lineId": "L1", "score": 5}],
    "recommend": [{"scene": "after_pay", "orderNo": "{order}"}],
    "garden_tend": [{"action": "water", "plantId": "p1"}, {"action": "harvest", "plantId": "p1"}],
    "checkout_preview": [
        {"lines": [line()], "addressId": "of-a"},
        {"lines": [line()], "userCouponId": "of-a"},
    ],
    "coupon_center": [{"lines": [line()], "addressId": "of-a"}],
    "checkout": [
        {"lines": [line()], "addressId": "of-a", "clientToken": "token-0009", "expectedTotalFen": 2200},
        {"lines": [line()], "userCouponId": "of-a", "clientToken": "token-0009", "expectedTotalFen": 2200},
    ],
}


def id_fields(schema: dict[str, Any]) -> set[str]:
    parts = [schema, *schema.get("$defs", {}).values()]
    names = {name for part in parts for name in part.get("properties", {})}
    return {name for name in names if name.endswith(("Id", "No"))}


def test_every_id_that_a_request_can_name_is_known_to_be_owned_or_shared() -> None:
    assert {field for name in MODELLED for field in id_fields(schema_of(name))} <= OWNED | SHARED
    asked_by_members = {name for name in MODELLED if function(name).main.caller == "member"}
    naming = {name for name in asked_by_members if id_fields(schema_of(name)) & OWNED}
    assert naming == {*OF_A, "profile_update"}


@pytest.mark.parametrize("name", sorted(OF_A))
def test_what_belongs_to_another_is_not_found(name: str) -> None:
    with furnished() as shop:
        order_no = place_order(shop)["_id"]
        address = {**shop.one("users", user_id(A))["addresses"][0], "addressId": "of-a"}
        shop.ok("profile_update", {"saveAddress": address}, openid=A)
        shop.add("user_coupons", user_coupon("of-a"))
        for event in OF_A[name]:
            named = json.loads(json.dumps(event).replace("{order}", order_no))
            reply = shop.refused(name, named, openid=B)
            assert (reply["code"], reply["error"], reply["details"]) == (40400, "NOT_FOUND", {})


def test_removing_anothers_address_removes_nothing(shop: Shop) -> None:
    before = shop.one("users", user_id(A))

    shop.ok("profile_update", {"removeAddressId": "home"}, openid=B)

    assert shop.one("users", user_id(A)) == before
