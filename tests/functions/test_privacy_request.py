"""privacy_request: she gets all that is hers and nothing else, and she may change her mind for a week."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    HOME,
    NOW,
    commission,
    die_everywhere,
    document,
    enrich,
    garden,
    lot,
    place_order,
    plant,
    practitioner,
    rule,
    stock_up,
    user,
    user_coupon,
)
from functions.conftest import Clock
from functions.events import furnish
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.errors import DatabaseUnavailable
from gardenshop.rules.privacy import CONFIRMATION, EXPORTED
from harness import A, B, Shop, user_id

ERASE = {"action": "erase", "confirmation": CONFIRMATION}
DUE = NOW + 7 * DAY


def exported(shop: Shop, openid: str = A) -> dict[str, list[dict[str, Any]]]:
    """Return all pages of an export, by collection."""
    found: dict[str, list[dict[str, Any]]] = {}
    event: dict[str, Any] = {"action": "export"}
    while True:
        page = shop.ok("privacy_request", event, openid=openid)["page"]
        found.setdefault(page["collection"], []).extend(page["documents"])
        if "nextCursor" not in page:
            return found
        event["cursor"] = page["nextCursor"]


def wish(shop: Shop, openid: str = A) -> dict[str, Any] | None:
    stored: dict[str, Any] | None = shop.one("users", user_id(openid)).get("erasure")
    return stored


@pytest.fixture(autouse=True)
def _open(clock: Clock) -> None:
    del clock


def test_an_export_is_every_document_of_hers_and_nothing_of_anothers(shop: Shop) -> None:
    furnish(shop)
    place_order(shop)
    place_order(shop, openid=B)
    shop.add("user_coupons", user_coupon())
    shop.add("user_coupons", user_coupon(openid=B))

    for openid in (A, B):
        found = exported(shop, openid)
        mine = user_id(openid)
        lin = "lin" if openid == A else "bo"
        for holding in EXPORTED:
            hers = {
                each["_id"]
                for each in shop.documents(holding.collection)
                if mine in {each["_id"], each.get("userId"), each["_id"].split(":")[0]}
                or each.get("practitionerId") == lin
            }
            assert {each["_id"] for each in found[holding.collection]} == hers
    assert found["users"][0]["addresses"] == [HOME]
    assert "openid" not in found["users"][0]


def test_pages_are_small_and_leave_nothing_out(shop: Shop) -> None:
    shop.add("users", user())
    for n in range(120):
        shop.add("points_ledger", lot(f"award:{n:03}", 1))

    found = exported(shop)["points_ledger"]

    assert [each["_id"] for each in found] == [f"award:{n:03}" for n in range(120)]


def test_a_reply_stays_below_the_limit_of_the_platform(shop: Shop) -> None:
    shop.add("users", user())
    items = [{"name": "很长的食物名字" * 8, "grams": 1, "factorG": 1, "carbonG": 1}] * 60
    sums = {"carbonG": 1, "baselineG": 1, "savedG": 0, "baseline": "pork", "factorVersion": "test"}
    for n in range(60):
        meal = {"userId": user_id(A), "day": "2026-11-23", "type": "lunch", "source": "member", **sums}
        shop.add("meals", document("meals", id=f"{user_id(A)}:{n:02}", items=items, **meal))
    place = [each.collection for each in EXPORTED].index("meals")

    page = shop.ok("privacy_request", {"action": "export", "cursor": f"{place}~"}, openid=A)["page"]

    assert 1 <= len(page["documents"]) < 50
    assert len(exported(shop)["meals"]) == 60


def test_a_cursor_beyond_the_last_collection_is_refused(shop: Shop) -> None:
    shop.add("users", user())

    reply = shop.refused("privacy_request", {"action": "export", "cursor": "99~"}, openid=A)

    assert reply["details"]["fields"] == [{"field": "cursor", "problem": "out of range"}]


def test_asking_needs_the_very_words(shop: Shop) -> None:
    shop.add("users", user())

    for event in ({"action": "erase"}, {"action": "erase", "confirmation": "注销"}):
        reply = shop.refused("privacy_request", event, openid=A)
        assert (reply["error"], reply["details"]["fields"][0]["field"]) == ("INVALID_REQUEST", "confirmation")


def test_asking_tells_until_when_she_may_change_her_mind_and_asking_again_changes_nothing(
    shop: Shop, clock: Clock
) -> None:
    shop.add("users", user())
    told = {"erasure": {"askedAt": NOW, "dueAt": DUE}, "blockers": [], "confirmation": CONFIRMATION}

    assert shop.ok("privacy_request", ERASE, openid=A) == told
    clock.now += DAY
    before = shop.dump()
    assert shop.ok("privacy_request", ERASE, openid=A) == told
    assert shop.ok("privacy_request", openid=A) == told
    assert shop.dump() == before


def test_the_rule_says_how_long_she_may_think(shop: Shop) -> None:
    shop.add("users", user())
    shop.add("business_rules", rule("privacy", {"eraseWaitDays": 3}, category="order"))

    assert shop.ok("privacy_request", ERASE, openid=A)["erasure"]["dueAt"] == NOW + 3 * DAY


def test_who_takes_it_back_stays(shop: Shop, clock: Clock) -> None:
    shop.add("users", user())
    shop.ok("privacy_request", ERASE, openid=A)

    assert "erasure" not in shop.ok("privacy_request", {"action": "revoke"}, openid=A)

    assert wish(shop) is None
    clock.now = DUE
    before = shop.documents("users")
    shop.ok("outbox_pump")
    assert shop.documents("users") == before
    (task,) = shop.documents("sync_tasks")
    assert (task["state"], task["payload"]) == ("done", {})


def test_who_asks_again_after_taking_it_back_waits_anew(shop: Shop, clock: Clock) -> None:
    shop.add("users", user())
    shop.ok("privacy_request", ERASE, openid=A)
    shop.ok("privacy_request", {"action": "revoke"}, openid=A)
    clock.now += DAY
    shop.ok("privacy_request", ERASE, openid=A)

    clock.now = DUE
    shop.ok("outbox_pump")
    assert wish(shop) is not None
    clock.now += DAY
    shop.ok("outbox_pump")
    assert shop.documents("users", {"_id": user_id(A)}) == []


def test_nothing_asked_is_nothing_to_take_back(shop: Shop) -> None:
    shop.add("users", user())

    assert shop.refused("privacy_request", {"action": "revoke"}, openid=A)["error"] == "NOTHING_TO_REVOKE"


def test_without_an_account_there_is_nothing_to_erase(shop: Shop) -> None:
    assert shop.refused("privacy_request", ERASE, openid=A)["error"] == "NOT_FOUND"


def _order(shop: Shop) -> None:
    stock_up(shop)
    place_order(shop)


def _owed(shop: Shop) -> None:
    shop.add("practitioners", practitioner())
    enrich(shop, settledFen=1)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [(_order, "orders"), (_owed, "commission")],
    ids=["an open order", "commission owed"],
)
def test_what_is_not_settled_is_named(shop: Shop, prepare: Callable[[Shop], None], reason: str) -> None:
    shop.add("users", user())
    prepare(shop)

    reply = shop.refused("privacy_request", ERASE, openid=A)

    assert (reply["error"], [each["reason"] for each in reply["details"]["blockers"]]) == (
        "ERASURE_BLOCKED",
        [reason],
    )
    assert [each["reason"] for each in shop.ok("privacy_request", openid=A)["blockers"]] == [reason]


def test_staff_are_not_erased_before_they_are_relieved(shop: Shop) -> None:
    shop.add("users", user(roles=["operator"]))

    reply = shop.refused("privacy_request", ERASE, openid=A)

    assert [each["reason"] for each in reply["details"]["blockers"]] == ["staff"]


def test_two_who_ask_at_once_have_one_wish(shop: Shop, clock: Clock, at_once: Callable[..., Any]) -> None:
    shop.add("users", user())

    replies = at_once(*[("privacy_request", ERASE, A)] * 4)

    assert {reply["code"] for reply in replies} == {0}
    clock.now = DUE
    shop.ok("outbox_pump")
    assert [each["status"] for each in shop.documents("users")] == ["closed"]


def test_whoever_dies_asking_has_asked_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHONE_HASH_KEY", "a phone hash key for tests")

    def ask(shop: Shop) -> None:
        reply = shop.call("privacy_request", ERASE, openid=A)
        assert reply["code"] in {0, DatabaseUnavailable.code}

    def verify(shop: Shop) -> None:
        alias = (wish(shop) or {})["alias"]
        assert shop.one("sync_tasks", f"privacy.erase:{alias}:0")["dueAt"] == DUE

    assert die_everywhere(lambda shop: shop.add("users", user()), ask, verify) == 2


def test_an_export_shows_a_practitioner_her_own(shop: Shop) -> None:
    furnish(shop)
    shop.add("commission_ledger", commission("accrue", id="of-lin", practitionerId="lin", pendingFen=1))

    assert "of-lin" in {each["_id"] for each in exported(shop)["commission_ledger"]}
    assert "of-lin" not in {each["_id"] for each in exported(shop, B)["commission_ledger"]}


def test_nobody_else_is_served(shop: Shop) -> None:
    assert shop.refused("privacy_request", openid="")["error"] == "FORBIDDEN"


def test_a_garden_is_exported_whole(shop: Shop) -> None:
    shop.add("users", user())
    shop.add("gardens", garden(plant("p1")))

    assert exported(shop)["gardens"][0]["plants"][0]["plantId"] == "p1"
