"""review_add: one review of a received line, one addition, and a rating that counts each review once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import FREIGHT, NOW, die_everywhere, document, edit, place_order, rule, stock_up, user
from functions.conftest import Clock
from gardenshop.cloud.clock import HOUR
from gardenshop.models.base import RING_SIZE
from harness import A, B, Shop, user_id

PRAISE = {"lineId": "L1", "score": 5, "text": "豆香很浓，煎起来不碎"}


def prepare(shop: Shop) -> None:
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user(nickname="小满"))
    stock_up(shop)


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def received(shop: Shop, status: str = "received", **placing: Any) -> str:
    order_no: str = place_order(shop, **placing)["_id"]
    edit(shop, "orders", order_no, {"status": status})
    return order_no


def rating(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = shop.one("products", "tofu").get("rating") or {}
    return found


def practitioner(status: str = "active") -> dict[str, Any]:
    named = {"userId": user_id(A), "name": "林清禾", "level": "gold", "status": status}
    return document("practitioners", id="lin", **named)


@pytest.mark.parametrize("status", ["received", "completed"])
def test_a_received_line_is_reviewed_and_counted(shop: Shop, status: str) -> None:
    order_no = received(shop, status)
    picture = "cloud://env/a.jpg"

    added = shop.ok("review_add", {**PRAISE, "orderNo": order_no, "media": [picture]}, openid=A)

    assert added == {"reviewId": f"{order_no}:L1", "state": "shown"}
    assert shop.one("product_reviews", f"{order_no}:L1") == {
        "_id": f"{order_no}:L1",
        "productId": "tofu",
        "skuId": "tofu-500g",
        "orderNo": order_no,
        "lineId": "L1",
        "userId": user_id(A),
        "nickname": "小满",
        "score": 5,
        "text": PRAISE["text"],
        "media": [picture],
        "state": "shown",
        "schemaVersion": 1,
        "createdAt": NOW,
        "updatedAt": NOW,
    }
    assert rating(shop) == {"count": 1, "sum": 5}


@pytest.mark.parametrize("status", ["pending_payment", "paid", "shipped", "cancelled", "refunded"])
def test_what_was_not_received_is_not_reviewed(shop: Shop, status: str) -> None:
    reply = shop.refused("review_add", {**PRAISE, "orderNo": received(shop, status)}, openid=A)

    assert (reply["error"], reply["message"]) == ("ILLEGAL_TRANSITION", "收到商品后才能评价")


def test_anothers_order_and_an_unknown_line_are_not_found(shop: Shop) -> None:
    event = {**PRAISE, "orderNo": received(shop)}

    assert shop.refused("review_add", event, openid=B)["error"] == "NOT_FOUND"
    assert shop.refused("review_add", {**event, "lineId": "L2"}, openid=A)["error"] == "NOT_FOUND"


def test_the_same_again_changes_nothing_and_another_opinion_is_refused(shop: Shop) -> None:
    event = {**PRAISE, "orderNo": received(shop)}
    first = shop.ok("review_add", event, openid=A)
    before = shop.dump()

    assert shop.ok("review_add", event, openid=A) == first
    assert shop.dump() == before
    assert shop.refused("review_add", {**event, "score": 1}, openid=A)["error"] == "CONFLICT"


def test_of_two_opinions_at_once_one_counts(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    event = {**PRAISE, "orderNo": received(shop)}

    replies = at_once(*(("review_add", {**event, "score": score}, A) for score in (1, 2, 3, 4, 5) * 2))

    (stored,) = shop.documents("product_reviews")
    assert rating(shop) == {"count": 1, "sum": stored["score"]}
    assert sorted(reply["code"] for reply in replies) == [0] * 2 + [40900] * 8


def test_a_review_needs_a_score(shop: Shop) -> None:
    event = {"orderNo": received(shop), "lineId": "L1", "text": "好"}

    reply = shop.refused("review_add", event, openid=A)

    assert reply["details"] == {"fields": [{"field": "score", "problem": "missing"}]}


@pytest.mark.parametrize("text", ["吃了降血压", "加我微信", "看 www.example.com", "电话 138 0001 0086"])
def test_words_that_a_person_should_see_first_wait_and_are_not_counted(shop: Shop, text: str) -> None:
    event = {**PRAISE, "orderNo": received(shop), "text": text}

    assert shop.ok("review_add", event, openid=A)["state"] == "pending"
    assert rating(shop) == {"count": 0, "sum": 0}


def test_marks_that_turn_text_around_are_refused(shop: Shop) -> None:
    reply = shop.refused("review_add", {**PRAISE, "orderNo": received(shop), "text": "好\u202e"}, openid=A)

    assert reply["details"] == {"fields": [{"field": "text", "problem": "unseen_character"}]}


@pytest.mark.parametrize(("status", "badge"), [("active", "gold"), ("suspended", None)])
def test_an_active_practitioner_shows_her_badge(shop: Shop, status: str, badge: str | None) -> None:
    shop.add("practitioners", practitioner(status))

    added = shop.ok("review_add", {**PRAISE, "orderNo": received(shop)}, openid=A)

    assert added.get("practitionerBadge") == badge


def test_a_review_is_added_to_once(shop: Shop, clock: Clock) -> None:
    order_no = received(shop)
    shop.ok("review_add", {**PRAISE, "orderNo": order_no}, openid=A)
    event = {"action": "append", "orderNo": order_no, "lineId": "L1", "text": "又吃了一周，还是好"}
    clock.now = NOW + HOUR

    first = shop.ok("review_add", event, openid=A)

    assert shop.one("product_reviews", f"{order_no}:L1")["append"] == {
        "text": event["text"],
        "media": [],
        "state": "shown",
        "at": NOW + HOUR,
    }
    assert shop.ok("review_add", event, openid=A) == first
    assert shop.refused("review_add", {**event, "text": "再说一句"}, openid=A)["error"] == "CONFLICT"
    assert rating(shop) == {"count": 1, "sum": 5}


def test_an_addition_needs_a_review_and_words(shop: Shop) -> None:
    event = {"action": "append", "orderNo": received(shop), "lineId": "L1", "text": "好"}

    assert shop.refused("review_add", event, openid=A)["error"] == "NOT_FOUND"
    shop.ok("review_add", {**PRAISE, "orderNo": event["orderNo"]}, openid=A)
    assert shop.refused("review_add", {**event, "text": " "}, openid=A)["error"] == "INVALID_REQUEST"


def test_an_addition_may_wait_while_the_review_stays(shop: Shop) -> None:
    order_no = received(shop)
    shop.ok("review_add", {**PRAISE, "orderNo": order_no}, openid=A)
    event = {"action": "append", "orderNo": order_no, "lineId": "L1", "text": "能治病"}

    assert shop.ok("review_add", {**event, "text": "能治疗失眠"}, openid=A)["state"] == "pending"
    assert shop.one("product_reviews", f"{order_no}:L1")["state"] == "shown"


def _settled(shop: Shop) -> None:
    (stored,) = shop.documents("product_reviews")
    assert "ratingDueAt" not in stored
    assert rating(shop) == {"count": 1, "sum": 5}


def _review(shop: Shop) -> None:
    (order,) = shop.documents("orders")
    shop.call("review_add", {**PRAISE, "orderNo": order["_id"]}, openid=A)


def _open_received(shop: Shop) -> None:
    prepare(shop)
    received(shop)


def test_a_review_broken_off_anywhere_is_counted_once_when_sent_again() -> None:
    assert die_everywhere(_open_received, _review, _settled) >= 3


def test_a_review_broken_off_is_counted_by_the_pump(shop: Shop, clock: Clock) -> None:
    order_no = received(shop)
    shop.ok("review_add", {**PRAISE, "orderNo": order_no}, openid=A)
    edit(shop, "products", "tofu", {"rating": {"count": 0, "sum": 0}, "recentOps": []})
    edit(shop, "product_reviews", f"{order_no}:L1", {"ratingDueAt": NOW})
    clock.now = NOW + HOUR

    assert shop.ok("outbox_pump")["reviewsCounted"] == 1
    assert shop.ok("outbox_pump")["reviewsCounted"] == 0
    _settled(shop)


def test_what_a_products_ring_cannot_tell_any_more_is_left_for_a_person(shop: Shop, clock: Clock) -> None:
    order_no = received(shop)
    shop.ok("review_add", {**PRAISE, "orderNo": order_no}, openid=A)
    others = [{"key": f"review:{i}", "at": NOW + HOUR} for i in range(RING_SIZE)]
    edit(shop, "products", "tofu", {"recentOps": others})
    edit(shop, "product_reviews", f"{order_no}:L1", {"ratingDueAt": NOW})
    clock.now = NOW + 2 * HOUR

    assert shop.ok("outbox_pump")["reviewsCounted"] == 0
    assert rating(shop) == {"count": 1, "sum": 5}
    assert shop.one("product_reviews", f"{order_no}:L1")["ratingDueAt"] == NOW
