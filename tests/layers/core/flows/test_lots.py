"""Which lots a spending comes from, also when two copies of it are at work."""

import pytest

from functions.builders import NOW, lot
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Database
from gardenshop.cloud.errors import Busy
from gardenshop.flows import lots
from harness import A, open_shop, user_id
from small_shop import intruder, open_small_shop

BUSY = Busy.code


@pytest.mark.parametrize("trip", range(1, 9))
def test_a_spending_whose_copy_settles_it_meanwhile_is_settled_once(trip: int) -> None:
    """The copy takes the lots between the reading of the plan and of the lots: nothing may seem short."""
    plant = {"action": "plant", "code": "mint", "clientToken": "token-mint-1"}
    award = {
        "userId": user_id(A),
        "book": "garden",
        "points": 30,
        "reason": "补偿",
        "clientToken": "award-30",
    }
    with open_small_shop() as small:
        assert small.call("points_award", award)["code"] == 0
        replies = []
        with intruder(small, trip=trip, act=lambda: replies.append(small.call("garden_tend", plant, A))):
            replies.append(small.call("garden_tend", plant, A))
        small.rest()

        assert [reply["code"] for reply in replies] in ([0, 0], [0, BUSY])
        (garden,) = small.shop.documents("gardens")
        assert len(garden["plants"]) == 1
        assert small.breaches() == []


@pytest.mark.parametrize("trip", range(1, 12))
def test_a_spending_that_finds_its_first_lots_taken_has_taken_no_part_of_a_later_one(trip: int) -> None:
    """A lot gives once: a part taken from it too early would be all that it ever gives."""
    plants = [{"action": "plant", "code": "mint", "clientToken": f"token-mint-{each}"} for each in range(2)]
    with open_small_shop() as small:
        for points in (20, 17, 35):
            award = {"userId": user_id(A), "book": "garden", "points": points, "reason": "补偿"}
            assert small.call("points_award", {**award, "clientToken": f"award-{points}"})["code"] == 0
        with intruder(small, trip=trip, act=lambda: small.call("garden_tend", plants[1], A)):
            reply = small.call("garden_tend", plants[0], A)
        small.rest()

        assert reply["code"] in {0, BUSY}
        (garden,) = small.shop.documents("gardens")
        assert len(garden["plants"]) == 2
        assert small.breaches() == []


@pytest.mark.parametrize(("left", "wanted"), [(35, (12, 32)), (3, (12, 0)), (2, (9, 2))])
def test_a_plan_stands_unless_its_next_lot_can_no_longer_give(left: int, wanted: tuple[int, int]) -> None:
    """A copy may be about to take what is planned, so a lot that was earned since and lapses first waits."""
    key = f"plant:{user_id(A)}:p1"
    uses = [{"lotId": "award:first", "points": 20}, {"lotId": "award:next", "points": 3}]
    spending = lot(key, -23, kind="plant", state="pending", lot=None, lotsUsed=uses)
    kept = {
        "first": {"left": 0, "expiresAt": NOW + 20 * DAY, "takenBy": [key]},
        "next": {"left": left, "expiresAt": NOW + 30 * DAY},
        "new": {"left": 12, "expiresAt": NOW + 10 * DAY},
    }
    with open_shop() as shop:
        shop.add("points_ledger", spending)
        for name, each in kept.items():
            shop.add("points_ledger", lot(f"award:{name}", 40, lot=each))

        lots.settle(Database(shop.adapter), key, NOW)

        found = (shop.one("points_ledger", f"award:{name}")["lot"]["left"] for name in ("new", "next"))
        assert tuple(found) == wanted
