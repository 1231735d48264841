"""Points taken back count once, whatever the balance does meanwhile; what is missing is owed and repaid."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from faults import Killed
from gardenshop.cloud.errors import Busy, DatabaseUnavailable
from gardenshop.flows.debts import claw_back
from gardenshop.flows.points import Cause
from harness import A, user_id
from small_shop import SmallShop, intruder, open_small_shop

KEY = "claw:garden:O1-1"
CAUSE = Cause("after_sale", "O1-1", "points1")


@pytest.fixture(name="small")
def _small() -> Iterator[SmallShop]:
    with open_small_shop() as small:
        yield small


def claw(small: SmallShop, points: int) -> None:
    closing = claw_back(
        small.db,
        KEY,
        user_id=user_id(A),
        book="garden",
        points=points,
        cause=CAUSE,
        at=small.now,
        now=small.now,
    )
    small.db.write(*closing)


def garden(small: SmallShop) -> tuple[int, int]:
    """Return what A may spend and what she owes."""
    book = small.shop.one("users", user_id(A))["points"]["garden"]
    return book["available"], book.get("debt", 0)


def test_what_is_there_is_taken_once_and_out_of_its_lots(small: SmallShop) -> None:
    small.award(A, 20, "award-0001")

    for _ in range(3):
        claw(small, 15)

    assert garden(small) == (5, 0)
    row = small.shop.one("points_ledger", KEY)
    assert (row["delta"], row["lotsUsed"]) == (-15, [{"lotId": "award:award-0001", "points": 15}])
    small.rest()
    assert small.breaches() == []


def test_what_is_not_there_is_owed_once_and_repaid_first(small: SmallShop) -> None:
    small.award(A, 10, "award-0001")
    for _ in range(3):
        claw(small, 45)
    assert garden(small) == (10, 45)

    small.rest()
    assert garden(small) == (0, 35)
    small.award(A, 30, "award-0002")
    assert small.plant(A, "plant-0001")["error"] == "NOT_ENOUGH_POINTS"
    small.rest()
    assert garden(small) == (0, 5)
    small.award(A, 40, "award-0003")
    small.call("outbox_pump")

    assert garden(small) == (35, 0)
    assert small.plant(A, "plant-0002")["code"] == 0
    assert small.breaches() == []


@pytest.mark.parametrize("trip", [1, 2, 3, 4, 5])
def test_points_that_come_meanwhile_do_not_make_it_two(small: SmallShop, trip: int) -> None:
    def more() -> None:
        small.award(A, 50, "award-0001")
        claw(small, 40)

    with intruder(small, trip=trip, act=more), suppress(Busy):
        claw(small, 40)
    claw(small, 40)
    small.award(A, 50, "award-0001")
    small.rest()
    small.call("outbox_pump")

    assert garden(small) == (10, 0)
    assert small.breaches() == []


@pytest.mark.parametrize("death", [Killed, DatabaseUnavailable], ids=["killed", "reply lost"])
@pytest.mark.parametrize("points", [15, 45])
def test_it_may_stop_anywhere(death: Callable[[], BaseException], points: int) -> None:
    def act(small: SmallShop) -> Any:
        claw(small, points)
        small.call("outbox_pump")

    for lives in count():
        with open_small_shop() as small:
            small.award(A, 20, "award-0001")
            small.fragile.doom(lives, death)
            with suppress(Killed, DatabaseUnavailable):
                act(small)
            small.fragile.heal()
            small.now += 180_000
            claw(small, points)
            small.rest()
            small.call("outbox_pump")

            assert (lives, garden(small)) == (lives, (max(20 - points, 0), max(points - 20, 0)))
            assert (lives, small.breaches()) == (lives, [])
            if not small.fragile.deaths:
                return
