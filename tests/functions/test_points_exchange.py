"""points_exchange: both books move once, by the rate, within the day's cap, whatever is broken off."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from functions.builders import NOW, Document, assert_lawful, die_everywhere, edit, lot, rule, user
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, HOUR, MINUTE
from gardenshop.cloud.database import Command, Database
from gardenshop.flows import exchange
from gardenshop.flows.balances import reconsider
from gardenshop.flows.points import again
from harness import A, B, Shop, user_id

WISH: Document = {"points": 300, "clientToken": "exchange-0001"}
KEY = f"xch:{user_id(A)}:exchange-0001"
DONE = {"taken": 300, "gained": 30, "expiresAt": 1_827_590_399_999}


def furnish(shop: Shop, garden: int = 400) -> None:
    """A member with two lots of garden points, of which the second lapses first."""
    shop.add("users", user(points={"garden": {"available": garden}}))
    shop.add("points_ledger", lot("award:late", 150, lot={"left": 150, "expiresAt": NOW + 300 * DAY}))
    early = garden - 150
    shop.add("points_ledger", lot("award:early", early, lot={"left": early, "expiresAt": NOW + 10 * DAY}))


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    furnish(shop)


def books(shop: Shop) -> tuple[int, int]:
    """Return what may be spent of the garden's points and of the shop's."""
    points = shop.one("users", user_id(A))["points"]
    return points["garden"]["available"], points.get("shop", {}).get("available", 0)


def today(shop: Shop) -> Document:
    found: Document = shop.one("users", user_id(A))["points"]["today"]
    return found


def states(shop: Shop) -> list[str]:
    """Return the states of the rows out and in."""
    return [
        row["state"]
        for side in ("out", "in")
        for row in shop.documents("points_ledger", {"_id": f"{KEY}:{side}"})
    ]


def test_garden_points_become_shop_points_by_the_rate(shop: Shop) -> None:
    assert shop.ok("points_exchange", WISH, openid=A) == DONE

    assert books(shop) == (100, 30)
    assert today(shop) == {"day": "2026-11-23", "exchange": 300, "harvest": 0, "lesson": 0, "meal": 0}
    out, into = (shop.one("points_ledger", f"{KEY}:{side}") for side in ("out", "in"))
    assert (out["book"], out["delta"], out["kind"]) == ("garden", -300, "exchange_out")
    assert (into["book"], into["delta"], into["kind"]) == ("shop", 30, "exchange_in")
    assert out["ref"] == into["ref"] == {"type": "exchange", "id": "exchange-0001:300"}
    assert out["lotsUsed"] == [{"lotId": "award:early", "points": 250}, {"lotId": "award:late", "points": 50}]
    assert into["lot"] == {"left": 30, "expiresAt": 1_827_590_399_999}
    assert_lawful(shop)


def test_what_makes_no_whole_shop_point_stays_in_the_garden(shop: Shop) -> None:
    shop.add("business_rules", rule("points", {"exchangeBp": 300, "exchangeUnit": 50}))

    done = shop.ok("points_exchange", {**WISH, "points": 150}, openid=A)

    assert (done["taken"], done["gained"]) == (134, 4)
    assert books(shop) == (266, 4)
    assert_lawful(shop)


def test_the_same_token_exchanges_once_and_answers_the_same(shop: Shop, clock: Clock) -> None:
    shop.ok("points_exchange", WISH, openid=A)
    before = shop.dump()
    clock.now += 40 * DAY

    assert shop.ok("points_exchange", WISH, openid=A) == DONE
    assert (shop.adapter.trips, shop.dump() == before) == (1, True)


def test_the_same_token_at_once_exchanges_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("points_exchange", WISH, A)] * 5)

    assert 0 in {reply["code"] for reply in replies} <= {0, 50301}
    assert books(shop) == (100, 30)
    assert_lawful(shop)


def test_a_used_token_is_not_good_for_another_amount(shop: Shop) -> None:
    shop.ok("points_exchange", WISH, openid=A)

    assert shop.refused("points_exchange", {**WISH, "points": 100}, openid=A)["error"] == "CONFLICT"


def test_two_amounts_under_one_token_at_once_are_one_exchange(
    shop: Shop, at_once: Callable[..., list[Any]]
) -> None:
    replies = at_once(*(("points_exchange", {**WISH, "points": 100 * (1 + i % 2)}, A) for i in range(6)))

    assert {reply["code"] for reply in replies} <= {0, 40900, 50301}
    assert books(shop) in {(300, 10), (200, 20)}
    assert_lawful(shop)


def test_a_token_begun_a_moment_ago_for_less_gives_no_more(shop: Shop, clock: Clock) -> None:
    out = {**rows_of_wish(shop, 100).out, "state": "pending", "schemaVersion": 1, "updatedAt": NOW}
    before_write(shop, "points_ledger", lambda: shop.add("points_ledger", out))

    assert shop.call("points_exchange", WISH, openid=A)["error"] == "CONFLICT"

    clock.now += 3 * MINUTE
    assert_lawful(shop)
    assert books(shop) == (300, 10)


def test_who_finds_the_token_used_a_moment_ago_learns_for_what(shop: Shop) -> None:
    before_write(shop, "points_ledger", lambda: shop.ok("points_exchange", WISH, openid=A))

    assert shop.call("points_exchange", {**WISH, "points": 100}, openid=A)["error"] == "CONFLICT"
    assert books(shop) == (100, 30)
    assert_lawful(shop)


@pytest.mark.parametrize("points", [1, 99, 150])
def test_a_step_is_a_whole_unit(shop: Shop, points: int) -> None:
    reply = shop.refused("points_exchange", {**WISH, "points": points}, openid=A)

    assert (reply["error"], reply["details"]) == ("INVALID_REQUEST", {"fields": [{"field": "points"}]})


class TestWhatTheBookAllows:
    def test_more_than_there_are_is_refused(self, shop: Shop) -> None:
        reply = shop.refused("points_exchange", {**WISH, "points": 500}, openid=A)

        assert (reply["error"], reply["details"]) == ("NOT_ENOUGH_POINTS", {"need": 500, "available": 400})

    def test_lapsed_points_are_not_exchanged(self, shop: Shop) -> None:
        edit(shop, "points_ledger", "award:early", {"lot.expiresAt": NOW})

        assert shop.refused("points_exchange", WISH, openid=A)["error"] == "NOT_ENOUGH_POINTS"
        assert shop.ok("points_exchange", {**WISH, "points": 100}, openid=A)["gained"] == 10

    def test_who_owes_garden_points_exchanges_none(self, shop: Shop) -> None:
        edit(shop, "users", user_id(A), {"points.garden.debt": 1})

        assert shop.refused("points_exchange", WISH, openid=A)["error"] == "NOT_ENOUGH_POINTS"

    def test_points_spent_meanwhile_are_not_exchanged(self, shop: Shop) -> None:
        before_move(shop, lambda: edit(shop, "users", user_id(A), {"points.garden.debt": 5}))

        assert shop.call("points_exchange", WISH, openid=A)["error"] == "BUSY"
        assert states(shop) == ["refused", "refused"]
        assert books(shop) == (400, 0)

    def test_lapsed_points_do_not_stand_in_for_points_spent_meanwhile(self, shop: Shop) -> None:
        edit(shop, "points_ledger", "award:early", {"lot.expiresAt": NOW})
        before_move(shop, lambda: edit(shop, "users", user_id(A), {"points.garden.available": 300}))

        assert shop.call("points_exchange", {**WISH, "points": 100}, openid=A)["error"] == "BUSY"
        assert books(shop) == (300, 0)

    def test_a_token_that_was_refused_may_be_used_again(self, shop: Shop) -> None:
        before_move(shop, lambda: edit(shop, "users", user_id(A), {"points.garden.debt": 5}))
        shop.call("points_exchange", WISH, openid=A)
        edit(shop, "users", user_id(A), {"points.garden.debt": 0})

        assert shop.ok("points_exchange", WISH, openid=A) == DONE
        assert_lawful(shop)


class TestWhatTheDayAllows:
    @pytest.fixture(autouse=True)
    def _cap(self, shop: Shop) -> None:
        shop.add("business_rules", rule("points", {"exchangeDaily": 300}))

    def test_more_than_the_day_allows_is_refused_and_the_next_day_allows_it(
        self, shop: Shop, clock: Clock
    ) -> None:
        shop.ok("points_exchange", {**WISH, "points": 200}, openid=A)
        more = {"points": 200, "clientToken": "exchange-0002"}

        reply = shop.refused("points_exchange", more, openid=A)
        assert (reply["error"], reply["message"]) == ("DAILY_LIMIT", "今日还可兑换 100 花园积分")
        assert reply["details"] == {"left": 100}

        clock.now += 12 * HOUR
        assert shop.ok("points_exchange", more, openid=A)["gained"] == 20
        assert today(shop) == {"day": "2026-11-24", "exchange": 200, "harvest": 0, "lesson": 0, "meal": 0}

    def test_at_once_no_more_than_the_day_allows_is_exchanged(
        self, shop: Shop, at_once: Callable[..., list[Any]]
    ) -> None:
        calls = [("points_exchange", {"points": 100, "clientToken": f"exchange-000{i}"}, A) for i in range(6)]

        replies = at_once(*calls)

        assert {reply["code"] for reply in replies} <= {0, 40918, 50301}
        assert 100 <= today(shop)["exchange"] <= 300
        assert books(shop)[0] == 400 - today(shop)["exchange"]
        assert_lawful(shop)

    def test_a_clock_that_is_behind_does_not_open_the_day_before_again(
        self, shop: Shop, clock: Clock
    ) -> None:
        shop.ok("points_exchange", WISH, openid=A)
        clock.now -= 13 * HOUR

        reply = shop.call("points_exchange", {"points": 100, "clientToken": "exchange-0002"}, openid=A)

        assert reply["error"] == "BUSY"
        assert today(shop)["day"] == "2026-11-23"


class TestWhatIsBrokenOff:
    def test_it_is_ended_wherever_it_stopped(self, clock: Clock) -> None:
        def verify(shop: Shop) -> None:
            clock.now += 3 * MINUTE
            assert_lawful(shop)
            clock.now -= 3 * MINUTE
            assert books(shop) == (100, 30)

        act: Callable[[Shop], Any] = lambda shop: shop.call("points_exchange", WISH, openid=A)  # noqa: E731
        assert die_everywhere(furnish, act, verify) > 8

    def test_the_pump_ends_it_when_nobody_asks_again(self, clock: Clock) -> None:
        def verify(shop: Shop) -> None:
            clock.now += 3 * MINUTE
            assert_lawful(shop)
            clock.now -= 3 * MINUTE
            begun = bool(states(shop))
            assert books(shop) == ((100, 30) if begun else (400, 0))
            assert states(shop) == (["final", "final"] if begun else [])

        act: Callable[[Shop], Any] = lambda shop: shop.call("points_exchange", WISH, openid=A)  # noqa: E731
        assert die_everywhere(furnish, act, verify, again=False) > 8

    def test_one_that_was_refused_and_is_tried_again_is_ended_wherever_it_stopped(self, clock: Clock) -> None:
        def refused(shop: Shop) -> None:
            furnish(shop)
            for row in rows_of_wish(shop):
                shop.add("points_ledger", {**row, "state": "refused", "schemaVersion": 1, "updatedAt": NOW})

        def verify(shop: Shop) -> None:
            clock.now += 3 * MINUTE
            assert_lawful(shop)
            clock.now -= 3 * MINUTE
            assert books(shop) in {(400, 0), (100, 30)}

        act: Callable[[Shop], Any] = lambda shop: shop.call("points_exchange", WISH, openid=A)  # noqa: E731
        assert die_everywhere(refused, act, verify, again=False) > 8

    def test_the_row_out_alone_tells_the_whole(self, shop: Shop, clock: Clock) -> None:
        out = {**rows_of_wish(shop).out, "state": "pending", "schemaVersion": 1, "updatedAt": NOW}
        shop.add("points_ledger", out)
        clock.now += 3 * MINUTE

        assert_lawful(shop)

        assert (states(shop), books(shop)) == (["final", "final"], (100, 30))

    def test_a_refusal_written_after_it_was_applied_does_not_stand(self, shop: Shop, clock: Clock) -> None:
        shop.ok("points_exchange", WISH, openid=A)
        for side in ("out", "in"):
            edit(shop, "points_ledger", f"{KEY}:{side}", {"state": "refused", "dueAt": NOW})
        rows = shop.documents("points_ledger", {"state": "refused"})
        db = Database(shop.adapter)

        db.write(*reconsider(db, [again(row) for row in rows], NOW))
        assert states(shop) == ["pending", "pending"]
        clock.now += 3 * MINUTE
        assert_lawful(shop)

        assert (states(shop), books(shop)) == (["final", "final"], (100, 30))


def test_without_an_account_there_is_nothing_to_exchange(shop: Shop) -> None:
    assert shop.refused("points_exchange", WISH, openid=B)["code"] == 40400


def test_anothers_token_is_ones_own(shop: Shop) -> None:
    shop.ok("points_exchange", WISH, openid=A)
    shop.add("users", user(B))

    assert shop.refused("points_exchange", WISH, openid=B)["error"] == "NOT_ENOUGH_POINTS"


def test_nobody_else_is_served(shop: Shop) -> None:
    assert shop.refused("points_exchange", WISH)["error"] == "FORBIDDEN"


def rows_of_wish(shop: Shop, points: int = 300) -> exchange.Exchange:
    """Return the rows that WISH writes, or that it would for other *points*."""
    member = exchange.member_of(user_id(A), shop.adapter.inner.run(exchange.reads(user_id(A), NOW)))
    assert member is not None
    return exchange.draft(member, "exchange-0001", points, NOW)


def before_move(shop: Shop, act: Callable[[], Any]) -> None:
    """Let *act* happen once, just before both books move."""
    before_write(shop, "users", act)


def before_write(shop: Shop, collection: str, act: Callable[[], Any]) -> None:
    """Let *act* happen once, just before the first write of *collection*."""

    def before(commands: Sequence[Command]) -> None:
        if any(command.get("update") == collection for command in commands):
            shop.adapter.before = lambda _: None
            act()

    shop.adapter.before = before
