"""Complaint 20: what is recommended is hidden, sold out, not for her, or shown already.

(gorse-io/gorse#764, #802; aws-samples/retail-demo-store#48) What an instance keeps comes before the filters,
never after them.
"""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import NOW, edit, stock_up
from harness import A, Shop

GOODS = ("tofu", "tea", "rice", "yuba", "yam")


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: Any) -> None:
    """Five goods on the shelf, and an instance that has shown them all."""
    clock.now = NOW
    for name in GOODS:
        stock_up(shop, name, title=name, allergens=["soy"] if name == "tofu" else [])
    shop.ok("login", openid=A)
    assert sorted(shown(shop)) == sorted(GOODS)


def shown(shop: Shop, **event: Any) -> list[str]:
    return [each["productId"] for each in shop.ok("recommend", event, openid=A)["items"]]


def sell_the_last(shop: Shop) -> None:
    edit(shop, "inventory", "tofu-500g", {"available": 0, "reserved": 10})


def take_down(shop: Shop) -> None:
    edit(shop, "products", "tofu", {"status": "off_sale"})


def end_its_time(shop: Shop) -> None:
    edit(shop, "products", "tofu", {"offAt": NOW})


def put_off(shop: Shop) -> None:
    edit(shop, "products", "tofu", {"onAt": NOW + 1})


def tell_the_allergy(shop: Shop) -> None:
    shop.ok("profile_update", {"allergens": ["soy"]}, openid=A)


def put_into_the_cart(shop: Shop) -> None:
    shop.ok("cart_add", {"skuId": "tofu-500g"}, openid=A)


@pytest.mark.parametrize(
    "happen", [sell_the_last, take_down, end_its_time, put_off, tell_the_allergy, put_into_the_cart]
)
def test_what_she_cannot_have_or_has_at_hand_is_gone_from_the_very_next_list(
    shop: Shop, happen: Callable[[Shop], None]
) -> None:
    happen(shop)

    assert sorted(shown(shop)) == ["rice", "tea", "yam", "yuba"]


def test_the_product_on_the_page_is_not_among_those_beside_it(shop: Shop) -> None:
    assert "tofu" not in shown(shop, scene="product", productId="tofu")


def test_no_list_shows_a_product_twice(shop: Shop) -> None:
    for limit in range(1, 8):
        found = shown(shop, limit=limit)
        assert len(found) == len(set(found)) == min(limit, len(GOODS))
