"""dashboard: a suggestion accepted or dismissed from the page, once, by whom it is for, as she saw it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from faults import lost_reply
from functions.at_board import OWN, Reply, code_of, enter, get, post
from functions.builders import (
    NOW,
    Document,
    assert_lawful,
    die_everywhere,
    edit,
    stock_up,
    suggestion,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud import clock as clocks
from gardenshop.cloud import roles
from gardenshop.cloud.clock import DAY, HOUR
from gardenshop.flows import board_access, supplying
from harness import A, B, Shop, user_id

SKU, SEEN = "tofu-500g", NOW - DAY
ACCEPT = {"action": "accept", "skuId": SKU, "suggestionId": f"{SKU}:2026-11-23", "suggestedAt": SEEN}
DISMISS = {**ACCEPT, "action": "dismiss"}
ORDERED = {"units": 30, "orderNo": "PO20261123-north", "expectedOn": "2026-11-30", "repeated": False}
BOTH = pytest.mark.parametrize("deed", [ACCEPT, DISMISS], ids=["accept", "dismiss"])


def prepare(shop: Shop) -> None:
    """Ten units of tofu, thirty of which are to be ordered; A and B are operators."""
    for openid in (A, B):
        shop.add("users", user(openid, roles=["operator"]))
    stock_up(shop)
    supplier = {"supplierId": "north", "name": "北仓"}
    edit(shop, "inventory", SKU, {"suggestion": suggestion(), "supplier": supplier})


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def session(shop: Shop, openid: str = A) -> dict[str, str]:
    """Sign in and return what the page then sends: the cookie, and the seal in its header."""
    cookie = enter(shop, code_of(shop, openid, clocks.now_ms()))
    reply = get(shop, cookie, days="7")
    seal = json.loads(reply["body"])["seal"] if reply["statusCode"] == 200 else "1"
    return {"cookie": cookie, "x-board": seal}


def decide(shop: Shop, deed: Document, headers: dict[str, str]) -> Document:
    reply = post(shop, deed, **headers)
    assert reply["statusCode"] == 200, reply
    assert reply["headers"]["Cache-Control"] == "no-store"
    done: Document = json.loads(reply["body"])
    return done


def refused(shop: Shop, deed: Document, headers: dict[str, str], status: int) -> Reply:
    """See that *deed* is refused with *status* and only its asking counted, and return the reply."""
    before = shop.dump()
    reply = post(shop, deed, **headers)
    assert reply["statusCode"] == status, reply
    after = shop.dump()
    assert {**after, "data_dashboard": []} == {**before, "data_dashboard": []}
    return reply


def inbound(shop: Shop) -> tuple[int, bool]:
    """What is on its way, and whether the suggestion is open."""
    stock = shop.one("inventory", SKU)
    return stock.get("inbound", 0), "suggestion" in stock


def test_what_she_accepts_is_on_its_way_under_a_number_of_the_shop(shop: Shop) -> None:
    assert decide(shop, ACCEPT, session(shop)) == ORDERED

    assert inbound(shop) == (30, False)
    row = shop.one("stock_ledger", f"{SKU}:inbound:board-{SEEN}")
    assert (row["actor"], row["state"], row["deltas"]) == (user_id(A), "final", {"inbound": 30})
    (trail,) = shop.documents("audit_logs")
    assert (trail["actor"], trail["role"], trail["target"]) == (user_id(A), "operator", SKU)
    assert (trail["function"], trail["action"]) == ("dashboard", "accept")
    assert trail["diff"]["before"]["inbound"] == 0
    assert trail["diff"]["after"] == {
        "deltas": {"inbound": 30},
        "orderNo": "PO20261123-north",
        "expectedOn": "2026-11-30",
        "suggestionAt": SEEN,
    }
    assert_lawful(shop)


def test_what_she_dismisses_is_gone_and_nothing_is_ordered(shop: Shop) -> None:
    assert decide(shop, DISMISS, session(shop)) == {"repeated": False}

    assert inbound(shop) == (0, False)
    (trail,) = shop.documents("audit_logs")
    assert (trail["actor"], trail["action"]) == (user_id(A), "dismiss")
    assert trail["diff"]["before"] == {"suggestionId": f"{SKU}:2026-11-23"}
    assert "snoozeUntil" not in shop.one("inventory", SKU)["reorder"]


def test_what_gains_most_is_shown_first_and_the_rest_not_at_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supplying, "SHOWN", 2)
    for name, gain in (("soy", 500), ("nuts", 900)):
        stock_up(shop, name)
        edit(shop, "inventory", f"{name}-500g", {"suggestion": suggestion(f"{name}-500g", returnBp=gain)})

    view = json.loads(get(shop, session(shop)["cookie"], days="7")["body"])

    assert [each["skuId"] for each in view["suggestions"]] == ["nuts-500g", "soy-500g"]


def test_it_costs_few_trips(shop: Shop) -> None:
    headers = session(shop)

    decide(shop, ACCEPT, headers)

    assert shop.adapter.trips <= 9


@BOTH
def test_what_was_decided_is_not_shown_any_more(shop: Shop, deed: Document) -> None:
    headers = session(shop)
    decide(shop, deed, headers)

    assert json.loads(get(shop, headers["cookie"], days="7")["body"])["suggestions"] == []


@BOTH
def test_a_second_click_changes_nothing(shop: Shop, deed: Document) -> None:
    headers = session(shop)
    first = decide(shop, deed, headers)
    after = inbound(shop)

    assert decide(shop, deed, headers) == {**first, "repeated": True}
    assert decide(shop, deed, session(shop, B)) == {**first, "repeated": True}
    assert inbound(shop) == after
    assert len(shop.documents("audit_logs")) == 1


@BOTH
def test_two_operators_at_once_decide_once(
    shop: Shop, at_once: Callable[..., list[Any]], deed: Document
) -> None:
    body = json.dumps(deed)
    clicks = [{**OWN, **session(shop, openid)} for openid in (A, A, B, B)]
    events = [{"httpMethod": "POST", "headers": each, "body": body} for each in clicks]

    replies = at_once(*(("dashboard", event, "") for event in events))

    assert {reply["statusCode"] for reply in replies} == {200}
    assert inbound(shop) == (30 if deed is ACCEPT else 0, False)
    assert len(shop.documents("audit_logs")) == 1
    assert_lawful(shop)


def test_of_two_who_decide_differently_the_second_is_refused(shop: Shop) -> None:
    decide(shop, ACCEPT, session(shop))

    refused(shop, DISMISS, session(shop, B), 409)
    assert inbound(shop) == (30, False)


def test_what_was_accepted_elsewhere_is_not_accepted_again(shop: Shop) -> None:
    headers = session(shop)
    named = {"supplierOrderNo": "PO-7", "clientToken": "stock-0001"}
    event = {name: value for name, value in ACCEPT.items() if name != "suggestedAt"}
    shop.ok("admin_stock_adjust", {**event, **named}, openid=B)

    reply = refused(shop, ACCEPT, headers, 409)

    assert "补货建议已变化" in reply["body"]
    assert inbound(shop) == (30, False)


@BOTH
@pytest.mark.parametrize(
    "changes",
    [{"at": NOW}, {"suggestionId": f"{SKU}:2026-11-24"}],
    ids=["made anew", "another"],
)
def test_another_suggestion_than_she_saw_stays(shop: Shop, deed: Document, changes: Document) -> None:
    headers = session(shop)
    edit(shop, "inventory", SKU, {"suggestion": suggestion(quantity=90, **changes)})

    refused(shop, deed, headers, 409)
    assert inbound(shop) == (0, True)


@BOTH
def test_one_that_changes_at_that_moment_stays(shop: Shop, deed: Document) -> None:
    headers = session(shop)

    def change(commands: Any) -> None:
        if any(each.get("update") == "inventory" for each in commands):
            edit(shop, "inventory", SKU, {"suggestion": suggestion(quantity=90, at=NOW)})

    shop.adapter.before = change

    assert post(shop, deed, **headers)["statusCode"] == 409
    assert shop.one("inventory", SKU)["suggestion"]["quantity"] == 90
    assert inbound(shop) == (0, True)


@BOTH
@pytest.mark.parametrize(
    "held", [[], ["warehouse"], ["finance", "service", "editor", "staff"]], ids=["member", "keeper", "others"]
)
def test_who_has_no_part_in_it_decides_nothing(shop: Shop, deed: Document, held: list[str]) -> None:
    headers = session(shop)
    edit(shop, "users", user_id(A), {"roles": held})

    refused(shop, deed, headers, 403)


def test_who_may_only_look_has_no_buttons_and_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    may = roles.MAY["operator"] - {"admin_stock_adjust"}
    monkeypatch.setattr(roles, "MAY", {**roles.MAY, "operator": may | {"admin_stock_adjust:dismiss"}})
    headers = session(shop)

    view = json.loads(get(shop, headers["cookie"], days="7")["body"])

    assert (view["may"], len(view["suggestions"])) == (["dismiss"], 1)
    refused(shop, ACCEPT, headers, 403)
    assert decide(shop, DISMISS, headers) == {"repeated": False}


@BOTH
def test_a_frozen_operator_decides_nothing(shop: Shop, deed: Document) -> None:
    headers = session(shop)
    edit(shop, "users", user_id(A), {"status": "frozen"})

    refused(shop, deed, headers, 403)


@BOTH
def test_a_session_that_is_over_decides_nothing(shop: Shop, clock: Clock, deed: Document) -> None:
    headers, left = session(shop), session(shop, B)
    post(shop, {"action": "leave"}, left["cookie"])

    refused(shop, deed, left, 401)
    refused(shop, deed, {"x-board": headers["x-board"]}, 401)
    clock.now = NOW + 8 * HOUR
    refused(shop, deed, headers, 401)


@BOTH
@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://elsewhere.example"}, {"origin": ""}, {"x-board": ""}, {"x-board": "1"}],
    ids=str,
)
def test_what_another_site_posts_decides_nothing(shop: Shop, deed: Document, headers: dict[str, str]) -> None:
    refused(shop, deed, {**session(shop), **headers}, 403)
    assert inbound(shop) == (0, True)


@BOTH
def test_the_seal_of_another_session_is_none(shop: Shop, deed: Document) -> None:
    mine, hers = session(shop), session(shop, B)

    refused(shop, deed, {**mine, "x-board": hers["x-board"]}, 403)
    refused(shop, deed, {**mine, "x-board": mine["cookie"].partition("=")[2]}, 403)


def test_a_session_decides_so_often_and_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_access, "DECISIONS", 2)
    headers = session(shop)
    for _ in range(2):
        refused(shop, {**DISMISS, "suggestedAt": NOW}, headers, 409)

    assert "操作过于频繁" in refused(shop, DISMISS, headers, 409)["body"]
    assert decide(shop, DISMISS, session(shop)) == {"repeated": False}


@pytest.mark.parametrize("name", ["skuId", "suggestionId", "suggestedAt"])
def test_a_decision_names_what_was_seen(shop: Shop, name: str) -> None:
    deed = {key: value for key, value in ACCEPT.items() if key != name}

    refused(shop, deed, session(shop), 400)


def test_a_sku_without_stock_of_its_own_is_not_found(shop: Shop) -> None:
    refused(shop, {**ACCEPT, "skuId": "nothing"}, session(shop), 404)


@BOTH
@pytest.mark.parametrize("again", [True, False], ids=["again", "left to the pump"])
def test_wherever_the_process_dies_it_counts_once_or_never(
    clock: Clock, deed: Document, *, again: bool
) -> None:
    kept: dict[str, str] = {}

    def furnished(shop: Shop) -> None:
        prepare(shop)
        kept.update(session(shop))

    def act(shop: Shop) -> None:
        post(shop, deed, **kept)

    def verify(shop: Shop) -> None:
        clock.now += 3 * 60_000
        assert_lawful(shop)
        clock.now = NOW
        units, still_open = inbound(shop)
        assert units == (30 if deed is ACCEPT and not still_open else 0)
        assert {row["state"] for row in shop.documents("stock_ledger")} == {"final"}
        assert len(shop.documents("audit_logs")) <= 1
        if again:
            assert not still_open
            assert len(shop.documents("audit_logs")) == 1

    assert die_everywhere(furnished, act, verify, again=again) >= 3


@pytest.mark.parametrize("lives", range(2, 6))
def test_a_retry_after_midnight_keeps_the_number_of_the_order(shop: Shop, clock: Clock, lives: int) -> None:
    clock.now = NOW + 12 * HOUR - 1
    headers = session(shop)
    sound, shop.adapter.inner = shop.adapter.inner, lost_reply(shop.adapter.inner, lives=lives)
    assert post(shop, ACCEPT, **headers)["statusCode"] == 503
    shop.adapter.inner = sound
    clock.now += 2

    assert {**decide(shop, ACCEPT, headers), "repeated": False} == ORDERED

    (trail,) = shop.documents("audit_logs")
    assert trail["diff"]["after"]["orderNo"] == ORDERED["orderNo"]
    assert inbound(shop) == (30, False)
