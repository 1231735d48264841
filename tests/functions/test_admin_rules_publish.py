"""admin_rules_publish: rules are drafted once, tried on yesterday's orders, and one version is live."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from functions.builders import (
    FREIGHT,
    HOME,
    NOW,
    Document,
    die_everywhere,
    document,
    line,
    place_order,
    rule,
    stock_up,
    user,
)
from functions.conftest import Clock
from gardenshop.rules.live_rules import newest
from gardenshop.rules.policy import policy_of
from harness import A, Shop, user_id

OPERATOR = "openid-operator"
DRAFT: Document = {
    "action": "draft",
    "ruleId": "freight",
    "body": {**FREIGHT, "freeFromFen": 5000},
    "title": "满 50 元包邮",
    "clientToken": "rules-00001",
}
SECOND: Document = {**DRAFT, "body": {"freeFromFen": 7000}, "clientToken": "rules-00002"}
TRY: Document = {"action": "validate", "ruleId": "freight", "version": 2}
PUBLISH: Document = {"action": "publish", "ruleId": "freight", "version": 2, "liveVersion": 1}
BACK: Document = {
    "action": "rollback",
    "ruleId": "freight",
    "version": 1,
    "liveVersion": 2,
    "clientToken": "rules-00009",
}


def prepare(shop: Shop) -> None:
    shop.add("users", user(OPERATOR, roles=["operator"]))
    shop.add("users", user())
    shop.add("business_rules", rule("freight", FREIGHT))
    stock_up(shop)


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: Clock) -> None:
    del clock
    prepare(shop)


def do(shop: Shop, event: Document, **changes: Any) -> Document:
    return shop.ok("admin_rules_publish", {**event, **changes}, openid=OPERATOR)


def refused(shop: Shop, event: Document, **changes: Any) -> Document:
    return shop.refused("admin_rules_publish", {**event, **changes}, openid=OPERATOR)


def publish(shop: Shop) -> None:
    for event in (DRAFT, TRY, PUBLISH):
        do(shop, event)


def states(shop: Shop, rule_id: str = "freight") -> dict[int, str]:
    found = shop.documents("business_rules", {"ruleId": rule_id})
    return {each["version"]: each["state"] for each in found}


def free_from(shop: Shop) -> int:
    """From what amount on the delivery is free, by the rules that are live."""
    return policy_of(shop.documents("business_rules", {"state": "live"})).freight.free_from_fen


def ordered(day: str = "20261122", number: int = 1, **changes: Any) -> Document:
    """An order of five tofu, ¥60.00, that was bought on *day*, with its freight paid."""
    bought = {"lineId": "L1", "skuId": "tofu-500g", "productId": "tofu", "quantity": 5}
    snapshot = {"title": "北豆腐", "spec": "500g", "priceFen": 1200, "weightG": 500}
    fields: Document = {
        "userId": user_id(A),
        "clientToken": f"bought-{day}-{number}",
        "status": "paid",
        "lines": [{**bought, "listFen": 6000, "paidFen": 6000, "freightFen": 1400, "snapshot": snapshot}],
        "totals": {"goodsFen": 6000, "freightFen": 1400, "payableFen": 7400, "paidFen": 7400},
        "rulesVersion": "freight1",
        "address": {name: value for name, value in HOME.items() if name != "isDefault"},
        **changes,
    }
    return document("orders", id=f"{day}{number:012}", **fields)


# Drafts.


def test_a_draft_is_the_next_version_with_its_trail(shop: Shop) -> None:
    drafted = do(shop, DRAFT)

    version = {
        "ruleId": "freight",
        "version": 2,
        "state": "draft",
        "title": "满 50 元包邮",
        "author": user_id(OPERATOR),
    }
    assert drafted == {"versions": [version], "repeated": False}
    stored = shop.one("business_rules", "freight:2")
    assert (stored["category"], stored["body"]["freeFromFen"]) == ("freight", 5000)
    assert free_from(shop) == 9900
    (trail,) = shop.documents("audit_logs")
    assert (trail["actor"], trail["action"], trail["target"], trail["diff"]["body"]["freeFromFen"]) == (
        user_id(OPERATOR),
        "draft",
        "freight",
        5000,
    )


def test_what_a_draft_leaves_out_is_left_to_the_defaults(shop: Shop) -> None:
    do(shop, SECOND)

    assert shop.one("business_rules", "freight:2")["body"] == {"freeFromFen": 7000}


def test_the_same_token_drafts_once(shop: Shop) -> None:
    first = do(shop, DRAFT)
    before = shop.dump()

    assert do(shop, DRAFT) == {**first, "repeated": True}
    assert shop.dump() == before


@pytest.mark.parametrize(
    "other",
    [{"body": {}}, {"title": "另一个"}, {"ruleId": "flag:x", "body": {}}],
    ids=["body", "title", "rule"],
)
def test_a_used_token_is_not_good_for_another_draft(shop: Shop, other: Document) -> None:
    do(shop, DRAFT)

    assert refused(shop, DRAFT, **other)["message"] == "该请求编号已用于另一次操作"


def test_a_copy_that_drafts_between_two_reads_is_the_same_draft(shop: Shop) -> None:
    """The token is looked for before the copy has stored it, the latest version after that."""
    sound, copies = shop.adapter.inner, list[Document]()

    def run(commands: Sequence[Document]) -> Any:
        if copies or not any("clientToken" in each.get("filter", {}) for each in commands):
            return sound.run(commands)
        copies.append({})
        before = sound.run(commands[:2])
        copies[0] = do(shop, DRAFT)
        return [*before, *sound.run(commands[2:])]

    shop.adapter.inner = SimpleNamespace(run=run)
    reply = do(shop, DRAFT)

    assert reply == {**copies[0], "repeated": True}
    assert states(shop) == {1: "live", 2: "draft"}


def test_drafts_at_once_are_versions_of_their_own(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    events = [{**DRAFT, "clientToken": f"rules-0000{number % 3}"} for number in range(6)]

    replies = at_once(*(("admin_rules_publish", event, OPERATOR) for event in events))

    assert all(reply["code"] in {0, 50301} for reply in replies)
    tokens = [each["clientToken"] for each in shop.documents("business_rules", {"state": "draft"})]
    assert sorted(tokens) == ["rules-00000", "rules-00001", "rules-00002"]
    assert states(shop) == {1: "live", 2: "draft", 3: "draft", 4: "draft"}


@pytest.mark.parametrize(
    ("event", "field"),
    [
        ({"body": {"freeFromFen": -1}}, "body.freeFromFen"),
        ({"body": {"default": {"firstFen": "much"}}}, "body.default.firstFen"),
        ({"body": {"freeFrom": 1}}, "body.freeFrom"),
        ({"body": {"noDelivery": ["台湾省\u202e"]}}, "body.noDelivery.0"),
        ({"ruleId": "flag:x", "body": {"shareBp": 10_001}}, "body.shareBp"),
        ({"ruleId": "experiment:x", "body": {"variants": []}}, "body.variants"),
        ({"ruleId": "garden", "body": {"scenes": {"a.b": 1}}}, "body.scenes.a.b.[key]"),
        ({"ruleId": "unknown"}, "ruleId"),
        ({"ruleId": "flag:$ne"}, "ruleId"),
        ({"version": 2}, "action"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_the_rule_is_refused_by_its_name(shop: Shop, event: Document, field: str) -> None:
    reply = refused(shop, DRAFT, **event)

    assert (reply["error"], reply["details"]["fields"][0]["field"]) == ("INVALID_REQUEST", field)


@pytest.mark.parametrize(
    "event", [{"title": "治疗失眠"}, {"ruleId": "garden", "body": {"scenes": {"抗癌园": 1}}}]
)
def test_what_food_may_not_claim_is_not_drafted(shop: Shop, event: Document) -> None:
    assert "不能用于食品" in refused(shop, DRAFT, **event)["message"]


# Trying.


def test_a_draft_is_tried_on_the_orders_of_yesterday(shop: Shop) -> None:
    shop.add("orders", ordered())
    shop.add("orders", ordered(number=2, status="refunded"))
    shop.add("orders", ordered(day="20261121"))
    do(shop, DRAFT)

    tried = do(shop, TRY)

    common = {"pointsUsed": 0, "shopPoints": 6, "gardenPoints": 0, "commissionFen": 0}
    before = {"payableFen": 7400, "freightFen": 1400, **common}
    after = {"payableFen": 6000, "freightFen": 0, **common}
    assert tried["simulation"] == {
        "orders": 1,
        "isWhole": True,
        "differ": 1,
        "before": before,
        "after": after,
        "examples": [{"orderNo": "20261122000000000001", "before": before, "after": after}],
    }
    assert tried["changes"] == [{"path": "freeFromFen", "before": 9900, "after": 5000}]
    assert (tried["problems"], tried["liveVersion"]) == ([], 1)


def test_the_laws_of_a_rule_are_shown_and_keep_it_from_being_published(shop: Shop) -> None:
    twice = {"noDelivery": ["台湾省"], "regions": [{"provinces": ["台湾省"], "firstFen": 1}]}
    do(shop, DRAFT, body=twice)

    assert do(shop, TRY)["problems"] == [{"field": "regions", "problem": "台湾省 is named twice"}]
    assert refused(shop, PUBLISH)["error"] == "RULE_UNCHECKED"


def test_an_experiment_that_runs_keeps_its_shares(shop: Shop) -> None:
    body: Document = {"variants": [{"name": "a", "shareBp": 5000}, {"name": "b", "shareBp": 5000}]}
    shop.add("business_rules", rule("experiment:home", body, category="experiment"))
    named = {"ruleId": "experiment:home"}
    do(
        shop,
        DRAFT,
        **named,
        body={"variants": [{"name": "a", "shareBp": 5000}, {"name": "b", "shareBp": 100}]},
    )
    do(shop, SECOND, **named, body={**body, "running": False})

    assert [each["field"] for each in do(shop, TRY, **named)["problems"]] == ["variants"]
    assert do(shop, TRY, **named, version=3)["problems"] == []


# Publishing.


def test_what_is_published_is_the_price_of_the_next_call(shop: Shop) -> None:
    wish = {"lines": [line(quantity=5)]}
    assert shop.ok("checkout_preview", wish, openid=A)["payableFen"] == 7400
    publish(shop)

    assert shop.ok("checkout_preview", wish, openid=A)["payableFen"] == 6000
    assert place_order(shop, lines=[line(quantity=5)])["rulesVersion"] == "freight2"


def test_one_version_is_live_and_the_trail_says_what_changed(shop: Shop) -> None:
    do(shop, DRAFT)
    do(shop, TRY)

    published = do(shop, PUBLISH)

    (version,) = published["versions"]
    assert (version["state"], version["since"], published["liveVersion"]) == ("live", NOW, 2)
    assert states(shop) == {1: "old", 2: "live"}
    assert shop.one("business_rules", "freight:1")["to"] == NOW
    (trail,) = shop.documents("audit_logs", {"action": "publish"})
    changes = [{"path": "freeFromFen", "before": 9900, "after": 5000}]
    assert (trail["target"], trail["diff"]) == ("freight:2", {"changes": changes})


def test_publishing_twice_is_publishing_once(shop: Shop) -> None:
    publish(shop)
    before = shop.dump()

    assert do(shop, PUBLISH)["repeated"]
    assert shop.dump() == before


def test_the_first_version_of_a_rule_follows_nothing(shop: Shop) -> None:
    named = {"ruleId": "flag:shop_migrated", "version": 1}
    do(shop, DRAFT, ruleId="flag:shop_migrated", body={"staff": True})
    do(shop, {**TRY, **named})
    do(shop, {**PUBLISH, **named, "liveVersion": 0})

    assert shop.one("business_rules", "flag:shop_migrated:1")["liveKey"] == "flag:shop_migrated"
    assert shop.ok("login", openid=OPERATOR)["flags"] == ["shop_migrated"]


def test_a_draft_that_was_not_checked_is_not_published(shop: Shop) -> None:
    do(shop, DRAFT)

    assert refused(shop, PUBLISH)["error"] == "RULE_UNCHECKED"


def test_a_draft_that_was_checked_against_another_version_is_checked_again(shop: Shop) -> None:
    do(shop, DRAFT)
    do(shop, SECOND)
    do(shop, TRY, version=3)
    for event in (TRY, PUBLISH):
        do(shop, event)

    assert refused(shop, PUBLISH, version=3, liveVersion=2)["error"] == "RULE_UNCHECKED"


def test_who_saw_another_version_live_publishes_nothing(shop: Shop) -> None:
    publish(shop)
    do(shop, SECOND)
    do(shop, TRY, version=3)

    reply = refused(shop, PUBLISH, version=3, liveVersion=1)

    assert (reply["error"], reply["details"]) == ("RULE_REPLACED", {"liveVersion": 2})


def test_a_draft_older_than_the_live_version_is_drafted_anew(shop: Shop) -> None:
    do(shop, DRAFT)
    do(shop, SECOND)
    do(shop, TRY, version=3)
    do(shop, PUBLISH, version=3)
    do(shop, TRY)

    assert refused(shop, PUBLISH, liveVersion=3)["error"] == "RULE_REPLACED"


def test_of_two_operators_at_once_one_publishes(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    for event in (DRAFT, SECOND, TRY, {**TRY, "version": 3}):
        do(shop, event)

    replies = at_once(
        *(("admin_rules_publish", {**PUBLISH, "version": version}, OPERATOR) for version in (2, 3))
    )

    assert sorted(reply["code"] for reply in replies) == [0, 40946]
    assert sorted(states(shop).values()) == ["draft", "live", "old"]


def test_a_version_that_followed_meanwhile_keeps_the_place(shop: Shop) -> None:
    for event in (DRAFT, SECOND, TRY, {**TRY, "version": 3}):
        do(shop, event)

    def meanwhile(commands: Any) -> None:
        if "update" in commands[0]:
            shop.adapter.before = lambda _: None
            do(shop, PUBLISH)

    shop.adapter.before = meanwhile

    reply = shop.call("admin_rules_publish", {**PUBLISH, "version": 3}, openid=OPERATOR)

    assert (reply["error"], states(shop)) == ("RULE_REPLACED", {1: "old", 2: "live", 3: "draft"})


# Back.


def test_going_back_is_a_new_version_with_the_former_body(shop: Shop) -> None:
    publish(shop)
    former = shop.one("business_rules", "freight:1")

    went = do(shop, BACK)

    (version,) = went["versions"]
    assert (version["version"], version["state"], version["title"]) == (3, "live", "回到第 1 版")
    assert shop.one("business_rules", "freight:3")["body"] == former["body"]
    assert shop.one("business_rules", "freight:1") == former
    assert (free_from(shop), states(shop)) == (9900, {1: "old", 2: "old", 3: "live"})
    before = shop.dump()
    assert do(shop, BACK)["repeated"]
    assert shop.dump() == before


def test_what_never_was_live_is_nothing_to_go_back_to(shop: Shop) -> None:
    do(shop, DRAFT)

    assert refused(shop, BACK, version=2, liveVersion=1)["details"] == {"state": "draft"}


def test_going_back_on_what_somebody_has_replaced_publishes_nothing(shop: Shop) -> None:
    publish(shop)

    reply = shop.call("admin_rules_publish", {**BACK, "liveVersion": 1}, openid=OPERATOR)

    assert (reply["error"], free_from(shop)) == ("RULE_REPLACED", 5000)


# Looking.


def test_the_list_shows_what_is_live_and_drafted_or_all_of_a_rule(shop: Shop) -> None:
    publish(shop)
    do(shop, SECOND)

    def listed(**wish: Any) -> list[tuple[int, str]]:
        return [(each["version"], each["state"]) for each in do(shop, {}, **wish)["versions"]]

    assert listed() == [(3, "draft"), (2, "live")]
    assert listed(ruleId="freight") == [(3, "draft"), (2, "live"), (1, "old")]
    assert listed(ruleId="points") == []


def test_a_version_is_shown_with_how_it_differs(shop: Shop) -> None:
    publish(shop)
    do(shop, SECOND, body={"regions": [{"provinces": ["海南省"], "firstFen": 1500}]})
    view = {"action": "view", "ruleId": "freight", "version": 3}

    shown = do(shop, view)
    assert (shown["body"], shown["liveVersion"]) == (shop.one("business_rules", "freight:3")["body"], 2)
    assert [each["path"] for each in shown["changes"]] == [
        "default.firstFen",
        "default.firstG",
        "default.nextFen",
        "default.nextG",
        "freeFromFen",
        "regions.0.firstFen",
        "regions.0.provinces",
    ]
    assert do(shop, view, version=2, against=1)["changes"] == [
        {"path": "freeFromFen", "before": 9900, "after": 5000}
    ]
    assert refused(shop, view, against=9)["error"] == "NOT_FOUND"
    assert refused(shop, view, version=9)["error"] == "NOT_FOUND"


# Deaths.


def publish_all(shop: Shop) -> None:
    for event in (DRAFT, TRY, PUBLISH):
        shop.call("admin_rules_publish", event, openid=OPERATOR)


def go_back(shop: Shop) -> None:
    shop.call("admin_rules_publish", BACK, openid=OPERATOR)


def published(shop: Shop) -> None:
    prepare(shop)
    publish_all(shop)


@pytest.mark.parametrize(
    ("before", "act", "after", "writes"),
    [
        (prepare, publish_all, {1: "old", 2: "live"}, 7),
        (published, go_back, {1: "old", 2: "old", 3: "live"}, 5),
    ],
    ids=["publish", "rollback"],
)
def test_whatever_write_it_dies_after_one_version_counts_and_the_same_again_finishes(
    before: Callable[[Shop], None], act: Callable[[Shop], None], after: dict[int, str], writes: int
) -> None:
    def one_counts(shop: Shop) -> None:
        live = shop.documents("business_rules", {"state": "live"})
        assert newest(live)["freight"]["version"] in {max(after) - 1, max(after)}

    assert die_everywhere(before, act, one_counts, again=False) == writes
    die_everywhere(before, act, lambda shop: _ends(shop, after))


def _ends(shop: Shop, after: dict[int, str]) -> None:
    assert states(shop) == after
    assert len({each["_id"] for each in shop.documents("audit_logs")}) == len(shop.documents("audit_logs"))
