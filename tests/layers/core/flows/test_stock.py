"""What happens to stock when its ring no longer reaches back, and when its ledger says otherwise."""

from collections.abc import Iterator
from typing import Any

import pytest

from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import update
from gardenshop.cloud.errors import Internal
from gardenshop.flows.stock import commit_held, release_held
from gardenshop.models.base import RING_SIZE
from harness import A
from small_shop import NOON, SmallShop, open_small_shop


@pytest.fixture
def small() -> Iterator[SmallShop]:
    with open_small_shop() as opened:
        yield opened


def overflow(small: SmallShop, sku_id: str, *, at: int) -> None:
    """Fill the SKU's ring with other operations, the oldest of them *at*."""
    ring = [{"key": f"other:{i}", "at": at + i} for i in range(RING_SIZE)]
    small.db.write(update("inventory", {"_id": sku_id}, {"$set": {"recentOps": ring}}))


def placed(small: SmallShop) -> dict[str, Any]:
    return small.order(small.checkout(A, {"tofu": 2}, "token-of-a")["data"]["orderNo"])


def test_a_release_that_the_ring_cannot_vouch_for_changes_nothing_and_says_so(small: SmallShop) -> None:
    order = placed(small)
    overflow(small, "tofu", at=NOON + MINUTE)
    before = small.shop.one("inventory", "tofu")

    with pytest.raises(Internal) as failed:
        release_held(small.db, order, started=NOON + MINUTE, now=NOON + 2 * MINUTE)

    assert failed.value.details == {"cause": f"stock of {order['_id']}: ['tofu:release:{order['_id']}']"}
    assert small.shop.one("inventory", "tofu") == before


def test_an_order_whose_hold_fell_out_of_the_ring_is_not_taken_for_one_that_held_nothing(
    small: SmallShop,
) -> None:
    order = {**placed(small), "status": "create_failed", "history": [{"to": "creating"}]}
    overflow(small, "tofu", at=NOON + MINUTE)

    with pytest.raises(Internal):
        release_held(small.db, order, started=NOON + 9 * MINUTE, now=NOON + 9 * MINUTE)

    assert small.shop.one("inventory", "tofu")["reserved"] == 2


def test_what_is_not_reserved_cannot_be_sold(small: SmallShop) -> None:
    order = {**placed(small), "paidAt": NOON}
    small.db.write(update("inventory", {"_id": "tofu"}, {"$set": {"reserved": 1}}))

    with pytest.raises(Internal):
        commit_held(small.db, order, started=NOON, now=NOON)

    stock = small.shop.one("inventory", "tofu")
    assert (stock["onHand"], stock["reserved"]) == (6, 1)


def test_a_sale_is_counted_by_day_and_by_solar_term(small: SmallShop) -> None:
    order = {**placed(small), "paidAt": NOON}

    for _ in range(2):
        small.db.write(*commit_held(small.db, order, started=NOON, now=NOON))

    stock = small.shop.one("inventory", "tofu")
    assert stock["dailySales"] == {"2026-11-24": 2}
    assert stock["termSales"] == {"2026-xiaoxue": 2}
    assert (stock["onHand"], stock["available"], stock["reserved"]) == (4, 4, 0)
    assert small.order(order["_id"])["lines"][0]["reserved"] == 0
