"""The life of an order is a table, and nothing happens that is not in it."""

from itertools import product
from typing import get_args

import pytest

from gardenshop.models.new_order import OrderStatus as StoredStatus
from gardenshop.rules.order_states import (
    ALL_STATUSES,
    EDGES,
    LABELS,
    IllegalEdge,
    OrderEvent,
    OrderStatus,
    target_of,
)

LIFE: list[tuple[OrderEvent, OrderStatus]] = [
    ("held", "pending_payment"),
    ("pay", "paid"),
    ("ship", "shipped"),
    ("receive", "received"),
    ("complete", "completed"),
]


def test_a_good_life() -> None:
    status: OrderStatus = "creating"
    for event, target in LIFE:
        status = target_of(status, event)
        assert status == target


@pytest.mark.parametrize(("status", "event"), list(product(ALL_STATUSES, get_args(OrderEvent))))
def test_an_edge_that_is_not_in_the_table_does_not_exist(status: OrderStatus, event: OrderEvent) -> None:
    if (status, event) in EDGES:
        assert target_of(status, event) == EDGES[status, event]
        return
    with pytest.raises(IllegalEdge, match=f"{event} in {status}"):
        target_of(status, event)


def test_what_has_ended_stays_ended() -> None:
    for status in ("create_failed", "cancelled", "completed", "refunded"):
        assert not [edge for edge in EDGES if edge[0] == status]


def test_no_order_is_revived_and_none_is_paid_twice() -> None:
    assert [edge for edge, target in EDGES.items() if target == "paid"] == [("pending_payment", "pay")]
    assert [edge for edge, target in EDGES.items() if target == "pending_payment"] == [("creating", "held")]


def test_every_state_is_reached_named_and_storable() -> None:
    assert {"creating", *EDGES.values()} == set(ALL_STATUSES)
    assert set(LABELS) == set(ALL_STATUSES) == set(get_args(StoredStatus))
