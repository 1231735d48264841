"""What holds of every timer: it says when it ended, and coming twice, late or never does no harm."""

from typing import Any

import pytest

from functions.builders import NOW, assert_lawful, document, stock_up
from functions.conftest import Clock
from functions.events import NAMES, furnished
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.cloud.database import Database
from gardenshop.cloud.entry import TIMER
from gardenshop.cloud.errors import DatabaseUnavailable
from gardenshop.flows import outbox_figures
from harness import Shop, function

TIMERS = [name for name in NAMES if function(name).main.caller == TIMER]
TODAY = "2026-11-23"


def event(time: str = f"{TODAY}T04:00:00Z") -> dict[str, Any]:
    return {"Type": "Timer", "TriggerName": "every", "Time": time}


@pytest.mark.parametrize("name", TIMERS)
def test_it_says_when_it_ended_whatever_time_it_was_told(shop: Shop, clock: Clock, name: str) -> None:
    stock_up(shop)

    shop.ok(name, event("2026-11-20T04:00:00Z"))
    clock.now += MINUTE
    shop.ok(name, event("2026-11-20T04:00:00Z"))

    (row,) = shop.documents("data_dashboard", {"kind": "timers"})
    assert (row["_id"], row["metrics"]) == (f"timers:{TODAY}", {name: NOW + MINUTE})
    assert (row["createdAt"], row["updatedAt"]) == (NOW, NOW + MINUTE)


@pytest.mark.parametrize("name", TIMERS)
def test_one_that_fails_says_nothing(shop: Shop, clock: Clock, name: str) -> None:
    def fail(_: Any) -> None:
        raise DatabaseUnavailable

    del clock
    shop.adapter.before = fail
    assert shop.call(name, event())["code"] == 50303

    assert shop.documents("data_dashboard", {"kind": "timers"}) == []


def test_each_leaves_its_own_mark(shop: Shop, clock: Clock) -> None:
    stock_up(shop)
    for number, name in enumerate(TIMERS):
        clock.now = NOW + number
        shop.ok(name, event())

    (row,) = shop.documents("data_dashboard", {"kind": "timers"})
    assert row["metrics"] == {name: NOW + number for number, name in enumerate(TIMERS)}


@pytest.mark.parametrize("name", TIMERS)
def test_the_same_run_again_and_one_that_comes_late_change_nothing(name: str) -> None:
    with furnished() as shop:
        shop.ok(name, event())
        before = shop.dump()

        shop.ok(name, event())
        assert shop.dump() == before
        shop.ok(name, event(f"{TODAY}T03:00:00Z"))
        assert shop.dump() == before


@pytest.mark.parametrize("name", TIMERS)
def test_after_days_without_a_run_one_run_brings_everything_up_to_date(name: str) -> None:
    """One run after five days leaves what five daily ones leave."""
    outcomes = []
    for days in ((5,), (1, 2, 3, 4, 5)):
        with furnished() as shop:
            for day in days:
                shop.ok(name, event(f"2026-11-{23 + day}T04:00:00Z"))
            outcomes.append({each: shop.documents(each) for each in ("orders", "user_coupons", "promotions")})
            assert_lawful(shop)
    once, daily = map(states, outcomes)
    assert once == daily


def states(stored: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        name: [(row["_id"], row.get("status") or row.get("state")) for row in rows]
        for name, rows in stored.items()
    }


def test_the_outbox_says_what_is_due_since_when_and_what_was_given_up(shop: Shop) -> None:
    for key, state, ago in (
        ("a", "due", 3 * MINUTE),
        ("b", "leased", 0),
        ("c", "due", -1),
        ("d", "dead", DAY),
        ("e", "done", DAY),
    ):
        task = {"topic": "stock.commit", "refId": key, "state": state, "dueAt": NOW - ago}
        shop.add("sync_tasks", document("sync_tasks", id=f"stock.commit:{key}:0", **task))
    db = Database(shop.adapter)

    for _ in range(2):
        db.write(outbox_figures.figures(db, NOW))

    row = shop.one("data_dashboard", f"outbox:{TODAY}")
    assert (row["kind"], row["metrics"]) == ("outbox", {"due": 2, "oldestDueAgeMs": 3 * MINUTE, "dead": 1})


def test_the_pump_leaves_the_figures_of_its_day(shop: Shop) -> None:
    shop.ok("outbox_pump", event())

    row = shop.one("data_dashboard", f"outbox:{TODAY}")
    assert row["metrics"] == {"due": 0, "oldestDueAgeMs": 0, "dead": 0}
