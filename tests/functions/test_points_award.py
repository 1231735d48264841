"""points_award: an operator's gift, once a token, with its trail."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import NOW, assert_lawful, die_everywhere, rule, user
from functions.conftest import Clock
from gardenshop.cloud.clock import MINUTE
from harness import A, B, Shop, user_id

OPERATOR = "openid-operator"
AWARD = {
    "userId": user_id(A),
    "book": "garden",
    "points": 50,
    "reason": "感谢反馈",
    "clientToken": "award-0001",
}


def prepare(shop: Shop) -> None:
    shop.add("users", user())
    shop.add("users", user(B))
    shop.add("users", user(OPERATOR, roles=["operator"]))


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def test_an_award_is_a_lot_a_balance_and_a_trail(shop: Shop) -> None:
    assert shop.ok("points_award", AWARD) == {"entryId": "award:award-0001", "points": 50, "repeated": False}

    assert shop.adapter.trips == 5
    assert shop.one("points_ledger", "award:award-0001") == {
        "_id": "award:award-0001",
        "userId": user_id(A),
        "book": "garden",
        "delta": 50,
        "kind": "award",
        "ref": {"type": "award", "id": "award-0001"},
        "lot": {"left": 50, "expiresAt": 1_827_590_399_999},
        "final": True,
        "state": "final",
        "actor": "platform",
        "note": "感谢反馈",
        "rulesVersion": "",
        "day": "2026-11-23",
        "schemaVersion": 1,
        "createdAt": NOW,
        "updatedAt": NOW,
    }
    (trail,) = shop.documents("audit_logs")
    assert (trail["actor"], trail["action"], trail["target"], trail["reason"], trail["diff"]) == (
        "platform",
        "award",
        user_id(A),
        "感谢反馈",
        {"book": "garden", "points": 50},
    )
    assert_lawful(shop)


def test_the_same_token_awards_once(shop: Shop) -> None:
    shop.ok("points_award", AWARD)
    before = shop.dump()

    assert shop.ok("points_award", AWARD)["repeated"] is True
    assert shop.dump() == before


def test_the_same_token_at_once_awards_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("points_award", AWARD, "")] * 6)

    assert {reply["code"] for reply in replies} == {0}
    assert shop.one("users", user_id(A))["points"]["garden"]["available"] == 50
    assert_lawful(shop)


@pytest.mark.parametrize("change", [{"userId": user_id(B)}, {"points": 51}, {"book": "shop"}], ids=str)
def test_a_used_token_is_not_good_for_another_award(shop: Shop, change: dict[str, Any]) -> None:
    shop.ok("points_award", AWARD)

    assert shop.refused("points_award", {**AWARD, **change})["error"] == "CONFLICT"


def test_more_than_the_cap_is_refused_by_its_field(shop: Shop) -> None:
    shop.add("business_rules", rule("points", {"awardCap": 40}))

    reply = shop.refused("points_award", AWARD)

    assert (reply["error"], reply["details"]) == ("INVALID_REQUEST", {"fields": [{"field": "points"}]})
    assert shop.ok("points_award", {**AWARD, "points": 40})["points"] == 40


def test_a_reason_that_claims_something_of_food_is_refused(shop: Shop) -> None:
    reply = shop.refused("points_award", {**AWARD, "reason": "感谢您说它能排毒"})

    assert reply["details"] == {"fields": [{"field": "reason", "problem": "claim"}]}


def test_an_award_broken_off_anywhere_is_finished(clock: Clock) -> None:
    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert shop.one("users", user_id(A))["points"]["garden"]["available"] == 50
        assert len(shop.documents("audit_logs")) == 1

    assert die_everywhere(prepare, lambda shop: shop.call("points_award", AWARD), verify) == 4


def test_an_unknown_member_gets_nothing(shop: Shop) -> None:
    assert shop.refused("points_award", {**AWARD, "userId": "u0"})["code"] == 40400


def test_an_account_merged_into_another_gets_nothing(shop: Shop) -> None:
    shop.add("users", {**user("former"), "_id": "legacy:1", "openid": "former", "mergedInto": user_id(A)})

    assert shop.refused("points_award", {**AWARD, "userId": "legacy:1"})["code"] == 40400


def test_a_member_with_the_role_may_and_is_named(shop: Shop) -> None:
    shop.ok("points_award", AWARD, openid=OPERATOR)

    assert shop.documents("audit_logs")[0]["actor"] == user_id(OPERATOR)


def test_a_member_without_the_role_may_not(shop: Shop) -> None:
    for openid in (A, "openid-stranger"):
        assert shop.refused("points_award", AWARD, openid=openid)["code"] == 40300
