"""Points that come back while others are spent: nobody is told that something went wrong inside."""

import pytest

from gardenshop.cloud.errors import Busy, NotEnoughPoints
from harness import A
from small_shop import SmallShop, intruder, open_small_shop

FINE = {0, Busy.code, NotEnoughPoints.code}


def hold_and_cancel(small: SmallShop) -> None:
    """A has 300 points in two lots; an order that held 250 of them is cancelled, and its tasks wait."""
    for token, points in (("award-0001", 200), ("award-0002", 100)):
        small.award(A, points, token, book="shop")
    order_no = small.checkout(A, {"tofu": 1}, "order-0001", points=250)["data"]["orderNo"]
    assert small.call("order_cancel", {"orderNo": order_no}, A)["code"] == 0


@pytest.mark.parametrize("trip", range(2, 16))
def test_who_spends_while_points_come_back_has_them_or_is_asked_to_try_again(trip: int) -> None:
    with open_small_shop() as small:
        hold_and_cancel(small)
        replies = []

        def spend() -> None:
            replies.append(small.checkout(A, {"yuba": 1}, "order-0002", points=260))

        with intruder(small, trip=trip, act=spend):
            small.call("outbox_pump")
        spend()
        small.rest()

        assert {reply["code"] for reply in replies} <= FINE
        assert small.breaches() == []


@pytest.mark.parametrize("trip", range(2, 12))
def test_points_that_come_back_while_others_are_taken_are_taken_once(trip: int) -> None:
    with open_small_shop() as small:
        hold_and_cancel(small)
        small.award(A, 300, "award-0003", book="shop")
        with intruder(small, trip=trip, act=lambda: small.call("outbox_pump")):
            reply = small.checkout(A, {"yuba": 1}, "order-0002", points=340)
        small.rest()

        assert reply["code"] in FINE
        assert small.breaches() == []
