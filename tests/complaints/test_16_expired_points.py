"""Complaint 16: expired points can still be spent, and the balance does not know that they expired.

(Kademi/kademi-dev#5962, nurockplayer/tachiya#138)
"""

import pytest

from functions.builders import (
    FREIGHT,
    NOW,
    assert_lawful,
    line,
    lot,
    place_order,
    rule,
    stock_up,
    template,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, HOUR
from harness import A, Shop, user_id

END = NOW + HOUR
"""The last instant of the points."""


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: Clock) -> None:
    """A member whose 200 garden points and 200 shop points lapse in an hour."""
    del clock
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("plant_templates", template())
    stock_up(shop)
    shop.add("users", user(points={book: {"available": 200} for book in ("garden", "shop")}))
    for book in ("garden", "shop"):
        shop.add("points_ledger", lot(f"award:{book}", 200, book=book, lot={"left": 200, "expiresAt": END}))


def spendable(shop: Shop) -> tuple[int, int]:
    """Return what the statement says can be spent of the garden's points and of the shop's."""
    statement = shop.ok("points_statement", openid=A)
    return statement["garden"]["available"], statement["shop"]["available"]


def test_until_the_last_instant_they_are_good(shop: Shop, clock: Clock) -> None:
    clock.now = END - 1

    assert spendable(shop) == (200, 200)
    assert shop.ok("points_statement", openid=A)["shop"]["nextExpiry"] == {"points": 200, "at": END}
    assert place_order(shop, points=200)["totals"]["pointsUsed"] == 200
    assert_lawful(shop)


def test_from_then_on_they_are_gone_although_no_timer_has_run(shop: Shop, clock: Clock) -> None:
    clock.now = END

    assert spendable(shop) == (0, 0)
    assert shop.one("users", user_id(A))["points"]["shop"]["available"] == 200
    shown = shop.ok("checkout_preview", {"lines": [line()], "points": 1}, openid=A)
    assert (shown["points"]["available"], shown["ready"]) == (0, False)
    exchange = {"points": 100, "clientToken": "exchange-0001"}
    assert shop.refused("points_exchange", exchange, openid=A)["error"] == "NOT_ENOUGH_POINTS"
    plant = {"action": "plant", "code": "mint", "clientToken": "plant-0001"}
    assert shop.call("garden_tend", plant, openid=A)["error"] == "NOT_ENOUGH_POINTS"


def test_the_night_books_them_and_what_can_be_spent_stays_the_same(shop: Shop, clock: Clock) -> None:
    clock.now = END + DAY

    assert shop.ok("nightly_close")["lotsExpired"] == 2

    points = shop.one("users", user_id(A))["points"]
    assert (points["garden"]["available"], points["shop"]["available"]) == (0, 0)
    assert spendable(shop) == (0, 0)
    entries = shop.ok("points_statement", {"book": "shop"}, openid=A)["entries"]
    assert (entries[0]["label"], entries[0]["delta"]) == ("到期失效", -200)
    assert_lawful(shop)


def test_a_hold_of_before_keeps_them_and_its_end_gives_them_another_month(shop: Shop, clock: Clock) -> None:
    order_no = place_order(shop, points=150)["_id"]
    clock.now = END + DAY
    shop.ok("nightly_close")
    assert spendable(shop) == (0, 0)

    shop.ok("order_cancel", {"orderNo": order_no}, openid=A)
    assert_lawful(shop)

    assert spendable(shop) == (0, 150)
    at = shop.ok("points_statement", openid=A)["shop"]["nextExpiry"]["at"]
    clock.now = at
    assert spendable(shop) == (0, 0)
    clock.now += DAY
    assert shop.ok("nightly_close")["lotsExpired"] == 1
    assert_lawful(shop)
