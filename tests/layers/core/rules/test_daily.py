"""What a day comes to: amounts on the day they moved, steps that never widen, points by their fate."""

from typing import Any

import pytest

from gardenshop.rules.daily import Funnel, Sales, Span, points, recommendation

SPAN = Span(1000, 2000)


def paid(user_id: str, fen: int) -> dict[str, Any]:
    return {"userId": user_id, "totals": {"paidFen": fen}}


def refund(fen: int, done_at: int | None, state: str = "success") -> dict[str, Any]:
    return {"amountFen": fen, "state": state, **({} if done_at is None else {"doneAt": done_at})}


def test_a_day_without_an_order_has_sold_nothing() -> None:
    assert Sales(SPAN).figures(returning=0) == {
        "orders": 0,
        "gmvFen": 0,
        "refunds": 0,
        "refundFen": 0,
        "netFen": 0,
        "buyers": 0,
        "newBuyers": 0,
        "averageFen": 0,
    }


def test_orders_count_with_their_buyers_and_their_average_is_a_whole_fen() -> None:
    sales = Sales(SPAN)
    sales.paid([paid("a", 1000), paid("b", 501)])
    sales.paid([paid("a", 500)])

    assert sales.figures(returning=1) == {
        "orders": 3,
        "gmvFen": 2001,
        "refunds": 0,
        "refundFen": 0,
        "netFen": 2001,
        "buyers": 2,
        "newBuyers": 1,
        "averageFen": 667,
    }


@pytest.mark.parametrize(
    ("made", "counted"),
    [
        (refund(300, 999), 0),
        (refund(300, 1000), 300),
        (refund(300, 1999), 300),
        (refund(300, 2000), 0),
        (refund(300, None, "submitted"), 0),
        (refund(300, 1500, "closed"), 0),
    ],
    ids=["before", "first", "last", "after", "under way", "not gone back"],
)
def test_a_refund_counts_on_the_day_its_money_went_back(made: dict[str, Any], counted: int) -> None:
    sales = Sales(SPAN)
    sales.refunded([{"refunds": [made]}])

    figures = sales.figures(returning=0)
    assert (figures["refundFen"], figures["netFen"], figures["refunds"]) == (
        counted,
        -counted,
        counted // 300,
    )


def test_who_reached_a_step_has_passed_those_before_it() -> None:
    funnel = Funnel()
    funnel.reached("viewed", ["a", "b", "a"])
    funnel.reached("ordered", ["c"])
    funnel.reached("paid", ["c", "d"])

    assert funnel.figures() == {"viewed": 4, "carted": 2, "ordered": 2, "paid": 2}


def test_each_variant_has_its_steps_and_lists_without_one_their_own() -> None:
    events = [
        {"_id": {"type": "exposure", "variant": "w:control"}, "count": 10},
        {"_id": {"type": "click", "variant": "w:control"}, "count": 3},
        {"_id": {"type": "exposure"}, "count": 4},
        {"_id": {"type": "cart"}, "count": 1},
    ]

    assert recommendation(events, {"w:control": 2, "w:new": 1}) == {
        "-": {"shown": 4, "clicked": 0, "carted": 1, "ordered": 0},
        "w:control": {"shown": 10, "clicked": 3, "carted": 0, "ordered": 2},
        "w:new": {"shown": 0, "clicked": 0, "carted": 0, "ordered": 1},
    }


def test_points_are_told_apart_by_what_became_of_them() -> None:
    rows = [
        {"_id": {"book": "garden", "kind": kind}, "delta": delta}
        for kind, delta in [("meal", 60), ("harvest", 40), ("plant", -20), ("expire", -7), ("claw_back", -5)]
    ] + [
        {"_id": {"book": "shop", "kind": kind}, "delta": delta}
        for kind, delta in [("hold", -100), ("release", 30), ("order", 12), ("repay", -2)]
    ]

    assert points(rows) == {
        "garden": {"given": 100, "spent": 20, "takenBack": 5, "lapsed": 7},
        "shop": {"given": 12, "spent": 70, "takenBack": 2, "lapsed": 0},
    }
