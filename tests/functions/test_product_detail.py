"""product_detail: one product with live stock, and how it suits the caller."""

from typing import Any

import pytest

from functions.builders import NOW, document, inventory, product, sku, stock_up
from harness import A, Shop, user_id


@pytest.fixture(autouse=True)
def _time(clock: object) -> None:
    del clock


def test_a_product_is_shown_whole(shop: Shop) -> None:
    badge = {"certificationId": "c1", "practitionerId": "pr1", "name": "周晚梅", "level": "gold"}
    skus = [
        sku(limitPerUser=3, marketFen=1500),
        sku("tofu-1kg", spec="1kg", priceFen=2100, noReasonReturn=False),
    ]
    tcm = {"nature": "凉", "flavours": ["甘"], "source": "《本草纲目》"}
    shop.add("products", product(skus=skus, tcm=tcm, allergens=["soy"], certifications=[badge], sales=7))
    shop.add("inventory", inventory())

    assert shop.ok("product_detail", {"productId": "tofu"}, openid=A) == {
        "productId": "tofu",
        "title": "北豆腐",
        "subtitle": "",
        "brand": "",
        "categoryPath": ["豆制品", "豆腐"],
        "description": "",
        "images": [],
        "skus": [
            {
                "skuId": "tofu-500g",
                "spec": "500g",
                "priceFen": 1200,
                "marketFen": 1500,
                "weightG": 500,
                "available": 10,
                "most": 3,
                "noReasonReturn": True,
            },
            {
                "skuId": "tofu-1kg",
                "spec": "1kg",
                "priceFen": 2100,
                "weightG": 500,
                "available": 0,
                "most": 0,
                "noReasonReturn": False,
            },
        ],
        "contains": [],
        "allergens": ["soy"],
        "ingredients": [],
        "tcm": tcm,
        "terms": [],
        "fit": {"verdict": "neutral", "reasons": []},
        "certifications": [{"practitionerId": "pr1", "name": "周晚梅", "level": "gold"}],
        "carbonG": 500,
        "carbonSource": "测试数据",
        "sales": 7,
        "ratingCount": 0,
        "ratingSum": 0,
        "onShelf": True,
    }
    assert shop.adapter.trips == 1


def test_what_she_cannot_eat_is_said(shop: Shop) -> None:
    stock_up(shop, allergens=["soy"])
    shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), allergens=["soy"]))

    assert shop.ok("product_detail", {"productId": "tofu"}, openid=A)["fit"]["verdict"] == "not_advised"


def test_a_certification_that_ran_out_is_not_shown(shop: Shop) -> None:
    badge = {"certificationId": "c1", "practitionerId": "pr1", "name": "周晚梅", "level": "gold"}
    stock_up(shop, certifications=[{**badge, "until": NOW - 1}])

    assert shop.ok("product_detail", {"productId": "tofu"}, openid=A)["certifications"] == []


@pytest.mark.parametrize("change", [{"status": "off_sale"}, {"onAt": NOW + 1}, {"offAt": NOW}])
def test_what_is_off_the_shelf_is_shown_as_such(shop: Shop, change: dict[str, Any]) -> None:
    stock_up(shop, **change)

    assert shop.ok("product_detail", {"productId": "tofu"}, openid=A)["onShelf"] is False


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_was_never_or_is_no_more_for_sale_is_not_found(shop: Shop, status: str) -> None:
    stock_up(shop, status=status)

    assert shop.refused("product_detail", {"productId": "tofu"}, openid=A)["code"] == 40400


def test_an_unknown_product_is_not_found(shop: Shop) -> None:
    assert shop.refused("product_detail", {"productId": "gone"}, openid=A)["code"] == 40400


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("product_detail", {"productId": "tofu"})["error"] == "FORBIDDEN"
