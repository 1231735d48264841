"""refund_apply: what it would come to, by line and quantity; what was agreed on when buying; once a token."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.bought import TEA, TOFU, apply, buy, decide, furnish, parcel, part, pay, ship
from functions.builders import Document, assert_lawful, die_everywhere, edit, line, sku
from functions.conftest import WeChat
from gardenshop.cloud.clock import DAY
from harness import A, B, Shop


@pytest.fixture(name="order_no")
def _order_no(shop: Shop, wechat: WeChat) -> str:
    furnish(shop)
    return str(buy(shop, wechat)["_id"])


def ask(order_no: str, *lines: Document, **wish: Any) -> Document:
    event: Document = {"orderNo": order_no, "clientToken": "return-0001", **wish}
    return {**event, "lines": list(lines)} if lines else event


def refused(shop: Shop, order_no: str, *lines: Document, **wish: Any) -> str:
    reply = shop.refused("refund_apply", ask(order_no, *lines, **wish), openid=A)
    return str(reply["message"])


def received(shop: Shop, order_no: str) -> None:
    ship(shop, order_no)
    shop.ok("order_confirm", {"orderNo": order_no}, openid=A)


def test_a_preview_says_what_comes_back_and_writes_nothing(shop: Shop, order_no: str) -> None:
    before = shop.dump()

    one = shop.ok("refund_apply", ask(order_no, part("L1", 2), action="preview"), openid=A)
    everything = shop.ok("refund_apply", {"orderNo": order_no, "action": "preview"}, openid=A)

    assert one["afterSale"]["amounts"] == {"cashFen": 2400, "freightFen": 0, "points": 0}
    assert everything["afterSale"]["amounts"] == {"cashFen": 4800, "freightFen": 1200, "points": 0}
    assert shop.dump() == before
    assert shop.adapter.trips == 1


def test_a_request_holds_its_units(shop: Shop, order_no: str) -> None:
    sale = apply(shop, order_no, part("L1", 2))

    assert shop.adapter.trips == 2
    assert sale == {
        "afterSaleNo": f"{order_no}-1",
        "kind": "refund_only",
        "reason": "no_reason",
        "state": "applied",
        "label": "待商家处理",
        "lines": [part("L1", 2)],
        "amounts": {"cashFen": 2400, "freightFen": 0, "points": 0},
        "merchantFault": False,
    }
    assert refused(shop, order_no, part("L1", 2), clientToken="return-0002") == "申请数量超过可退数量"
    assert apply(shop, order_no, part("L1"), token="return-0002")["afterSaleNo"] == f"{order_no}-2"
    assert_lawful(shop)


def test_the_same_token_asks_once(shop: Shop, order_no: str) -> None:
    first = apply(shop, order_no, part("L1"))
    before = shop.dump()

    assert apply(shop, order_no, part("L1")) == first
    assert shop.dump() == before


def test_two_requests_at_once_do_not_both_have_the_last_units(
    shop: Shop, order_no: str, at_once: Callable[..., list[Any]]
) -> None:
    events = [ask(order_no, part("L1", 2), clientToken=f"return-000{i}") for i in range(2)]

    replies = at_once(*(("refund_apply", event, A) for event in events))

    assert sorted(reply["code"] for reply in replies) in ([0, 40900], [0, 50301])
    assert len(shop.one("orders", order_no)["afterSales"]) == 1


def test_a_request_can_be_taken_back_and_made_again(shop: Shop, order_no: str) -> None:
    sale = apply(shop, order_no, part("L1", 3))
    event = {"orderNo": order_no, "action": "revoke", "afterSaleNo": sale["afterSaleNo"]}

    assert shop.ok("refund_apply", event, openid=A)["afterSale"]["state"] == "revoked"
    before = shop.dump()
    assert shop.ok("refund_apply", event, openid=A)["afterSale"]["state"] == "revoked"
    assert shop.dump() == before
    assert apply(shop, order_no, part("L1", 3), token="return-0002")["state"] == "applied"


def test_what_was_decided_is_not_taken_back(shop: Shop, order_no: str) -> None:
    sale = apply(shop, order_no, part("L1"))
    decide(shop, sale, "approve")

    message = refused(shop, order_no, action="revoke", afterSaleNo=sale["afterSaleNo"])

    assert message == "售后单当前状态不支持该操作"


def test_the_number_of_the_return_is_kept_and_may_be_corrected(shop: Shop, order_no: str) -> None:
    received(shop, order_no)
    sale = apply(shop, order_no, part("L1"), kind="return", reason="quality")
    number = sale["afterSaleNo"]
    back: Document = {"orderNo": order_no, "action": "send_back", "afterSaleNo": number, "trackingNo": "YT1"}
    assert shop.refused("refund_apply", back, openid=A)["details"] == {"state": "applied"}
    decide(shop, sale, "approve")

    assert shop.ok("refund_apply", back, openid=A)["afterSale"]["trackingNo"] == "YT1"
    corrected = shop.ok("refund_apply", {**back, "trackingNo": "YT2"}, openid=A)["afterSale"]

    assert (corrected["state"], corrected["trackingNo"]) == ("returning", "YT2")
    assert_lawful(shop)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"kind": "return"}, "未发货的商品不需要退货，请选择仅退款"),
        ({"lines": [part("L9")]}, "订单中没有该商品"),
        ({"lines": [part("L1", 4)]}, "申请数量超过可退数量"),
        ({"lines": [part("L1", 2), part("L1", 2)]}, "申请数量超过可退数量"),
    ],
)
def test_what_cannot_be_asked_for(shop: Shop, order_no: str, wish: Document, message: str) -> None:
    assert refused(shop, order_no, **wish) == message


def test_shipped_goods_go_back_before_their_money_unless_they_are_bad(shop: Shop, order_no: str) -> None:
    ship(shop, order_no)

    assert refused(shop, order_no, part("L1")) == "已发出的商品无质量问题时需要退货"
    assert apply(shop, order_no, part("L1"), kind="return")["kind"] == "return"
    assert apply(shop, order_no, part("L1"), token="return-0002", reason="quality")["kind"] == "refund_only"


@pytest.mark.parametrize(
    ("product", "consents", "allowed"),
    [
        ({}, [], True),
        ({"fresh": True}, [], True),
        ({"skus": [sku(TOFU, noReasonReturn=False)]}, [], True),
        ({"skus": [sku(TOFU, noReasonReturn=False)]}, [TOFU], False),
        ({"skus": [sku(TOFU, noReasonReturn=False)], "fresh": True}, [], False),
    ],
)
def test_no_reason_is_enough_unless_law_or_the_buyer_said_otherwise(
    shop: Shop, wechat: WeChat, product: Document, consents: list[str], *, allowed: bool
) -> None:
    furnish(shop, **product)
    wanted = {"lines": [line(TOFU, 3), line(TEA)]}
    total = shop.ok("checkout_preview", wanted, openid=A)["payableFen"]
    event = {**wanted, "expectedTotalFen": total, "clientToken": "token-0001", "noReturnConsent": consents}
    order_no = shop.ok("checkout", event, openid=A)["orderNo"]
    pay(shop, wechat, order_no)
    received(shop, order_no)

    if allowed:
        assert apply(shop, order_no, part("L1"), kind="return")["state"] == "applied"
    else:
        assert refused(shop, order_no, part("L1"), kind="return") == "北豆腐 不支持无理由退货"
    assert apply(shop, order_no, part("L1"), token="return-0002", reason="quality")["state"] == "applied"


def test_after_the_last_day_it_is_too_late(shop: Shop, wechat: WeChat, order_no: str) -> None:
    received(shop, order_no)
    close_at = shop.one("orders", order_no)["closeAt"]
    wechat.clock.now = close_at
    assert refused(shop, order_no, part("L1"), kind="return") == "已超过售后期限"

    wechat.clock.now = close_at - 1

    assert apply(shop, order_no, part("L1"), kind="return")["state"] == "applied"


@pytest.mark.parametrize("status", ["pending_payment", "cancelled", "completed", "refunding", "refunded"])
def test_only_goods_that_were_bought_and_not_settled_go_back(shop: Shop, order_no: str, status: str) -> None:
    edit(shop, "orders", order_no, {"status": status})

    assert shop.refused("refund_apply", ask(order_no), openid=A)["error"] == "ILLEGAL_TRANSITION"


def test_orders_of_the_former_shop_are_settled_there(shop: Shop, order_no: str) -> None:
    edit(shop, "orders", order_no, {"rulesVersion": "legacy"})

    assert refused(shop, order_no) == "该订单来自原商城，请联系客服办理售后"


def test_another_members_order_is_not_found(shop: Shop, order_no: str) -> None:
    assert shop.refused("refund_apply", ask(order_no), openid=B)["code"] == 40400


@pytest.mark.parametrize("action", ["apply", "revoke", "send_back"])
def test_what_is_missing_is_named(shop: Shop, order_no: str, action: str) -> None:
    reply = shop.refused("refund_apply", {"orderNo": order_no, "action": action}, openid=A)

    assert reply["code"] == 40000


def test_asking_broken_off_anywhere_is_finished_by_the_next(wechat: WeChat) -> None:
    tokens = iter(f"token-{i:04}" for i in range(99))

    def prepare(shop: Shop) -> None:
        furnish(shop)
        ship_part = buy(shop, wechat, token=next(tokens))["_id"]
        ship(shop, ship_part, parcel(part("L1", 3)))

    def act(shop: Shop) -> None:
        order_no = shop.documents("orders")[0]["_id"]
        shop.call("refund_apply", ask(order_no, part("L2")), openid=A)

    def verify(shop: Shop) -> None:
        (order,) = shop.documents("orders")
        assert [each["lines"][0]["unshipped"] for each in order["afterSales"]] == [1]
        assert_lawful(shop)

    assert die_everywhere(prepare, act, verify) == 1


def test_the_buttons_follow(shop: Shop, wechat: WeChat, order_no: str) -> None:
    def shown() -> list[str]:
        (order,) = shop.ok("order_view", {"orderNo": order_no}, openid=A)["orders"]
        buttons: list[str] = order["buttons"]
        return buttons

    assert shown() == ["cancel", "refund"]
    ship(shop, order_no)
    assert shown() == ["confirm", "refund"]
    sale = apply(shop, order_no, kind="return", reason="quality")
    assert shown() == ["revoke"]
    decide(shop, sale, "approve")
    assert shown() == ["revoke", "send_back"]
    decide(shop, sale, "refuse")
    assert shown() == ["confirm", "refund"]
    shop.ok("order_confirm", {"orderNo": order_no}, openid=A)
    assert shown() == ["refund"]
    wechat.clock.now += 9 * DAY
    assert shown() == []
