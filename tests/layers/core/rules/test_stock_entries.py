"""What an operator's entry does to the counters, and when the stock allows it."""

import pytest

from gardenshop.rules.stock_entries import Plan, correction, count, counters_of, fits, order, receipt

STOCK = {
    "onHand": 10,
    "available": 6,
    "reserved": 3,
    "damaged": 1,
    "inbound": 8,
    "deliveries": {"PO-1": {"units": 5, "expectedOn": "2026-12-01"}},
    "suggestion": {"at": 7},
}


def test_what_arrives_is_awaited_no_more() -> None:
    plan = receipt(STOCK, units=4, bad=1, order_no="PO-1")

    assert plan == Plan(
        "receive", {"onHand": 4, "available": 3, "damaged": 1, "inbound": -4}, {"orderNo": "PO-1"}
    )


@pytest.mark.parametrize(("order_no", "inbound"), [("PO-1", -5), ("PO-2", 0)])
def test_more_than_was_awaited_is_taken_in_all_the_same(order_no: str, inbound: int) -> None:
    deltas = receipt(STOCK, units=9, bad=0, order_no=order_no).deltas

    assert (deltas["onHand"], deltas["inbound"]) == (9, inbound)


def test_counts_and_corrections_keep_the_balance() -> None:
    for plan in (count(seen=10, counted=7), correction(good=-2, bad=2), correction(good=3, bad=-1)):
        deltas = {"damaged": 0, **plan.deltas}
        assert deltas["available"] == deltas["onHand"] - deltas["damaged"]


@pytest.mark.parametrize(
    ("plan", "allowed"),
    [
        (count(seen=10, counted=4), True),
        (count(seen=10, counted=3), False),
        (count(seen=9, counted=9), False),
        (correction(good=-6, bad=6), True),
        (correction(good=-7, bad=7), False),
        (correction(good=0, bad=-2), False),
        (order(STOCK, units=3, order_no="PO-2", expected_on="2026-12-01"), True),
    ],
)
def test_nothing_falls_below_zero_and_what_was_seen_is_so(plan: Plan, *, allowed: bool) -> None:
    assert fits(STOCK, plan) is allowed


def test_only_so_many_deliveries_are_awaited() -> None:
    many = {f"PO-{i}": {"units": 1, "expectedOn": "2026-12-01"} for i in range(50)}
    full = {**STOCK, "deliveries": many}

    assert fits(full, order(full, units=1, order_no="PO-3", expected_on="2026-12-01"))
    assert not fits(full, order(full, units=1, order_no="PO-50", expected_on="2026-12-01"))


def test_what_is_not_stored_is_nothing() -> None:
    assert counters_of({"onHand": 2, "available": 2}) == {
        "onHand": 2,
        "available": 2,
        "reserved": 0,
        "damaged": 0,
        "inbound": 0,
    }
