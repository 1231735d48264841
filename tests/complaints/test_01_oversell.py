"""Complaint 1: stock is read, then taken without a guard, and more is sold than there is.

(macrozheng/mall#376, #185, #353, #136; nopSolutions/nopCommerce#4184; magento/magento2#6363;
saleor/saleor#543)
"""

from collections.abc import Callable, Sequence
from threading import Barrier
from typing import Any

import pytest

from functions.bought import furnish, stock
from functions.builders import NOW, assert_lawful, edit, line, sell_out, user
from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Command, Document
from harness import A, Shop

UNITS = 10


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: Any) -> None:
    clock.now = NOW
    furnish(shop)


def event(token: str, quantity: int = 1) -> Document:
    total = 1200 * quantity + (0 if 1200 * quantity >= 9900 else 1000 + 200 * ((quantity - 1) // 2))
    return {"lines": [line("tofu-500g", quantity)], "clientToken": token, "expectedTotalFen": total}


def all_read_before_any_writes(shop: Shop, members: int) -> None:
    """Let nobody write an order until *members* have read that there is enough for each of them."""
    ready = Barrier(members, timeout=30)

    def wait(commands: Sequence[Command]) -> None:
        if any(command.get("insert") == "orders" for command in commands):
            ready.wait()

    shop.adapter.before = wait


@pytest.mark.parametrize(("quantity", "members"), [(1, 16), (3, 8)], ids=["one each", "three each"])
def test_of_many_who_all_saw_enough_only_as_many_buy_as_there_are_units(
    shop: Shop, clock: Any, at_once: Callable[..., list[Any]], quantity: int, members: int
) -> None:
    openids = [f"openid-{i:02}" for i in range(members)]
    for openid in openids:
        shop.add("users", user(openid))
    all_read_before_any_writes(shop, members)

    replies = at_once(*(("checkout", event("token-0001", quantity), openid) for openid in openids))

    sold = UNITS // quantity
    assert sorted(reply["code"] for reply in replies) == [0] * sold + [40901] * (members - sold)
    assert stock(shop) == (UNITS, UNITS - sold * quantity, sold * quantity, 0)
    assert len(shop.documents("orders", {"status": "pending_payment"})) == sold
    clock.now += 3 * MINUTE
    assert_lawful(shop)


def test_every_write_that_takes_units_says_how_many_must_be_there(shop: Shop) -> None:
    taken: list[tuple[int, Any]] = []

    def look(commands: Sequence[Command]) -> None:
        changes = [each for command in commands if "updates" in command for each in command["updates"]]
        for change in changes:
            units = change["u"].get("$inc", {}).get("available", 0)
            if units < 0:
                taken.append((units, change["q"].get("available")))

    shop.adapter.before = look
    shop.ok("checkout", event("token-0001", 3), openid=A)

    assert taken == [(-3, {"$gte": 3})]


def test_what_was_sold_after_the_check_is_found_short_by_the_write_itself(shop: Shop) -> None:
    def sell(commands: Sequence[Command]) -> None:
        if any(command.get("insert") == "orders" for command in commands):
            shop.adapter.before = lambda _: None
            sell_out(shop, "tofu-500g")

    shop.adapter.before = sell
    reply = shop.call("checkout", event("token-0001"), openid=A)

    assert (reply["error"], stock(shop)) == ("OUT_OF_STOCK", (0, 0, 0, 0))
    assert_lawful(shop)


def test_units_that_others_hold_are_not_for_sale(shop: Shop) -> None:
    edit(shop, "inventory", "tofu-500g", {"available": 0, "reserved": UNITS})

    reply = shop.refused("checkout", event("token-0001"), openid=A)

    assert (reply["error"], reply["details"]["problems"]["short_of_stock"]) == ("OUT_OF_STOCK", ["tofu-500g"])
