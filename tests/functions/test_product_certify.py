"""product_certify: practitioners vouch, operators decide, and products show exactly what is approved."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import NOW, die_everywhere, document, edit, stock_up, user
from gardenshop.cloud.clock import DAY
from harness import A, B, Shop, user_id

CERTIFY = {"productId": "tofu", "testimony": "去过作坊，黄豆、水、盐卤三样，当天点当天卖。"}
APPROVE = {"action": "approve", "productId": "tofu", "practitionerId": "lin"}
REFUSE = {**APPROVE, "action": "refuse", "note": "请补充照片"}
WITHDRAW = {"action": "withdraw", "productId": "tofu"}
KEY = "lin:product:tofu"
LIKE = {"level": "silver", "status": "active"}
BADGE = {"certificationId": KEY, "practitionerId": "lin", "name": "林清禾", "level": "gold"}


def prepare(shop: Shop) -> None:
    stock_up(shop)
    shop.add("users", user(A))
    shop.add("users", user(B, roles=["operator"]))
    shop.add("practitioners", practitioner())


def practitioner(**changes: Any) -> dict[str, Any]:
    named = {"userId": user_id(A), "name": "林清禾", "level": "gold", "status": "active", **changes}
    return document("practitioners", id="lin", **named)


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def badges(shop: Shop) -> list[dict[str, Any]]:
    return list(shop.one("products", "tofu").get("certifications") or ())


def test_a_certification_is_shown_once_approved(shop: Shop) -> None:
    assert shop.ok("product_certify", CERTIFY, openid=A)["state"] == "applied"
    assert badges(shop) == []

    approved = shop.ok("product_certify", {**APPROVE, "days": 30}, openid=B)

    until = NOW + 30 * DAY
    assert approved == {"certificationId": KEY, "state": "approved", "level": "gold", "until": until}
    assert badges(shop) == [{**BADGE, "until": until}]
    stored = shop.one("practitioner_certifications", KEY)
    assert (stored["from"], stored["reviewer"], stored["version"], stored["projected"]) == (
        NOW,
        user_id(B),
        2,
        2,
    )
    trail = [(row["role"], row["action"], row["diff"]["state"]) for row in shop.documents("audit_logs")]
    assert trail == [
        ("practitioner", "certify", [None, "applied"]),
        ("operator", "approve", ["applied", "approved"]),
    ]


def test_each_step_sent_again_changes_nothing(shop: Shop) -> None:
    for event, openid in ((CERTIFY, A), (APPROVE, B), (WITHDRAW, A)):
        first = shop.ok("product_certify", event, openid=openid)
        before = shop.dump()
        assert shop.ok("product_certify", event, openid=openid) == first
        assert shop.dump() == before


def test_what_is_withdrawn_is_shown_no_more_and_may_come_back(shop: Shop) -> None:
    for event, openid in ((CERTIFY, A), (APPROVE, B), (WITHDRAW, A)):
        shop.ok("product_certify", event, openid=openid)
    assert badges(shop) == []

    for event, openid in ((CERTIFY, A), (APPROVE, B)):
        shop.ok("product_certify", event, openid=openid)
    assert [each["certificationId"] for each in badges(shop)] == [KEY]


def test_a_refusal_shows_nothing_and_is_final_until_she_applies_again(shop: Shop) -> None:
    shop.ok("product_certify", CERTIFY, openid=A)

    assert shop.ok("product_certify", REFUSE, openid=B)["state"] == "refused"
    assert shop.one("practitioner_certifications", KEY)["reviewNote"] == "请补充照片"
    assert shop.refused("product_certify", APPROVE, openid=B)["error"] == "CONFLICT"
    assert badges(shop) == []


def test_an_approved_testimony_is_not_changed_under_the_badge(shop: Shop) -> None:
    shop.ok("product_certify", CERTIFY, openid=A)
    shop.ok("product_certify", APPROVE, openid=B)

    assert (
        shop.refused("product_certify", {**CERTIFY, "testimony": "换一句"}, openid=A)["error"] == "CONFLICT"
    )


def test_words_that_food_must_not_be_praised_with_are_refused(shop: Shop) -> None:
    reply = shop.refused("product_certify", {**CERTIFY, "testimony": "吃了治疗失眠，还排毒"}, openid=A)

    assert reply["message"] == "文字里有不能用于食品的说法：治疗、排毒"
    assert reply["details"] == {"fields": [{"field": "testimony", "problem": "claim"}]}


@pytest.mark.parametrize(("event", "openid"), [(CERTIFY, B), (WITHDRAW, B), (APPROVE, A), (REFUSE, A)])
def test_who_may_not_is_refused(shop: Shop, event: dict[str, Any], openid: str) -> None:
    assert shop.refused("product_certify", event, openid=openid)["error"] == "FORBIDDEN"


def test_nobody_decides_on_her_own_words(shop: Shop) -> None:
    shop.add("practitioners", document("practitioners", id="op", userId=user_id(B), name="乙", **LIKE))
    shop.ok("product_certify", CERTIFY, openid=B)

    own = {**APPROVE, "practitionerId": "op"}
    assert shop.refused("product_certify", own, openid=B)["error"] == "FORBIDDEN"


def test_the_badges_of_two_practitioners_stand_side_by_side(shop: Shop) -> None:
    shop.add("practitioners", document("practitioners", id="op", userId=user_id(B), name="乙", **LIKE))
    other = {**BADGE, "certificationId": "x:product:tofu", "practitionerId": "x"}
    edit(shop, "products", "tofu", {"certifications": [other]})
    shop.ok("product_certify", CERTIFY, openid=A)
    shop.ok("product_certify", APPROVE, openid=B)
    assert [each["practitionerId"] for each in badges(shop)] == ["x", "lin"]

    shop.ok("product_certify", WITHDRAW, openid=A)
    assert badges(shop) == [other]


def test_approval_and_withdrawal_at_once_leave_what_the_state_says(
    shop: Shop, at_once: Callable[..., list[Any]]
) -> None:
    shop.ok("product_certify", CERTIFY, openid=A)

    at_once(*[("product_certify", APPROVE, B), ("product_certify", WITHDRAW, A)] * 4)

    state = shop.one("practitioner_certifications", KEY)["state"]
    last, openid = (WITHDRAW, A) if state == "withdrawn" else (APPROVE, B)
    shop.call("product_certify", last, openid=openid)
    assert len(badges(shop)) == (state == "approved")


def _applied(shop: Shop) -> None:
    prepare(shop)
    shop.ok("product_certify", CERTIFY, openid=A)


def _approve(shop: Shop) -> None:
    shop.call("product_certify", APPROVE, openid=B)


def _shown_once(shop: Shop) -> None:
    assert [each["certificationId"] for each in badges(shop)] == [KEY]


def test_an_approval_broken_off_anywhere_is_shown_once_when_sent_again() -> None:
    assert die_everywhere(_applied, _approve, _shown_once) >= 3
