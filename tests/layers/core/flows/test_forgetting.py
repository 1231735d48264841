"""Erasing a member: nothing tells of her any more, every law holds, and nobody else notices."""

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from faults import Killed
from functions.builders import coupon, document
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.cloud.database import update
from gardenshop.cloud.errors import AccountClosing, DatabaseUnavailable
from gardenshop.models.registry import COLLECTIONS, model_of
from gardenshop.rules.privacy import CONFIRMATION, NOBODY
from harness import A, B, Shop, user_id
from small_shop import ADDRESS, NOON, SmallShop, intruder, open_small_shop

NAME, WORDS = "沈素心", "只有我会写的备注"
HERS = {**ADDRESS, "name": NAME, "phone": "13912345678", "detail": "文三路 86 号"}
TRACES = (A, user_id(A), NAME, WORDS, "13912345678", "文三路 86 号")
"""What must be nowhere once she is erased."""


@pytest.fixture(name="small")
def _small() -> Iterator[SmallShop]:
    """The small shop; whatever happened, what is stored fits the models afterwards."""
    with open_small_shop() as small:
        yield small
        for collection in COLLECTIONS:
            for each in small.shop.documents(collection):
                if collection not in {"products", "ingredients"}:
                    model_of(collection).model_validate(each)


def live(small: SmallShop, openid: str = A, *, life: str = "1") -> str:
    """Live as a member of the shop does, and return the order that she has completed."""
    call, tag = small.call, openid[-1] + life
    call("profile_update", {"nickname": NAME, "saveAddress": HERS, "birthYear": 1958}, openid)
    small.award(openid, 60, f"award-of-{tag}")
    small.award(openid, 300, f"shop-of-{tag}1", book="shop")
    small.plant(openid, f"plant-of-{tag}")
    small.learn(openid)
    small.eat(openid, f"meal-of-{tag}1")
    small.eat(openid, f"meal-of-{tag}2")
    small.eat(openid, f"meal-of-{tag}2", "undo")
    call("points_exchange", {"points": 100, "clientToken": f"exchange-{tag}"}, openid)
    call("cart_add", {"skuId": "tofu", "clientToken": f"cart-of-{tag}1"}, openid)
    order_no = str(small.checkout(openid, {"tofu": 1}, f"order-of-{tag}", points=100)["data"]["orderNo"])
    attempt_no = small.open_payment(order_no, openid)
    assert small.till.pay(attempt_no)
    small.notify(attempt_no)
    parcel = {"carrier": "顺丰速运", "trackingNo": "SF1"}
    call("admin_order_ship", {"orderNo": order_no, "clientToken": f"parcel-{tag}1", "parcels": [parcel]})
    call("order_confirm", {"orderNo": order_no}, openid)
    call("review_add", {"orderNo": order_no, "lineId": "L1", "score": 5, "text": "豆香很浓"}, openid)
    small.rest()
    small.now += 9 * DAY
    call("order_timeout")
    small.rest()
    return order_no


def claim(small: SmallShop, openid: str) -> None:
    """Claim the coupon of the shop."""
    small.call("coupon_claim", {"couponId": "c1", "clientToken": f"claim-of-{openid[-1]}1"}, openid)


def open_centre(small: SmallShop) -> None:
    template = coupon(startAt=NOON - DAY, endAt=NOON + 90 * DAY, validity={"days": 60})
    small.shop.add("coupons", template)


def ask(small: SmallShop, openid: str = A) -> None:
    reply = small.call("privacy_request", {"action": "erase", "confirmation": CONFIRMATION}, openid)
    assert reply["code"] == 0, reply


def fall_due(small: SmallShop) -> None:
    small.now += 7 * DAY + MINUTE


def erase(small: SmallShop) -> None:
    ask(small)
    fall_due(small)
    small.rest()


def mark_as_hers(small: SmallShop, order_no: str) -> None:
    """Write into her documents what only she would."""
    sale = {"text": WORDS, "media": ["cloud://x/1.jpg"]}
    small.db.write(
        update("orders", {"_id": order_no}, {"$set": {"remark": WORDS}}),
        update("meals", {"userId": user_id(A), "source": "member"}, {"$set": {"text": WORDS}}, multi=True),
        update("points_ledger", {"userId": user_id(A)}, {"$set": {"note": WORDS}}, multi=True),
        update("product_reviews", {"userId": user_id(A)}, {"$set": {"media": sale["media"]}}, multi=True),
    )


def stored(shop: Shop) -> str:
    """Return all that is stored, but for her id where the trail of operators has it."""
    trail = json.dumps(shop.documents("audit_logs"), ensure_ascii=False).replace(user_id(A), "")
    return json.dumps({**shop.dump(), "audit_logs": trail}, ensure_ascii=False)


def of(shop: Shop, openid: str) -> dict[str, Any]:
    """Return everything stored that names *openid*'s account."""
    mine = user_id(openid)
    return {
        name: [each for each in found if mine in json.dumps(each, ensure_ascii=False)]
        for name, found in shop.dump().items()
    }


def test_after_it_nothing_stored_tells_of_her_and_every_law_holds(small: SmallShop) -> None:
    open_centre(small)
    claim(small, A)
    order_no = live(small)
    mark_as_hers(small, order_no)
    former = {"nickname": NAME, "addresses": [HERS], "mergedInto": user_id(A), "legacy": {"mergedAt": NOON}}
    small.shop.add("users", document("users", id="z:7-of-a-former-shop", **former))
    told = {"bio": WORDS, "learning": {"streak": 9}}
    profile = document("user_profiles_extended", id="z:7-of-a-former-shop", **told)
    small.shop.add("user_profiles_extended", profile)
    assert all(trace in stored(small.shop) for trace in TRACES)

    erase(small)

    assert [trace for trace in TRACES if trace in stored(small.shop)] == []
    assert small.breaches() == []


def test_what_the_books_need_is_kept_under_one_alias(small: SmallShop) -> None:
    open_centre(small)
    claim(small, A)
    order_no = live(small)
    points = small.shop.one("users", user_id(A))["points"]["shop"]

    erase(small)

    (account,) = (each for each in small.shop.documents("users") if each["status"] == "closed")
    alias, order = account["_id"], small.order(order_no)
    assert (account["points"]["shop"], "openid" in account, "nickname" in account) == (points, False, False)
    assert (order["userId"], order["remark"], order["clientToken"]) == (alias, "", order_no)
    assert ("address" in order, {each["openid"] for each in order["attempts"]}) == (False, {"erased"})
    (review,) = small.shop.documents("product_reviews")
    assert (review["userId"], review["nickname"], review["score"]) == (alias, NOBODY, 5)
    (copy,) = small.shop.documents("user_coupons")
    assert (copy["_id"], copy["state"]) == (f"c1:{alias}:{copy['_id'][-1]}", "expired")
    assert {row["userId"] for row in small.shop.documents("points_ledger")} == {alias}
    for name in ("shopping_cart", "gardens"):
        assert small.shop.documents(name) == []


def test_the_same_openid_is_a_new_member_afterwards(small: SmallShop) -> None:
    open_centre(small)
    claim(small, A)
    live(small)
    erase(small)

    account = small.shop.ok("login", openid=A)

    assert (account["isNew"], account["shopPoints"], account["nickname"]) == (True, 0, "")
    assert small.shop.ok("order_view", openid=A)["orders"] == []
    claim(small, A)
    live(small, life="2")
    assert small.breaches() == []


def test_nobody_else_is_touched(small: SmallShop) -> None:
    live(small, B)
    live(small)
    before = of(small.shop, B)

    erase(small)

    assert of(small.shop, B) == before


def test_until_the_last_piece_is_gone_her_openid_opens_no_account(small: SmallShop) -> None:
    live(small)
    ask(small)
    fall_due(small)
    refused = []

    def log_in() -> None:
        with small.fragile.immortal():
            refused.append(small.call("login", {}, A)["code"])

    with intruder(small, trip=7, act=log_in):
        small.call("outbox_pump")
    small.rest()

    assert refused == [AccountClosing.code]
    assert [trace for trace in TRACES if trace in stored(small.shop)] == []


def test_of_two_wishes_at_once_one_counts_and_both_tasks_forget_her(small: SmallShop) -> None:
    live(small)

    def ask_a_little_later() -> None:
        small.now += 1
        ask(small)

    with intruder(small, trip=2, act=ask_a_little_later):
        ask(small)
    asked_at = small.shop.one("users", user_id(A))["erasure"]["askedAt"]
    assert asked_at == small.now
    fall_due(small)
    small.rest()

    assert len(small.shop.documents("sync_tasks", {"topic": "privacy.erase"})) > 1
    assert [trace for trace in TRACES if trace in stored(small.shop)] == []
    assert small.breaches() == []


def test_points_that_move_just_before_are_not_lost(small: SmallShop) -> None:
    live(small)
    ask(small)
    fall_due(small)

    def award() -> None:
        with small.fragile.immortal():
            small.award(A, 7, "award-late1")

    with intruder(small, trip=5, act=award):
        small.call("outbox_pump")
    small.rest()

    assert small.breaches() == []
    assert [trace for trace in TRACES if trace in stored(small.shop)] == []


def test_an_order_of_the_last_week_is_waited_for(small: SmallShop) -> None:
    ask(small)
    order_no = str(small.checkout(A, {"tofu": 1}, "order-late1")["data"]["orderNo"])
    fall_due(small)
    small.call("outbox_pump")
    assert small.order(order_no)["userId"] == user_id(A)

    small.call("order_timeout")
    small.now += DAY + MINUTE
    small.rest()

    assert small.order(order_no)["userId"] != user_id(A)
    assert small.breaches() == []


def test_a_practitioner_leaves_with_her_badges(small: SmallShop) -> None:
    fields = {
        "practitionerId": "lin",
        "targetType": "product",
        "target": "p-tofu",
        "level": "gold",
        "testimony": WORDS,
        "state": "approved",
    }
    small.shop.add("practitioner_certifications", document("practitioner_certifications", id="c1", **fields))
    change = {"$set": {"userId": user_id(A), "name": NAME, "story": WORDS}}
    small.db.write(update("practitioners", {"_id": "lin"}, change))

    erase(small)

    (lin,) = small.shop.documents("practitioners")
    assert (lin["name"], lin["status"], "userId" in lin, "story" in lin) == (NOBODY, "left", False, False)
    assert small.shop.one("practitioner_certifications", "c1")["state"] == "withdrawn"
    assert small.shop.one("products", "p-tofu")["certifications"] == []
    assert [trace for trace in TRACES if trace in stored(small.shop)] == []


def test_more_than_a_page_takes_several_runs(small: SmallShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gardenshop.flows.forgetting.PAGE", 2)
    live(small)

    erase(small)

    assert [trace for trace in TRACES if trace in stored(small.shop)] == []
    assert small.breaches() == []


@pytest.mark.parametrize(
    ("death", "first"), [(Killed, 0), (DatabaseUnavailable, 1)], ids=["killed", "reply lost"]
)
def test_wherever_it_stops_the_pump_ends_it(death: type[BaseException], first: int) -> None:
    for lives in count(first, 2):
        with open_small_shop() as small:
            open_centre(small)
            claim(small, A)
            live(small)
            ask(small)
            fall_due(small)
            small.fragile.doom(lives, death)
            with suppress(Killed, DatabaseUnavailable):
                small.call("outbox_pump")
            small.fragile.heal()
            small.rest()

            assert (lives, small.breaches()) == (lives, [])
            assert [trace for trace in TRACES if trace in stored(small.shop)] == []
            if not small.fragile.deaths:
                return
