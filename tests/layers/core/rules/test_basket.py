"""What stands in the way of buying something."""

from typing import Any

import pytest

from gardenshop.rules.basket import most_to_buy, on_shelf, problem_of, sku_of

NOW = 1_795_500_000_000
SKU = {"skuId": "tofu", "priceFen": 590}


def product(**changes: Any) -> dict[str, Any]:
    return {"_id": "p", "status": "on_sale", "skus": [SKU], **changes}


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, True),
        ({"status": "off_sale"}, False),
        ({"onAt": NOW}, True),
        ({"onAt": NOW + 1}, False),
        ({"offAt": NOW + 1}, True),
        ({"offAt": NOW}, False),
        ({"onAt": None, "offAt": None}, True),
    ],
)
def test_a_product_is_on_the_shelf_between_its_times(changes: dict[str, Any], *, shown: bool) -> None:
    assert on_shelf(product(**changes), NOW) is shown


def test_a_sku_is_found_by_its_id() -> None:
    assert sku_of(product(), "tofu") is SKU
    assert sku_of(product(), "yuba") is None


@pytest.mark.parametrize(
    ("limit", "available", "most"),
    [({}, 7, 7), ({}, 0, 0), ({}, -3, 0), ({"limitPerUser": 2}, 7, 2), ({"limitPerUser": 9}, 7, 7)],
)
def test_nobody_buys_more_than_there_are_or_than_she_may(
    limit: dict[str, int], available: int, most: int
) -> None:
    assert most_to_buy(limit, available) == most


@pytest.mark.parametrize(
    ("sku", "quantity", "problem"),
    [
        (SKU, 5, None),
        (SKU, 6, "short_of_stock"),
        (None, 1, "invalid"),
        ({**SKU, "limitPerUser": 2}, 2, None),
        ({**SKU, "limitPerUser": 2}, 3, "over_limit"),
        ({**SKU, "limitPerUser": 2}, 99, "over_limit"),
    ],
)
def test_the_first_problem_is_told(sku: dict[str, Any] | None, quantity: int, problem: str | None) -> None:
    assert problem_of(product(), sku, available=5, quantity=quantity, now=NOW) == problem


def test_what_is_gone_or_off_the_shelf_is_invalid() -> None:
    for gone in (None, product(status="off_sale"), product(onAt=NOW + 1)):
        assert problem_of(gone, SKU, available=5, quantity=1, now=NOW) == "invalid"
