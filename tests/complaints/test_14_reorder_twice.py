"""Complaint 14: the reorder job asks for the same goods again every day, or for twice as many.

(frappe/erpnext#36154, #50205, #50475; odoo/odoo#17320, PR #31490, PR #76466)
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from functions.builders import NOW, Document, die_everywhere, edit, inventory
from gardenshop.cloud.clock import DAY, HOUR
from gardenshop.cloud.database import Command, update
from harness import ENV, Shop
from localcloud.adapter import EngineAdapter

TOFU = "tofu-500g"
AGAIN = {"Message": "again"}
SOLD = {str(date(2026, 11, 23) - timedelta(days=i)): 5 for i in range(1, 29)}


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: Any) -> None:
    clock.now = NOW
    furnish(shop)


def furnish(shop: Shop) -> None:
    """Eight tofu on the shelf, and five a day sold."""
    shop.add("inventory", inventory(TOFU, 8, dailySales=SOLD))


def run(shop: Shop) -> int:
    """Let the job run; return how many units it asks for, which its document must say too."""
    found = shop.ok("restock_check", AGAIN)
    assert found["proposed"] == (wanted(shop) > 0)
    return wanted(shop)


def wanted(shop: Shop) -> int:
    suggestion: Document = shop.one("inventory", TOFU).get("suggestion") or {"quantity": 0}
    return int(suggestion["quantity"])


def change(shop: Shop, operators: Document) -> None:
    """Change the SKU as a person does, past the functions."""
    EngineAdapter(shop.engine, ENV).run([update("inventory", {"_id": TOFU}, operators)])


def accept(shop: Shop) -> None:
    """Order what is suggested: it is on its way now, and no suggestion any more."""
    change(shop, {"$inc": {"inbound": wanted(shop)}, "$unset": {"suggestion": ""}})


def order_by_hand(shop: Shop) -> None:
    change(shop, {"$inc": {"inbound": 80}})


def set_aside(shop: Shop) -> None:
    """Refuse what is suggested, and want to hear nothing of it for a week."""
    change(shop, {"$set": {"reorder.snoozeUntil": NOW + 7 * DAY}, "$unset": {"suggestion": ""}})


def test_runs_of_one_day_ask_once(shop: Shop, clock: Any, at_once: Callable[..., list[Any]]) -> None:
    asked = run(shop)
    before = shop.dump()["inventory"]
    clock.now += HOUR

    assert run(shop) == asked > 0
    at_once(*[("restock_check", AGAIN, "")] * 4)

    assert shop.dump()["inventory"] == before


def test_runs_of_many_days_ask_for_what_the_last_of_them_alone_would_ask(shop: Shop, clock: Any) -> None:
    for _ in range(5):
        asked = run(shop)
        clock.now += DAY
        edit(shop, "inventory", TOFU, {f"dailySales.2026-11-{23 + (clock.now - NOW) // DAY - 1}": 9})
    again = run(shop)

    change(shop, {"$unset": {"suggestion": ""}})

    assert run(shop) == again > asked


def test_what_was_ordered_is_not_asked_for_again_on_its_way_or_when_it_has_come(
    shop: Shop, clock: Any
) -> None:
    ordered = run(shop)
    accept(shop)
    assert run(shop) == 0

    clock.now += DAY
    assert run(shop) == 0
    edit(shop, "inventory", TOFU, {"inbound": 0, "available": 8 + ordered, "onHand": 8 + ordered})
    assert run(shop) == 0


@pytest.mark.parametrize("decide", [accept, order_by_hand, set_aside])
def test_what_a_person_does_while_the_job_is_at_work_stands(
    shop: Shop, clock: Any, decide: Callable[[Shop], None]
) -> None:
    run(shop)
    edit(shop, "inventory", TOFU, {"available": 6, "onHand": 6})
    clock.now += DAY
    decided: list[Document] = []

    def before(commands: Sequence[Command]) -> None:
        if any(command.get("update") == "inventory" for command in commands):
            shop.adapter.before = lambda _: None
            decide(shop)
            decided.append(shop.one("inventory", TOFU))

    shop.adapter.before = before
    shop.ok("restock_check")

    assert decided == [shop.one("inventory", TOFU)]


def test_a_job_broken_off_anywhere_and_run_again_asks_once(shop: Shop) -> None:
    asked = run(shop)

    def verify(other: Shop) -> None:
        assert wanted(other) == asked

    assert die_everywhere(furnish, lambda other: other.call("restock_check"), verify) > 0
