"""cart_add: one guarded line, however often and from wherever it is asked for."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from functions.builders import NOW, document, inventory, line, place_order, product, sku, stock_up, user
from gardenshop.cloud.database import Command
from gardenshop.models.cart import MAX_LINES
from harness import A, B, Shop, user_id

ADD = {"skuId": "tofu-500g", "quantity": 2, "clientToken": "add-00000001"}


@pytest.fixture(autouse=True)
def _goods(shop: Shop, clock: object) -> None:
    del clock
    stock_up(shop)


def cart(*lines: dict[str, Any]) -> dict[str, Any]:
    return document("shopping_cart", id=user_id(A), lines=list(lines))


def cart_line(sku_id: str, quantity: int = 1) -> dict[str, Any]:
    return {**line(sku_id, quantity), "productId": "tofu", "addedAt": NOW}


def test_a_line_is_added_with_where_it_came_from(shop: Shop) -> None:
    origin = {"scene": "home", "exposureId": "e1-1"}

    added = shop.ok("cart_add", {**ADD, "origin": origin}, openid=A)

    assert added == {"skuId": "tofu-500g", "quantity": 2, "most": 10, "priceFen": 1200}
    assert shop.adapter.trips == 2
    assert shop.one("shopping_cart", user_id(A)) == {
        "_id": user_id(A),
        "lines": [
            {
                "skuId": "tofu-500g",
                "productId": "tofu",
                "quantity": 2,
                "selected": True,
                "addedAt": NOW,
                "from": origin,
            }
        ],
        "version": 1,
        "recentOps": [{"key": "add-00000001", "at": NOW}],
        "schemaVersion": 1,
        "createdAt": NOW,
        "updatedAt": NOW,
    }


def test_more_of_a_sku_joins_its_line(shop: Shop) -> None:
    shop.ok("cart_add", ADD, openid=A)

    assert shop.ok("cart_add", {"skuId": "tofu-500g"}, openid=A)["quantity"] == 3
    assert [each["quantity"] for each in shop.one("shopping_cart", user_id(A))["lines"]] == [3]


def test_the_same_token_counts_once(shop: Shop) -> None:
    first = shop.ok("cart_add", ADD, openid=A)
    before = shop.dump()

    assert shop.ok("cart_add", ADD, openid=A) == first
    assert shop.dump() == before


def test_two_at_once_with_one_token_count_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("cart_add", ADD, A)] * 8)

    assert {reply["code"] for reply in replies} <= {0, 40900}
    assert [each["quantity"] for each in shop.one("shopping_cart", user_id(A))["lines"]] == [2]


def test_a_repeat_that_overtakes_the_first_counts_for_both(shop: Shop) -> None:
    shop.ok("cart_add", {"skuId": "tofu-500g"}, openid=A)

    def overtake(commands: Sequence[Command]) -> None:
        if "update" in commands[0]:
            shop.adapter.before = lambda _: None
            shop.ok("cart_add", ADD, openid=A)

    shop.adapter.before = overtake

    assert shop.ok("cart_add", ADD, openid=A)["quantity"] == 3
    assert [each["quantity"] for each in shop.one("shopping_cart", user_id(A))["lines"]] == [3]


def test_many_at_once_never_pass_what_may_be_bought(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    calls = [("cart_add", {"skuId": "tofu-500g", "quantity": 3}, A)] * 6

    replies = at_once(*calls)

    (stored,) = shop.one("shopping_cart", user_id(A))["lines"]
    assert stored["quantity"] == 3 * sum(reply["code"] == 0 for reply in replies) <= 10
    assert {reply["code"] for reply in replies} <= {0, 40900, 40901}


def test_more_than_there_are_is_out_of_stock(shop: Shop) -> None:
    shop.ok("cart_add", {**ADD, "quantity": 8}, openid=A)

    reply = shop.refused("cart_add", {"skuId": "tofu-500g", "quantity": 3}, openid=A)

    assert (reply["code"], reply["error"]) == (40901, "OUT_OF_STOCK")
    assert reply["details"] == {"skuId": "tofu-500g", "most": 10, "inCart": 8}


@pytest.mark.parametrize(("limit", "available", "most"), [(3, 10, 3), (None, 5000, 999), (999, 7, 7)])
def test_the_most_is_what_limit_stock_and_an_order_line_allow(
    shop: Shop, limit: int | None, available: int, most: int
) -> None:
    limited = sku("tea-500g") if limit is None else sku("tea-500g", limitPerUser=limit)
    shop.add("products", product("tea", skus=[limited]))
    shop.add("inventory", inventory("tea-500g", available))

    assert shop.ok("cart_add", {"skuId": "tea-500g", "quantity": most}, openid=A)["most"] == most
    reply = shop.refused("cart_add", {"skuId": "tea-500g"}, openid=A)
    assert (reply["error"], reply["details"]["most"]) == ("OUT_OF_STOCK", most)


@pytest.mark.parametrize(
    "hidden",
    [{"status": "off_sale"}, {"status": "draft"}, {"onAt": NOW + 1}, {"offAt": NOW}],
    ids=["off sale", "draft", "not on yet", "off already"],
)
def test_what_is_not_on_the_shelf_is_not_found(shop: Shop, hidden: dict[str, Any]) -> None:
    stock_up(shop, "tea", **hidden)

    assert shop.refused("cart_add", {"skuId": "tea-500g"}, openid=A)["error"] == "NOT_FOUND"


def test_an_unknown_sku_is_not_found(shop: Shop) -> None:
    assert shop.refused("cart_add", {"skuId": "nothing"}, openid=A)["error"] == "NOT_FOUND"


def test_a_full_cart_takes_no_more_lines(shop: Shop) -> None:
    shop.add("shopping_cart", cart(*(cart_line(f"other-{i}") for i in range(MAX_LINES))))

    reply = shop.refused("cart_add", ADD, openid=A)

    assert (reply["code"], reply["error"], reply["details"]) == (40906, "CART_FULL", {"most": 100})


def test_a_full_cart_takes_more_of_a_line_it_has(shop: Shop) -> None:
    lines = [*(cart_line(f"other-{i}") for i in range(MAX_LINES - 1)), cart_line("tofu-500g")]
    shop.add("shopping_cart", cart(*lines))

    assert shop.ok("cart_add", ADD, openid=A)["quantity"] == 3


def test_each_member_has_a_cart_of_her_own(shop: Shop) -> None:
    shop.ok("cart_add", ADD, openid=A)
    shop.ok("cart_add", {**ADD, "quantity": 5}, openid=B)

    quantities = {each["_id"]: each["lines"][0]["quantity"] for each in shop.documents("shopping_cart")}
    assert quantities == {user_id(A): 2, user_id(B): 5}


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("cart_add", ADD)["error"] == "FORBIDDEN"


def test_the_units_in_a_cart_hold_no_stock(shop: Shop) -> None:
    shop.add("users", user(B))
    shop.ok("cart_add", {**ADD, "quantity": 10}, openid=A)

    assert place_order(shop, openid=B, lines=[line("tofu-500g", 10)])["status"] == "pending_payment"
