"""product_search: what is on the shelf, by words and filters, page by page."""

from typing import Any

import pytest

from functions.builders import NOW, pages, product, sku, stock_up
from gardenshop.rules.search import search_keys
from harness import A, Shop


@pytest.fixture(autouse=True)
def _shelf(shop: Shop, clock: object) -> None:
    del clock
    goods: list[tuple[str, dict[str, Any]]] = [
        ("tofu", {"title": "北豆腐", "priceFen": 1200, "sales": 30, "allergens": ["soy"]}),
        ("milk", {"title": "豆浆", "priceFen": 900, "sales": 20, "contains": ["dairy"]}),
        (
            "mint",
            {"title": "薄荷茶", "priceFen": 2500, "sales": 10, "categoryPath": ["茶"], "terms": ["xiaoxue"]},
        ),
    ]
    for place, (name, changes) in enumerate(goods):
        price = changes.pop("priceFen")
        keys = search_keys(changes["title"], *changes.get("categoryPath", ()))
        stock_up(
            shop,
            name,
            units=place,
            skus=[sku(f"{name}-500g", priceFen=price)],
            searchKeys=keys,
            createdAt=NOW - place,
            **changes,
        )


def found(shop: Shop, **event: Any) -> list[str]:
    page = shop.ok("product_search", event, openid=A)
    assert shop.adapter.trips == 1
    return [each["productId"] for each in page["products"]]


def test_a_card_says_what_a_list_needs(shop: Shop) -> None:
    (card,) = shop.ok("product_search", {"keyword": "薄荷"}, openid=A)["products"]

    assert card == {
        "productId": "mint",
        "title": "薄荷茶",
        "subtitle": "",
        "brand": "",
        "category": "茶",
        "minFen": 2500,
        "sales": 10,
        "ratingCount": 0,
        "ratingSum": 0,
        "fresh": False,
        "inStock": True,
        "certifiedBy": [],
    }


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({}, ["tofu", "milk", "mint"]),
        ({"sort": "price_up"}, ["milk", "tofu", "mint"]),
        ({"sort": "price_down"}, ["mint", "tofu", "milk"]),
        ({"sort": "newest"}, ["tofu", "milk", "mint"]),
        ({"keyword": "豆"}, ["tofu", "milk"]),
        ({"keyword": "豆腐"}, ["tofu"]),
        ({"keyword": "豆腐 薄荷"}, []),
        ({"category": "茶"}, ["mint"]),
        ({"category": "豆制品"}, ["tofu", "milk"]),
        ({"minFen": 1200}, ["tofu", "mint"]),
        ({"maxFen": 1200}, ["tofu", "milk"]),
        ({"minFen": 1000, "maxFen": 2000}, ["tofu"]),
        ({"without": ["dairy"]}, ["tofu", "mint"]),
        ({"freeOf": ["soy"]}, ["milk", "mint"]),
        ({"term": "xiaoxue"}, ["mint"]),
        ({"inStock": True}, ["milk", "mint"]),
        ({"suits": "qi_deficiency"}, []),
    ],
    ids=str,
)
def test_every_filter_and_order(shop: Shop, event: dict[str, Any], expected: list[str]) -> None:
    assert found(shop, **event) == expected


def test_what_suits_a_constitution_is_found(shop: Shop) -> None:
    stock_up(shop, "ginseng", fit={"suits": ["qi_deficiency"], "source": "ZYYXH/T157-2009"})

    assert found(shop, suits="qi_deficiency") == ["ginseng"]


@pytest.mark.parametrize("sort", ["sales", "newest", "price_up", "price_down"])
@pytest.mark.parametrize("in_stock", [False, True])
def test_pages_join_without_gap_or_repeat(shop: Shop, sort: str, *, in_stock: bool) -> None:
    for i in range(7):
        stock_up(shop, f"same-{i}", sales=20, createdAt=NOW)
    whole = found(shop, sort=sort, inStock=in_stock)

    event = {"sort": sort, "inStock": in_stock, "limit": 3}
    seen = [each["productId"] for page in pages(shop, "product_search", event) for each in page["products"]]

    assert seen == whole
    assert len(whole) == (9 if in_stock else 10)


@pytest.mark.parametrize(
    "change", [{"status": "off_sale"}, {"status": "draft"}, {"onAt": NOW + 1}, {"offAt": NOW}], ids=str
)
def test_what_is_not_on_the_shelf_is_not_found(shop: Shop, change: dict[str, Any]) -> None:
    shop.add("products", product("hidden", **change))

    assert "hidden" not in found(shop)


@pytest.mark.parametrize("keyword", ["$where", ".*", "豆腐'; --", "{$ne: 1}", "(((", "\\"])
def test_words_are_only_words(shop: Shop, keyword: str) -> None:
    assert set(found(shop, keyword=keyword)) <= {"tofu", "milk", "mint"}


@pytest.mark.parametrize("cursor", ["", "x", "1", "1~", "~a", "1~$ne", "1.5~a", "1~a b"])
def test_a_cursor_that_is_none_is_refused(shop: Shop, cursor: str) -> None:
    reply = shop.refused("product_search", {"cursor": cursor}, openid=A)

    assert reply["details"]["fields"][0]["field"] == "cursor"


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("product_search")["error"] == "FORBIDDEN"
