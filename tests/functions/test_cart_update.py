"""cart_update: says what a line shall be, so it may be sent twice."""

from typing import Any

import pytest

from functions.builders import NOW, document, line, stock_up
from gardenshop.cloud.clock import DAY
from harness import A, B, Shop, user_id


@pytest.fixture(autouse=True)
def _filled(shop: Shop, clock: object) -> None:
    del clock
    stock_up(shop)
    stock_up(shop, "tea", 5)
    lines = [{**line(f"{name}-500g", 2), "productId": name, "addedAt": NOW} for name in ("tofu", "tea")]
    shop.add("shopping_cart", document("shopping_cart", id=user_id(A), lines=lines))


def lines(shop: Shop) -> dict[str, tuple[int, bool]]:
    stored = shop.one("shopping_cart", user_id(A))["lines"]
    return {each["skuId"]: (each["quantity"], each["selected"]) for each in stored}


def change(**fields: Any) -> dict[str, Any]:
    return {"changes": [{"skuId": "tofu-500g", **fields}]}


def test_quantity_and_selection_change_and_the_cart_comes_back(shop: Shop) -> None:
    cart = shop.ok("cart_update", change(quantity=7, selected=False), openid=A)

    assert lines(shop) == {"tofu-500g": (7, False), "tea-500g": (2, True)}
    assert [(each["skuId"], each["quantity"], each["selected"]) for each in cart["lines"]] == [
        ("tofu-500g", 7, False),
        ("tea-500g", 2, True),
    ]
    assert (cart["selectedCount"], cart["goodsFen"], cart["version"]) == (2, 2400, 1)
    assert shop.adapter.trips == 2


def test_quantity_nought_removes_the_line(shop: Shop) -> None:
    shop.ok("cart_update", change(quantity=0), openid=A)

    assert lines(shop) == {"tea-500g": (2, True)}


def test_a_field_left_out_stays(shop: Shop) -> None:
    shop.ok("cart_update", change(selected=False), openid=A)
    shop.ok("cart_update", change(quantity=1), openid=A)

    assert lines(shop)["tofu-500g"] == (1, False)


def test_saying_nothing_of_a_line_changes_nothing(shop: Shop) -> None:
    before = shop.dump()

    shop.ok("cart_update", change(), openid=A)

    assert shop.dump() == before


def test_a_line_that_is_gone_is_passed_over(shop: Shop) -> None:
    before = shop.dump()

    shop.ok("cart_update", {"changes": [{"skuId": "gone-500g", "quantity": 3}]}, openid=A)

    assert shop.dump() == before


def test_the_same_update_twice_is_one(shop: Shop) -> None:
    event = {"changes": [{"skuId": "tofu-500g", "quantity": 0}, {"skuId": "tea-500g", "quantity": 4}]}

    once = shop.ok("cart_update", event, openid=A)
    twice = shop.ok("cart_update", event, openid=A)

    assert {**twice, "version": once["version"]} == once
    assert lines(shop) == {"tea-500g": (4, True)}


def test_more_than_there_are_is_kept_and_shown_as_a_problem(shop: Shop) -> None:
    cart = shop.ok("cart_update", change(quantity=11), openid=A)

    assert cart["problems"]["short_of_stock"] == ["tofu-500g"]
    assert lines(shop)["tofu-500g"] == (11, True)


def test_another_members_cart_is_out_of_reach(shop: Shop) -> None:
    before = shop.one("shopping_cart", user_id(A))

    assert shop.ok("cart_update", change(quantity=0), openid=B)["lines"] == []
    assert shop.one("shopping_cart", user_id(A)) == before


@pytest.mark.parametrize("quantity", [-1, 1000, 1.0, True, "3"])
def test_an_impossible_quantity_is_refused_by_its_place(shop: Shop, quantity: Any) -> None:
    reply = shop.refused("cart_update", change(quantity=quantity), openid=A)

    assert reply["error"] == "INVALID_REQUEST"
    assert reply["details"]["fields"][0]["field"] == "changes.0.quantity"


def test_no_change_at_all_and_too_many_are_refused(shop: Shop) -> None:
    for changes in ([], [{"skuId": "tofu-500g"}] * 101):
        reply = shop.refused("cart_update", {"changes": changes}, openid=A)
        assert reply["details"]["fields"][0]["field"] == "changes"


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("cart_update", change(quantity=1))["error"] == "FORBIDDEN"


def test_a_change_is_dated(shop: Shop, clock: Any) -> None:
    clock.now += DAY

    shop.ok("cart_update", change(quantity=1), openid=A)

    assert shop.one("shopping_cart", user_id(A))["updatedAt"] == NOW + DAY
