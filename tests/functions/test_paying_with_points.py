"""An order paid with shop points: the cap, the hold, what becomes of it, and what a refund returns."""

from collections.abc import Callable
from typing import Any

import pytest

from functions import bought
from functions.builders import (
    FREIGHT,
    NOW,
    Document,
    assert_lawful,
    die_everywhere,
    edit,
    line,
    lot,
    place_order,
    promotion,
    rule,
    sell_out,
    stock_up,
    user,
)
from functions.conftest import Clock, WeChat
from gardenshop.cloud.clock import DAY, HOUR, MINUTE
from gardenshop.cloud.database import Database
from gardenshop.flows import redemption
from gardenshop.flows.balances import perform
from gardenshop.flows.reconcile import check
from harness import A, B, Shop, user_id

TOFU, TEA = bought.TOFU, bought.TEA
SOON, LATE = NOW + 20 * DAY, NOW + 300 * DAY


def shop_lot(key: str, points: int, expires_at: int, *, openid: str = A) -> Document:
    kept = {"left": points, "expiresAt": expires_at}
    return lot(f"award:{key}", points, openid=openid, book="shop", lot=kept)


def furnish(shop: Shop) -> None:
    """Ten tofu and ten tea at ¥12.00; a member with 300 points that lapse soon and 400 that lapse late."""
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user(points={"shop": {"available": 700}}))
    shop.add("points_ledger", shop_lot("late", 400, LATE))
    shop.add("points_ledger", shop_lot("soon", 300, SOON))
    stock_up(shop)
    stock_up(shop, "tea")


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    furnish(shop)


def preview(shop: Shop, points: int, **wish: Any) -> Document:
    wanted = {"lines": [line(TOFU, 2)], "points": points, **wish}
    return shop.ok("checkout_preview", wanted, openid=A)


def counters(shop: Shop, openid: str = A) -> tuple[int, int]:
    """Return what may be spent of the shop's points and what is reserved."""
    book = shop.one("users", user_id(openid))["points"]["shop"]
    return book["available"], book.get("reserved", 0)


def left(shop: Shop) -> tuple[int, int]:
    """Return what is left of the lot that lapses soon, and of the one that lapses late."""
    soon, late = (shop.one("points_ledger", f"award:{key}")["lot"]["left"] for key in ("soon", "late"))
    return soon, late


def row(shop: Shop, key: str) -> Document:
    return shop.one("points_ledger", key)


class TestWhatMayBeUsed:
    def test_the_preview_says_how_many_points_pay_for_what(self, shop: Shop) -> None:
        shown = preview(shop, 500)

        assert shown["points"] == {"available": 700, "cap": 700, "used": 500}
        assert (shown["ready"], shown["payableFen"]) == (True, 2400 - 500 + 1000)
        assert (shown["totals"]["pointsFen"], shown["totals"]["pointsUsed"]) == (500, 500)
        assert shown["lines"][0]["paidFen"] == 1900
        assert "500 积分：−¥5.00，参与商品 北豆腐（分摊 ¥5.00）" in shown["trace"]
        assert shop.adapter.trips == 1

    @pytest.mark.parametrize(
        ("policy", "cap"),
        [({"redeemCap": 600}, 600), ({"redeemBp": 1000}, 240), ({"redeemBp": 0}, 0), ({}, 700)],
        ids=str,
    )
    def test_the_rules_cap_what_an_order_is_paid_with(self, shop: Shop, policy: Document, cap: int) -> None:
        shop.add("business_rules", rule("points", policy))

        shown = preview(shop, cap + 1)["points"]

        assert (shown["cap"], shown["used"]) == (cap, cap)
        assert shown["problem"] == ("积分不足，可用 700 积分" if cap == 700 else f"本单最多可用 {cap} 积分")

    def test_points_pay_for_goods_after_discounts_and_never_for_freight(self, shop: Shop) -> None:
        shop.add("promotions", promotion(benefit={"offFen": 2000}))

        shown = preview(shop, 400)

        assert (shown["points"]["cap"], shown["payableFen"]) == (400, 1000)

    def test_lapsed_points_and_those_of_a_debtor_are_none(self, shop: Shop) -> None:
        edit(shop, "points_ledger", "award:soon", {"lot.expiresAt": NOW})
        assert preview(shop, 401)["points"] == {
            "available": 400,
            "cap": 400,
            "used": 400,
            "problem": "积分不足，可用 400 积分",
        }
        edit(shop, "users", user_id(A), {"points.shop.debt": 1})
        assert preview(shop, 1)["points"] == {
            "available": 0,
            "cap": 0,
            "used": 0,
            "problem": "有积分待偿还，暂不能使用",
        }

    def test_checkout_refuses_more_than_the_cap_before_it_writes(self, shop: Shop) -> None:
        wanted = {"lines": [line(TOFU, 2)], "points": 701}
        wish = {"clientToken": "token-0001", "expectedTotalFen": 2700}

        reply = shop.refused("checkout", {**wanted, **wish}, openid=A)

        assert (reply["error"], reply["message"]) == ("NOT_ENOUGH_POINTS", "积分不足，可用 700 积分")
        assert reply["details"]["preview"] == shop.ok("checkout_preview", wanted, openid=A)
        assert reply["details"]["preview"]["ready"] is False


class TestTheHold:
    def test_an_order_holds_its_points_first_to_lapse_first(self, shop: Shop) -> None:
        order = place_order(shop, lines=[line(TOFU), line(TEA)], points=500)

        assert counters(shop) == (200, 500)
        assert left(shop) == (0, 200)
        assert (order["totals"]["pointsUsed"], order["pointsLapsed"]) == (500, 0)
        assert [each["pointsUsed"] for each in order["lines"]] == [250, 250]
        held = row(shop, f"hold:{order['_id']}")
        assert (held["kind"], held["delta"], held["reservedDelta"], held["state"]) == (
            "hold",
            -500,
            500,
            "final",
        )
        assert held["lotsUsed"] == [
            {"lotId": "award:soon", "points": 300},
            {"lotId": "award:late", "points": 200},
        ]
        assert_lawful(shop)

    def test_an_order_without_points_costs_no_more_trips(self, shop: Shop) -> None:
        wish = {"lines": [line()], "clientToken": "token-0001", "expectedTotalFen": 2200}

        shop.ok("checkout", wish, openid=A)

        assert shop.adapter.trips == 4

    def test_lapsed_points_on_the_counter_are_not_held(self, shop: Shop) -> None:
        edit(shop, "points_ledger", "award:soon", {"lot.expiresAt": NOW})

        order = place_order(shop, points=400)

        assert (order["pointsLapsed"], counters(shop)) == (300, (300, 400))
        assert left(shop) == (300, 0)
        assert_lawful(shop)

    def test_lapsed_points_do_not_stand_in_for_points_spent_meanwhile(self, shop: Shop) -> None:
        edit(shop, "points_ledger", "award:soon", {"lot.expiresAt": NOW})
        wish = {"lines": [line()], "points": 400, "expectedTotalFen": 1800, "clientToken": "token-0001"}
        shop.adapter.before = lambda commands: (
            edit(shop, "users", user_id(A), {"points.shop.available": 699})
            if commands[0].get("insert") == "orders"
            else None
        )

        assert shop.call("checkout", wish, openid=A)["error"] == "NOT_ENOUGH_POINTS"
        assert counters(shop) == (699, 0)

    def test_of_two_orders_at_once_only_one_has_the_points(
        self, shop: Shop, at_once: Callable[..., list[Any]]
    ) -> None:
        wish = {"lines": [line()], "points": 600, "expectedTotalFen": 1200 - 600 + 1000}

        replies = at_once(*(("checkout", {**wish, "clientToken": f"token-000{i}"}, A) for i in range(2)))

        errors = sorted(reply.get("error", "") for reply in replies)
        assert errors == ["", "NOT_ENOUGH_POINTS"]
        assert counters(shop) == (100, 600)
        assert_lawful(shop)

    def test_a_refusal_of_another_hold_gives_the_points_back(self, shop: Shop) -> None:
        wish = {"lines": [line()], "points": 600, "expectedTotalFen": 1600, "clientToken": "token-0001"}
        shop.adapter.before = lambda commands: (
            sell_out(shop, TOFU) if commands[0].get("insert") == "orders" else None
        )
        reply = shop.call("checkout", wish, openid=A)
        shop.adapter.before = lambda _: None

        assert reply["error"] == "OUT_OF_STOCK"
        assert shop.call("checkout", wish, openid=A)["error"] == "OUT_OF_STOCK"
        assert (counters(shop), left(shop)) == ((700, 0), (300, 400))
        assert_lawful(shop)

    def test_the_same_token_gets_the_same_refusal(self, shop: Shop) -> None:
        wish = {"lines": [line()], "points": 600, "expectedTotalFen": 1600, "clientToken": "token-0001"}
        shop.adapter.before = lambda commands: (
            edit(shop, "users", user_id(A), {"points.shop.debt": 9}) if "insert" in commands[0] else None
        )
        first = shop.call("checkout", wish, openid=A)
        shop.adapter.before = lambda _: None
        edit(shop, "users", user_id(A), {"points.shop.debt": 0})

        assert (first["error"], first["details"]) == ("NOT_ENOUGH_POINTS", {"need": 600})
        again = shop.call("checkout", wish, openid=A)
        assert {**again, "requestId": ""} == {**first, "requestId": ""}
        assert_lawful(shop)

    def test_a_checkout_broken_off_anywhere_holds_once_or_nothing(self, clock: Clock) -> None:
        wish = {"lines": [line()], "points": 500, "expectedTotalFen": 1700, "clientToken": "token-0001"}

        def verify(shop: Shop) -> None:
            clock.now += 3 * MINUTE
            assert_lawful(shop)
            clock.now -= 3 * MINUTE
            assert counters(shop) == (200, 500)

        assert die_everywhere(furnish, lambda shop: shop.call("checkout", wish, openid=A), verify) > 8

    def test_a_checkout_that_nobody_ends_gives_everything_back(self, clock: Clock) -> None:
        wish = {"lines": [line()], "points": 500, "expectedTotalFen": 1700, "clientToken": "token-0001"}

        def verify(shop: Shop) -> None:
            clock.now += 3 * MINUTE
            assert_lawful(shop)
            clock.now -= 3 * MINUTE
            assert counters(shop) in {(700, 0), (200, 500)}
            assert sum(left(shop)) == counters(shop)[0]

        act: Callable[[Shop], Any] = lambda shop: shop.call("checkout", wish, openid=A)  # noqa: E731
        assert die_everywhere(furnish, act, verify, again=False) > 8

    def test_a_checkout_broken_off_while_it_fails_is_no_breach_to_the_night(self, clock: Clock) -> None:
        wish = {"lines": [line()], "points": 500, "expectedTotalFen": 1700, "clientToken": "token-0001"}

        def act(shop: Shop) -> None:
            shop.adapter.before = lambda commands: (
                sell_out(shop, TOFU) if commands[0].get("insert") == "orders" else None
            )
            shop.call("checkout", wish, openid=A)

        def verify(shop: Shop) -> None:
            while check(Database(shop.adapter), clock.now):
                pass
            assert shop.documents("sync_tasks", {"topic": "reconcile.breach"}) == []
            clock.now += 3 * MINUTE
            assert_lawful(shop)
            clock.now -= 3 * MINUTE
            assert (counters(shop), left(shop)) == ((700, 0), (300, 400))

        assert die_everywhere(furnish, act, verify, again=False) > 8


class TestWhatBecomesOfIt:
    def test_payment_spends_what_was_held(self, shop: Shop, wechat: WeChat) -> None:
        order = place_order(shop, points=500)

        bought.pay(shop, wechat, order["_id"])

        assert counters(shop) == (200, 0)
        held = row(shop, f"hold:{order['_id']}")
        assert (held["kind"], held["reservedDelta"]) == ("spend", 0)

    def test_cancelling_gives_the_points_back_to_their_lots(self, shop: Shop) -> None:
        order = place_order(shop, points=500)

        shop.ok("order_cancel", {"orderNo": order["_id"]}, openid=A)
        assert_lawful(shop)

        assert (counters(shop), left(shop)) == ((700, 0), (300, 400))
        assert row(shop, f"release:{order['_id']}")["lotsUsed"] == [
            {"lotId": "award:late", "points": 200},
            {"lotId": "award:soon", "points": 300},
        ]

    def test_points_whose_lot_has_lapsed_meanwhile_last_another_thirty_days(
        self, shop: Shop, clock: Clock
    ) -> None:
        edit(shop, "points_ledger", "award:soon", {"lot.expiresAt": NOW + MINUTE})
        order = place_order(shop, points=500)
        clock.now += HOUR

        shop.ok("order_cancel", {"orderNo": order["_id"]}, openid=A)
        assert_lawful(shop)

        back = row(shop, f"release:{order['_id']}")
        assert back["lot"] == {"left": 300, "expiresAt": back["createdAt"] + 30 * DAY}
        assert back["lotsUsed"] == [{"lotId": "award:late", "points": 200}]
        assert (counters(shop), left(shop)) == ((700, 0), (0, 400))
        assert preview(shop, 700)["points"]["available"] == 700

    def test_an_order_that_failed_without_a_hold_cannot_hold_later(self, shop: Shop) -> None:
        """A copy of its checkout comes late: nothing is there for it any more."""
        order = place_order(shop, points=100)
        number = "20261123000000000009"
        failed = {**order, "_id": number, "status": "create_failed", "history": order["history"][:1]}
        db = Database(shop.adapter)

        assert len(redemption.release(db, failed, now=NOW)) == 1
        assert perform(db, redemption.hold(failed), NOW).refused == {f"hold:{number}"}
        assert (counters(shop), left(shop)) == ((600, 100), (200, 400))


class TestRefunds:
    def test_each_refund_returns_its_share_of_the_points_to_their_lots(
        self, shop: Shop, wechat: WeChat
    ) -> None:
        edit(shop, "points_ledger", "award:soon", {"lot.expiresAt": wechat.clock.now + DAY})
        edit(shop, "points_ledger", "award:late", {"lot.expiresAt": wechat.clock.now + 99 * DAY})
        order = bought.buy(shop, wechat, [line(TOFU, 3)], points=500)

        expected = [(0, 200 + 166), (133, 400), (300, 400)]
        for number, lots_left in enumerate(expected):
            token = f"return-000{number}"
            sale = bought.apply(shop, order["_id"], bought.part("L1"), kind="refund_only", token=token)
            bought.decide(shop, sale, "approve")
            bought.settle(shop, wechat)
            assert left(shop) == lots_left
        assert counters(shop) == (700, 0)

    def test_an_order_that_points_pay_whole_is_paid_and_refunded_without_money(
        self, shop: Shop, wechat: WeChat
    ) -> None:
        del wechat
        edit(shop, "business_rules", "freight:1", {"body.freeFromFen": 0})
        shop.add("business_rules", rule("points", {"redeemCap": 5000}))
        edit(shop, "users", user_id(A), {"points.shop.available": 1200})
        shop.add("points_ledger", shop_lot("more", 500, LATE))
        order = place_order(shop, points=1200)
        assert shop.ok("order_pay", {"orderNo": order["_id"]}, openid=A)["status"] == "paid"
        assert_lawful(shop)
        assert counters(shop) == (0, 0)

        shop.ok("order_cancel", {"orderNo": order["_id"]}, openid=A)
        assert_lawful(shop)

        assert shop.one("orders", order["_id"])["status"] == "refunded"
        assert counters(shop) == (1200, 0)


def test_anothers_points_pay_for_nobody(shop: Shop) -> None:
    shop.add("users", user(B))

    shown = shop.ok("checkout_preview", {"lines": [line()], "points": 1}, openid=B)

    assert (shown["points"]["available"], shown["ready"]) == (0, False)
