"""A refusal that is written after another try was applied does not stand."""

from gardenshop.flows.balances import Operation, perform
from gardenshop.flows.points import spend
from harness import A, user_id
from small_shop import SmallShop, open_small_shop

KEY = f"plant:{user_id(A)}:p-mint"


def test_a_refusal_that_comes_after_the_points_were_taken_does_not_stand() -> None:
    with open_small_shop() as small:
        refused = perform(small.db, [_payment(small)], small.now)
        _award(small, 30)
        assert perform(small.db, [_payment(small)], small.now).applied == {KEY}
        small.db.write(*refused.closing)

        small.rest()
        small.rest()

        row = small.shop.one("points_ledger", KEY)
        assert (row["state"], "dueAt" in row) == ("final", False)
        assert [plant["plantId"] for plant in small.shop.one("gardens", user_id(A))["plants"]] == ["p-mint"]
        assert small.breaches() == []


def test_a_refusal_of_what_was_never_applied_stands_and_is_looked_at_once() -> None:
    with open_small_shop() as small:
        small.db.write(*perform(small.db, [_payment(small)], small.now).closing)
        assert small.shop.one("points_ledger", KEY)["dueAt"] == small.now

        small.rest()

        row = small.shop.one("points_ledger", KEY)
        assert (row["state"], "dueAt" in row) == ("refused", False)
        assert small.breaches() == []


def _payment(small: SmallShop) -> Operation:
    return spend(
        KEY,
        user_id=user_id(A),
        book="garden",
        points=30,
        kind="plant",
        ref={"type": "plant", "id": "mint:p-mint"},
        lapsed=0,
        rules_version="",
        at=small.now,
        actor=user_id(A),
    )


def _award(small: SmallShop, points: int) -> None:
    award = {"userId": user_id(A), "book": "garden", "points": points, "reason": "补偿"}
    assert small.call("points_award", {**award, "clientToken": f"award-{points}"})["code"] == 0
