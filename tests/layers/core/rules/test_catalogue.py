"""What follows from a product, and how its SKUs and prices change."""

import json
from typing import Any

from gardenshop.models.catalogue import SkuPlan, SkuPrice
from gardenshop.rules.catalogue import (
    Wrong,
    merged_skus,
    price_changes,
    priced_skus,
    problems_of_skus,
    projections,
)
from harness import ROOT

SMALL = {"skuId": "tea-50g", "spec": "50g", "priceFen": 900, "marketFen": 1000, "weightG": 50}
LARGE = {"skuId": "tea-100g", "spec": "100g", "priceFen": 1600, "weightG": 100}


def plan(sku_id: str, **changes: Any) -> SkuPlan:
    return SkuPlan.model_validate({"skuId": sku_id, "spec": "新", "weightG": 60, **changes})


def test_lists_sort_by_the_lowest_price_that_is_sold() -> None:
    product = {"title": "绿茶", "categoryPath": ["茶"], "skus": [{**SMALL, "retired": True}, LARGE]}

    assert projections(product) == {"minPriceFen": 1600, "searchKeys": ["绿茶", "绿", "茶"]}


def test_every_product_of_the_sample_has_the_projections_that_it_would_be_saved_with() -> None:
    text = (ROOT / "collections/sample/products.json").read_text("utf-8")
    products = json.loads(text)["documents"]

    stale = [
        each["_id"]
        for each in products
        if any(each[name] != value for name, value in projections(each).items())
    ]

    assert stale == []


def test_a_sku_keeps_its_price_and_one_left_out_its_place() -> None:
    merged = merged_skus([SMALL, LARGE], [plan("tea-50g"), plan("tea-1kg", priceFen=9000)])

    assert [(each["skuId"], each["priceFen"], each.get("retired", False)) for each in merged] == [
        ("tea-50g", 900, False),
        ("tea-1kg", 9000, False),
        ("tea-100g", 1600, True),
    ]
    assert (merged[0]["spec"], merged[0]["marketFen"]) == ("新", 1000)


def test_a_plan_says_prices_of_what_is_new_alone() -> None:
    plans = [
        plan("tea-50g", priceFen=900, marketFen=1100),
        plan("tea-1kg"),
        plan("tea-100g"),
        plan("tea-1kg"),
    ]

    assert problems_of_skus([SMALL, LARGE], plans) == [
        Wrong("product.skus.0.priceFen", "changed by the action price"),
        Wrong("product.skus.1.priceFen", "missing"),
        Wrong("product.skus.3.skuId", "twice"),
        Wrong("product.skus.3.priceFen", "missing"),
    ]


def test_a_price_without_one_to_strike_out_has_none() -> None:
    priced = priced_skus([SMALL, LARGE], [SkuPrice(sku_id="tea-50g", price_fen=800)])

    assert priced == [
        {"skuId": "tea-50g", "spec": "50g", "priceFen": 800, "weightG": 50},
        LARGE,
    ]
    assert price_changes([SMALL, LARGE], priced) == [{"skuId": "tea-50g", "fromFen": 900, "toFen": 800}]
    assert price_changes([SMALL], [SMALL, LARGE]) == []
