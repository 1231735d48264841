"""Two at once: whoever comes between any two round trips, nobody gets what another has."""

from collections.abc import Iterator

import pytest

from harness import A, B, user_id
from small_shop import SmallShop, intruder, open_small_shop

TOKEN = "token-of-a"


@pytest.fixture
def small() -> Iterator[SmallShop]:
    with open_small_shop() as opened:
        yield opened


def test_a_copy_that_comes_late_holds_nothing_for_an_order_that_has_failed(small: SmallShop) -> None:
    """B has the last peel, so copy one of A's order fails; B lets go of it; only then copy two goes on."""
    wanted, replies = {"tofu": 2, "peel": 1}, []

    def meanwhile() -> None:
        theirs = small.checkout(B, {"peel": 1}, "token-of-b")["data"]["orderNo"]
        replies.append(small.checkout(A, wanted, TOKEN))
        small.call("order_cancel", {"orderNo": theirs}, B)
        small.call("outbox_pump")

    with intruder(small, trip=3, act=meanwhile):
        replies.append(small.checkout(A, wanted, TOKEN))
    replies.append(small.checkout(A, wanted, TOKEN))
    small.rest()

    assert [reply["error"] for reply in replies] == ["OUT_OF_STOCK", "BUSY", "OUT_OF_STOCK"]
    assert small.breaches() == []
    assert small.shop.one("inventory", "peel")["available"] == 1


@pytest.mark.parametrize("trip", [1, 2, 3, 4])
def test_of_two_who_want_the_last_unit_exactly_one_gets_it(small: SmallShop, trip: int) -> None:
    replies = []

    with intruder(small, trip=trip, act=lambda: replies.append(small.checkout(B, {"peel": 1}, "token-of-b"))):
        replies.append(small.checkout(A, {"peel": 1}, TOKEN))
    small.rest()

    assert sorted(reply.get("error", "") for reply in replies) == ["", "OUT_OF_STOCK"]
    assert small.shop.one("inventory", "peel")["available"] == 0
    assert small.breaches() == []


@pytest.mark.parametrize("trip", [1, 2, 3, 4])
def test_the_same_order_sent_twice_at_once_is_one(small: SmallShop, trip: int) -> None:
    replies = []

    with intruder(small, trip=trip, act=lambda: replies.append(small.checkout(A, {"tofu": 4}, TOKEN))):
        replies.append(small.checkout(A, {"tofu": 4}, TOKEN))
    small.rest()

    assert replies[0]["data"] == replies[1]["data"]
    assert small.shop.one("inventory", "tofu")["available"] == 2
    assert small.breaches() == []


@pytest.mark.parametrize("trip", [1, 2, 3, 4, 5])
def test_a_payment_that_meets_a_cancellation_is_taken_or_sent_back(small: SmallShop, trip: int) -> None:
    order_no = small.checkout(A, {"tofu": 1}, TOKEN)["data"]["orderNo"]
    attempt_no = small.open_payment(order_no)
    small.till.pay(attempt_no)

    with intruder(small, trip=trip, act=lambda: small.notify(attempt_no)):
        small.call("order_cancel", {"orderNo": order_no}, A)
    small.rest()

    order, went_back = small.order(order_no), sum(small.till.refunds.values())
    assert (order["status"], went_back) in {("paid", 0), ("refunded", order["totals"]["payableFen"])}
    assert small.breaches() == []


@pytest.mark.parametrize("trip", [1, 2])
def test_a_payment_made_while_the_order_is_being_cancelled_goes_back(small: SmallShop, trip: int) -> None:
    """WeChat Pay was closed first, so this cannot be; if it is all the same, the money is not kept."""
    order_no = small.checkout(A, {"tofu": 1}, TOKEN)["data"]["orderNo"]
    attempt_no = small.open_payment(order_no)

    def cancelled_meanwhile() -> None:
        small.call("order_cancel", {"orderNo": order_no}, A)
        small.till.trades[attempt_no].state = "SUCCESS"

    with intruder(small, trip=trip, act=cancelled_meanwhile):
        small.notify(attempt_no)
    small.rest()

    order = small.order(order_no)
    went_back = sum(small.till.refunds.values())
    assert order["status"] in {"paid", "cancelled", "refunded"}
    assert went_back == (0 if order["status"] == "paid" else order["totals"]["payableFen"])
    assert small.breaches() == []


@pytest.mark.parametrize("trip", range(1, 12))
def test_two_pumps_at_once_bring_about_each_effect_once(small: SmallShop, trip: int) -> None:
    order_no = small.checkout(A, {"tofu": 1, "yuba": 1}, TOKEN)["data"]["orderNo"]
    attempt_no = small.open_payment(order_no)
    small.till.pay(attempt_no)
    small.notify(attempt_no)

    with intruder(small, trip=trip, act=lambda: small.call("outbox_pump")):
        small.call("outbox_pump")
    small.rest()

    assert small.breaches() == []
    assert len(small.shop.documents("meals")) == 2


@pytest.mark.parametrize("trip", range(1, 9))
def test_two_plantings_at_once_never_spend_points_twice(small: SmallShop, trip: int) -> None:
    small.award(A, 40, "award-01")
    replies = []

    def plant(token: str) -> None:
        replies.append(
            small.call("garden_tend", {"action": "plant", "code": "mint", "clientToken": token}, A)
        )

    with intruder(small, trip=trip, act=lambda: plant("plant-02")):
        plant("plant-01")
    small.rest()

    assert sorted(reply.get("error", "") for reply in replies) == ["", "NOT_ENOUGH_POINTS"]
    assert len(small.shop.one("gardens", user_id(A))["plants"]) == 1
    assert small.shop.one("users", user_id(A))["points"]["garden"]["available"] == 10
    assert small.breaches() == []


@pytest.mark.parametrize("trip", range(1, 9))
def test_the_same_planting_twice_at_once_is_one(small: SmallShop, trip: int) -> None:
    small.award(A, 30, "award-01")
    replies = []

    with intruder(small, trip=trip, act=lambda: replies.append(small.plant(A, "plant-01"))):
        replies.append(small.plant(A, "plant-01"))
    small.rest()

    assert [reply["code"] for reply in replies] == [0, 0]
    assert len(small.shop.one("gardens", user_id(A))["plants"]) == 1
    assert small.breaches() == []
