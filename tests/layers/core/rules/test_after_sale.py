"""However an order is given back, in whatever parts, exactly what was paid comes back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.after_sale import (
    amounts_of,
    claw_of,
    closes_at,
    confirms_at,
    left_to_ship,
    parts_of,
    refundable,
    rest_of,
    shippable,
)
from gardenshop.rules.order_states import buttons
from gardenshop.rules.policies.order import OrderPolicy
from gardenshop.rules.repricing import ceiling, repriced

NOON = 1_795_406_400_000
"""2026-11-23 12:00 in China."""
DAY = 86_400_000


def line_of(place: int, quantity: int, paid_fen: int, **changes: Any) -> dict[str, Any]:
    snapshot = {"title": f"商品{place}", "weightG": 500, "noReasonReturn": True}
    line = {
        "lineId": f"L{place}",
        "quantity": quantity,
        "listFen": paid_fen,
        "paidFen": paid_fen,
        "shipped": 0,
    }
    return {**line, "freightFen": 0, "snapshot": snapshot, **changes}


def order_of(*lines: dict[str, Any], freight_fen: int = 0, **changes: Any) -> dict[str, Any]:
    payable = sum(line["paidFen"] for line in lines) + freight_fen
    totals = {"freightFen": freight_fen, "payableFen": payable}
    return {"_id": "O1", "status": "paid", "lines": list(lines), "totals": totals, **changes}


def begun(order: dict[str, Any], wanted: dict[str, int], *, fault: bool = False) -> dict[str, Any]:
    """Return *order* after another after-sale of *wanted* whose refund has begun."""
    number = f"O1-{len(order.get('afterSales', ())) + 1}"
    sale = {"afterSaleNo": number, "lines": parts_of(order, wanted), "merchantFault": fault}
    sale |= {"state": "refunding", "amounts": amounts_of(order, sale)}
    refund = {"refundNo": f"R{number}", "afterSaleNo": number}
    return {
        **order,
        "afterSales": [*order.get("afterSales", ()), sale],
        "refunds": [*order.get("refunds", ()), refund],
    }


@st.composite
def lives(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, int]]]:
    """An order and the parts in which it goes back, one after another, until nothing is left."""
    quantities = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    lines = [
        line_of(
            place,
            quantity,
            draw(st.integers(0, 5000)),
            pointsUsed=draw(st.integers(0, 90)),
            shipped=draw(st.integers(0, quantity)),
            practitionerId="p",
            commissionBp=draw(st.integers(0, 2000)),
        )
        for place, quantity in enumerate(quantities)
    ]
    left = dict(enumerate(quantities))
    steps = []
    while any(left.values()):
        step = {f"L{place}": draw(st.integers(0, units)) for place, units in left.items()}
        if any(step.values()):
            steps.append({line_id: units for line_id, units in step.items() if units})
            left = {place: units - step[f"L{place}"] for place, units in left.items()}
        else:
            steps.append({f"L{place}": units for place, units in left.items() if units})
            left = dict.fromkeys(left, 0)
    return order_of(*lines, freight_fen=draw(st.integers(0, 999))), steps


@given(lives(), st.integers(0, 10**6))
def test_the_parts_add_up_to_the_whole(
    life: tuple[dict[str, Any], list[dict[str, int]]], earned: int
) -> None:
    order, steps = life
    shipped = any(line["shipped"] for line in order["lines"])
    for step in steps:
        order = begun(order, step)

    amounts = [sale["amounts"] for sale in order["afterSales"]]
    assert sum(each["cashFen"] for each in amounts) == sum(line["paidFen"] for line in order["lines"])
    assert sum(each["points"] for each in amounts) == sum(line["pointsUsed"] for line in order["lines"])
    assert sum(each["commissionFen"] for each in amounts) == sum(
        line["paidFen"] * line["commissionBp"] // 10_000 for line in order["lines"]
    )
    assert sum(each["freightFen"] for each in amounts) == (0 if shipped else order["totals"]["freightFen"])
    clawed = sum(claw_of(earned, order, sale) for sale in order["afterSales"])
    assert clawed == (earned if sum(line["paidFen"] for line in order["lines"]) else 0)
    assert left_to_ship(order) == 0
    assert not any(rest_of(order).values())


def test_an_odd_fen_goes_with_the_last_unit() -> None:
    order = order_of(line_of(1, 3, 100))

    for _ in range(3):
        order = begun(order, {"L1": 1})

    assert [sale["amounts"]["cashFen"] for sale in order["afterSales"]] == [33, 33, 34]


def test_a_gift_goes_with_the_last_of_what_was_bought() -> None:
    order = order_of(line_of(1, 2, 100), line_of(2, 1, 0, gift=True))

    assert parts_of(order, {"L1": 1}) == [{"lineId": "L1", "quantity": 1, "unshipped": 1}]
    assert parts_of(order, {"L1": 2}) == [
        {"lineId": "L2", "quantity": 1, "unshipped": 1},
        {"lineId": "L1", "quantity": 2, "unshipped": 2},
    ]


def test_units_asked_for_are_spoken_for_until_the_request_is_dropped() -> None:
    order = order_of(line_of(1, 3, 90, shipped=1))
    sale = {"afterSaleNo": "O1-1", "lines": parts_of(order, {"L1": 2}), "state": "applied"}
    asked = {**order, "afterSales": [sale]}
    dropped = {**order, "afterSales": [{**sale, "state": "revoked"}]}

    assert [
        (refundable(each, each["lines"][0]), shippable(each, each["lines"][0])) for each in (asked, dropped)
    ] == [
        (1, 0),
        (3, 2),
    ]
    assert left_to_ship(asked) == 2
    with pytest.raises(ValueError, match="申请数量超过可退数量"):
        parts_of(asked, {"L1": 2})


@pytest.mark.parametrize(
    ("received_at", "closes"),
    [(NOON, "2026-12-01"), (NOON + DAY // 2 - 1, "2026-12-01"), (NOON + DAY // 2, "2026-12-02")],
)
def test_the_first_day_is_the_day_after_receipt(received_at: int, closes: str) -> None:
    from gardenshop.cloud.clock import start_of  # noqa: PLC0415  # The rules know no clock.

    assert closes_at(order_of(line_of(1, 1, 1)), received_at, OrderPolicy()) == start_of(closes)


def test_ten_days_after_shipping_it_counts_as_received() -> None:
    assert confirms_at(NOON, OrderPolicy()) == NOON + 10 * DAY


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"status": "pending_payment", "payBy": NOON + 1}, ["pay", "cancel"]),
        ({"status": "pending_payment", "payBy": NOON}, ["cancel"]),
        ({"status": "paid"}, ["cancel", "refund"]),
        ({"status": "shipped"}, ["confirm", "refund"]),
        ({"status": "received", "closeAt": NOON + 1}, ["refund"]),
        ({"status": "received", "closeAt": NOON}, []),
        *(
            ({"status": status}, [])
            for status in ("completed", "cancelled", "refunding", "refund_failed", "refunded")
        ),
    ],
)
def test_what_can_be_pressed(changes: dict[str, Any], shown: list[str]) -> None:
    assert buttons(order_of(line_of(1, 1, 1), **changes), NOON) == shown


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5000), st.integers(0, 500)), min_size=1, max_size=5),
    st.integers(0, 3000),
    st.data(),
)
def test_a_new_price_is_spread_exactly(
    lines: list[tuple[int, int, int]], freight_fen: int, data: st.DataObject
) -> None:
    order = order_of(
        *(
            line_of(i, quantity, max(list_fen - coupon, 0), listFen=list_fen, couponFen=min(coupon, list_fen))
            for i, (quantity, list_fen, coupon) in enumerate(lines)
        )
    )
    goods_fen = data.draw(st.integers(0, ceiling(order)))

    new = repriced(order, goods_fen=goods_fen, freight_fen=freight_fen, ref="r", reason="改价")

    assert sum(line["paidFen"] for line in new["lines"]) == goods_fen
    assert sum(line["freightFen"] for line in new["lines"]) == freight_fen
    for line in new["lines"]:
        assert line["paidFen"] == line["listFen"] - line["promoFen"] - line["couponFen"]
        assert min(line["promoFen"], line["paidFen"]) >= 0
    with pytest.raises(ValueError, match="list price"):
        repriced(order, goods_fen=ceiling(order) + 1, freight_fen=0, ref="r", reason="改价")
