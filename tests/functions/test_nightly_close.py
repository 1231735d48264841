"""nightly_close: what time has ended is booked, batch by batch, once."""

import pytest

from functions.builders import NOW, user_coupon
from gardenshop.cloud.clock import DAY
from gardenshop.flows import coupons
from harness import A, Shop

EVENT = {"Type": "Timer", "TriggerName": "every_night", "Time": "2026-11-23T04:00:00Z"}


@pytest.mark.parametrize(
    ("state", "until", "after"),
    [
        ("available", NOW, "expired"),
        ("available", NOW + 1, "available"),
        ("locked", NOW - DAY, "locked"),
        ("used", NOW - DAY, "used"),
    ],
)
def test_only_free_coupons_whose_time_is_over_expire(shop: Shop, state: str, until: int, after: str) -> None:
    shop.add("user_coupons", user_coupon(state=state, until=until))

    closed = shop.ok("nightly_close", EVENT)

    (copy,) = shop.documents("user_coupons")
    assert (copy["state"], closed["couponsExpired"]) == (after, int(after != state))


def test_any_number_is_booked_in_batches_and_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coupons, "EXPIRED_AT_ONCE", 2)
    for number in range(5):
        shop.add("user_coupons", user_coupon(f"c1:u1:{number}", until=NOW - DAY))

    assert shop.ok("nightly_close", EVENT)["couponsExpired"] == 5
    assert {copy["state"] for copy in shop.documents("user_coupons")} == {"expired"}
    before = shop.dump()
    assert shop.ok("nightly_close", EVENT)["couponsExpired"] == 0
    assert shop.dump() == before


def test_nobody_else_is_served(shop: Shop) -> None:
    reply = shop.refused("nightly_close", EVENT, openid=A)

    assert reply["error"] == "FORBIDDEN"
