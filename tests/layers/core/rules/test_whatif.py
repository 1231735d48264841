"""What orders would have come to under other rules, priced twice in the same way."""

from typing import Any

import pytest

from gardenshop.rules.policy import Policy, policy_of
from gardenshop.rules.whatif import Sums, WhatIf, what_if

LIVE = policy_of([])
"""Free from ¥99.00; else ¥10.00 for a kilogram and ¥2.00 for each more."""


def policy(rule_id: str, **body: Any) -> Policy:
    return policy_of([{"ruleId": rule_id, "version": 2, "body": body}])


def order(number: int = 1, *, freight: int = 1000, totals: Any = None, **line: Any) -> dict[str, Any]:
    """Two units of ¥30.00 and 500 g, delivered for ¥10.00."""
    snapshot = {"priceFen": 3000, "weightG": 500}
    bought = {"lineId": "L1", "quantity": 2, "paidFen": 6000, "snapshot": snapshot, **line}
    sums = {"goodsFen": 6000, "freightFen": freight, **(totals or {})}
    return {"_id": f"o{number}", "lines": [bought], "totals": sums, "address": {"province": "浙江省"}}


def after(draft: Policy, *orders: dict[str, Any]) -> Sums:
    return what_if(orders, LIVE, draft).after


def test_without_orders_nothing_differs() -> None:
    assert what_if([], LIVE, policy("freight", freeFromFen=0)) == WhatIf(0, 0, Sums(), Sums(), ())


def test_what_is_free_now_is_no_longer_paid() -> None:
    found = what_if([order()], LIVE, policy("freight", freeFromFen=6000))

    assert (found.before, found.after) == (Sums(7000, 1000, 0, 6), Sums(6000, 0, 0, 6))
    assert [each.order_no for each in found.examples] == ["o1"]


def test_freight_that_was_waived_stays_waived_and_what_a_coupon_paid_stays_paid() -> None:
    dearer = policy("freight", default={"firstFen": 1500})

    assert after(dearer, order(freight=0)).freight_fen == 0
    assert after(dearer, order(freight=400)).freight_fen == 900
    assert after(policy("freight", default={"firstFen": 300}), order(freight=400)).freight_fen == 0


def test_what_was_free_by_its_sum_may_cost_something() -> None:
    dear = order(freight=0, totals={"goodsFen": 12_000}, quantity=4, paidFen=12_000)

    assert after(policy("freight", freeFromFen=20_000), dear).freight_fen == 1200


def test_a_gift_weighs_nothing() -> None:
    one = order()
    one["lines"].append({**one["lines"][0], "lineId": "L2", "gift": True, "paidFen": 0})

    assert after(LIVE, one).freight_fen == 1000


def test_points_pay_no_more_than_they_may_and_no_more_than_she_used() -> None:
    paid = order(totals={"pointsUsed": 500, "promoFen": 1000})

    assert after(LIVE, paid) == Sums(5500, 1000, 500, 4)
    assert after(policy("points", redeemCap=200), paid) == Sums(5800, 1000, 200, 4)
    assert after(policy("points", redeemCap=9000), paid).points_used == 500
    assert after(policy("points", shopBpPerFen=100), paid).shop_points == 45


def test_carbon_earns_by_the_draft() -> None:
    saved = {**order(), "garden": {"savedG": 2500}}

    assert (
        after(LIVE, saved).garden_points,
        after(policy("points", gardenPerKg=4), saved).garden_points,
    ) == (25, 10)


@pytest.mark.parametrize(
    ("bp", "draft", "fen"),
    [
        (500, {"shareBp": 800}, 480),
        (500, {"capBp": 100}, 60),
        (700, {"shareBp": 800}, 420),
        (700, {"capBp": 600}, 360),
    ],
    ids=["usual rate", "usual rate capped", "own rate", "own rate capped"],
)
def test_commission_follows_the_draft_unless_the_rate_is_her_own(bp: int, draft: Any, fen: int) -> None:
    sold = order(practitionerId="lin", via="share", commissionBp=bp)

    assert after(policy("commission", **draft), sold).commission_fen == fen
    assert after(policy("commission", **draft), order()).commission_fen == 0


def test_those_that_differ_most_are_the_examples() -> None:
    orders = [order(number, freight=fen) for number, fen in enumerate((1000, 400, 0, 1000, 1000, 1000, 1000))]

    found = what_if(orders, LIVE, policy("freight", freeFromFen=0))

    assert (found.orders, found.differ) == (7, 6)
    assert [each.order_no for each in found.examples] == ["o0", "o3", "o4", "o5", "o6"]
    assert found.before.payable_fen - found.after.payable_fen == 5400
