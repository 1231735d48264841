"""nightly_close: what time has ended is booked, batch by batch, once."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from functions.builders import (
    NOW,
    assert_lawful,
    commission,
    die_everywhere,
    document,
    edit,
    former,
    lot,
    practitioner,
    remove,
    rule,
    user,
    user_coupon,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, HOUR, MINUTE, day_of
from gardenshop.flows import coupons, daily_figures, expiry, reconcile, retention, settlement
from gardenshop.models.base import RING_SIZE
from harness import A, B, Shop, user_id

EVENT = {"Type": "Timer", "TriggerName": "every_night", "Time": "2026-11-23T04:00:00Z"}
COUNTERS = ("confirmedFen", "settledFen", "debtFen", "settledThrough")


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

    def test_lots_that_cannot_be_booked_hold_up_none_behind_them(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(expiry, "EXPIRED_AT_ONCE", 2)
        waiting: dict[str, Any] = {"book": "shop", "lot": {"left": 1, "expiresAt": NOW - DAY}}
        for number in range(3):
            shop.add("points_ledger", lot(f"award:shop-{number}", 1, **waiting))
        shop.add("points_ledger", lot("award:new", 5, book="shop", state="pending"))

        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 1
        assert lots_left(shop) == [0, 20, 50]

    def test_a_lot_that_is_malformed_is_told_of_and_holds_up_no_other(self, shop: Shop) -> None:
        over = {"left": 1, "expiresAt": NOW - DAY}
        bad = {"userId": user_id(A), "book": "garden", "state": "final", "lot": over}
        shop.add("points_ledger", {"_id": "malformed", **bad})

        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 1
        told = shop.documents("sync_tasks", {"payload.id": "malformed", "payload.law": "pending"})
        assert [each["state"] for each in told] == ["dead"]
        remove(shop, "points_ledger", "malformed")

    def test_a_counter_that_cannot_pay_is_tried_again_another_night(self, shop: Shop) -> None:
        edit(shop, "users", user_id(A), {"points.garden.available": 29})
        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 0
        assert shop.one("points_ledger", "exp:award:over:30")["state"] == "refused"
        edit(shop, "users", user_id(A), {"points.garden.available": 100})

        assert shop.ok("nightly_close", EVENT)["lotsExpired"] == 1
        assert (available(shop), lots_left(shop)) == (70, [0, 20, 50])

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


@pytest.mark.parametrize(
    "kind", [coupons.expire, expiry.expire, reconcile.check, retention.trim, daily_figures.reckon]
)
def test_one_kind_that_fails_holds_up_no_other_and_the_night_has_not_ended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: Callable[..., int]
) -> None:
    done = list[str]()
    for each in (coupons.expire, expiry.expire, reconcile.check, retention.trim, daily_figures.reckon):
        module, name = sys.modules[each.__module__], each.__name__
        monkeypatch.setattr(module, name, partial(_noted, done, each.__module__, fails=each is kind))

    reply = shop.call("nightly_close", EVENT)

    assert (reply["code"], reply["error"]) == (50000, "INTERNAL")
    assert len(done) == 5
    assert shop.documents("data_dashboard", {"kind": "timers"}) == []


def _noted(done: list[str], name: str, *_: object, fails: bool) -> int:
    done.append(name)
    if fails:
        raise KeyError(name)
    return 0


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


@pytest.mark.parametrize(("months", "kept"), [(None, ["e1", "e2"]), (36, ["e0", "e1", "e2"]), (1, ["e2"])])
def test_events_are_forgotten_when_their_time_is_over(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, months: int | None, kept: list[str]
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    if months:
        shop.add("business_rules", rule("privacy", {"eventMonths": months}))
    for number, days in enumerate((404, 402, 31)):
        at = NOW - days * DAY
        seen = {"userId": user_id(A), "type": "view", "productId": "tofu", "at": at, "day": day_of(at)}
        shop.add("user_events", document("user_events", id=f"e{number}", **seen))

    told = shop.ok("nightly_close", EVENT)

    assert sorted(each["_id"] for each in shop.documents("user_events")) == kept
    assert told["forgotten"] == 3 - len(kept)


def test_nobody_else_is_served(shop: Shop) -> None:
    reply = shop.refused("nightly_close", EVENT, openid=A)

    assert reply["error"] == "FORBIDDEN"


def earn(shop: Shop, *months: tuple[str, int], debt: int = 0, practitioner_id: str = "lin") -> None:
    """Let a practitioner have confirmed *months*, of orders that are not kept here, and owe *debt*."""
    for number, (month, fen) in enumerate(months):
        key = f"O{number}:L1:{practitioner_id}:confirm"
        row = commission(
            "confirm", practitionerId=practitioner_id, id=key, confirmedFen=fen, day=f"{month}-15"
        )
        shop.add("commission_ledger", row)
    total = sum(fen for _, fen in months)
    edit(
        shop, "practitioners", practitioner_id, {"commission.confirmedFen": total, "commission.debtFen": debt}
    )


def counters(shop: Shop, practitioner_id: str = "lin") -> tuple[Any, ...]:
    found = shop.one("practitioners", practitioner_id)["commission"]
    return tuple(found.get(name) for name in COUNTERS)


def batches(shop: Shop) -> dict[str, dict[str, int]]:
    return {row["_id"]: row["deltas"] for row in shop.documents("commission_ledger", {"kind": "settle"})}


def test_a_month_that_is_over_is_settled_and_the_present_one_is_not(shop: Shop) -> None:
    shop.add("practitioners", practitioner())
    earn(shop, ("2026-10", 500), ("2026-11", 70))

    assert shop.ok("nightly_close", EVENT)["commissionsSettled"] == 1

    assert counters(shop) == (70, 500, 0, "2026-10")
    row = shop.one("commission_ledger", "settle:lin:2026-10")
    assert row == {
        "_id": "settle:lin:2026-10",
        "practitionerId": "lin",
        "entryId": row["entryId"],
        "kind": "settle",
        "deltas": {"confirmedFen": -500, "settledFen": 500},
        "ref": "2026-10",
        "day": "2026-11-23",
        "state": "final",
        "schemaVersion": 1,
        "createdAt": NOW,
        "updatedAt": NOW,
    }


def test_a_debt_is_taken_from_the_batch_and_what_is_left_of_it_from_the_next(shop: Shop) -> None:
    shop.add("practitioners", practitioner())
    earn(shop, ("2026-09", 300), ("2026-10", 500), debt=450)

    shop.ok("nightly_close", EVENT)

    assert batches(shop) == {
        "settle:lin:2026-09": {"confirmedFen": -300, "debtFen": -300},
        "settle:lin:2026-10": {"confirmedFen": -500, "debtFen": -150, "settledFen": 350},
    }
    assert counters(shop) == (0, 350, 0, "2026-10")


def test_a_run_again_and_a_run_late_and_a_run_missed_settle_each_month_once(shop: Shop) -> None:
    shop.add("practitioners", practitioner())
    earn(shop, ("2026-08", 100), ("2026-10", 500))
    shop.ok("nightly_close", {**EVENT, "Time": "2026-11-01T04:00:00Z"})
    before = batches(shop), counters(shop)

    assert shop.ok("nightly_close", EVENT)["commissionsSettled"] == 0
    assert shop.ok("nightly_close", {**EVENT, "Time": "2026-09-30T18:00:00Z"})["commissionsSettled"] == 0

    assert (batches(shop), counters(shop)) == before
    assert sorted(batches(shop)) == ["settle:lin:2026-08", "settle:lin:2026-10"]
    assert counters(shop) == (0, 600, 0, "2026-10")


def test_the_month_ends_at_midnight_in_china(shop: Shop) -> None:
    shop.add("practitioners", practitioner())
    earn(shop, ("2026-10", 500))

    assert shop.ok("nightly_close", {**EVENT, "Time": "2026-10-31T15:59:59Z"})["commissionsSettled"] == 1
    assert counters(shop) == (500, 0, 0, "2026-09")
    assert shop.ok("nightly_close", {**EVENT, "Time": "2026-10-31T16:00:00Z"})["commissionsSettled"] == 1
    assert counters(shop) == (0, 500, 0, "2026-10")


def test_what_was_confirmed_too_late_for_its_month_goes_with_the_next(shop: Shop) -> None:
    shop.add("practitioners", practitioner())
    earn(shop, ("2026-10", 500))
    edit(shop, "practitioners", "lin", {"commission.settledThrough": "2026-10"})
    assert shop.ok("nightly_close", EVENT)["commissionsSettled"] == 0

    shop.ok("nightly_close", {**EVENT, "Time": "2026-12-01T04:00:00Z"})

    assert batches(shop) == {"settle:lin:2026-11": {"confirmedFen": -500, "settledFen": 500}}


def test_a_plan_that_came_too_late_is_passed_over(shop: Shop) -> None:
    shop.add("practitioners", practitioner())
    earn(shop, ("2026-10", 500))
    shop.add(
        "commission_ledger",
        commission("settle", id="settle:lin:2026-10", ref="2026-10", confirmedFen=-1, state="refused"),
    )

    assert shop.ok("nightly_close", EVENT)["commissionsSettled"] == 1
    assert counters(shop) == (500, 0, 0, "2026-10")
    shop.ok("nightly_close", {**EVENT, "Time": "2026-12-01T04:00:00Z"})
    assert counters(shop) == (0, 500, 0, "2026-11")


def test_any_number_of_practitioners_is_settled_in_batches(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settlement, "AT_ONCE", 2)
    for number in range(5):
        shop.add("practitioners", practitioner(f"openid-{number}", f"p{number}"))
        earn(shop, ("2026-10", 100 + number), practitioner_id=f"p{number}")

    assert shop.ok("nightly_close", EVENT)["commissionsSettled"] == 5
    assert [counters(shop, f"p{number}")[1] for number in range(5)] == [100, 101, 102, 103, 104]


def test_practitioners_who_cannot_be_settled_hold_up_none_behind_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is malformed, which is told; the rings of the others can no longer tell."""
    monkeypatch.setattr(settlement, "AT_ONCE", 2)
    late = [{"key": f"k{place}", "at": NOW + MINUTE} for place in range(RING_SIZE)]
    for number in range(6):
        shop.add("practitioners", practitioner(f"openid-{number}", f"p{number}"))
        earn(shop, ("2026-10", 500), practitioner_id=f"p{number}")
    edit(shop, "practitioners", "p0", {"commission.debtFen": "none"})
    for number in (1, 2, 3):
        edit(shop, "practitioners", f"p{number}", {"commission.recentOps": late})

    assert shop.ok("nightly_close", EVENT)["commissionsSettled"] == 2

    assert [counters(shop, f"p{number}")[1] for number in range(6)] == [0, 0, 0, 0, 500, 500]
    told = shop.documents("sync_tasks", {"payload.collection": "practitioners", "payload.law": "pending"})
    assert [(each["state"], each["payload"]["id"]) for each in told] == [("dead", "p0")]
    edit(shop, "practitioners", "p0", {"commission.debtFen": 0})
    assert shop.ok("nightly_close", EVENT)["commissionsSettled"] == 1


def test_two_runs_at_once_settle_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    shop.add("practitioners", practitioner())
    earn(shop, ("2026-09", 300), ("2026-10", 500), ("2026-11", 1000), debt=450)

    replies = at_once(*[("nightly_close", EVENT, "")] * 4)

    assert {reply["code"] for reply in replies} == {0}
    assert counters(shop) == (1000, 350, 0, "2026-10")


def test_a_settlement_broken_off_anywhere_is_finished_by_the_next(clock: Clock) -> None:
    def prepare(shop: Shop) -> None:
        shop.add("practitioners", practitioner())
        shop.add("practitioners", practitioner(B, "bo"))
        earn(shop, ("2026-09", 300), ("2026-10", 500), debt=450)
        edit(shop, "practitioners", "lin", {"commission.confirmedFen": 800})
        shop.add("commission_ledger", commission("opening", confirmedFen=0, debtFen=450))
        earn(shop, ("2026-11", 70), practitioner_id="bo")

    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        shop.ok("outbox_pump")
        clock.now -= 3 * MINUTE
        assert counters(shop) == (0, 350, 0, "2026-10")
        assert counters(shop, "bo") == (70, 0, 0, "2026-10")
        assert {row["state"] for row in shop.documents("commission_ledger")} == {"final"}

    assert die_everywhere(prepare, lambda shop: shop.call("nightly_close", EVENT), verify) >= 6
