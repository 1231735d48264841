"""Complaint 17: commission stays after the refund, and people earn from what they buy themselves.

(opencart/opencart#7703, getdokan/dokan#905; Paymenter/Paymenter#712, AffiliateWP/AffiliateWP#519)
"""

from typing import Any

import pytest

from functions.bought import apply, buy, decide, furnish, part, settle
from functions.builders import HOME, badge, edit, led_by_link, line, place_order, practitioner, user
from functions.conftest import WeChat
from gardenshop.cloud import clock
from gardenshop.flows.accounts import device_hash, phone_hash
from harness import PHONE_KEY, A, B, Shop, user_id

DEVICE = "device-of-one"


def open_with_practitioner(shop: Shop, **who: Any) -> None:
    """A shop where B, a practitioner, vouches for tofu; *who* she is besides."""
    furnish(shop, certifications=[badge()])
    shop.add("users", user(B, **who))
    shop.add("practitioners", practitioner(B))


def shared(quantity: int = 1) -> dict[str, Any]:
    """Tofu bought through B's link of now."""
    return {**line("tofu-500g", quantity), "origin": led_by_link(at=clock.now_ms())}


def pending(shop: Shop) -> int:
    fen: int = shop.one("practitioners", "lin")["commission"]["pendingFen"]
    return fen


def test_what_is_given_back_takes_its_commission_along_to_the_fen(shop: Shop, wechat: WeChat) -> None:
    open_with_practitioner(shop)
    order_no = buy(shop, wechat, [shared(3), line("tea-500g")])["_id"]
    assert pending(shop) == 3600 * 500 // 10_000

    left = []
    for number in range(3):
        decide(shop, apply(shop, order_no, part("L1"), token=f"return-{number:04}"), "approve")
        settle(shop, wechat)
        left.append(pending(shop))

    assert left == [120, 60, 0]
    rows = shop.documents("commission_ledger", {"orderNo": order_no})
    assert sum(row["deltas"]["pendingFen"] for row in rows) == 0


def test_nobody_earns_from_her_own_purchase(shop: Shop, wechat: WeChat) -> None:
    open_with_practitioner(shop)
    edit(shop, "practitioners", "lin", {"userId": user_id(A)})

    order = buy(shop, wechat, [shared()])

    assert "practitionerId" not in order["lines"][0]
    assert shop.documents("commission_ledger") == []


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("hers", "buyers"),
    [
        ({"phoneHash": phone_hash(str(HOME["phone"]), PHONE_KEY)}, {}),
        ({"unionid": "union-one"}, {"unionid": "union-one"}),
        (
            {"deviceHashes": [device_hash(DEVICE, PHONE_KEY)]},
            {"deviceHashes": ["0", device_hash(DEVICE, PHONE_KEY)]},
        ),
    ],
    ids=["the parcel goes to her phone", "one person in WeChat", "one device"],
)
def test_nor_from_a_purchase_by_a_second_account_of_hers(
    shop: Shop, hers: dict[str, Any], buyers: dict[str, Any]
) -> None:
    open_with_practitioner(shop, **hers)
    if buyers:
        edit(shop, "users", user_id(A), buyers)

    order = place_order(shop, lines=[shared()])

    assert "practitionerId" not in order["lines"][0]


@pytest.mark.usefixtures("clock")
def test_a_strangers_purchase_through_the_same_link_does_earn(shop: Shop) -> None:
    open_with_practitioner(shop)

    (bought,) = place_order(shop, lines=[shared()])["lines"]

    assert (bought["practitionerId"], bought["via"], bought["commissionBp"]) == ("lin", "share", 500)
