"""What is learnt from a small shop: habits are found, and what goes with them."""

import json
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from gardenshop.rules import recommend as recommend_rules
from gardenshop.rules.figures import figures
from gardenshop.rules.habits import BOUGHT, NEW, bought_features, new_features, shopper, suggested
from gardenshop.rules.lookback import prepare
from gardenshop.rules.recommend import recommend
from gardenshop.rules.visits import visits_of

START = date(2026, 1, 1)
FAMILIES = ("rice", "soy", "tea")
SIZE = 12


def product(product_id: str) -> dict[str, Any]:
    family = product_id.split(maxsplit=1)[0]
    return {
        "product_id": product_id,
        "type": product_id,
        "category": family,
        "department": "food",
        "brand": "Own",
        "size": "",
        "list_price_cents": 500,
    }


CATALOGUE = [product(f"{family} {number}") for family in FAMILIES for number in range(SIZE)]


def order(day: int, *products: str, user_id: str = "me") -> dict[str, Any]:
    items = [{"product_id": each, "quantity": 1, "paid_cents": 500} for each in products]
    return {"user_id": user_id, "date": (START + timedelta(days=day)).isoformat(), "items": items}


def day(number: int) -> str:
    return (START + timedelta(days=number)).isoformat()


def shop(*, members: int = 24, days: int = 140) -> list[dict[str, Any]]:
    """Return weekly orders of members who keep to one family, with favourites they buy again and again."""
    dice = Random(1)
    orders = []
    for number in range(members):
        mine = [f"{FAMILIES[number % 3]} {each}" for each in range(SIZE)]
        favourites = dice.sample(mine, 3)
        for when in range(number % 7, days, 7):
            basket = {each for each in favourites if dice.random() < 0.8} | {dice.choice(mine)}
            orders.append(order(when, *sorted(basket), user_id=f"u{number}"))
    return sorted(orders, key=lambda each: each["date"])


@pytest.fixture(scope="module", name="prepared")
def _prepared() -> dict[str, Any]:
    return prepare(shop(), CATALOGUE)


def test_what_she_buys_every_week_comes_first(prepared: dict[str, Any]) -> None:
    history = [order(when, "soy 3", *(["soy 5"] if when == 70 else [])) for when in range(0, 140, 7)]

    assert recommend(history, prepared, 10, day(140))[0] == "soy 3"


def test_new_products_come_from_what_goes_with_hers(prepared: dict[str, Any]) -> None:
    history = [order(when, "tea 1", "tea 2") for when in range(0, 140, 7)]

    best = recommend(history, prepared, 8, day(140))

    assert set(best[:2]) == {"tea 1", "tea 2"}
    assert [each.split()[0] for each in best[2:]] == ["tea"] * 6


def test_the_list_holds_each_product_once_and_ends_with_the_catalogue(prepared: dict[str, Any]) -> None:
    best = recommend([order(1, "tea 1")], prepared, 1000, day(140))

    assert sorted(best) == sorted(each["product_id"] for each in CATALOGUE)


def test_one_without_orders_is_shown_something_too(prepared: dict[str, Any]) -> None:
    assert len(set(recommend([], prepared, 5, day(140)))) == 5


def test_what_is_no_longer_sold_is_neither_shown_nor_an_error(prepared: dict[str, Any]) -> None:
    history = [order(when, "gone", "rice 1") for when in range(0, 140, 7)]

    best = recommend(history, prepared, 5, day(140))

    assert best[0] == "rice 1"
    assert "gone" not in best


def test_what_is_prepared_survives_json(prepared: dict[str, Any]) -> None:
    history = [order(when, "soy 3", "soy 4") for when in range(0, 140, 7)]
    stored = json.loads(json.dumps(prepared))

    assert recommend(history, stored, 10, day(140)) == recommend(history, prepared, 10, day(140))


def test_the_same_orders_prepare_the_same() -> None:
    orders = shop(members=9)

    assert prepare(orders, CATALOGUE) == prepare(orders, CATALOGUE)


def test_a_visit_before_the_last_order_counts_as_now(prepared: dict[str, Any]) -> None:
    history = [order(when, "soy 3") for when in range(0, 140, 7)]

    assert recommend(history, prepared, 1, day(0)) == ["soy 3"]


@pytest.mark.parametrize("orders", [[], [order(1, "tea 1")]], ids=["none", "one"])
def test_a_shop_with_hardly_an_order_still_recommends(orders: list[dict[str, Any]]) -> None:
    best = recommend(orders, prepare(orders, CATALOGUE), 3, day(9))

    assert len(set(best)) == 3
    assert best[:1] == ["tea 1"] or not orders


def test_the_prior_of_other_shops_puts_habits_in_order() -> None:
    history = [order(when, "soy 3", *(["soy 5"] if when == 70 else [])) for when in range(0, 140, 7)]

    best = recommend(history, prepare(history[:1], CATALOGUE), 10, day(140))

    assert best[:2] == ["soy 3", "soy 5"]


def test_she_leans_where_most_of_what_she_buys_points() -> None:
    visits = visits_of([*(order(day, "tea 1") for day in range(9)), order(9, "soy 1")])
    factors = {"tea 1": [1.0, 0.0], "soy 1": [0.0, 1.0], "tea 2": [3.0, 0.0], "soy 2": [0.0, 3.0]}
    who = shopper(visits, visits[-1].day + 7, figures([visits], CATALOGUE, 10**6))

    pulls = suggested(who, {}, factors, ["tea 2", "soy 2", "rice 1"])

    tea, soy, rice = (pulls[each].kindred for each in ("tea 2", "soy 2", "rice 1"))
    assert 1 > tea > soy > 0
    assert rice == 0


def test_every_feature_has_a_name() -> None:
    visits = visits_of([order(1, "tea 1")])
    products = figures([visits], CATALOGUE, 10**6)
    who = shopper(visits, visits[0].day + 7, products)
    pulls = suggested(who, {"tea 1": {"tea 2": 0.5}}, {}, ["rice 1"])

    assert list(pulls) == ["tea 2", "rice 1"]
    assert len(bought_features(who, "tea 1", products["tea 1"])) == len(BOUGHT)
    assert len(new_features(who, pulls["tea 2"], products["tea 2"])) == len(NEW)
    assert [len(weights) for weights in recommend_rules.PRIOR.values()] == [len(BOUGHT), len(NEW)]
