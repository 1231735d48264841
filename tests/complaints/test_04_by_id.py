"""Complaint 4: whoever guesses an id reads or changes what is somebody else's: orders, addresses, coupons.

(macrozheng/mall#599, #925, #994; newbee-ltd/newbee-mall-plus#41)

The ids come from the request models. A new function that takes one of `OWNED` is under test at once; an id
of another name must be listed here, with what makes it harmless, before anything passes.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from functions.builders import HOME, NOW, TERMS, Document, edit, place_order, user_coupon
from functions.events import MODELLED, VALID, furnish, schema_of
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.errors import NotFound, WithdrawalGone
from gardenshop.models.base import Key, LineId, OrderNo, SkuId, UserId
from harness import A, B, Shop, function, user_id

NOT_FOUND = {"withdrawalId": WithdrawalGone.code}
"""What is told of an id that is not there, where that is not `NotFound`."""

SECRET = "甲的秘密"
OWNED = {"orderNo", "afterSaleNo", "userCouponId", "addressId", "plantId", "withdrawalId"}
HARMLESS = {
    "clientToken": "made by its sender; what it names is hers, as the test of tokens shows",
    "saveAddress.addressId": "names one of her own addresses, as the test of addresses shows",
    "removeAddressId": "names one of her own addresses, as the test of addresses shows",
    "lineId": "counts within the order that is named beside it",
    "skuId": "goods are everybody's",
    "productId": "goods are everybody's",
    "noReturnConsent": "SKUs among those she buys",
    "recipeId": "recipes are everybody's",
    "couponId": "what is issued to many; a copy has an id of its own",
    "code": "a kind of plant",
    "practitionerId": "practitioners are public",
    "campaignId": "says where she comes from",
    "exposureId": "says where she comes from",
    "events.eventId": "made by its sender; what is stored under it begins with her own id",
    "exclude": "products that she has been shown",
    "promotionId": "campaigns are everybody's",
    "baseline": "what a meal is compared with is everybody's",
    "items.ingredientId": "ingredients are everybody's",
    "lessonId": "lessons are everybody's",
    "target": "a product or a recipe that a link shows",
    "deviceId": "says which phone she uses; only a hash of it is kept",
}
MORE: dict[str, Document] = {
    "refund_apply": {"trackingNo": "SF1001"},
    "garden_tend": {"code": "mint"},
    "checkout": {"expectedTotalFen": 1900},
    "recommend": {"scene": "after_pay"},
}
"""What an event must hold beside `VALID` for every action to come as far as the id."""

PATTERNS = {TypeAdapter(each).json_schema()["pattern"] for each in (Key, UserId, OrderNo, LineId, SkuId)}
MEMBERS = [name for name in MODELLED if function(name).main.caller == "member"]


def ids_in(schema: Document, defs: Document, path: str = "") -> Iterator[str]:
    """Yield the dotted names of all that *schema* says is an id."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    for each in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])):
        yield from ids_in(each, defs, path)
    for name, each in schema.get("properties", {}).items():
        yield from ids_in(each, defs, f"{path}.{name}".removeprefix("."))
    if schema.get("pattern") in PATTERNS:
        yield path


def ids_of(name: str) -> list[str]:
    schema = schema_of(name)
    return sorted(set(ids_in(schema, schema.get("$defs", {}))))


ATTACKS = [(name, path) for name in MEMBERS for path in ids_of(name) if path in OWNED]


class Two:
    """A, who owns one of everything and whose documents hold `SECRET`, and B, who owns as much."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        furnish(shop)
        shop.ok("commission_account", {**VALID["commission_account"], "clientToken": "payout-of-a"}, openid=A)
        edit(shop, "gardens", user_id(A), {"plants.0.name": SECRET})
        self.ids = {A: self._own(A, "p1", SECRET), B: self._own(B, "p-of-b", "")}

    def _own(self, openid: str, plant_id: str, text: str) -> dict[str, list[str]]:
        shop, copy = self.shop, f"given:{user_id(openid)}:0"
        home = {**HOME, "addressId": f"home-{openid}", "detail": f"文三路 1 号{text}"}
        edit(shop, "users", user_id(openid), {"addresses": [home]})
        orders = [place_order(shop, openid=openid, token=f"{openid}-{i:04}")["_id"] for i in range(3)]
        terms = {**TERMS, "minFen": 0}
        shop.add("user_coupons", user_coupon(copy, openid=openid, couponId="given", terms=terms))
        for order_no, status in zip(orders, ("pending_payment", "paid", "received"), strict=True):
            edit(shop, "orders", order_no, {"status": status, "closeAt": NOW + DAY, "remark": text})
        wish = {"orderNo": orders[1], "clientToken": "return-0001", "text": text}
        sale = shop.ok("refund_apply", wish, openid=openid)["afterSale"]
        return {
            "orderNo": orders,
            "afterSaleNo": [sale["afterSaleNo"]],
            "userCouponId": [copy],
            "addressId": [home["addressId"]],
            "plantId": [plant_id],
            "withdrawalId": [self._withdrawal(openid)],
        }

    def _withdrawal(self, openid: str) -> str:
        (practitioner,) = self.shop.documents("practitioners", {"userId": user_id(openid)})
        return str(practitioner["withdrawal"]["withdrawalId"])

    def events(self, name: str, openid: str) -> list[Document]:
        """Return events of *name*, one for every action and order, that hold ids of *openid*'s alone."""
        schema = schema_of(name)["properties"]
        actions = schema.get("action", {}).get("enum", [None])
        hers = self.ids[openid]
        event = {**VALID[name], **MORE.get(name, {})}
        event |= {key: ids[0] for key, ids in hers.items() if key in schema}
        orders = [{"orderNo": each} for each in hers["orderNo"]] if "orderNo" in schema else [{}]
        acts = [{"action": each} for each in actions if each]
        return [{**event, **order, **act} for order in orders for act in acts or [{}]]

    def of_a(self) -> list[Document]:
        """Return everything stored that is A's."""
        documents = [each for found in self.shop.dump().values() for each in found]
        return [each for each in documents if user_id(A) in {each.get("userId"), each["_id"].split(":")[0]}]

    def tells(self, reply: Document) -> bool:
        """Say whether *reply* tells something of A's."""
        text = json.dumps(reply, ensure_ascii=False)
        orders = [each["_id"] for each in self.shop.documents("orders", {"userId": user_id(A)})]
        return any(each in text for each in (SECRET, user_id(A), *orders))


@pytest.fixture(name="two")
def _two(shop: Shop, clock: Any) -> Two:
    clock.now = NOW
    return Two(shop)


@pytest.mark.parametrize("name", MEMBERS)
def test_every_id_that_a_member_may_send_is_known_to_be_owned_or_harmless(name: str) -> None:
    unknown = [
        path
        for path in ids_of(name)
        if path not in OWNED and not {path, path.rpartition(".")[2]} & HARMLESS.keys()
    ]

    assert unknown == []


@pytest.mark.parametrize(("name", "path"), ATTACKS)
def test_what_is_anothers_is_not_found(two: Two, name: str, path: str) -> None:
    """Looked up by an action is what its owner is told of that it is not there, when she makes it up."""
    shop, unknown = two.shop, NOT_FOUND.get(path, NotFound.code)
    pairs = [
        (hers, mine)
        for hers, mine in zip(two.events(name, A), two.events(name, B), strict=True)
        if shop.call(name, {**hers, path: "nothing"}, openid=A)["code"] == unknown
    ]

    for event in (event for hers, mine in pairs for event in (hers, {**mine, path: hers[path]})):
        refused = shop.refused(name, event, openid=B)
        assert (refused["code"], two.tells(refused)) == (unknown, False)

    found = [shop.call(name, hers, openid=A)["code"] != unknown for hers, _ in pairs]
    assert any(found), f"{name} finds nothing by {path}: what does its event lack?"


@pytest.mark.parametrize("name", [name for name in MEMBERS if "clientToken" in ids_of(name)])
def test_anothers_token_leads_to_nothing_of_hers(two: Two, name: str) -> None:
    assert 0 in {two.shop.call(name, event, openid=A)["code"] for event in two.events(name, A)}
    before = two.of_a()

    replies = [two.shop.call(name, event, openid=B) for event in two.events(name, B)]

    assert [reply for reply in replies if two.tells(reply)] == []
    assert two.of_a() == before


def test_anothers_address_is_neither_shown_nor_replaced_nor_removed(two: Two) -> None:
    before = two.of_a()
    address = {**HOME, "addressId": f"home-{A}"}

    saved = two.shop.ok("profile_update", {"saveAddress": address}, openid=B)
    removed = two.shop.ok("profile_update", {"removeAddressId": f"home-{A}"}, openid=B)

    assert not two.tells(saved)
    assert not two.tells(removed)
    assert two.of_a() == before
