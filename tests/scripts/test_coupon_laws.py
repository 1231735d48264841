"""The laws of coupons hold in a small shop, and say so when what they guard is broken."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from demo.coupon_laws import COUPON_LAWS

Shop = dict[str, list[dict[str, Any]]]


def copy(key: str, state: str, **changes: Any) -> dict[str, Any]:
    coupon_id, user_id, number = key.split(":")
    return {"_id": key, "couponId": coupon_id, "userId": user_id, "source": number, "state": state, **changes}


SOUND: Shop = {
    "coupons": [{"_id": "c", "total": 3, "issued": 3, "perUser": 2}],
    "user_coupons": [
        copy("c:a:0", "available"),
        copy("c:a:1", "locked", orderNo="open"),
        copy("c:b:0", "used", orderNo="paid"),
        copy("c:b:1", "void"),
    ],
    "orders": [
        {"_id": "open", "status": "pending_payment", "userCouponId": "c:a:1"},
        {
            "_id": "paid",
            "status": "paid",
            "userCouponId": "c:b:0",
            "budgets": [{"promotionId": "p", "units": 2}],
        },
        {
            "_id": "gone",
            "status": "cancelled",
            "userCouponId": "c:a:0",
            "budgets": [{"promotionId": "p", "units": 9}],
        },
    ],
    "promotions": [{"_id": "p", "budget": {"limit": 2, "used": 2}}, {"_id": "free"}],
}


def breaches(shop: Shop) -> list[str]:
    return [breach for law in COUPON_LAWS for breach in law(lambda name: shop[name])]


def test_a_sound_shop_breaks_none() -> None:
    assert breaches(SOUND) == []


BREACHES: dict[str, tuple[str, Callable[[Shop], Any]]] = {
    "a copy that was not counted": (
        "coupon c: issued 2 of 3, there are 3 copies",
        lambda shop: shop["coupons"][0].update(issued=2),
    ),
    "more copies than there are": (
        "coupon c: issued 3 of 2, there are 3 copies",
        lambda shop: shop["coupons"][0].update(total=2),
    ),
    "a copy that waits": (
        "coupon c:a:0 is pending",
        lambda shop: shop["user_coupons"][0].update(state="pending"),
    ),
    "more copies than she may have": (
        "coupon c: a has 2 copies",
        lambda shop: shop["coupons"][0].update(perUser=1),
    ),
    "two copies of one source": (
        "two copies of one source: ('c', 'a', '0')",
        lambda shop: shop["user_coupons"][1].update(source="0"),
    ),
    "a lock of an order that was closed": (
        "coupon c:a:1 is locked, its order is cancelled",
        lambda shop: shop["orders"][0].update(status="cancelled"),
    ),
    "a lock of no order": (
        "coupon c:a:1 is locked, its order is None",
        lambda shop: shop["user_coupons"][1].update(orderNo="nothing"),
    ),
    "a use by an order that was not paid": (
        "coupon c:b:0 is used, its order is pending_payment",
        lambda shop: shop["orders"][1].update(status="pending_payment"),
    ),
    "a free copy with an order": (
        "coupon c:a:0 is available, its order is cancelled",
        lambda shop: shop["user_coupons"][0].update(orderNo="gone"),
    ),
    "an order with another one's copy": (
        "order open is pending_payment and does not hold c:b:0",
        lambda shop: shop["orders"][0].update(userCouponId="c:b:0"),
    ),
    "a budget that was not given back": (
        "promotion p: 2 of 2 used, orders say 0",
        lambda shop: shop["orders"][1].update(status="create_failed"),
    ),
    "a budget overspent": (
        "promotion p: 2 of 1 used, orders say 2",
        lambda shop: shop["promotions"][0]["budget"].update(limit=1),
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_broken_law_is_told(breach: str) -> None:
    told, break_it = BREACHES[breach]
    shop = deepcopy(SOUND)
    break_it(shop)

    assert told in breaches(shop)
