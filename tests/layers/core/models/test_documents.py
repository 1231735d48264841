"""What single documents promise beyond the types of their fields."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gardenshop.models.base import dump
from gardenshop.models.inventory import Inventory
from gardenshop.models.order import Order
from gardenshop.models.product import Product
from gardenshop.models.registry import COLLECTIONS, model_of

CORE = Path(__file__).parents[4] / "layers" / "core"
every_collection = pytest.mark.parametrize("collection", COLLECTIONS)

BASE = {"createdAt": 1, "updatedAt": 2}
SKU = {"skuId": "tofu-500", "spec": "500g", "priceFen": 990, "weightG": 500}
PRODUCT: dict[str, Any] = {
    **BASE,
    "_id": "tofu",
    "title": "卤水豆腐",
    "categoryPath": ["豆制品"],
    "status": "on_sale",
    "skus": [SKU],
    "minPriceFen": 990,
    "carbonGPerUnit": 1580,
    "carbonSource": "Poore & Nemecek 2018",
}
LINE = {
    "lineId": "1",
    "skuId": "tofu-500",
    "productId": "tofu",
    "quantity": 2,
    "listFen": 1980,
    "promoFen": 180,
    "couponFen": 100,
    "pointsFen": 50,
    "pointsUsed": 50,
    "freightFen": 600,
    "paidFen": 1650,
    "snapshot": {"title": "卤水豆腐", "spec": "500g", "priceFen": 990, "weightG": 500},
}
ORDER: dict[str, Any] = {
    **BASE,
    "_id": "20260501000001",
    "userId": "u1",
    "clientToken": "t1",
    "status": "creating",
    "lines": [LINE],
    "totals": {
        "goodsFen": 1980,
        "promoFen": 180,
        "couponFen": 100,
        "pointsFen": 50,
        "pointsUsed": 50,
        "freightFen": 600,
        "payableFen": 2250,
    },
    "rulesVersion": "1",
}


@every_collection
def test_a_document_cannot_be_changed_in_place(collection: str) -> None:
    assert model_of(collection).model_config["frozen"] is True


def test_stored_names_are_camel_case_and_absent_values_are_left_out() -> None:
    stored = dump(Product.model_validate(PRODUCT))

    assert stored["skus"] == [{**SKU, "noReasonReturn": True, "retired": False}]
    assert stored["rating"] == {"count": 0, "sum": 0}
    assert stored["schemaVersion"] == 1
    assert "onAt" not in stored


def test_the_lowest_price_of_a_product_is_the_lowest_of_its_skus() -> None:
    with pytest.raises(ValidationError, match="minPriceFen is not the lowest price"):
        Product.model_validate({**PRODUCT, "minPriceFen": 991})


def test_a_product_names_each_sku_once() -> None:
    with pytest.raises(ValidationError, match="a SKU id appears twice"):
        Product.model_validate({**PRODUCT, "skus": [SKU, SKU]})


def test_an_order_line_is_worth_the_sum_of_its_parts() -> None:
    line = {**LINE, "paidFen": 1651}

    with pytest.raises(ValidationError, match="paidFen is not listFen"):
        Order.model_validate({**ORDER, "lines": [line]})


@pytest.mark.parametrize(
    "part", ["goodsFen", "promoFen", "couponFen", "pointsFen", "freightFen", "payableFen"]
)
def test_the_totals_of_an_order_are_the_sums_of_its_lines(part: str) -> None:
    assert dump(Order.model_validate(ORDER))["totals"]["payableFen"] == 2250
    off_by_one = {**ORDER["totals"], part: ORDER["totals"][part] + 1}

    with pytest.raises(ValidationError, match="totals are not the sums of the lines"):
        Order.model_validate({**ORDER, "totals": off_by_one})


def test_available_stock_is_what_is_neither_reserved_nor_damaged() -> None:
    stock = {**BASE, "_id": "tofu-500", "productId": "tofu", "onHand": 10, "reserved": 2, "damaged": 1}
    assert Inventory.model_validate({**stock, "available": 7}).available == 7

    with pytest.raises(ValidationError, match="available is not onHand"):
        Inventory.model_validate({**stock, "available": 8})


def test_a_ring_remembers_no_more_than_256_operations() -> None:
    ring = [{"key": f"op:{n}", "at": n} for n in range(257)]
    stock = {**BASE, "_id": "a", "productId": "b", "onHand": 0, "available": 0}
    assert len(Inventory.model_validate({**stock, "recentOps": ring[:256]}).recent_ops) == 256

    with pytest.raises(ValidationError, match="too_long"):
        Inventory.model_validate({**stock, "recentOps": ring})


def test_naming_the_models_imports_none_of_them() -> None:
    program = (
        "import sys, gardenshop.models.registry as r; "
        "print(sorted(m for m in sys.modules if m.startswith('gardenshop.models.')))"
    )
    reply = subprocess.run(
        [sys.executable, "-c", program], cwd=CORE, capture_output=True, text=True, check=True
    )

    assert reply.stdout.strip() == "['gardenshop.models.base', 'gardenshop.models.registry']"
