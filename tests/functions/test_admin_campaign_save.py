"""admin_campaign_save: campaigns make sense, keep their terms, and are saved and issued once a token."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    NOW,
    Document,
    assert_lawful,
    coupon,
    die_everywhere,
    document,
    edit,
    promotion,
    remove,
    stock_up,
    template,
    user,
)
from functions.conftest import Clock
from functions.past_orders import HEALTH
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.flows import grants
from harness import A, B, Shop, user_id

OPERATOR = "openid-operator"
COUPON: Document = {
    "terms": {"kind": "amount", "name": "冬日见面礼", "valueFen": 500, "minFen": 3000},
    "total": 5,
    "validity": {"days": 7},
    "channel": "center",
    "startAt": NOW,
    "endAt": NOW + 7 * DAY,
}
PROMOTION: Document = {
    "name": "小雪暖锅",
    "kind": "amount_off",
    "level": "order",
    "condition": {"minFen": 9900},
    "benefit": {"offFen": 1000},
    "budget": {"unit": "uses", "limit": 100},
    "startAt": NOW,
    "endAt": NOW + 7 * DAY,
}
SAVE = {"action": "save_coupon", "clientToken": "campaign-0001", "coupon": COUPON}
SAVE_PROMOTION = {"action": "save_promotion", "clientToken": "campaign-0001", "promotion": PROMOTION}
ISSUE = {"action": "issue", "clientToken": "campaign-0009", "couponId": "c1"}


def prepare(shop: Shop) -> None:
    shop.add("users", user())
    shop.add("users", user(B, tier="gold", rfm=RFM))
    shop.add("users", user(OPERATOR, roles=["operator"]))
    shop.add("coupons", coupon(channel="batch"))
    stock_up(shop)


RFM = {"recencyDays": 1, "frequency": 2, "monetaryFen": 3, "segment": "loyal", "at": NOW}


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def save(shop: Shop, event: Document, **changes: Any) -> Document:
    return shop.ok("admin_campaign_save", {**event, **changes}, openid=OPERATOR)


def change(shop: Shop, **changes: Any) -> Document:
    """Save what is stored of c1 with *changes* of its plan."""
    stored = shop.one("coupons", "c1")
    plan = {name: value for name, value in stored.items() if name in {*COUPON, "perUser", "target"}}
    event = {"action": "save_coupon", "couponId": "c1", "clientToken": "campaign-0002"}
    reply: Document = shop.call("admin_campaign_save", {**event, "coupon": {**plan, **changes}})
    return reply


def test_a_new_coupon_is_a_draft_with_its_trail(shop: Shop) -> None:
    saved = save(shop, SAVE)

    coupon_id = saved["campaignId"]
    assert saved == {"campaignId": coupon_id, "state": "draft", "repeated": False}
    stored = shop.one("coupons", coupon_id)
    assert (stored["terms"]["name"], stored["issued"], stored["editedAt"]) == ("冬日见面礼", 0, NOW)
    (trail,) = shop.documents("audit_logs")
    assert (trail["actor"], trail["action"], trail["target"]) == (
        user_id(OPERATOR),
        "save_coupon",
        coupon_id,
    )
    assert trail["diff"]["before"] == {}
    assert trail["diff"]["after"]["total"] == 5
    assert_lawful(shop)


@pytest.mark.parametrize("event", [SAVE, SAVE_PROMOTION], ids=["coupon", "promotion"])
def test_the_same_token_writes_one_draft(shop: Shop, event: Document) -> None:
    first = save(shop, event)
    before = shop.dump()

    assert save(shop, event) == {**first, "repeated": True}
    assert shop.dump() == before


@pytest.mark.parametrize(
    "other",
    [{"coupon": {**COUPON, "total": 6}}, {"coupon": COUPON, "couponId": "c1"}],
    ids=["other terms", "other coupon"],
)
def test_a_used_token_is_not_good_for_another_deed(shop: Shop, other: Document) -> None:
    save(shop, SAVE)

    reply = shop.refused("admin_campaign_save", {**SAVE, **other}, openid=OPERATOR)

    assert reply["message"] == "该请求编号已用于另一次操作"


def test_a_new_promotion_has_used_nothing_of_its_budget(shop: Shop) -> None:
    promotion_id = save(shop, SAVE_PROMOTION)["campaignId"]

    assert shop.one("promotions", promotion_id)["budget"] == {"unit": "uses", "limit": 100, "used": 0}


def test_a_draft_may_change_in_everything(shop: Shop) -> None:
    edit(shop, "coupons", "c1", {"state": "draft"})
    terms = {"kind": "percent", "name": "八八折", "payBp": 8800, "capFen": 2000}

    assert change(shop, terms=terms, channel="code", code="WINTER")["code"] == 0
    stored = shop.one("coupons", "c1")
    assert (stored["terms"]["payBp"], stored["code"], "valueFen" in stored["terms"]) == (
        8800,
        "WINTER",
        False,
    )
    event = {"action": "save_coupon", "couponId": "c1", "clientToken": "campaign-0003", "coupon": COUPON}
    shop.ok("admin_campaign_save", event)
    assert "code" not in shop.one("coupons", "c1")


def test_of_a_live_coupon_only_total_and_times_change(shop: Shop) -> None:
    reply = change(shop, terms={**COUPON["terms"], "valueFen": 1}, perUser=2)
    assert (reply["code"], reply["error"], reply["details"]) == (
        40922,
        "TERMS_FIXED",
        {"fields": ["perUser", "terms"]},
    )

    assert change(shop, total=7, endAt=NOW + 9 * DAY)["code"] == 0
    stored = shop.one("coupons", "c1")
    assert (stored["total"], stored["endAt"], stored["terms"]["valueFen"]) == (7, NOW + 9 * DAY, 300)
    trail = shop.one("audit_logs", "campaign:campaign-0002")["diff"]
    assert (trail["before"], trail["after"]) == (
        {"total": 10, "endAt": NOW + DAY},
        {"total": 7, "endAt": NOW + 9 * DAY},
    )


def test_the_total_is_never_less_than_what_was_issued(shop: Shop) -> None:
    edit(shop, "coupons", "c1", {"issued": 4})

    assert change(shop, total=3)["error"] == "CONFLICT"
    assert shop.one("coupons", "c1")["total"] == 10


@pytest.mark.parametrize(("limit", "code"), [(3, 40900), (4, 0), (50, 0)])
def test_a_budget_is_never_less_than_what_was_used(shop: Shop, limit: int, code: int) -> None:
    shop.add("promotions", promotion(budget={"unit": "uses", "limit": 9, "used": 4}))
    plan = {**PROMOTION, "condition": {"minFen": 2000}, "benefit": {"offFen": 500}, "name": "满 20 减 5"}
    plan |= {"startAt": NOW - DAY, "endAt": NOW + DAY, "budget": {"unit": "uses", "limit": limit}}
    event = {"action": "save_promotion", "promotionId": "full-20", "clientToken": "campaign-0003"}

    assert shop.call("admin_campaign_save", {**event, "promotion": plan})["code"] == code

    budget = shop.one("promotions", "full-20")["budget"]
    assert budget == {"unit": "uses", "limit": 9 if code else limit, "used": 4}


def test_a_save_on_what_somebody_else_has_saved_meanwhile_is_refused(shop: Shop) -> None:
    def meanwhile(commands: Any) -> None:
        if "update" in commands[0]:
            shop.adapter.before = lambda _: None
            edit(shop, "coupons", "c1", {"editedAt": NOW})

    shop.adapter.before = meanwhile

    assert change(shop, total=7)["error"] == "CONFLICT"
    assert shop.one("coupons", "c1")["total"] == 10


def test_a_claim_meanwhile_disturbs_no_save(shop: Shop) -> None:
    def meanwhile(commands: Any) -> None:
        if "update" in commands[0]:
            shop.adapter.before = lambda _: None
            edit(shop, "coupons", "c1", {"issued": 1, "updatedAt": NOW})

    shop.adapter.before = meanwhile

    assert change(shop, total=7)["code"] == 0


def test_the_same_save_after_another_ones_does_not_come_back(shop: Shop) -> None:
    event = {"action": "set_state", "couponId": "c1", "clientToken": "campaign-0004", "state": "paused"}
    save(shop, event)
    save(shop, event, clientToken="campaign-0005", state="live")

    assert save(shop, event) == {"campaignId": "c1", "state": "live", "repeated": True}


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("draft", "live", 0),
        ("live", "paused", 0),
        ("paused", "live", 0),
        ("scheduled", "ended", 0),
        ("live", "draft", 40900),
        ("ended", "live", 40900),
        ("draft", "paused", 40900),
    ],
)
def test_only_some_ways_lead_from_state_to_state(shop: Shop, before: str, after: str, code: int) -> None:
    edit(shop, "coupons", "c1", {"state": before})
    event = {"action": "set_state", "couponId": "c1", "clientToken": "campaign-0004", "state": after}

    assert shop.call("admin_campaign_save", event)["code"] == code
    assert shop.one("coupons", "c1")["state"] == (before if code else after)


def test_a_code_belongs_to_one_coupon(shop: Shop) -> None:
    by_code = {**COUPON, "channel": "code", "code": "WINTER"}
    save(shop, SAVE, coupon=by_code)

    reply = shop.refused("admin_campaign_save", {**SAVE, "coupon": by_code, "clientToken": "campaign-0002"})

    assert reply["message"] == "该兑换码已被使用"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"coupon": {**COUPON, "terms": {**COUPON["terms"], "name": "治疗失眠券"}}}, "治疗"),
        ({"coupon": {**COUPON, "terms": {**COUPON["terms"], "scope": {"skuIds": ["gone"]}}}}, "gone"),
        ({"coupon": {**COUPON, "terms": {**COUPON["terms"], "scope": {"productIds": ["p-x"]}}}}, "p-x"),
        (
            {
                "coupon": {
                    **COUPON,
                    "channel": "trigger",
                    "trigger": "garden_milestone",
                    "milestone": "rose",
                }
            },
            "rose",
        ),
    ],
    ids=["wording", "unknown SKU", "unknown product", "unknown plant"],
)
def test_what_may_not_be_said_or_is_not_there_is_refused(shop: Shop, event: Document, message: str) -> None:
    reply = shop.refused("admin_campaign_save", {**SAVE, **event})

    assert reply["error"] == "INVALID_REQUEST"
    assert message in reply["message"]


def test_a_gift_must_be_a_sku_of_the_shop(shop: Shop) -> None:
    gift = {**PROMOTION, "kind": "gift", "benefit": {"giftSkuId": "gone"}}
    assert "gone" in shop.refused("admin_campaign_save", {**SAVE_PROMOTION, "promotion": gift})["message"]

    gift["benefit"] = {"giftSkuId": "tofu-500g", "giftQuantity": 1}
    assert save(shop, {**SAVE_PROMOTION, "promotion": gift})["state"] == "draft"


def test_what_makes_no_sense_is_named(shop: Shop) -> None:
    wrong = {**COUPON, "terms": {"kind": "percent", "name": "折"}, "endAt": NOW}

    fields = shop.refused("admin_campaign_save", {**SAVE, "coupon": wrong})["details"]["fields"]

    assert [each["field"] for each in fields] == ["coupon.terms.payBp", "coupon.endAt"]


@pytest.mark.parametrize(
    "event",
    [
        {"action": "save_coupon"},
        {"action": "save_coupon", "promotion": PROMOTION},
        {"action": "save_promotion", "coupon": COUPON},
        {"action": "set_state", "couponId": "c1"},
        {"action": "set_state", "state": "live"},
        {"action": "issue", "couponId": "c1"},
        {"action": "issue", "couponId": "c1", "userIds": ["u1"], "target": {}},
    ],
)
def test_each_action_takes_its_own_fields(shop: Shop, event: Document) -> None:
    reply = shop.refused("admin_campaign_save", {**event, "clientToken": "campaign-0001"})

    assert reply["details"]["fields"] == [{"field": "action", "problem": "takes other fields"}]


@pytest.mark.parametrize("event", [{"couponId": "gone"}, {"promotionId": "gone"}], ids=str)
def test_a_campaign_that_is_not_there_is_not_found(shop: Shop, event: Document) -> None:
    asked = {"action": "set_state", "clientToken": "campaign-0001", "state": "live", **event}

    assert shop.refused("admin_campaign_save", asked)["code"] == 40400


def holders(shop: Shop) -> list[str]:
    return sorted(copy["userId"] for copy in shop.documents("user_coupons") if copy["state"] != "void")


def pump(shop: Shop, clock: Clock, *, runs: int = 3) -> None:
    for _ in range(runs):
        clock.now += MINUTE
        shop.ok("outbox_pump")


def test_a_batch_goes_to_those_named_once(shop: Shop, clock: Clock) -> None:
    wish = {**ISSUE, "userIds": [user_id(A), user_id(B), "u-unknown"]}
    begun = save(shop, wish)
    assert begun["batch"] == {"pages": 1, "done": False, "issued": 0, "limited": 0, "gone": 0}

    pump(shop, clock)

    done = {"pages": 1, "done": True, "issued": 2, "limited": 0, "gone": 0}
    assert save(shop, wish) == {"campaignId": "c1", "state": "live", "repeated": True, "batch": done}
    assert holders(shop) == sorted([user_id(A), user_id(B)])
    pump(shop, clock)
    assert shop.one("coupons", "c1")["issued"] == 2
    assert_lawful(shop)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, [A, B, OPERATOR]),
        ({"tiers": ["gold"]}, [B]),
        ({"segments": ["loyal"]}, [B]),
        ({"constitutions": ["qi_deficiency"]}, [A]),
        ({"tiers": ["gold"], "constitutions": ["qi_deficiency"]}, []),
    ],
    ids=str,
)
def test_a_batch_goes_to_whom_its_target_names(
    shop: Shop, clock: Clock, target: Document, expected: list[str]
) -> None:
    constitution = {"primary": "qi_deficiency", "results": [], "standard": "s", "at": NOW}
    for openid, personalised in ((A, True), (OPERATOR, False)):
        edit(shop, "users", user_id(openid), {"consents": [HEALTH]})
        told = {"constitution": constitution, "personalised": personalised}
        shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(openid), **told))

    save(shop, {**ISSUE, "target": target})
    pump(shop, clock)

    assert holders(shop) == sorted(user_id(openid) for openid in expected)
    assert_lawful(shop)


def test_a_long_batch_goes_page_by_page_and_says_what_it_came_to(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "PAGE", 4)
    for number in range(10):
        shop.add("users", user(f"openid-{number}"))
    edit(shop, "coupons", "c1", {"total": 11})
    shop.add("user_coupons", document("user_coupons", **held_by(A)))
    edit(shop, "coupons", "c1", {"issued": 1})
    wish = {**ISSUE, "target": {}}
    save(shop, wish)

    pump(shop, clock, runs=1)
    assert save(shop, wish)["batch"]["issued"] <= 4
    pump(shop, clock, runs=5)

    assert save(shop, wish)["batch"] == {"pages": 4, "done": True, "issued": 10, "limited": 1, "gone": 2}
    assert shop.one("coupons", "c1")["issued"] == 11
    assert_lawful(shop)


def test_a_member_who_is_malformed_is_told_of_and_passed_over(
    shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "PAGE", 2)
    shop.add("users", {"_id": "a-malformed", "openid": "openid-malformed", "consents": [{}]})
    wish = {**ISSUE, "target": {"tiers": []}}
    save(shop, wish)

    pump(shop, clock, runs=4)

    assert save(shop, wish)["batch"] == {"pages": 3, "done": True, "issued": 3, "limited": 0, "gone": 0}
    assert holders(shop) == sorted(user_id(openid) for openid in (A, B, OPERATOR))
    told = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert [(each["state"], each["payload"]["id"]) for each in told] == [("dead", "a-malformed")]
    remove(shop, "users", "a-malformed")


def held_by(openid: str) -> Document:
    key = f"c1:{user_id(openid)}:0"
    state = {"state": "available", "from": NOW, "until": NOW + DAY, "source": "claim:x"}
    return {"id": key, "couponId": "c1", "userId": user_id(openid), "terms": COUPON["terms"], **state}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": "center"}, "只有批量发放的优惠券可以这样发放"),
        ({"state": "paused"}, "暂停领取"),
        ({"endAt": NOW}, "领取已结束"),
    ],
)
def test_what_cannot_be_issued_is_refused(shop: Shop, changes: Document, message: str) -> None:
    edit(shop, "coupons", "c1", changes)

    assert shop.refused("admin_campaign_save", {**ISSUE, "target": {}})["message"] == message


def test_a_batch_broken_off_anywhere_gives_each_member_one(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "PAGE", 2)

    def begun(shop: Shop) -> None:
        prepare(shop)
        save(shop, {**ISSUE, "target": {}})

    def act(shop: Shop) -> None:
        clock.now += MINUTE
        shop.call("outbox_pump")

    def verify(shop: Shop) -> None:
        for _ in range(4):
            clock.now += 5 * MINUTE
            shop.ok("outbox_pump")
        assert_lawful(shop)
        clock.now = NOW
        assert holders(shop) == sorted(user_id(openid) for openid in (A, B, OPERATOR))
        done = save(shop, {**ISSUE, "target": {}})["batch"]
        assert (done["done"], done["issued"]) == (True, 3)

    assert die_everywhere(begun, act, verify) > 6


def test_saves_at_once_make_one_campaign(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("admin_campaign_save", SAVE, OPERATOR)] * 5)

    assert {reply["code"] for reply in replies} == {0}
    assert len(shop.documents("coupons")) == 2


def test_a_save_broken_off_anywhere_is_finished_by_the_same_call() -> None:
    def act(shop: Shop) -> None:
        change(shop, total=7)

    def verify(shop: Shop) -> None:
        assert shop.one("coupons", "c1")["total"] == 7
        assert len(shop.documents("audit_logs")) == 1

    assert die_everywhere(prepare, act, verify) == 2


def test_a_plant_of_the_garden_may_be_a_milestone(shop: Shop) -> None:
    shop.add("plant_templates", template())
    plan = {**COUPON, "channel": "trigger", "trigger": "garden_milestone", "milestone": "mint"}

    assert save(shop, SAVE, coupon=plan)["state"] == "draft"


def test_a_member_without_the_role_may_not(shop: Shop) -> None:
    assert shop.refused("admin_campaign_save", SAVE, openid=A)["error"] == "FORBIDDEN"
