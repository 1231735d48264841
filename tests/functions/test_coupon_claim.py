"""coupon_claim: exactly as many copies as there are, exactly as many a member as she may have."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    NOW,
    TERMS,
    assert_lawful,
    coupon,
    die_everywhere,
    document,
    edit,
    user,
)
from functions.conftest import Clock
from functions.past_orders import HEALTH
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.models.base import RING_SIZE
from harness import A, B, Shop, function, user_id

CLAIM = {"couponId": "c1", "clientToken": "claim-0001"}
CODE = {"code": "SPRING2026", "clientToken": "claim-0001"}
COPY = f"c1:{user_id(A)}:0"


def prepare(shop: Shop) -> None:
    shop.add("users", user())
    shop.add("users", user(B, tier="gold"))
    shop.add("coupons", coupon())


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def issued(shop: Shop) -> int:
    count: int = shop.one("coupons", "c1")["issued"]
    return count


def states(shop: Shop) -> list[str]:
    return sorted(copy["state"] for copy in shop.documents("user_coupons"))


def test_a_copy_keeps_the_terms_and_the_time_of_its_claim(shop: Shop) -> None:
    assert shop.ok("coupon_claim", CLAIM, openid=A) == {
        "userCouponId": COPY,
        "couponId": "c1",
        "name": "满 20 减 3",
        "kind": "amount",
        "valueFen": 300,
        "minFen": 2000,
        "since": NOW,
        "until": NOW + 7 * DAY,
        "state": "available",
    }
    assert shop.adapter.trips == 5
    copy = shop.one("user_coupons", COPY)
    assert (copy["userId"], copy["source"], copy["terms"]["valueFen"]) == (
        user_id(A),
        "claim:claim-0001",
        TERMS["valueFen"],
    )
    assert issued(shop) == 1
    assert_lawful(shop)


def test_the_same_token_gives_the_same_copy(shop: Shop) -> None:
    edit(shop, "coupons", "c1", {"perUser": 5})
    first = shop.ok("coupon_claim", CLAIM, openid=A)
    before = shop.dump()

    assert shop.ok("coupon_claim", CLAIM, openid=A) == first
    assert shop.dump() == before
    second = shop.ok("coupon_claim", {**CLAIM, "clientToken": "claim-0002"}, openid=A)
    assert second["userCouponId"] == f"c1:{user_id(A)}:1"
    assert_lawful(shop)


@pytest.mark.parametrize("closed", [{"state": "paused"}, {"state": "ended"}, {"endAt": NOW}], ids=str)
def test_a_claim_that_was_answered_is_answered_again_after_the_end(
    shop: Shop, closed: dict[str, Any]
) -> None:
    first = shop.ok("coupon_claim", CLAIM, openid=A)
    edit(shop, "coupons", "c1", closed)

    assert shop.ok("coupon_claim", CLAIM, openid=A) == first


def test_the_same_token_at_once_is_one_claim(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    edit(shop, "coupons", "c1", {"perUser": 5})

    replies = at_once(*[("coupon_claim", CLAIM, A)] * 6)

    assert {reply["code"] for reply in replies} <= {0, 50301}
    assert (shop.ok("coupon_claim", CLAIM, openid=A)["userCouponId"], issued(shop)) == (COPY, 1)
    assert_lawful(shop)


def test_a_member_gets_as_many_as_she_may_have(shop: Shop) -> None:
    edit(shop, "coupons", "c1", {"perUser": 2})
    for number in range(2):
        shop.ok("coupon_claim", {**CLAIM, "clientToken": f"claim-1{number:03}"}, openid=A)

    reply = shop.refused("coupon_claim", CLAIM, openid=A)

    assert (reply["code"], reply["error"], reply["message"]) == (40917, "CLAIM_LIMIT", "已达到领取上限")
    assert shop.ok("coupon_claim", CLAIM, openid=B)["userCouponId"] == f"c1:{user_id(B)}:0"


def test_many_tokens_at_once_get_no_more_than_she_may_have(
    shop: Shop, at_once: Callable[..., list[Any]]
) -> None:
    calls = [("coupon_claim", {**CLAIM, "clientToken": f"claim-{i:04}"}, A) for i in range(8)]

    replies = at_once(*calls)

    assert sorted(reply["code"] for reply in replies) == [0] + [40917] * 7
    assert (issued(shop), states(shop)) == (1, ["available"])
    assert_lawful(shop)


def test_the_last_copy_goes_to_exactly_one(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    edit(shop, "coupons", "c1", {"total": 1})
    members = [f"openid-{i}" for i in range(8)]
    shop.adapter.before = lambda _: time.sleep(0.005)
    for openid in members:
        shop.add("users", user(openid))

    replies = at_once(*[("coupon_claim", CLAIM, openid) for openid in members])

    assert sorted(reply["code"] for reply in replies) == [0] + [40916] * 7
    assert issued(shop) == 1
    assert states(shop).count("available") == 1
    assert set(states(shop)) <= {"available", "void"}
    assert_lawful(shop)


def test_when_none_is_left_nothing_is_written(shop: Shop) -> None:
    edit(shop, "coupons", "c1", {"total": 0})

    reply = shop.refused("coupon_claim", CLAIM, openid=A)

    assert (reply["code"], reply["error"], reply["message"]) == (40916, "COUPON_GONE", "优惠券已领完")


def test_who_lost_the_last_copy_loses_it_for_good_but_may_ask_anew(shop: Shop) -> None:
    edit(shop, "coupons", "c1", {"total": 1})

    def b_is_faster(_: Any) -> None:
        shop.adapter.before = lambda _: None
        shop.call("coupon_claim", CLAIM, openid=B)

    trips = iter(range(9))
    shop.adapter.before = lambda commands: b_is_faster(commands) if next(trips) == 2 else None
    assert shop.call("coupon_claim", CLAIM, openid=A)["error"] == "COUPON_GONE"
    assert states(shop) == ["available", "void"]
    assert_lawful(shop)

    edit(shop, "coupons", "c1", {"total": 2})
    assert shop.refused("coupon_claim", CLAIM, openid=A)["error"] == "COUPON_GONE"
    again = shop.ok("coupon_claim", {**CLAIM, "clientToken": "claim-0002"}, openid=A)
    assert (again["userCouponId"], issued(shop)) == (f"c1:{user_id(A)}:1", 2)
    assert_lawful(shop)


@pytest.mark.parametrize("again", [True, False], ids=["asked again", "left to the pump"])
def test_a_claim_broken_off_anywhere_comes_to_its_end(clock: Clock, *, again: bool) -> None:
    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert states(shop) == ["available"] * issued(shop)
        assert issued(shop) == 1 or not again

    def act(shop: Shop) -> None:
        shop.call("coupon_claim", CLAIM, openid=A)

    assert die_everywhere(prepare, act, verify, again=again) == 3


@pytest.mark.parametrize("again", [True, False], ids=["asked again", "left to the pump"])
def test_a_claim_that_loses_broken_off_anywhere_is_void(clock: Clock, *, again: bool) -> None:
    def act(shop: Shop) -> None:
        trips = iter(range(99))

        def sell_out(_: Any) -> None:
            if next(trips) == 2:
                edit(shop, "coupons", "c1", {"total": 0})

        shop.adapter.before = sell_out
        shop.call("coupon_claim", CLAIM, openid=A)

    def verify(shop: Shop) -> None:
        shop.adapter.before = lambda _: None
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert (issued(shop), states(shop)) in [(0, ["void"]), (0, [])]

    assert die_everywhere(prepare, act, verify, again=again) >= 3


@pytest.mark.parametrize("code", ["SPRING2026", " spring2026 ", "Spring2026"])
def test_a_code_is_read_as_people_type_it(shop: Shop, code: str) -> None:
    shop.add("coupons", coupon("by-code", channel="code", code="SPRING2026"))

    assert shop.ok("coupon_claim", {**CODE, "code": code}, openid=A)["couponId"] == "by-code"
    assert_lawful(shop)


@pytest.mark.parametrize("code", ["SPRING2025", "", " ", "SPRING 2026", "ＳＰＲＩＮＧ2026"])
def test_a_wrong_code_is_not_found(shop: Shop, code: str) -> None:
    shop.add("coupons", coupon("by-code", channel="code", code="SPRING2026"))

    reply = shop.refused("coupon_claim", {**CODE, "code": code}, openid=A)

    assert (reply["code"], reply["message"]) == (40400, "兑换码有误，请核对后重试")


def test_codes_can_be_guessed_so_often_a_day_and_no_more(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the right one is refused, too; claims without a code, repeats and other members are as before."""
    monkeypatch.setattr(function("coupon_claim"), "TRIES", 3)
    shop.add("coupons", coupon("by-code", channel="code", code="SPRING2026"))
    shop.add("coupons", coupon("late", channel="code", code="LATE2026", endAt=NOW + 9 * DAY))
    first = shop.ok("coupon_claim", CODE, openid=A)
    for number in range(2):
        guess = {"code": f"GUESS{number}", "clientToken": "claim-0001"}
        assert shop.refused("coupon_claim", guess, openid=A)["error"] == "NOT_FOUND"

    for code in ("GUESS9", "LATE2026"):
        reply = shop.refused("coupon_claim", {**CODE, "code": code}, openid=A)
        assert (reply["code"], reply["error"]) == (40918, "DAILY_LIMIT")
        assert reply["message"] == "今日输入兑换码的次数已达上限，请明天再试"

    assert shop.ok("coupon_claim", CODE, openid=A) == first
    assert shop.ok("coupon_claim", CLAIM, openid=A)["couponId"] == "c1"
    assert shop.ok("coupon_claim", {**CODE, "code": "LATE2026"}, openid=B)["couponId"] == "late"
    clock.now += DAY
    assert shop.ok("coupon_claim", {**CODE, "code": "LATE2026"}, openid=A)["couponId"] == "late"


def test_guesses_at_once_are_counted_before_they_are_answered(
    monkeypatch: pytest.MonkeyPatch, at_once: Callable[..., list[Any]]
) -> None:
    monkeypatch.setattr(function("coupon_claim"), "TRIES", 3)
    guesses = [{"code": f"GUESS{number}", "clientToken": f"claim-{number:04}"} for number in range(8)]

    replies = at_once(*[("coupon_claim", guess, A) for guess in guesses])

    assert sorted(reply["code"] for reply in replies) == [40400] * 3 + [40918] * 5


@pytest.mark.parametrize("channel", ["code", "batch", "trigger"])
def test_what_is_not_in_the_centre_is_not_found_by_its_id(shop: Shop, channel: str) -> None:
    edit(shop, "coupons", "c1", {"channel": channel})

    assert shop.refused("coupon_claim", CLAIM, openid=A)["code"] == 40400


@pytest.mark.parametrize("event", [{}, {"couponId": "c1", "code": "SPRING2026"}], ids=["neither", "both"])
def test_either_an_id_or_a_code_is_asked_for(shop: Shop, event: dict[str, Any]) -> None:
    reply = shop.refused("coupon_claim", {**event, "clientToken": "claim-0001"}, openid=A)

    assert (reply["code"], reply["details"]["fields"][0]["field"]) == (40000, "couponId")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"startAt": NOW + 1}, "NOT_CLAIMABLE", "尚未开始领取"),
        ({"endAt": NOW}, "NOT_CLAIMABLE", "领取已结束"),
        ({"state": "ended"}, "NOT_CLAIMABLE", "领取已结束"),
        ({"state": "paused"}, "NOT_CLAIMABLE", "暂停领取"),
        ({"target": {"tiers": ["gold"]}}, "NOT_CLAIMABLE", "不在领取范围内"),
        ({"target": {"constitutions": ["qi_deficiency"]}}, "NOT_CLAIMABLE", "不在领取范围内"),
        ({"state": "draft"}, "NOT_FOUND", "没有这张优惠券"),
    ],
)
def test_what_is_not_given_now_or_not_to_her_is_refused(
    shop: Shop, changes: dict[str, Any], error: str, message: str
) -> None:
    edit(shop, "coupons", "c1", changes)

    reply = shop.refused("coupon_claim", CLAIM, openid=A)

    assert (reply["error"], reply["message"]) == (error, message)


@pytest.mark.parametrize(
    ("personalised", "consents", "code"), [(True, [HEALTH], 0), (False, [HEALTH], 40921), (True, [], 40921)]
)
def test_who_is_not_personalised_or_did_not_agree_has_no_constitution(
    shop: Shop, *, personalised: bool, consents: list[Any], code: int
) -> None:
    edit(shop, "users", user_id(A), {"consents": consents})
    edit(shop, "coupons", "c1", {"target": {"constitutions": ["qi_deficiency"]}})
    result = {"primary": "qi_deficiency", "results": [], "standard": "s", "at": NOW}
    profile = {"constitution": result, "personalised": personalised}
    shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), **profile))

    assert shop.call("coupon_claim", CLAIM, openid=A)["code"] == code


def test_a_template_claimed_too_fast_is_busy_before_anything_is_written(shop: Shop, clock: Clock) -> None:
    rush = [{"key": f"claim:{i}", "at": NOW - 9_999} for i in range(RING_SIZE)]
    edit(shop, "coupons", "c1", {"recentOps": rush})

    assert shop.refused("coupon_claim", CLAIM, openid=A)["error"] == "BUSY"

    clock.now += 1
    assert shop.ok("coupon_claim", CLAIM, openid=A)["userCouponId"] == COPY


def test_a_copy_caught_by_a_rush_waits_and_is_nobody_elses(shop: Shop, clock: Clock) -> None:
    def rush(_: Any) -> None:
        if next(trips) == 2:
            entries = [{"key": f"claim:{i}", "at": NOW} for i in range(RING_SIZE)]
            edit(shop, "coupons", "c1", {"recentOps": entries})

    trips = iter(range(9))
    shop.adapter.before = rush
    assert shop.call("coupon_claim", CLAIM, openid=A)["error"] == "BUSY"
    shop.adapter.before = lambda _: None

    clock.now += 3 * MINUTE
    assert shop.ok("outbox_pump")["copiesEnded"] == 0
    assert (states(shop), issued(shop)) == (["pending"], 0)
    assert shop.ok("coupon_claim", CLAIM, openid=B)["userCouponId"] == f"c1:{user_id(B)}:0"


def test_without_an_account_there_is_no_coupon(shop: Shop) -> None:
    reply = shop.refused("coupon_claim", CLAIM, openid="openid-stranger")

    assert (reply["code"], reply["message"]) == (40400, "请先登录")


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("coupon_claim", CLAIM)["error"] == "FORBIDDEN"
