"""admin_order_ship: whole, split, in several parcels, once a token; and a new price before payment."""

from typing import Any

import pytest

from functions.bought import TEA, TOFU, apply, books, buy, decide, furnish, parcel, part, pay, ship
from functions.builders import Document, assert_lawful, die_everywhere, edit, line, place_order, user
from functions.conftest import WeChat
from gardenshop.cloud.clock import DAY
from harness import A, B, Shop, user_id


@pytest.fixture(name="order_no")
def _order_no(shop: Shop, wechat: WeChat) -> str:
    furnish(shop)
    return str(buy(shop, wechat)["_id"])


def refused(shop: Shop, order_no: str, *parcels: Document, **event: Any) -> Document:
    event = {
        "orderNo": order_no,
        "clientToken": "parcel-0002",
        "parcels": list(parcels) or [parcel()],
        **event,
    }
    return shop.refused("admin_order_ship", event)


def test_all_of_an_order_goes_in_one_parcel(shop: Shop, wechat: WeChat, order_no: str) -> None:
    shipped = ship(shop, order_no)

    assert shipped == {
        "orderNo": order_no,
        "status": "shipped",
        "shipmentNos": ["parcel-0001-1"],
        "left": 0,
        "payableFen": 6000,
        "repeated": False,
    }
    order = shop.one("orders", order_no)
    assert [each["shipped"] for each in order["lines"]] == [3, 1]
    assert order["autoConfirmAt"] == wechat.clock.now + 10 * DAY
    assert order["shipments"][0]["lines"] == [part("L1", 3), part("L2")]
    (trail,) = shop.documents("audit_logs")
    assert (trail["action"], trail["target"], trail["diff"]) == ("ship", order_no, {"parcel-0001-1": "rest"})
    assert_lawful(shop)


def test_the_same_token_ships_once(shop: Shop, order_no: str) -> None:
    first = ship(shop, order_no)
    before = shop.dump()

    assert ship(shop, order_no) == {**first, "repeated": True}
    assert shop.dump() == before


def test_an_order_is_shipped_with_its_last_unit(shop: Shop, order_no: str) -> None:
    first = ship(shop, order_no, parcel(part("L1", 2)))
    assert (first["status"], first["left"]) == ("paid", 2)
    assert shop.one("orders", order_no)["history"][-1]["event"] == "ship_part"

    last = ship(shop, order_no, parcel(part("L1")), parcel(number="YT2"), token="parcel-0003")

    assert (last["status"], last["left"]) == ("shipped", 0)
    assert last["shipmentNos"] == ["parcel-0001-1", "parcel-0003-1", "parcel-0003-2"]
    assert [each["lines"] for each in shop.one("orders", order_no)["shipments"]] == [
        [part("L1", 2)],
        [part("L1")],
        [part("L2")],
    ]


@pytest.mark.parametrize(
    "parcels",
    [
        [parcel(part("L1", 4))],
        [parcel(part("L1", 2), part("L1", 2))],
        [parcel(part("L1", 2)), parcel(part("L1", 2))],
        [parcel(part("L9"))],
        [parcel(), parcel()],
    ],
)
def test_no_more_is_shipped_than_was_bought(shop: Shop, order_no: str, parcels: list[Document]) -> None:
    assert refused(shop, order_no, *parcels)["code"] == 40900


def test_units_that_are_asked_back_stay_here(shop: Shop, order_no: str) -> None:
    sale = apply(shop, order_no, part("L1", 2))

    assert refused(shop, order_no, parcel(part("L1", 2)))["details"] == {"left": {"L1": 1, "L2": 1}}
    part_shipped = ship(shop, order_no)
    assert (part_shipped["status"], part_shipped["left"]) == ("paid", 2)

    decide(shop, sale, "refuse")
    assert ship(shop, order_no, token="parcel-0002")["status"] == "shipped"


def test_giving_up_what_was_not_shipped_ships_the_order(shop: Shop, wechat: WeChat, order_no: str) -> None:
    sale = apply(shop, order_no, part("L1", 2))
    ship(shop, order_no)

    decide(shop, sale, "approve")

    order = shop.one("orders", order_no)
    assert (order["status"], order["autoConfirmAt"]) == ("shipped", wechat.clock.now + 10 * DAY)
    assert_lawful(shop)


@pytest.mark.parametrize("status", ["pending_payment", "cancelled", "shipped", "refunding", "completed"])
def test_only_a_paid_order_is_shipped(shop: Shop, order_no: str, status: str) -> None:
    edit(shop, "orders", order_no, {"status": status})

    assert refused(shop, order_no)["error"] == "ILLEGAL_TRANSITION"


def test_a_member_ships_only_with_the_role(shop: Shop, order_no: str) -> None:
    shop.add("users", user(B))
    event = {"orderNo": order_no, "clientToken": "parcel-0001", "parcels": [parcel()]}
    assert shop.refused("admin_order_ship", event, openid=B)["code"] == 40300

    edit(shop, "users", user_id(B), {"roles": ["operator"]})

    assert shop.ok("admin_order_ship", event, openid=B)["status"] == "shipped"
    assert shop.documents("audit_logs")[0]["actor"] == user_id(B)


@pytest.mark.parametrize("event", [{"parcels": []}, {"action": "reprice"}])
def test_what_is_missing_is_named(shop: Shop, order_no: str, event: Document) -> None:
    assert refused(shop, order_no, **event)["code"] == 40000


def test_an_order_that_is_not_is_not_found(shop: Shop) -> None:
    assert refused(shop, "of-nobody")["code"] == 40400


def test_shipping_broken_off_anywhere_is_finished_by_the_next(wechat: WeChat) -> None:
    tokens = iter(f"token-{i:04}" for i in range(99))

    def prepare(shop: Shop) -> None:
        furnish(shop)
        buy(shop, wechat, token=next(tokens))

    def act(shop: Shop) -> None:
        order_no = shop.documents("orders")[0]["_id"]
        event = {"orderNo": order_no, "clientToken": "parcel-0001", "parcels": [parcel()]}
        shop.call("admin_order_ship", event)

    def verify(shop: Shop) -> None:
        (order,) = shop.documents("orders")
        assert (order["status"], len(order["shipments"])) == ("shipped", 1)
        assert len(shop.documents("audit_logs")) == 1
        assert_lawful(shop)

    assert die_everywhere(prepare, act, verify) == 2


def reprice(order_no: str, goods_fen: int, freight_fen: int = 0, token: str = "reprice-0001") -> Document:
    event = {"orderNo": order_no, "action": "reprice", "clientToken": token, "reason": "老客户优惠"}
    return {**event, "goodsFen": goods_fen, "freightFen": freight_fen}


@pytest.fixture(name="unpaid")
def _unpaid(shop: Shop, wechat: WeChat) -> str:
    del wechat
    furnish(shop)
    return str(place_order(shop, lines=[line(TOFU, 3), line(TEA)])["_id"])


def test_a_new_price_is_spread_to_the_fen(shop: Shop, wechat: WeChat, unpaid: str) -> None:
    reply = shop.ok("admin_order_ship", reprice(unpaid, 4001, 333))

    assert (reply["payableFen"], reply["repeated"]) == (4334, False)
    order = shop.one("orders", unpaid)
    parts = [(each["promoFen"], each["paidFen"], each["freightFen"]) for each in order["lines"]]
    assert parts == [(599, 3001, 250), (200, 1000, 83)]
    assert (order["totals"]["promoFen"], order["totals"]["freightFen"]) == (799, 333)
    assert order["trace"][-1]["text"] == "老客户优惠：应付由 ¥60.00 改为 ¥43.34"
    assert shop.documents("audit_logs")[0]["diff"] == {"payableFen": [6000, 4334]}
    assert shop.ok("admin_order_ship", reprice(unpaid, 4001, 333))["repeated"]
    assert len(shop.one("orders", unpaid)["trace"]) == len(order["trace"])
    assert pay(shop, wechat, unpaid)["totals"]["paidFen"] == 4334


def test_the_old_price_can_not_be_paid_any_more(shop: Shop, wechat: WeChat, unpaid: str) -> None:
    first = shop.ok("order_pay", {"orderNo": unpaid}, openid=A)["attemptNo"]

    shop.ok("admin_order_ship", reprice(unpaid, 4000))

    assert wechat.standin.ledger.trade(first)["transaction"]["trade_state"] == "CLOSED"
    second = shop.ok("order_pay", {"orderNo": unpaid}, openid=A)
    assert (second["attemptNo"], second["amountFen"]) == (f"{unpaid}A2", 4000)
    late = wechat.pay(first, force=True)
    assert shop.call("pay_notify", late)["statusCode"] == 204
    assert shop.one("orders", unpaid)["status"] == "pending_payment"
    assert_lawful(shop)
    (refund,) = wechat.standin.ledger.refunds()
    assert (refund["out_refund_no"], refund["amount"]["refund"]) == (f"LR{first}", 6000)


def test_an_order_that_was_just_paid_keeps_its_price(shop: Shop, wechat: WeChat, unpaid: str) -> None:
    attempt = shop.ok("order_pay", {"orderNo": unpaid}, openid=A)["attemptNo"]
    wechat.pay(attempt)

    reply = shop.call("admin_order_ship", reprice(unpaid, 4000))

    assert (reply["code"], reply["message"]) == (40900, "订单已支付，不能改价")
    order = shop.one("orders", unpaid)
    assert (order["status"], order["totals"]["paidFen"]) == ("paid", 6000)
    assert_lawful(shop)
    assert books(shop)["shop"]["pending"] == 4


def test_a_price_is_lowered_but_never_raised_above_the_list(shop: Shop, unpaid: str) -> None:
    reply = shop.refused("admin_order_ship", reprice(unpaid, 4801))

    assert (reply["code"], reply["details"]) == (40900, {"mostFen": 4800})


def test_a_price_of_nothing_is_paid_at_once(shop: Shop, unpaid: str) -> None:
    shop.ok("admin_order_ship", reprice(unpaid, 0))

    assert shop.ok("order_pay", {"orderNo": unpaid}, openid=A)["status"] == "paid"
    assert_lawful(shop)


def test_a_paid_order_is_not_repriced(shop: Shop, order_no: str) -> None:
    assert shop.refused("admin_order_ship", reprice(order_no, 100))["error"] == "ILLEGAL_TRANSITION"
