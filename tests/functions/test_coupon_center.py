"""coupon_center: what may be claimed, what she has, and what suits her cart, in one trip."""

from typing import Any

import pytest

from functions.builders import (
    FREIGHT,
    NOW,
    Document,
    coupon,
    document,
    edit,
    line,
    pages,
    rule,
    stock_up,
    user,
    user_coupon,
)
from gardenshop.cloud.clock import DAY
from harness import A, B, Shop, user_id

WEEK = NOW + 7 * DAY


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("users", user())
    stock_up(shop)


def copy(number: int, **changes: Any) -> Document:
    return user_coupon(f"c{number}:{user_id(A)}:0", couponId=f"c{number}", until=WEEK + number, **changes)


def offered(shop: Shop) -> list[tuple[str, int, int, str | None]]:
    found = shop.ok("coupon_center", openid=A)["offered"]
    return [(each["couponId"], each["left"], each["leftForYou"], each.get("why")) for each in found]


def test_an_offer_says_what_it_is_worth_and_how_many_are_left(shop: Shop) -> None:
    shop.add("coupons", coupon(issued=3, perUser=2))
    shop.add("user_coupons", user_coupon(state="used"))
    before = shop.dump()

    assert shop.ok("coupon_center", openid=A) == {
        "offered": [
            {
                "couponId": "c1",
                "name": "满 20 减 3",
                "kind": "amount",
                "valueFen": 300,
                "minFen": 2000,
                "endAt": NOW + DAY,
                "left": 7,
                "leftForYou": 1,
            }
        ],
        "mine": [],
        "choices": {"usable": [], "others": []},
    }
    assert shop.adapter.trips == 1
    assert shop.dump() == before


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("c1", 10, 1, None)),
        ({"issued": 10}, ("c1", 0, 0, "已领完")),
        ({"startAt": NOW + 1}, ("c1", 10, 0, "尚未开始领取")),
        ({"target": {"tiers": ["gold"]}}, ("c1", 10, 0, "不在领取范围内")),
        ({"state": "paused"}, None),
        ({"state": "draft"}, None),
        ({"endAt": NOW}, None),
        ({"channel": "code", "code": "SPRING"}, None),
    ],
    ids=str,
)
def test_what_cannot_be_claimed_says_why_or_is_not_shown(
    shop: Shop, changes: Document, expected: tuple[Any, ...] | None
) -> None:
    shop.add("coupons", coupon(**changes))

    assert offered(shop) == ([expected] if expected else [])


def test_what_she_has_had_is_counted_unless_it_was_void(shop: Shop) -> None:
    shop.add("coupons", coupon(issued=1))
    shop.add("user_coupons", user_coupon(state="void"))
    shop.add("user_coupons", user_coupon("c1:other:0", openid=B))
    assert offered(shop) == [("c1", 9, 1, None)]

    shop.add("user_coupons", user_coupon(f"c1:{user_id(A)}:1", state="expired"))
    assert offered(shop) == [("c1", 9, 0, "已领取")]


@pytest.mark.parametrize(
    ("state", "ids"),
    [("available", [1, 2]), ("locked", [5]), ("used", [4]), ("expired", [6, 3])],
)
def test_her_coupons_are_shown_by_what_they_are_now(shop: Shop, state: str, ids: list[int]) -> None:
    shop.add("user_coupons", copy(2))
    shop.add("user_coupons", copy(1, **{"from": NOW + DAY}))
    shop.add("user_coupons", {**copy(3), "until": NOW})
    shop.add("user_coupons", copy(4, state="used", orderNo="n1"))
    shop.add("user_coupons", copy(5, state="locked", orderNo="n2"))
    shop.add("user_coupons", {**copy(6, state="expired"), "until": NOW + 1})
    shop.add("user_coupons", copy(7, state="pending"))
    shop.add("user_coupons", copy(8, state="void"))
    shop.add("user_coupons", user_coupon("c9:other:0", openid=B))

    mine = shop.ok("coupon_center", {"state": state}, openid=A)["mine"]

    assert [(each["couponId"], each["state"]) for each in mine] == [(f"c{each}", state) for each in ids]


@pytest.mark.parametrize("state", ["available", "used", "expired"])
def test_pages_leave_nothing_out_and_show_nothing_twice(shop: Shop, state: str) -> None:
    for number in range(7):
        until = NOW - number // 2 if state == "expired" else WEEK + number // 2
        stored = "available" if state == "expired" and number % 2 else state
        shop.add("user_coupons", {**copy(number, state=stored), "until": until})

    found = pages(shop, "coupon_center", {"state": state, "limit": 3})

    shown = [each["couponId"] for page in found for each in page["mine"]]
    assert [len(page["mine"]) for page in found] == [3, 3, 1]
    assert sorted(shown) == [f"c{number}" for number in range(7)]


def test_her_coupons_are_judged_for_what_she_is_buying_the_best_first(shop: Shop) -> None:
    worth = {1: 200, 2: 500, 3: 300}
    for number, fen in worth.items():
        shop.add("user_coupons", copy(number, terms={"kind": "amount", "name": f"减 {fen}", "valueFen": fen}))
    dear = {"kind": "amount", "name": "满 99 减 9", "valueFen": 900, "minFen": 9900}
    shop.add("user_coupons", copy(4, terms=dear))

    choices = shop.ok("coupon_center", {"lines": [line("tofu-500g", 2)]}, openid=A)["choices"]

    assert [(each["userCouponId"], each["offFen"]) for each in choices["usable"]] == [
        (f"c2:{user_id(A)}:0", 500),
        (f"c3:{user_id(A)}:0", 300),
        (f"c1:{user_id(A)}:0", 200),
    ]
    assert choices["best"] == f"c2:{user_id(A)}:0"
    assert [(each["userCouponId"], each["why"]) for each in choices["others"]] == [
        (f"c4:{user_id(A)}:0", "还差 ¥75.00")
    ]


def test_without_lines_the_cart_is_judged(shop: Shop) -> None:
    shop.add("user_coupons", copy(1))
    cart = [{**line("tofu-500g", 2), "productId": "tofu", "addedAt": NOW}]
    shop.add("shopping_cart", document("shopping_cart", id=user_id(A), lines=cart))

    choices = shop.ok("coupon_center", openid=A)["choices"]

    assert [each["offFen"] for each in choices["usable"]] == [300]
    assert shop.ok("checkout_preview", openid=A)["coupons"] == choices


def test_a_freight_coupon_is_judged_for_the_address(shop: Shop) -> None:
    far = {"provinces": ["海南省"], "firstFen": 1500, "nextFen": 500}
    edit(shop, "business_rules", "freight:1", {"body.regions": [far]})
    home = shop.one("users", user_id(A))["addresses"][0]
    sea = {**home, "addressId": "sea", "province": "海南省", "isDefault": False}
    edit(shop, "users", user_id(A), {"addresses": [home, sea]})
    shop.add("user_coupons", copy(1, terms={"kind": "freight", "name": "免邮券"}))

    for address, fen in (("home", 1000), ("sea", 1500)):
        wanted = {"lines": [line()], "addressId": address}
        assert shop.ok("coupon_center", wanted, openid=A)["choices"]["usable"][0]["offFen"] == fen


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("coupon_center")["error"] == "FORBIDDEN"
