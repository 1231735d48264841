"""What all orders say about a product."""

import math
from typing import Any

import pytest

from gardenshop.rules.figures import figures, neighbours
from gardenshop.rules.visits import Visit, day_number, visits_of


def product(product_id: str, *, kind: str = "tofu", price: int = 100) -> dict[str, Any]:
    return {
        "product_id": product_id,
        "type": kind,
        "category": "soy",
        "department": "food",
        "brand": "Own",
        "size": "",
        "list_price_cents": price,
    }


def visit(day: int, *products: str) -> Visit:
    return Visit(day, [(each, 1, 100) for each in products])


def test_orders_of_one_day_are_one_visit_and_its_units_and_fen_add_up() -> None:
    line = {"product_id": "tofu", "quantity": 2, "paid_cents": 150}
    orders = [{"date": day, "items": [line]} for day in ("2026-01-02", "2026-01-01", "2026-01-02")]

    first, second = visits_of(orders)

    assert first == Visit(day_number("2026-01-01"), [("tofu", 2, 150)])
    assert second == Visit(day_number("2026-01-02"), [("tofu", 4, 300)])


def test_each_span_counts_the_share_of_its_own_visits() -> None:
    members = [[visit(100, "tofu"), visit(180, "tofu"), visit(195)], [visit(199, "tofu")]]

    found = figures(members, [product("tofu")], 200)["tofu"]

    assert math.exp(found.sold_2w) == pytest.approx(1 / 2 + 0.0005, abs=1e-4)
    assert math.exp(found.sold_4w) == pytest.approx(2 / 3 + 0.0005, abs=1e-4)
    assert math.exp(found.sold_12w) == pytest.approx(2 / 3 + 0.0005, abs=1e-4)
    assert math.exp(found.sold) == pytest.approx(3 / 4 + 0.0005, abs=1e-4)
    assert math.exp(found.buyers) == pytest.approx(1 + 0.002, abs=1e-4)


def test_a_product_bought_at_every_visit_is_bought_again_more_surely_than_one_bought_once() -> None:
    members = [[visit(day, "tofu", *(["tea"] if day == 10 else [])) for day in range(10, 200, 7)]] * 3

    found = figures(members, [product("tofu"), product("tea", kind="tea")], 200)

    assert found["tofu"].again > found["tea"].again
    assert found["tofu"].loyal > found["tea"].loyal
    assert found["tofu"].cycle_days == 7


def test_a_product_nobody_bought_has_the_rate_of_its_type() -> None:
    members = [[visit(day, "tofu", *(["tea"] if day == 10 else [])) for day in range(10, 200, 7)]]

    found = figures(members, [product("tofu"), product("firm tofu"), product("tea", kind="tea")], 200)

    assert found["firm tofu"].again == found["firm tofu"].again_type == found["tofu"].again_type
    assert found["firm tofu"].again > found["tea"].again


def test_a_shop_without_orders_has_figures_of_everything() -> None:
    found = figures([], [product("tofu")], 1)["tofu"]

    assert all(math.isfinite(value) for value in found if not isinstance(value, str))


def test_products_of_the_same_baskets_are_neighbours_nearest_first() -> None:
    baskets = [("rice", "tofu"), ("rice", "tofu"), ("rice", "tea"), ("salt",)]
    members = [[visit(day, *basket) for day, basket in enumerate(baskets)]]

    found = neighbours(members, [product(each) for each in ("rice", "tofu", "tea", "salt")])

    assert list(found["rice"]) == ["tofu", "tea"]
    assert found["rice"]["tofu"] == found["tofu"]["rice"] == pytest.approx(2 / math.sqrt(8 * 7), abs=1e-4)
    assert found["salt"] == {}


def test_what_the_catalogue_no_longer_has_is_nobodys_neighbour() -> None:
    assert neighbours([[visit(1, "rice", "gone")]], [product("rice")]) == {"rice": {}}
