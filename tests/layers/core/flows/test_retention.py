"""What is older than agreed goes, or is masked; what is younger, and everything else, stays."""

from typing import Any

import pytest

from functions.builders import (
    HOME,
    NOW,
    assert_lawful,
    coupon,
    die_everywhere,
    document,
    inventory,
    rule,
    user,
    user_coupon,
)
from functions.past_orders import assessed, bought, past_order
from gardenshop.cloud.clock import DAY, day_of, start_of
from gardenshop.cloud.database import Database
from gardenshop.flows import board_access, retention
from gardenshop.flows.retention import forget, trim
from harness import BOARD_KEYS, A, Shop, user_id

Document = dict[str, Any]
MONTH = 31 * DAY


def event(key: str, at: int, kind: str = "view") -> Document:
    fields = {"userId": user_id(A), "type": kind, "productId": "tofu", "at": at, "day": day_of(at)}
    return document("user_events", id=key, **fields)


def task(key: str, due_at: int, state: str = "done") -> Document:
    fields = {"topic": "stock.commit", "refId": key, "dueAt": due_at, "state": state}
    return document("sync_tasks", id=f"stock.commit:{key}:0", **fields)


def all_of(step: Any, shop: Shop, now: int = NOW) -> int:
    """Let *step* run until nothing is left to do; return how much it did."""
    db, total = Database(shop.adapter), 0
    while done := step(db, now):
        total += done
    return total


def ids(shop: Shop, collection: str) -> list[str]:
    return sorted(each["_id"] for each in shop.documents(collection))


def test_events_are_kept_for_thirteen_months(shop: Shop) -> None:
    edge = NOW - 13 * MONTH
    shop.add("user_events", event("old", edge - DAY, "exposure"))
    shop.add("user_events", event("new", edge))

    assert all_of(forget, shop) == 1
    assert ids(shop, "user_events") == ["new"]


def test_former_results_and_forgotten_drafts_go_and_the_present_result_stays(shop: Shop) -> None:
    def result(at: int) -> Document:
        return {"results": [], "standard": "GB/T 46939—2025", "at": at}

    old, young = result(NOW - 24 * MONTH - 1), result(NOW - 24 * MONTH)
    draft = {"standard": "GB/T 46939—2025", "answers": {"g01": 1}, "savedAt": NOW - MONTH - 1}
    profile = assessed(A, "balanced", history=[old, young], draft=draft)
    edited = {**profile["constitution"], "at": NOW - 48 * MONTH}
    shop.add("user_profiles_extended", {**profile, "constitution": edited})

    assert all_of(forget, shop) == 2

    left = shop.one("user_profiles_extended", user_id(A))
    assert (left["history"], "draft" in left, left["constitution"]) == ([young], False, edited)


def signed_in(shop: Shop, at: int) -> str:
    """Let an operator enter a code made at *at* as late as she may; return her token."""
    db = Database(shop.adapter)
    code, write = board_access.issue(user_id(A), at)
    db.write(write)
    board_access.count_code(db, user_id(A), at)
    session = board_access.enter(db, code, at + board_access.CODE_LASTS - 1)
    return board_access.token_of(session, {"BOARD_KEYS": BOARD_KEYS})


def test_who_signed_in_is_forgotten_when_no_session_can_be_left(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day is kept while a session of its last code may last; whatever else the page reads stays."""
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    midnight = start_of(day_of(NOW))
    for age in range(1, 6):
        signed_in(shop, midnight - DAY - age)
    token = signed_in(shop, midnight - 1)
    named = {"kind": "sales", "day": "2025-01-01", "metrics": {}, "inputs": {}}
    shop.add("data_dashboard", document("data_dashboard", id="sales:2025-01-01", **named))

    assert all_of(forget, shop, midnight) == 6

    assert [each.partition(":")[0] for each in ids(shop, "data_dashboard")] == [
        "sales",
        "signin",
        "signin_codes",
    ]
    shop.add("users", user(roles=["operator"]))
    session = board_access.session_of(token, {"BOARD_KEYS": BOARD_KEYS}, midnight)
    assert board_access.demand(*Database(shop.adapter).read(*board_access.standing(session)))[
        "_id"
    ] == user_id(A)


@pytest.mark.parametrize(
    ("changes", "masked"),
    [
        ({"createdAt": NOW - 37 * MONTH - 1}, True),
        ({"createdAt": NOW - 37 * MONTH}, False),
        ({"createdAt": NOW - 37 * MONTH - 1, "status": "shipped"}, False),
    ],
    ids=["old", "young", "still open"],
)
def test_addresses_of_old_orders_are_masked_and_the_order_is_kept(
    shop: Shop, changes: Document, *, masked: bool
) -> None:
    order = past_order(1, bought("tofu"), address=HOME, remark="放门口", **changes)
    shop.add("orders", order)

    assert all_of(forget, shop) == int(masked)

    if masked:
        hidden = {"name": "***", "phone": "000000", "detail": "***"}
        order = {**order, "address": {**order["address"], **hidden}, "remark": ""}
    assert shop.documents("orders") == [order]


def test_only_old_tasks_that_are_done_go(shop: Shop) -> None:
    edge = NOW - 13 * MONTH
    for key, due_at, state in (
        ("old", edge - 1, "done"),
        ("young", edge, "done"),
        ("dead", edge - 1, "dead"),
        ("due", edge - 1, "due"),
    ):
        shop.add("sync_tasks", task(key, due_at, state))

    assert all_of(forget, shop) == 1
    assert ids(shop, "sync_tasks") == ["stock.commit:dead:0", "stock.commit:due:0", "stock.commit:young:0"]


def test_the_periods_are_the_live_rule(shop: Shop) -> None:
    shop.add("business_rules", rule("privacy", {"eventMonths": 1}))
    shop.add("user_events", event("old", NOW - MONTH - DAY))

    assert all_of(forget, shop) == 1


def test_the_trail_of_operators_is_kept(shop: Shop) -> None:
    trail = {
        "actor": "u1",
        "role": "operator",
        "function": "points_award",
        "action": "award",
        "target": "u2",
        "seq": 1,
    }
    trail["hash"] = "0" * 64
    shop.add("audit_logs", document("audit_logs", id="a1", at=0, createdAt=0, updatedAt=0, **trail))

    assert all_of(forget, shop) == 0
    assert ids(shop, "audit_logs") == ["a1"]


def test_any_number_goes_bit_by_bit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(5):
        shop.add("user_events", event(f"e{number}", 0))

    assert forget(Database(shop.adapter), NOW) == 2
    assert all_of(forget, shop) == 3
    assert shop.documents("user_events") == []


def test_days_of_sales_are_kept_as_long_as_restocking_reads_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 2)
    days = {day_of(NOW - ago * DAY): 1 for ago in range(1, 405)}
    terms = {"2024-dongzhi": 1, "2025-lichun": 2, "2026-xiaoxue": 3}
    for number in range(5):
        stock = inventory(f"s{number}-1", 1)
        shop.add("inventory", {**stock, "dailySales": days, "termSales": terms})

    assert all_of(trim, shop) == 5

    for stock in shop.documents("inventory"):
        assert min(stock["dailySales"]) == day_of(NOW - 398 * DAY)
        assert (len(stock["dailySales"]), max(stock["dailySales"])) == (398, day_of(NOW - DAY))
        assert stock["termSales"] == {"2025-lichun": 2, "2026-xiaoxue": 3}
    assert all_of(trim, shop) == 0


def test_a_night_broken_off_anywhere_is_ended_by_the_next_tick() -> None:
    days = {"2020-01-01": 1, "2026-11-22": 2}
    night = {"Type": "Timer", "Time": "2026-11-23T04:00:00Z"}

    def prepare(shop: Shop) -> None:
        shop.add("user_events", event("old", 0))
        shop.add("sync_tasks", task("old", 0))
        shop.add("users", user(A))
        shop.add("coupons", coupon(issued=1))
        shop.add("user_coupons", user_coupon())
        shop.add("inventory", {**inventory("tofu-500g", 0), "dailySales": days})

    def act(shop: Shop) -> None:
        shop.call("nightly_close", night)

    def verify(shop: Shop) -> None:
        assert shop.documents("user_events") == []
        assert shop.one("inventory", "tofu-500g")["dailySales"] == {"2026-11-22": 2}
        laws = shop.one("data_dashboard", "laws:2026-11-23")
        assert laws["final"]
        assert {found["checked"] for found in laws["metrics"].values()} == {0, 1}
        assert_lawful(shop)

    assert die_everywhere(prepare, act, verify) >= 10
