"""Every law holds in a shop that has lived, and says so when what it guards is broken."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from demo.laws import check
from harness import A, user_id
from small_shop import SmallShop, open_small_shop

Documents = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def lived() -> Iterator[Documents]:
    """A shop with paid, cancelled and open orders, for points, late money, a plant, meals, revisions."""
    with open_small_shop() as small:
        small.award(A, 40, "award-01")
        small.award(A, 300, "award-02", book="shop")
        small.plant(A, "plant-01")
        assert small.learn(A)["code"] == 0
        small.eat(A, "meal-0001")
        small.eat(A, "meal-0002")
        small.weigh_tofu(5000, "test-2")
        small.recalculate()
        small.eat(A, "meal-0002", "undo")
        for token, units in (("paid-order", 2), ("cancelled-order", 1), ("open-order", 1)):
            assert small.checkout(A, {"tofu": units}, token, points=50 * units)["code"] == 0
        for order in small.shop.documents("orders"):
            if order["clientToken"] != "open-order":
                finish(small, order)
        small.rest()
        yield small.shop.dump()


def finish(small: SmallShop, order: dict[str, Any]) -> None:
    attempt_no = small.open_payment(order["_id"])
    if order["clientToken"] == "cancelled-order":
        small.call("order_cancel", {"orderNo": order["_id"]}, A)
    small.till.trades[attempt_no].state = "SUCCESS"
    small.notify(attempt_no)


def one(documents: list[dict[str, Any]], **where: Any) -> dict[str, Any]:
    (found,) = [each for each in documents if where.items() <= each.items()]
    return found


def undone(shop: Documents) -> dict[str, Any]:
    """Return the row that took a meal back."""
    (found,) = [each for each in shop["meals"] if "reverses" in each and "revises" not in each]
    return found


def revision(shop: Documents, token: str = "meal-0001") -> dict[str, Any]:
    """Return the revision of a meal."""
    return one(shop["meals"], _id=f"{user_id(A)}:{token}:revision:1")


def earning(token: str) -> str:
    return f"earn:meal:{user_id(A)}:{token}"


def test_a_shop_that_has_lived_breaks_none(lived: Documents) -> None:
    assert check(lambda name: lived[name]) == []


BREACHES: dict[str, tuple[str, Any]] = {
    "a unit too many on hand": (
        "stock yuba: onHand is 4, its ledger says 3",
        lambda shop: one(shop["inventory"], _id="yuba").update(onHand=4),
    ),
    "a unit sold twice": (
        "stock yuba: available is -1, 3 are left",
        lambda shop: one(shop["inventory"], _id="yuba").update(available=-1),
    ),
    "a lock without an order": (
        "stock tofu: 1 reserved, orders hold 0",
        lambda shop: one(shop["orders"], clientToken="open-order")["lines"][0].update(reserved=0),
    ),
    "a paid order that still holds": (
        "holds 1 of tofu",
        lambda shop: one(shop["orders"], clientToken="paid-order")["lines"][0].update(reserved=1),
    ),
    "points from nowhere": (
        "points, garden of",
        lambda shop: shop["users"][0]["points"]["garden"].update(available=10_000),
    ),
    "pending points from nowhere": (
        "pending, ledger",
        lambda shop: shop["users"][0]["points"]["shop"].update(pending=10_000),
    ),
    "a lot that forgot who took from it": (
        "does not know of it",
        lambda shop: one(shop["points_ledger"], kind="award", book="garden")["lot"].update(takenBy=[]),
    ),
    "a spending without its lots": (
        "its lots are not 30",
        lambda shop: one(shop["points_ledger"], kind="plant").update(lotsUsed=[]),
    ),
    "points reserved for no order": (
        "10000 reserved, orders 50, ledger 50",
        lambda shop: shop["users"][0]["points"]["shop"].update(reserved=10_000),
    ),
    "a hold that is not in reserve": (
        "50 reserved, orders 50, ledger 100",
        lambda shop: one(shop["points_ledger"], kind="release").update(reservedDelta=0),
    ),
    "points spent twice": (
        "0 points held, -200 spent, not 100",
        lambda shop: one(shop["points_ledger"], kind="spend").update(delta=-200),
    ),
    "points of a cancelled order that never came back": (
        "0 of 50 points came back",
        lambda shop: one(shop["points_ledger"], kind="release").update(state="refused"),
    ),
    "points held by nobody": (
        "points moved by no order: gone hold",
        lambda shop: shop["points_ledger"].append(
            {**one(shop["points_ledger"], kind="release"), "kind": "hold", "ref": {"id": "gone"}}
        ),
    ),
    "a return of which its lot does not know": (
        "return release:",
        lambda shop: one(shop["points_ledger"], kind="award", book="shop")["lot"].update(takenBy=[]),
    ),
    "points that came back to no lot": (
        "0 of 50 went to lots",
        lambda shop: one(shop["points_ledger"], kind="release").update(lotsUsed=[]),
    ),
    "a total that is not its lines": (
        "its lines say",
        lambda shop: shop["orders"][0]["totals"].update(payableFen=1),
    ),
    "a payment that is not what was due": (
        "is paid: paid 1, not",
        lambda shop: one(shop["orders"], clientToken="paid-order")["totals"].update(paidFen=1),
    ),
    "money that did not come": (
        "0 came for",
        lambda shop: one(shop["orders"], clientToken="paid-order").update(payLog=[]),
    ),
    "late money that was kept": (
        "came for 0, 0 and 0 go back",
        lambda shop: one(shop["orders"], clientToken="cancelled-order").update(refunds=[]),
    ),
    "two orders of one token": (
        "made 2 orders",
        lambda shop: shop["orders"][0].update(clientToken=shop["orders"][1]["clientToken"]),
    ),
    "an effect that was never asked for": (
        "no task",
        lambda shop: shop["sync_tasks"].pop(),
    ),
    "an effect given up": (
        "is dead: DATABASE_UNAVAILABLE",
        lambda shop: shop["sync_tasks"][0].update(state="dead", lastError="DATABASE_UNAVAILABLE"),
    ),
    "an effect that waits to be asked for": (
        "has effects that are not in the outbox",
        lambda shop: shop["orders"][0].update(outboxAt=1),
    ),
    "an order half made": (
        "is still being created",
        lambda shop: one(shop["orders"], clientToken="open-order").update(status="creating"),
    ),
    "a row undecided": (
        "is pending",
        lambda shop: shop["stock_ledger"][-1].update(state="pending"),
    ),
    "a line not eaten": ("line L1: 0 meals", lambda shop: shop["meals"].clear()),
    "a meal of no order": (
        "meal of no order line",
        lambda shop: one(shop["meals"], source="shop").update(lineId="L9"),
    ),
    "a lesson rewarded and not kept": (
        "has 1 rewards and is kept 0 times",
        lambda shop: one(shop["user_profiles_extended"], _id=user_id(A))["learning"].update(completed=[]),
    ),
    "a lesson rewarded twice": (
        "has 2 rewards",
        lambda shop: shop["points_ledger"].append(
            {**one(shop["points_ledger"], kind="lesson"), "_id": "another key"}
        ),
    ),
    "a lesson kept twice": (
        "is kept 2 times",
        lambda shop: one(shop["user_profiles_extended"], _id=user_id(A))["learning"]["completed"].append(
            {"lessonId": "lesson:beans", "at": 1, "scoreBp": 10_000}
        ),
    ),
    "a day that is not its meals": (
        "its meals say",
        lambda shop: shop["daily_stats"][0].update(mealSavedG=1),
    ),
    "a saving out of nothing": (
        "saves 9999, credited",
        lambda shop: one(shop["meals"], source="shop").update(savedG=9999),
    ),
    "a meal credited with more than it saves": (
        "credited 9999",
        lambda shop: shop["meals"][0].update(creditedG=9999),
    ),
    "a meal taken back in part": (
        "takes back",
        lambda shop: undone(shop).update(carbonG=-1),
    ),
    "a meal of another taken back": (
        "which is none of hers",
        lambda shop: undone(shop).update(userId="u-of-another"),
    ),
    "a meal taken back twice": (
        "of its baseline went back",
        lambda shop: shop["meals"].append({**undone(shop), "_id": "again"}),
    ),
    "a meal not in the books": (
        "is not booked",
        lambda shop: undone(shop).update(bookingDueAt=1),
    ),
    "a meal that earned nothing": (
        "earned and gave back (0, 0) points, not (12, 0)",
        lambda shop: one(shop["points_ledger"], kind="meal", _id=earning("meal-0001")).update(delta=0),
    ),
    "a meal taken back that kept its points": (
        "earned and gave back (12, 0) points, not (12, 12)",
        lambda shop: one(shop["points_ledger"], kind="claw_back").update(delta=0),
    ),
    "points for no meal": (
        "12 points for no meal",
        lambda shop: shop["points_ledger"].append(
            {**one(shop["points_ledger"], _id=earning("meal-0001")), "ref": {"type": "meal", "id": "none"}}
        ),
    ),
    "a revision of another's meal": (
        "which is no such meal",
        lambda shop: revision(shop).update(userId="u-of-another"),
    ),
    "a revision of nothing": (
        "which is no such meal",
        lambda shop: shop["meals"].remove(one(shop["meals"], _id=f"{user_id(A)}:meal-0001")),
    ),
    "a revision on another day": (
        "which is no such meal",
        lambda shop: revision(shop).update(day="2026-11-01"),
    ),
    "a revision by the same factors": (
        "by pn2018-mean+test",
        lambda shop: revision(shop).update(factorVersion="pn2018-mean+test"),
    ),
    "two revisions from one version": (
        "revision:2 follows",
        lambda shop: shop["meals"].append(
            {**revision(shop), "_id": f"{user_id(A)}:meal-0001:revision:2", "factorVersion": "test-3"}
        ),
    ),
    "a revision that stays when its meal is undone": (
        "is undone 0 times, its meal 1",
        lambda shop: shop["meals"].remove(one(shop["meals"], _id=f"{user_id(A)}:meal-0002:revision:1:undo")),
    ),
    "a revision undone alone": (
        "is undone 1 times, its meal 0",
        lambda shop: shop["meals"].append({**undone(shop), "_id": "x", "reverses": revision(shop)["_id"]}),
    ),
    "a revision that is no estimate": (
        "makes its meal",
        lambda shop: revision(shop).update(savedG=1),
    ),
    "a revision that earns": (
        "earns 3 points for 0 g",
        lambda shop: revision(shop).update(points=3),
    ),
    "a day without a revision": (
        "its meals say",
        lambda shop: shop["meals"].remove(revision(shop)),
    ),
    "a revision not in the books": (
        "is not booked",
        lambda shop: revision(shop).update(bookingDueAt=1),
    ),
    "a day that counted twice": ("the orders say", lambda shop: shop["daily_stats"][0].update(spentFen=1)),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_broken_law_is_told(lived: Documents, breach: str) -> None:
    told, break_it = BREACHES[breach]
    shop = deepcopy(lived)
    break_it(shop)

    found = check(lambda name: shop[name])

    assert any(told in each for each in found), found
