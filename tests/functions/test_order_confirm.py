"""order_confirm: what was shipped is received, once, and then it closes by the calendar."""

import pytest

from functions.bought import TEA, TOFU, apply, books, buy, decide, furnish, part, settle, ship
from functions.builders import Document, assert_lawful, edit, line
from functions.conftest import WeChat
from gardenshop.cloud.clock import DAY, HOUR, day_of, start_of
from harness import A, B, Shop


@pytest.fixture(name="order_no")
def _order_no(shop: Shop, wechat: WeChat) -> str:
    furnish(shop)
    return str(buy(shop, wechat)["_id"])


def confirm(shop: Shop, order_no: str) -> Document:
    return shop.ok("order_confirm", {"orderNo": order_no}, openid=A)


def seventh_day_after(instant: int) -> int:
    """Return the end of the seventh day, the day after being the first (七日无理由退货暂行办法)."""
    return start_of(day_of(instant)) + 8 * DAY


def test_a_received_order_closes_after_seven_whole_days(shop: Shop, wechat: WeChat, order_no: str) -> None:
    ship(shop, order_no)

    confirmed = confirm(shop, order_no)

    assert confirmed == {
        "orderNo": order_no,
        "status": "received",
        "closeAt": seventh_day_after(wechat.clock.now),
    }
    assert shop.adapter.trips == 2
    before = shop.dump()
    assert confirm(shop, order_no) == confirmed
    assert shop.dump() == before


def test_an_order_of_fresh_goods_closes_after_two_days(shop: Shop, wechat: WeChat) -> None:
    furnish(shop, fresh=True)
    fresh = buy(shop, wechat, [line(TOFU)])["_id"]
    mixed = buy(shop, wechat, [line(TOFU), line(TEA)], token="token-0002")["_id"]
    for i, order_no in enumerate((fresh, mixed)):
        ship(shop, order_no, token=f"parcel-000{i}")

    assert confirm(shop, fresh)["closeAt"] == wechat.clock.now + 48 * HOUR
    assert confirm(shop, mixed)["closeAt"] == seventh_day_after(wechat.clock.now)


def test_an_open_after_sale_comes_first(shop: Shop, order_no: str) -> None:
    ship(shop, order_no)
    sale = apply(shop, order_no, part("L1"), reason="quality")
    assert shop.refused("order_confirm", {"orderNo": order_no}, openid=A)["code"] == 40900

    decide(shop, sale, "refuse")

    assert confirm(shop, order_no)["status"] == "received"


@pytest.mark.parametrize("status", ["pending_payment", "paid", "cancelled", "refunding", "refunded"])
def test_only_what_was_shipped_is_received(shop: Shop, order_no: str, status: str) -> None:
    edit(shop, "orders", order_no, {"status": status})

    reply = shop.refused("order_confirm", {"orderNo": order_no}, openid=A)

    assert (reply["error"], reply["details"]) == ("ILLEGAL_TRANSITION", {"status": status})


def test_another_members_order_is_not_found(shop: Shop, order_no: str) -> None:
    ship(shop, order_no)

    assert shop.refused("order_confirm", {"orderNo": order_no}, openid=B)["code"] == 40400


def test_time_confirms_and_completes_and_makes_the_points_final(
    shop: Shop, wechat: WeChat, order_no: str
) -> None:
    ship(shop, order_no)
    order = shop.one("orders", order_no)
    wechat.clock.now = order["autoConfirmAt"] - 1
    assert shop.ok("order_timeout")["received"] == 0
    wechat.clock.now += 1
    assert shop.ok("order_timeout")["received"] == 1

    close_at = shop.one("orders", order_no)["closeAt"]
    wechat.clock.now = close_at - 1
    assert shop.ok("order_timeout")["completed"] == 0
    wechat.clock.now += 1
    assert shop.ok("order_timeout")["completed"] == 1
    assert_lawful(shop)

    assert books(shop)["shop"] == {"available": 4, "pending": 0, "reserved": 0, "debt": 0}
    row = shop.one("points_ledger", f"earn:order:{order_no}")
    assert (row["final"], row["lot"]["left"]) == (True, 4)
    assert shop.ok("order_timeout") == {"cancelled": 0, "paid": 0, "received": 0, "completed": 0, "left": 0}


def test_time_stands_still_while_an_after_sale_is_open(shop: Shop, wechat: WeChat, order_no: str) -> None:
    ship(shop, order_no)
    sale = apply(shop, order_no, part("L1", 3), reason="quality")
    wechat.clock.now += 30 * DAY
    assert shop.ok("order_timeout")["received"] == 0

    decide(shop, sale, "refuse")
    assert shop.ok("order_timeout")["received"] == 1


def test_only_what_was_not_refunded_earns(shop: Shop, wechat: WeChat, order_no: str) -> None:
    ship(shop, order_no)
    decide(shop, apply(shop, order_no, part("L1", 2), reason="quality"), "approve")
    settle(shop, wechat)
    wechat.clock.now += 30 * DAY
    shop.ok("order_timeout")
    wechat.clock.now += 30 * DAY
    shop.ok("order_timeout")
    assert_lawful(shop)

    assert books(shop)["shop"]["available"] == 2


def test_many_orders_are_completed_page_by_page(shop: Shop, wechat: WeChat, order_no: str) -> None:
    ship(shop, order_no)
    confirm(shop, order_no)
    whole = shop.one("orders", order_no)
    for i in range(120):
        copy = {**whole, "_id": f"copy-{i:03}", "clientToken": f"copy-{i:03}", "rulesVersion": "legacy"}
        shop.add("orders", copy)
    wechat.clock.now += 30 * DAY

    assert shop.ok("order_timeout")["completed"] == 121
    assert {order["status"] for order in shop.documents("orders")} == {"completed"}
    assert shop.adapter.trips == 1 + 3 * 2 + 2 + 1  # Its mark, when it has ended.
