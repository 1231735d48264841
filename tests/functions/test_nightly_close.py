"""nightly_close: what time has ended is booked, batch by batch, once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import NOW, assert_lawful, die_everywhere, edit, former, lot, user, user_coupon
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, HOUR, MINUTE
from gardenshop.flows import coupons
from harness import A, Shop, user_id

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


class TestPoints:
    @pytest.fixture(autouse=True)
    def _lots(self, shop: Shop, clock: object) -> None:
        """Three lots of garden points: one whose time is over, one lapsed a moment ago, one alive."""
        del clock
        furnish(shop)

    def test_what_is_left_of_a_lot_whose_time_is_over_is_booked(self, shop: Shop) -> None:
        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 1

        row = shop.one("points_ledger", "exp:award:over:30")
        assert (row["kind"], row["book"], row["delta"], row["ref"], row["state"]) == (
            "expire",
            "garden",
            -30,
            {"type": "lot", "id": "award:over"},
            "final",
        )
        assert row["lotsUsed"] == [{"lotId": "award:over", "points": 30}]
        assert (available(shop), lots_left(shop)) == (70, [0, 20, 50])
        assert_lawful(shop)

    def test_it_is_booked_once(self, shop: Shop) -> None:
        shop.ok("nightly_close", EVENT)
        before = shop.dump()

        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 0
        assert shop.dump() == before

    def test_two_runs_at_once_book_it_once(self, shop: Shop, at_once: Callable[..., list[Any]]) -> None:
        at_once(*[("nightly_close", EVENT, "")] * 4)

        assert (available(shop), lots_left(shop)) == (70, [0, 20, 50])
        assert_lawful(shop)

    def test_a_book_in_which_something_is_under_way_waits_for_another_night(self, shop: Shop) -> None:
        shop.add("points_ledger", lot("award:new", 5, state="pending"))

        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 0
        assert lots_left(shop) == [30, 20, 50]

    def test_a_counter_that_cannot_pay_is_tried_again_another_night(self, shop: Shop) -> None:
        edit(shop, "users", user_id(A), {"points.garden.available": 29})
        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 0
        assert shop.one("points_ledger", "exp:award:over:30")["state"] == "refused"
        edit(shop, "users", user_id(A), {"points.garden.available": 100})

        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 1
        assert_lawful(shop)

    def test_the_points_of_a_former_account_wait_for_its_owner(self, shop: Shop) -> None:
        shop.add("users", former(phone_hash="0" * 64))
        over = {"left": 860, "expiresAt": NOW - DAY}
        shop.add("points_ledger", lot("award:former", 860, book="shop", userId="legacy:10086", lot=over))

        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 1
        assert shop.one("points_ledger", "award:former")["lot"]["left"] == 860

    @pytest.mark.parametrize("again", [True, False], ids=["again", "left alone"])
    def test_a_run_broken_off_anywhere_is_ended(self, clock: Clock, *, again: bool) -> None:
        def verify(shop: Shop) -> None:
            clock.now += 3 * MINUTE
            assert_lawful(shop)
            clock.now -= 3 * MINUTE
            assert (available(shop), lots_left(shop)) in ((70, [0, 20, 50]), (100, [30, 20, 50]))

        act: Callable[[Shop], Any] = lambda shop: shop.call("nightly_close", EVENT)  # noqa: E731
        assert die_everywhere(furnish, act, verify, again=again) > 5


def furnish(shop: Shop) -> None:
    shop.add("users", user(points={"garden": {"available": 100}}))
    ends = {"over": (30, NOW - HOUR), "lapsed": (20, NOW - HOUR + 1), "alive": (50, NOW + DAY)}
    for key, (points, expires_at) in ends.items():
        shop.add("points_ledger", lot(f"award:{key}", points, lot={"left": points, "expiresAt": expires_at}))


def available(shop: Shop) -> int:
    found: int = shop.one("users", user_id(A))["points"]["garden"]["available"]
    return found


def lots_left(shop: Shop) -> list[int]:
    return [shop.one("points_ledger", f"award:{key}")["lot"]["left"] for key in ("over", "lapsed", "alive")]


def test_nobody_else_is_served(shop: Shop) -> None:
    reply = shop.refused("nightly_close", EVENT, openid=A)

    assert reply["error"] == "FORBIDDEN"
