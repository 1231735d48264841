"""Complaint 8: of several coupons that look alike the wrong one is spent (linlinjava/litemall#262)."""

import pytest

from functions.bought import furnish
from functions.builders import NOW, assert_lawful, coupon, line, place_order, user_coupon
from gardenshop.cloud.clock import DAY
from harness import A, B, Shop, user_id

LINES = [line("tofu-500g", 2)]


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    furnish(shop)
    shop.add("coupons", coupon(perUser=3))
    for number in range(3):
        claim = {"couponId": "c1", "clientToken": f"claim-{number:04}"}
        shop.ok("coupon_claim", claim, openid=A)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_copy_that_was_named_is_the_one_that_is_spent(shop: Shop, number: int) -> None:
    named = f"c1:{user_id(A)}:{number}"

    order = place_order(shop, lines=LINES, coupon_id=named)

    states = {copy["_id"][-1]: copy["state"] for copy in shop.documents("user_coupons")}
    assert states == {**dict.fromkeys("012", "available"), str(number): "locked"}
    assert (order["userCouponId"], order["totals"]["couponFen"]) == (named, 300)
    assert_lawful(shop)


@pytest.mark.parametrize("named", ["c1", f"c1:{user_id(A)}", f"c1:{user_id(B)}:0", f"c1:{user_id(A)}:7"])
def test_what_names_no_copy_of_hers_is_not_found(shop: Shop, named: str) -> None:
    shop.add("user_coupons", user_coupon(f"c1:{user_id(B)}:0", openid=B))
    wanted = {"lines": LINES, "userCouponId": named}

    assert shop.refused("checkout_preview", wanted, openid=A)["code"] == 40400
    order = {**wanted, "clientToken": "token-0001", "expectedTotalFen": 3100}
    assert shop.refused("checkout", order, openid=A)["code"] == 40400


def test_of_copies_alike_the_one_that_lapses_first_is_proposed(shop: Shop) -> None:
    shop.add("user_coupons", user_coupon("soon", couponId="c2", until=NOW + DAY))

    assert shop.ok("checkout_preview", {"lines": LINES}, openid=A)["coupons"]["best"] == "soon"
