"""Complaint 5: one coupon pays for five orders at once; nine copies are claimed of one.

(macrozheng/mall#1003, linlinjava/litemall#581)
"""

import time
from collections.abc import Callable
from typing import Any

from functions.bought import furnish
from functions.builders import NOW, assert_lawful, coupon, line, user, user_coupon
from harness import A, Shop


def test_of_five_orders_at_once_one_gets_the_coupon(
    shop: Shop, clock: Any, at_once: Callable[..., list[Any]]
) -> None:
    furnish(shop)
    shop.add("user_coupons", user_coupon("mine"))
    wanted = {"lines": [line("tofu-500g", 2)], "userCouponId": "mine", "expectedTotalFen": 3100}
    shop.adapter.before = lambda _: time.sleep(0.005)

    tokens = [f"token-{number:04}" for number in range(5)]
    replies = at_once(*(("checkout", {**wanted, "clientToken": token}, A) for token in tokens))

    assert {reply["code"] for reply in replies} <= {0, 40400, 40914, 50301}
    (placed,) = [reply["data"] for reply in replies if reply["code"] == 0]
    copy = shop.one("user_coupons", "mine")
    assert (copy["state"], copy["orderNo"]) == ("locked", placed["orderNo"])
    clock.now = NOW + 180_000
    assert_lawful(shop)
    assert [
        order["totals"]["couponFen"] for order in shop.documents("orders", {"status": "pending_payment"})
    ] == [300]


def test_of_nine_claims_at_once_the_one_copy_goes_to_one(
    shop: Shop, clock: Any, at_once: Callable[..., list[Any]]
) -> None:
    del clock
    shop.add("coupons", coupon(total=1))
    members = [f"openid-{number}" for number in range(9)]
    for openid in members:
        shop.add("users", user(openid))
    shop.adapter.before = lambda _: time.sleep(0.005)

    claim = {"couponId": "c1", "clientToken": "claim-0001"}
    replies = at_once(*[("coupon_claim", claim, openid) for openid in members])

    assert sorted(reply["code"] for reply in replies) == [0] + [40916] * 8
    assert shop.one("coupons", "c1")["issued"] == 1
    assert_lawful(shop)


def test_of_nine_claims_of_one_member_one_counts(
    shop: Shop, clock: Any, at_once: Callable[..., list[Any]]
) -> None:
    del clock
    shop.add("coupons", coupon(total=9))
    shop.add("users", user())
    shop.adapter.before = lambda _: time.sleep(0.005)

    claims = [{"couponId": "c1", "clientToken": f"claim-{number:04}"} for number in range(9)]
    replies = at_once(*[("coupon_claim", claim, A) for claim in claims])

    assert sorted(reply["code"] for reply in replies) == [0] + [40917] * 8
    assert shop.one("coupons", "c1")["issued"] == 1
    assert_lawful(shop)
