"""admin_refund_decide: approve, refuse, receive; the money goes back to the fen, then what came with it."""

from typing import Any

import pytest

from functions.bought import apply, books, buy, decide, furnish, parcel, part, settle, ship, stock
from functions.builders import Document, assert_lawful, coupon, edit, template, user_coupon
from functions.conftest import WeChat
from gardenshop.cloud.clock import DAY, HOUR
from harness import A, Shop, user_id


@pytest.fixture(name="order_no")
def _order_no(shop: Shop, wechat: WeChat) -> str:
    furnish(shop)
    return str(buy(shop, wechat)["_id"])


def refused(shop: Shop, sale: Document, action: str, **wish: Any) -> Document:
    number = sale["afterSaleNo"]
    event = {
        "orderNo": number.rpartition("-")[0],
        "afterSaleNo": number,
        "action": action,
        "note": "核实无误",
    }
    return shop.refused("admin_refund_decide", {**event, **wish})


def order_of(shop: Shop) -> Document:
    (order,) = shop.documents("orders")
    return order


def test_an_approved_refund_is_sent_and_settled(shop: Shop, wechat: WeChat, order_no: str) -> None:
    earned, garden = books(shop)["shop"]["pending"], books(shop)["garden"]["available"]
    sale = apply(shop, order_no, part("L1", 2))

    approved = decide(shop, sale, "approve")

    assert (approved["state"], approved["amounts"]["cashFen"]) == ("refunding", 2400)
    refund = order_of(shop)["refunds"][0]
    assert (refund["refundNo"], refund["amountFen"], refund["state"]) == (f"R{order_no}-1", 2400, "due")
    settle(shop, wechat)
    order = order_of(shop)
    assert (order["status"], order["afterSales"][0]["state"]) == ("paid", "refunded")
    assert (order["lines"][0]["refundedQuantity"], order["lines"][0]["refundedFen"]) == (2, 2400)
    (sent,) = wechat.standin.ledger.refunds()
    assert (sent["amount"]["refund"], sent["amount"]["total"]) == (2400, 6000)
    assert stock(shop) == (9, 9, 0, 0)
    assert books(shop)["shop"]["pending"] == earned - 2
    assert books(shop)["garden"]["available"] < garden
    meals = {meal["_id"]: meal["savedG"] for meal in shop.documents("meals")}
    assert meals[f"shop:{order_no}:L1:1"] == -(meals[f"shop:{order_no}:L1"] * 2 // 3)
    (trail,) = shop.documents("audit_logs")
    assert (trail["function"], trail["action"], trail["target"]) == (
        "admin_refund_decide",
        "approve",
        order_no,
    )


def test_deciding_again_changes_nothing(shop: Shop, order_no: str) -> None:
    sale = apply(shop, order_no, part("L1"))
    decided = decide(shop, sale, "approve")
    before = shop.dump()

    assert decide(shop, sale, "approve") == decided
    assert shop.dump() == before
    assert refused(shop, sale, "refuse")["details"] == {"state": "refunding"}


def test_a_refused_request_frees_its_units(shop: Shop, order_no: str) -> None:
    sale = apply(shop, order_no, part("L1", 3))

    refused_sale = decide(shop, sale, "refuse")

    assert (refused_sale["state"], refused_sale["decision"]) == ("refused", "核实无误")
    assert apply(shop, order_no, part("L1", 3), token="return-0002")["state"] == "applied"
    assert_lawful(shop)


@pytest.mark.parametrize(("condition", "after"), [("good", (9, 9, 0, 0)), ("damaged", (9, 7, 0, 2))])
def test_goods_come_back_before_their_money(
    shop: Shop, wechat: WeChat, order_no: str, condition: str, after: tuple[int, ...]
) -> None:
    ship(shop, order_no)
    sale = apply(shop, order_no, part("L1", 2), kind="return")
    assert decide(shop, sale, "approve")["state"] == "awaiting_return"
    assert_lawful(shop)
    assert wechat.standin.ledger.refunds() == []
    back = {
        "orderNo": order_no,
        "action": "send_back",
        "afterSaleNo": sale["afterSaleNo"],
        "trackingNo": "YT1",
    }
    shop.ok("refund_apply", back, openid=A)

    decide(shop, sale, "receive", condition=condition)
    settle(shop, wechat)

    assert stock(shop) == after
    assert order_of(shop)["afterSales"][0]["state"] == "refunded"
    for _ in range(3):
        decide(shop, sale, "receive", condition=condition)
    assert_lawful(shop)
    assert stock(shop) == after


def test_what_the_customer_keeps_does_not_come_back_to_the_shelf(
    shop: Shop, wechat: WeChat, order_no: str
) -> None:
    ship(shop, order_no)
    sale = apply(shop, order_no, part("L1"), reason="quality")

    decide(shop, sale, "approve")
    settle(shop, wechat)

    assert stock(shop) == (7, 7, 0, 0)


def test_by_the_merchants_fault_the_freight_goes_back_too(shop: Shop, wechat: WeChat, order_no: str) -> None:
    ship(shop, order_no)
    freight = {each["lineId"]: each["freightFen"] for each in order_of(shop)["lines"]}
    sale = apply(shop, order_no, part("L1", 3), reason="quality")

    amounts = decide(shop, sale, "approve", merchantFault=True)["amounts"]

    assert amounts == {"cashFen": 3600, "freightFen": freight["L1"], "points": 0}
    settle(shop, wechat)


def test_all_of_an_order_before_shipping_is_refunded_with_its_freight(
    shop: Shop, wechat: WeChat, order_no: str
) -> None:
    first = apply(shop, order_no, part("L1"))
    rest = apply(shop, order_no, token="return-0002")
    assert decide(shop, rest, "approve")["amounts"] == {"cashFen": 3600, "freightFen": 0, "points": 0}

    assert decide(shop, first, "approve")["amounts"] == {"cashFen": 1200, "freightFen": 1200, "points": 0}
    settle(shop, wechat)

    order = order_of(shop)
    assert (order["status"], order["garden"]["state"]) == ("refunded", "reversed")
    assert sum(each["amountFen"] for each in order["refunds"]) == order["totals"]["paidFen"] == 6000
    assert (stock(shop), stock(shop, "tea-500g")) == ((10, 10, 0, 0), (10, 10, 0, 0))
    assert (books(shop)["shop"]["pending"], books(shop)["garden"]["available"]) == (0, 0)
    assert sum(meal["savedG"] for meal in shop.documents("meals")) == 0
    assert sum(day["savedG"] for day in shop.documents("daily_stats")) == 0


def test_wechat_is_asked_until_it_says_how_the_refund_ended(
    shop: Shop, wechat: WeChat, order_no: str
) -> None:
    sale = apply(shop, order_no, part("L1"))
    decide(shop, sale, "approve")
    assert_lawful(shop)
    for _ in range(20):
        wechat.clock.now += 7 * HOUR
        shop.ok("outbox_pump")
    assert order_of(shop)["refunds"][0]["state"] == "submitted"
    wechat.standin.ledger.settle_refund(f"R{order_no}-1", "SUCCESS")

    wechat.clock.now += 7 * HOUR
    assert_lawful(shop)

    assert order_of(shop)["refunds"][0]["state"] == "success"
    assert shop.one("sync_tasks", f"refund.submit:R{order_no}-1:0")["state"] == "done"


def test_a_refund_that_wechat_closed_is_begun_again_by_a_person(
    shop: Shop, wechat: WeChat, order_no: str
) -> None:
    sale = apply(shop, order_no, part("L1"))
    decide(shop, sale, "approve")
    settle(shop, wechat, "CLOSED")
    assert order_of(shop)["afterSales"][0]["state"] == "abnormal"
    assert books(shop)["shop"]["pending"] == 4

    decide(shop, sale, "refund_again")
    settle(shop, wechat)

    assert order_of(shop)["afterSales"][0]["state"] == "refunded"
    assert [(each["refundNo"], each["state"]) for each in order_of(shop)["refunds"]] == [
        (f"R{order_no}-1", "closed"),
        (f"R{order_no}-1-2", "success"),
    ]
    assert stock(shop) == (8, 8, 0, 0)


def test_points_already_spent_become_a_debt_repaid_from_the_next_earnings(
    shop: Shop, wechat: WeChat, order_no: str
) -> None:
    earned = books(shop)["garden"]["available"]
    shop.add("plant_templates", template("oak", name="橡树", costPoints=earned - 1))
    planted = {"action": "plant", "code": "oak", "clientToken": "plant-0001"}
    shop.ok("garden_tend", planted, openid=A)
    sale = apply(shop, order_no)
    decide(shop, sale, "approve")
    settle(shop, wechat)
    assert_lawful(shop)
    assert books(shop)["garden"] == {"available": 0, "debt": earned - 1, "pending": 0}
    assert order_of(shop)["status"] == "refunded"

    def award(points: int, token: str) -> None:
        event = {
            "userId": user_id(A),
            "book": "garden",
            "points": points,
            "reason": "感谢",
            "clientToken": token,
        }
        shop.ok("points_award", event)

    award(earned - 2, "award-0001")
    again = {**planted, "clientToken": "plant-0002"}
    edit(shop, "plant_templates", "oak", {"costPoints": 1})
    assert shop.call("garden_tend", again, openid=A)["error"] == "NOT_ENOUGH_POINTS"
    assert_lawful(shop)
    assert (books(shop)["garden"]["available"], books(shop)["garden"]["debt"]) == (0, 1)
    award(5, "award-0002")
    assert_lawful(shop)
    assert (books(shop)["garden"]["available"], books(shop)["garden"]["debt"]) == (4, 0)
    assert shop.ok("garden_tend", again, openid=A)["points"] == 3
    assert_lawful(shop)


@pytest.mark.parametrize("wish", [{"action": "receive"}, {"action": "approve", "condition": "good"}])
def test_the_condition_goes_with_receiving(shop: Shop, order_no: str, wish: Document) -> None:
    sale = apply(shop, order_no, part("L1"))

    assert refused(shop, sale, **wish)["code"] == 40000


def test_an_after_sale_that_is_not_is_not_found(shop: Shop, order_no: str) -> None:
    assert refused(shop, {"afterSaleNo": f"{order_no}-9"}, "approve")["code"] == 40400
    assert refused(shop, {"afterSaleNo": "of-nobody-1"}, "approve")["code"] == 40400


def test_a_member_does_not_decide(shop: Shop, order_no: str) -> None:
    sale = apply(shop, order_no, part("L1"))
    event = {"orderNo": order_no, "afterSaleNo": sale["afterSaleNo"], "action": "approve", "note": "自己批"}

    assert shop.refused("admin_refund_decide", event, openid=A)["code"] == 40300


def test_a_unit_shipped_in_part_is_split_into_kept_and_returned(
    shop: Shop, wechat: WeChat, order_no: str
) -> None:
    ship(shop, order_no, parcel(part("L1")))
    sale = apply(shop, order_no, part("L1", 3), reason="quality")

    decide(shop, sale, "approve")
    settle(shop, wechat)

    assert order_of(shop)["afterSales"][0]["lines"] == [{"lineId": "L1", "quantity": 3, "unshipped": 2}]
    assert stock(shop) == (9, 9, 0, 0)
    assert ship(shop, order_no, token="parcel-0002")["status"] == "shipped"


def test_the_coupon_comes_back_with_the_whole_order_and_not_with_a_part(shop: Shop, wechat: WeChat) -> None:
    furnish(shop)
    long: Document = {"from": wechat.clock.now - HOUR, "until": wechat.clock.now + 30 * DAY}
    shop.add("user_coupons", user_coupon("mine", **long))
    order_no = buy(shop, wechat, coupon_id="mine")["_id"]
    assert shop.one("user_coupons", "mine")["state"] == "used"

    decide(shop, apply(shop, order_no, part("L1")), "approve")
    settle(shop, wechat)
    assert shop.one("user_coupons", "mine")["state"] == "used"
    decide(shop, apply(shop, order_no, token="return-0002"), "approve")
    settle(shop, wechat)

    order, copy = shop.one("orders", order_no), shop.one("user_coupons", "mine")
    assert (copy["state"], copy.get("orderNo")) == ("available", None)
    assert sum(each["amountFen"] for each in order["refunds"]) == order["totals"]["paidFen"] == 5700


@pytest.mark.parametrize(
    ("lapses", "fault", "states"),
    [
        (False, True, {"mine": "available"}),
        (True, False, {"mine": "used"}),
        (True, True, {"mine": "used", f"sorry:{user_id(A)}:0": "available"}),
    ],
    ids=["still good", "lapsed", "lapsed by the shop's fault"],
)
def test_a_lapsed_coupon_is_made_good_where_the_shop_was_at_fault(
    shop: Shop, wechat: WeChat, states: dict[str, str], *, lapses: bool, fault: bool
) -> None:
    furnish(shop)
    now = wechat.clock.now
    times: Document = {"startAt": now - HOUR, "endAt": now + 30 * DAY}
    shop.add("coupons", coupon("sorry", channel="trigger", trigger="apology", **times))
    good: Document = {"from": now - HOUR, "until": now + DAY}
    shop.add("user_coupons", user_coupon("mine", **good))
    order_no = buy(shop, wechat, coupon_id="mine")["_id"]
    if lapses:
        edit(shop, "user_coupons", "mine", {"until": now})

    decide(shop, apply(shop, order_no), "approve", merchantFault=fault)
    settle(shop, wechat)

    assert {copy["_id"]: copy["state"] for copy in shop.documents("user_coupons")} == states
    assert_lawful(shop)
