"""The figures of each day: from all records of the day and no other, once a run, never put back."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from functions.builders import NOW, die_everywhere, document, edit, enrich, inventory, lot, practitioner, user
from functions.past_orders import C, bought, past_order
from gardenshop.cloud.clock import DAY, HOUR
from gardenshop.cloud.database import Command, Database
from gardenshop.cloud.errors import DatabaseUnavailable
from gardenshop.flows import daily_figures, standing_figures
from gardenshop.flows.daily_figures import AGAIN, reckon
from gardenshop.flows.pages import pages
from harness import A, B, Shop, open_shop, user_id

TODAY = "2026-11-23"
NOON = 12 * HOUR


def run(shop: Shop, now: int = NOW) -> int:
    """Reckon until nothing is left; return how many days it took."""
    days = 0
    while reckon(Database(shop.adapter), now):
        days += 1
    return days


def figure(shop: Shop, kind: str, day: str = TODAY) -> dict[str, Any]:
    metrics: dict[str, Any] = shop.one("data_dashboard", f"{kind}:{day}")["metrics"]
    return metrics


def paid_order(
    days_ago: int, fen: int = 1000, *, openid: str = A, at: int = 0, **changes: Any
) -> dict[str, Any]:
    """An order of *fen* that was paid *days_ago* at noon, or *at* milliseconds later."""
    when = NOW - days_ago * DAY + at
    line = {**bought("tofu"), "listFen": fen, "paidFen": fen, **changes.pop("line", {})}
    order = past_order(days_ago, line, openid=openid, paidAt=when, createdAt=when, **changes)
    number = f"202611{23 - days_ago:02}{len(changes)}{fen}{openid[-1]}{abs(at)}"
    return {**order, "_id": number, "clientToken": number}


def event(kind: str, number: int, *, openid: str = A, **changes: Any) -> dict[str, Any]:
    fields = {"userId": user_id(openid), "type": kind, "at": NOW, "day": TODAY, **changes}
    return document("user_events", id=f"{kind}-{number}", **fields)


def furnish(shop: Shop) -> None:
    """Two members who bought on three days, one who only looked."""
    for openid in (A, B, C):
        shop.add("users", user(openid))
    shop.add("orders", paid_order(40, 500, _id="x") | {"_id": "20261014x"})
    shop.add("orders", paid_order(1, 2000, openid=B))
    shop.add("orders", paid_order(0, 3000))
    shop.add("orders", paid_order(0, 1501, openid=B))
    shop.add("user_events", event("view", 1, openid=C))


@pytest.fixture(name="furnished")
def _furnished(shop: Shop) -> Shop:
    furnish(shop)
    return shop


def test_sales_are_of_the_day_they_were_paid_in_china(furnished: Shop) -> None:
    furnished.add("orders", paid_order(0, 70, at=-NOON))
    furnished.add("orders", paid_order(0, 80, at=-NOON - 1))
    furnished.add("orders", paid_order(0, 90, at=NOON))

    run(furnished, NOW + DAY)

    assert figure(furnished, "sales") == {
        "orders": 3,
        "gmvFen": 4571,
        "refunds": 0,
        "refundFen": 0,
        "netFen": 4571,
        "buyers": 2,
        "newBuyers": 0,
        "averageFen": 1523,
    }
    assert figure(furnished, "sales", "2026-11-22")["gmvFen"] == 2080
    assert figure(furnished, "sales", "2026-11-24")["gmvFen"] == 90


def test_a_refund_leaves_the_day_of_the_sale_as_it_was(furnished: Shop) -> None:
    refund = {
        "refundNo": "r1",
        "amountFen": 600,
        "reason": "坏了",
        "state": "success",
        "createdAt": NOW - HOUR,
    }
    furnished.add("orders", paid_order(2, 900, refunds=[{**refund, "doneAt": NOW}]))

    run(furnished)

    sold, back = figure(furnished, "sales", "2026-11-21"), figure(furnished, "sales")
    assert (sold["gmvFen"], sold["refundFen"]) == (900, 0)
    assert (back["refunds"], back["refundFen"], back["netFen"]) == (1, 600, 3901)


def test_a_buyer_is_new_once(furnished: Shop) -> None:
    run(furnished)

    assert [figure(furnished, "sales", day)["newBuyers"] for day in ("2026-11-22", TODAY)] == [1, 0]


def test_the_funnel_counts_members_and_what_they_did_on_the_day(furnished: Shop) -> None:
    furnished.add("user_events", event("view", 2, openid=C))
    furnished.add("user_events", event("cart", 1, openid=C, day="2026-11-22"))
    waiting = past_order(0, bought("tofu"), openid=C, status="pending_payment", createdAt=NOW)
    furnished.add("orders", {**waiting, "_id": "20261123900000000000"})

    run(furnished)

    assert figure(furnished, "funnel") == {"viewed": 3, "carted": 3, "ordered": 3, "paid": 2}
    assert figure(furnished, "funnel", "2026-11-22") == {"viewed": 2, "carted": 2, "ordered": 1, "paid": 1}


def test_what_was_ordered_from_a_list_counts_for_its_variant(furnished: Shop) -> None:
    for number in (1, 2):
        furnished.add("user_events", event("exposure", number, exposureId=f"e{number}", variant="w:new"))
    furnished.add("user_events", event("click", 1, exposureId="e1", variant="w:new"))
    origin = {"scene": "home", "exposureId": "e1"}
    furnished.add("orders", paid_order(0, 444, line={"from": origin}))
    furnished.add("orders", paid_order(0, 445, line={"from": {**origin, "exposureId": "elsewhere"}}))

    run(furnished)

    assert figure(furnished, "recommendation") == {
        "-": {"shown": 0, "clicked": 0, "carted": 0, "ordered": 1},
        "w:new": {"shown": 2, "clicked": 1, "carted": 0, "ordered": 1},
    }


def test_points_and_carbon_are_of_the_day(furnished: Shop) -> None:
    furnished.add("points_ledger", lot("award:1", 30, day=TODAY))
    furnished.add("points_ledger", lot("award:2", 50, day=TODAY, state="pending"))
    furnished.add("points_ledger", lot("award:3", 70, day="2026-11-22"))
    for openid, grams in ((A, 700), (B, -100)):
        day = {"userId": user_id(openid), "day": TODAY, "savedG": grams, "mealSavedG": 10, "meals": 2}
        furnished.add("daily_stats", document("daily_stats", id=f"{user_id(openid)}:{TODAY}", **day))

    run(furnished)

    assert figure(furnished, "points")["garden"] == {"given": 30, "spent": 0, "takenBack": 0, "lapsed": 0}
    assert figure(furnished, "carbon") == {
        "members": 2,
        "meals": 4,
        "savedG": 600,
        "mealSavedG": 20,
        "shopCarbonG": 0,
    }


def test_what_is_owed_and_what_lacks_is_as_it_stands(furnished: Shop) -> None:
    balance = {"garden": {"available": 5, "pending": 2, "debt": 3}, "shop": {"available": 7, "reserved": 9}}
    edit(furnished, "users", user_id(A), {"points": balance})
    furnished.add("practitioners", practitioner())
    enrich(furnished, pendingFen=100, settledFen=2000)
    furnished.add("inventory", inventory("tea-500g", 0))
    furnished.add("inventory", inventory("tofu-500g", 3))

    run(furnished)

    assert figure(furnished, "liability") == {"garden": 4, "shop": 16}
    assert figure(furnished, "commission") == {
        "pendingFen": 100,
        "confirmedFen": 0,
        "settledFen": 2000,
        "paidFen": 0,
        "debtFen": 0,
    }
    assert figure(furnished, "stock") == {
        "skus": 2,
        "out": 1,
        "suggestions": 0,
        "costFen": 0,
    }


def test_members_are_told_their_segment_when_it_changes(furnished: Shop) -> None:
    run(furnished)

    loyalty = figure(furnished, "loyalty")
    assert (loyalty["buyers"], loyalty["segments"]["loyal"]) == (2, 2)
    assert figure(furnished, "cohorts")["2026-10"]["active"] == [1, 1]
    told = furnished.one("users", user_id(A))
    assert told["rfm"] == {
        "recencyDays": 0,
        "frequency": 2,
        "monetaryFen": 3500,
        "segment": "loyal",
        "at": NOW,
    }
    assert "rfm" not in furnished.one("users", user_id(C))
    run(furnished, NOW + DAY)
    assert furnished.one("users", user_id(A)) == told


def test_a_run_reckons_each_day_once_and_says_which_are_over(furnished: Shop) -> None:
    assert run(furnished) == AGAIN
    before = furnished.dump()

    assert run(furnished) == 0
    assert furnished.dump() == before
    final = {each["day"]: each["final"] for each in furnished.documents("data_dashboard", {"kind": "sales"})}
    assert final == {"2026-11-21": True, "2026-11-22": True, TODAY: False}


def test_days_for_which_no_run_came_are_caught_up(furnished: Shop) -> None:
    run(furnished)

    assert run(furnished, NOW + 6 * DAY) == 7
    days = {each["day"]: each["final"] for each in furnished.documents("data_dashboard", {"kind": "sales"})}
    assert (len(days), days[TODAY], days["2026-11-29"]) == (9, True, False)


def test_a_late_run_does_not_take_the_place_of_a_later_one(furnished: Shop) -> None:
    run(furnished, NOW + HOUR)
    before = furnished.dump()

    assert run(furnished, NOW) == 0
    assert furnished.dump() == before


def test_a_run_that_is_overtaken_changes_nothing_of_the_later_one(furnished: Shop) -> None:
    later: list[dict[str, Any]] = []

    def overtake(commands: Sequence[Command]) -> None:
        if "update" in commands[0] and not later:
            later.append({})
            run(furnished, NOW + HOUR)
            later.append(furnished.dump())

    furnished.adapter.before = overtake
    reckon(Database(furnished.adapter), NOW)

    figures = furnished.documents("data_dashboard")
    assert {each["inputs"]["at"] for each in figures} == {NOW + HOUR}
    assert figures == later[1]["data_dashboard"]


def test_pages_of_any_size_come_to_the_same(furnished: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run(furnished)
    whole = {each["_id"]: each["metrics"] for each in furnished.documents("data_dashboard")}
    monkeypatch.setattr(daily_figures, "pages", partial(pages, size=1))
    monkeypatch.setattr(daily_figures, "_ASKED_AT_ONCE", 1)
    monkeypatch.setattr(standing_figures, "_MEMBERS_AT_ONCE", 1)

    run(furnished, NOW + 1)

    assert {each["_id"]: each["metrics"] for each in furnished.documents("data_dashboard")} == whole


@pytest.mark.parametrize(
    ("collection", "bad", "told"),
    [
        ("orders", {"_id": "bad", "paidAt": NOW}, "bad"),
        ("orders", {"_id": "bad", "paidAt": NOW, "totals": {}, "lines": [], "userId": user_id(C)}, "bad"),
        ("orders", {"_id": "bad", "refunds": [{"state": "success", "doneAt": NOW}]}, "bad"),
        ("orders", {"_id": "20261123bad"}, "20261123bad"),
        ("orders", {"_id": "bad", "paidAt": 1, "status": "paid", "userId": "somebody"}, "somebody"),
        ("user_events", {"_id": "bad", "type": "view", "day": TODAY}, "bad"),
        ("users", {"rfm": "often"}, "somebody"),
    ],
    ids=["paid", "without a sum", "refunded", "ordered", "bought", "viewed", "member"],
)
def test_what_is_malformed_is_told_of_and_the_rest_is_reckoned(
    furnished: Shop, collection: str, bad: dict[str, Any], told: str
) -> None:
    run(furnished, NOW - 1)
    wanted = {kind: figure(furnished, kind) for kind in ("sales", "funnel", "recommendation", "points")}
    furnished.add("users", {**user("openid-d"), "_id": "somebody"})
    if collection == "users":
        furnished.add("orders", {**past_order(9, bought("tofu"), paidAt=NOW - 9 * DAY), "userId": "somebody"})
        edit(furnished, "users", "somebody", bad)
    else:
        furnished.add(collection, bad)

    assert run(furnished) == AGAIN

    assert {kind: figure(furnished, kind) for kind in wanted} == wanted
    tasks = furnished.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert [(each["state"], each["payload"]["id"]) for each in tasks] == [("dead", told)]


def test_a_run_broken_off_anywhere_is_ended_by_itself_again() -> None:
    def act(shop: Shop) -> None:
        with suppress(DatabaseUnavailable):
            run(shop)

    with open_shop() as shop:
        furnish(shop)
        act(shop)
        wanted = {each["_id"]: each["metrics"] for each in shop.documents("data_dashboard")}

    def verify(shop: Shop) -> None:
        assert {each["_id"]: each["metrics"] for each in shop.documents("data_dashboard")} == wanted

    assert die_everywhere(furnish, act, verify) > AGAIN
