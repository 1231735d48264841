"""admin_stock_adjust: stock moves by entries that count once a token, and never below what is reserved."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    NOW,
    Document,
    assert_lawful,
    die_everywhere,
    edit,
    place_order,
    rule,
    stock_up,
    suggestion,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, MINUTE
from harness import A, Shop, user_id

KEEPER = "openid-keeper"
SKU = "tofu-500g"
RECEIVE = {"action": "receive", "skuId": SKU, "supplierOrderNo": "PO-7", "quantity": 6, "bad": 1}
COUNT = {"action": "count", "skuId": SKU, "seen": 10, "counted": 8}
BREAK = {"action": "adjust", "skuId": SKU, "good": -3, "bad": 3, "note": "包装破损"}
ACCEPT = {"action": "accept", "skuId": SKU, "suggestionId": f"{SKU}:2026-11-23", "supplierOrderNo": "PO-7"}
DISMISS = {"action": "dismiss", "skuId": SKU, "suggestionId": f"{SKU}:2026-11-23"}
SNOOZE = {"action": "snooze", "skuId": SKU, "days": 7}


def prepare(shop: Shop) -> None:
    """Ten units of tofu, of which the suggestion is to order thirty more."""
    shop.add("users", user())
    shop.add("users", user(KEEPER, roles=["warehouse"]))
    stock_up(shop)
    edit(shop, "inventory", SKU, {"suggestion": suggestion()})


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def adjust(shop: Shop, event: Document, token: str = "stock-0001", *, openid: str = "") -> Document:
    return shop.ok("admin_stock_adjust", {"clientToken": token, **event}, openid=openid)


def refused(shop: Shop, event: Document, token: str = "stock-0001") -> Document:
    """Return the reply to what is refused and leaves nothing behind."""
    return shop.refused("admin_stock_adjust", {"clientToken": token, **event})


def counters(shop: Shop) -> list[int]:
    """What is on hand, available, reserved, damaged, inbound."""
    stock = shop.one("inventory", SKU)
    return [stock.get(name, 0) for name in ("onHand", "available", "reserved", "damaged", "inbound")]


def meanwhile(shop: Shop, changes: Document, *, trip: int) -> None:
    """Let the stock change just before round trip number *trip* of the next call."""
    seen = 0

    def before(_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == trip:
            edit(shop, "inventory", SKU, changes)

    shop.adapter.before = before


def test_what_arrives_is_on_hand_and_the_damaged_is_not_for_sale(shop: Shop) -> None:
    assert adjust(shop, RECEIVE, openid=KEEPER) == {
        "stock": {"skuId": SKU, "onHand": 16, "available": 15, "reserved": 0, "damaged": 1, "inbound": 0},
        "repeated": False,
    }

    assert shop.one("stock_ledger", f"{SKU}:receive:stock-0001") == {
        "_id": f"{SKU}:receive:stock-0001",
        "skuId": SKU,
        "reason": "receive",
        "ref": "stock-0001",
        "deltas": {"onHand": 6, "available": 5, "damaged": 1},
        "actor": user_id(KEEPER),
        "day": "2026-11-23",
        "terms": {"orderNo": "PO-7"},
        "state": "final",
        "schemaVersion": 1,
        "createdAt": NOW,
        "updatedAt": NOW,
    }
    (trail,) = shop.documents("audit_logs")
    assert (trail["role"], trail["action"], trail["target"]) == ("warehouse", "receive", SKU)
    assert trail["diff"]["before"]["onHand"] == 10
    assert trail["diff"]["after"] == {"deltas": {"onHand": 6, "available": 5, "damaged": 1, "inbound": 0}} | {
        "orderNo": "PO-7"
    }
    assert_lawful(shop)


def test_what_was_accepted_is_on_its_way_until_it_has_arrived(shop: Shop) -> None:
    adjust(shop, ACCEPT)
    stock = shop.one("inventory", SKU)
    assert (stock["inbound"], "suggestion" in stock) == (30, False)
    assert stock["deliveries"] == {"PO-7": {"units": 30, "expectedOn": "2026-11-30"}}

    adjust(shop, {**RECEIVE, "quantity": 20, "bad": 0}, "stock-0002")
    stock = shop.one("inventory", SKU)
    assert (counters(shop), stock["deliveries"]["PO-7"]["units"]) == ([30, 30, 0, 0, 10], 10)

    adjust(shop, {**RECEIVE, "quantity": 12, "bad": 0}, "stock-0003")
    assert counters(shop) == [42, 42, 0, 0, 0]
    assert shop.one("inventory", SKU)["deliveries"] == {}
    assert_lawful(shop)


def test_a_person_may_order_less_and_expect_it_on_another_day(shop: Shop) -> None:
    adjust(shop, {**ACCEPT, "quantity": 12, "expectedOn": "2026-12-04"})

    assert shop.one("inventory", SKU)["deliveries"] == {"PO-7": {"units": 12, "expectedOn": "2026-12-04"}}


def test_a_count_corrects_what_is_on_hand(shop: Shop) -> None:
    adjust(shop, COUNT)

    assert counters(shop) == [8, 8, 0, 0, 0]
    assert shop.one("stock_ledger", f"{SKU}:count:stock-0001")["terms"] == {"seen": 10}
    assert_lawful(shop)


def test_a_count_that_finds_what_is_written_is_written_too(shop: Shop) -> None:
    adjust(shop, {**COUNT, "counted": 10})

    assert counters(shop) == [10, 10, 0, 0, 0]
    assert shop.one("stock_ledger", f"{SKU}:count:stock-0001")["deltas"] == {}


def test_a_count_of_what_has_moved_is_refused(shop: Shop) -> None:
    reply = refused(shop, {**COUNT, "seen": 9})

    assert (reply["code"], reply["error"]) == (40942, "STOCK_MOVED")
    assert reply["details"]["stock"]["onHand"] == 10


def test_a_count_during_which_the_stock_moves_is_refused_for_good(shop: Shop) -> None:
    meanwhile(shop, {"onHand": 9, "available": 9}, trip=6)
    event = {"clientToken": "stock-0001", **COUNT}

    assert shop.call("admin_stock_adjust", event)["error"] == "STOCK_MOVED"

    edit(shop, "inventory", SKU, {"onHand": 10, "available": 10})
    assert shop.call("admin_stock_adjust", event)["error"] == "STOCK_MOVED"
    assert counters(shop) == [10, 10, 0, 0, 0]
    assert shop.one("stock_ledger", f"{SKU}:count:stock-0001")["state"] == "refused"


def test_a_copy_of_a_refused_entry_that_comes_late_changes_nothing(shop: Shop) -> None:
    event = {"clientToken": "stock-0001", **COUNT}

    def refuse(commands: Any) -> None:
        if commands[0].get("update") == "stock_ledger" and len(commands) > 1:
            shop.adapter.before = lambda _: None
            edit(shop, "inventory", SKU, {"onHand": 9, "available": 9})
            assert shop.call("admin_stock_adjust", event)["error"] == "STOCK_MOVED"
            edit(shop, "inventory", SKU, {"onHand": 10, "available": 10})

    shop.adapter.before = refuse

    assert shop.call("admin_stock_adjust", event)["error"] == "STOCK_MOVED"
    assert shop.adapter.before is not refuse
    assert counters(shop) == [10, 10, 0, 0, 0]


def test_an_entry_that_a_copy_carries_out_is_not_refused(shop: Shop) -> None:
    event = {"clientToken": "stock-0001", **COUNT}

    def compete(commands: Any) -> None:
        if commands[0].get("update") == "stock_ledger" and len(commands) > 1:
            edit(shop, "inventory", SKU, {"onHand": 9, "available": 9})
        if commands[0].get("update") == "inventory":
            shop.adapter.before = lambda _: None
            edit(shop, "inventory", SKU, {"onHand": 10, "available": 10})
            assert shop.call("admin_stock_adjust", event)["code"] == 0

    shop.adapter.before = compete

    assert shop.call("admin_stock_adjust", event)["code"] == 0
    assert counters(shop) == [8, 8, 0, 0, 0]
    assert_lawful(shop)


def test_damaged_goods_are_no_longer_for_sale_and_can_be_written_off(shop: Shop) -> None:
    adjust(shop, BREAK)
    assert counters(shop) == [10, 7, 0, 3, 0]

    adjust(shop, {**BREAK, "good": 0, "bad": -2}, "stock-0002")
    adjust(shop, {**BREAK, "good": 1, "bad": -1}, "stock-0003")
    assert counters(shop) == [8, 8, 0, 0, 0]
    assert_lawful(shop)


@pytest.mark.parametrize(
    "event",
    [{**BREAK, "good": -9, "bad": 9}, {**BREAK, "good": -9, "bad": 0}, {**COUNT, "counted": 1}],
    ids=["damaged", "lost", "counted"],
)
def test_what_orders_hold_stays(shop: Shop, event: Document) -> None:
    place_order(shop, lines=[{"skuId": SKU, "quantity": 2}])

    assert refused(shop, event)["error"] == "STOCK_MOVED"
    assert counters(shop) == [10, 8, 2, 0, 0]


def test_what_an_order_holds_at_that_moment_stays(shop: Shop) -> None:
    event = {"clientToken": "stock-0001", **BREAK, "good": -9, "bad": 9}
    meanwhile(shop, {"available": 8, "reserved": 2}, trip=6)

    assert shop.call("admin_stock_adjust", event)["error"] == "STOCK_MOVED"
    assert counters(shop) == [10, 8, 2, 0, 0]


def test_of_a_suggestion_that_is_another_by_now_nothing_is_ordered(shop: Shop) -> None:
    assert refused(shop, {**ACCEPT, "suggestionId": f"{SKU}:2026-11-22"})["error"] == "OUTDATED"
    meanwhile(shop, {"suggestion": suggestion(quantity=40, at=NOW)}, trip=6)

    reply = shop.call("admin_stock_adjust", {"clientToken": "stock-0002", **ACCEPT})

    assert reply["error"] == "STOCK_MOVED"
    assert shop.one("inventory", SKU)["suggestion"]["quantity"] == 40
    assert counters(shop)[-1] == 0


@pytest.mark.parametrize("event", [DISMISS, SNOOZE], ids=["dismiss", "snooze"])
def test_a_suggestion_is_put_aside_once(shop: Shop, event: Document) -> None:
    assert adjust(shop, event)["repeated"] is False
    stock = shop.one("inventory", SKU)
    assert "suggestion" not in stock
    assert stock["reorder"].get("snoozeUntil") == (NOW + 7 * DAY if event is SNOOZE else None)

    edit(shop, "inventory", SKU, {"suggestion": suggestion(at=NOW)})
    before = shop.dump()
    assert adjust(shop, event)["repeated"] is True
    assert shop.dump() == before


def test_a_newer_suggestion_is_not_put_aside(shop: Shop) -> None:
    meanwhile(shop, {"suggestion": suggestion(at=NOW)}, trip=4)

    reply = shop.call("admin_stock_adjust", {"clientToken": "stock-0001", **DISMISS})

    assert reply["error"] == "OUTDATED"
    assert shop.one("inventory", SKU)["suggestion"]["at"] == NOW


@pytest.mark.parametrize("event", [RECEIVE, COUNT, BREAK, ACCEPT], ids=lambda event: event["action"])
def test_the_same_token_counts_once(shop: Shop, event: Document) -> None:
    first = adjust(shop, event)
    before = shop.dump()

    assert adjust(shop, event) == {**first, "repeated": True}
    assert shop.dump() == before


@pytest.mark.parametrize("event", [RECEIVE, COUNT, BREAK, ACCEPT], ids=lambda event: event["action"])
def test_the_same_token_at_once_counts_once(
    shop: Shop, at_once: Callable[..., list[Any]], event: Document
) -> None:
    replies = at_once(*[("admin_stock_adjust", {"clientToken": "stock-0001", **event}, "")] * 5)

    assert {reply["code"] for reply in replies} == {0}
    after = {"receive": 16, "count": 8, "adjust": 10, "accept": 10}[str(event["action"])]
    assert counters(shop)[0] == after
    assert len(shop.documents("audit_logs")) == 1
    assert_lawful(shop)


def test_receipts_at_once_all_count(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    adjust(shop, ACCEPT, "stock-0000")
    events = [{"clientToken": f"stock-000{i}", **RECEIVE, "quantity": 10, "bad": 0} for i in range(1, 4)]

    replies = at_once(*(("admin_stock_adjust", event, "") for event in events))

    assert {reply["code"] for reply in replies} == {0}
    assert counters(shop) == [40, 40, 0, 0, 0]
    assert_lawful(shop)


def test_a_used_token_is_not_good_for_another_entry(shop: Shop) -> None:
    adjust(shop, RECEIVE)

    assert refused(shop, {**RECEIVE, "quantity": 7})["error"] == "TOKEN_USED"
    assert refused(shop, COUNT)["error"] == "TOKEN_USED"


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ({**RECEIVE, "bad": 7}, ["bad"]),
        ({**RECEIVE, "bad": -1}, ["bad"]),
        ({**RECEIVE, "counted": 7}, ["counted"]),
        ({**BREAK, "good": 0, "bad": 0}, ["bad", "good"]),
        ({"action": "count", "skuId": SKU}, ["counted", "seen"]),
        ({"action": "snooze", "days": 3}, ["skuId"]),
    ],
)
def test_an_action_takes_its_own_fields(shop: Shop, event: Document, fields: list[str]) -> None:
    reply = refused(shop, event)

    assert [each["field"] for each in reply["details"]["fields"]] == fields


def test_a_sku_without_stock_of_its_own_is_not_found(shop: Shop) -> None:
    assert refused(shop, {**COUNT, "skuId": "nothing"})["error"] == "NOT_FOUND"


def test_what_to_order_is_shown_by_supplier(shop: Shop) -> None:
    edit(shop, "inventory", SKU, {"supplier": {"supplierId": "north", "name": "北仓"}})
    shop.add("business_rules", rule("restock", {"suppliers": {"north": {"minOrderFen": 5000}}}))
    order = {
        "supplierId": "north",
        "name": "北仓",
        "units": 30,
        "costFen": 3000,
        "missingFen": 2000,
        "lines": [{"skuId": SKU, "quantity": 30, "costFen": 3000, "arrivesOn": "2026-11-30"}],
        "heldBack": [],
    }

    shown = shop.ok("admin_stock_adjust", {"action": "order"})
    assert shown == {"orders": [order], "repeated": False}
    assert shop.ok("admin_stock_adjust", {"action": "order", "supplierId": "south"})["orders"] == []


@pytest.mark.parametrize(
    "event", [RECEIVE, COUNT, BREAK, ACCEPT, DISMISS, SNOOZE], ids=lambda event: event["action"]
)
@pytest.mark.parametrize("again", [True, False], ids=["again", "left to the pump"])
def test_wherever_the_process_dies_the_entry_counts_once_or_never(
    clock: Clock, event: Document, *, again: bool
) -> None:
    def act(shop: Shop) -> None:
        shop.call("admin_stock_adjust", {"clientToken": "stock-0001", **event})

    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now = NOW
        rows = [row["state"] for row in shop.documents("stock_ledger") if row["reason"] != "opening"]
        assert set(rows) <= {"final"}
        assert len(shop.documents("audit_logs")) >= bool(rows[1:] if event is RECEIVE else rows)
        if again:
            assert "suggestion" in shop.one("inventory", SKU) or event in (ACCEPT, DISMISS, SNOOZE)
            assert len(shop.documents("audit_logs")) == 1

    def furnished(shop: Shop) -> None:
        prepare(shop)
        if event is RECEIVE:
            adjust(shop, {**ACCEPT, "quantity": 6}, "stock-0000")
            edit(shop, "inventory", SKU, {"suggestion": suggestion()})
            shop.adapter.inner.run([{"delete": "audit_logs", "deletes": [{"q": {}, "limit": 0}]}])

    assert die_everywhere(furnished, act, verify, again=again) >= 2


def test_another_member_has_no_stock_to_adjust(shop: Shop) -> None:
    reply = shop.refused("admin_stock_adjust", {"clientToken": "stock-0001", **RECEIVE}, openid=A)

    assert reply["error"] == "FORBIDDEN"
