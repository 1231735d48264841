"""What was learnt survives being stored with the products."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules.lookback import prepare
from gardenshop.rules.prepared import goods_of, known_of, learnt_of, listed, shares_in
from gardenshop.rules.recommend import PRIOR, outlook, recommend
from gardenshop.rules.visits import Figure

PRODUCTS: list[dict[str, Any]] = [
    {"_id": name, "categoryPath": ["粮油", kind], "brand": "自有", "minPriceFen": 100 * place}
    for place, (name, kind) in enumerate([("rice", "米"), ("millet", "米"), ("oil", "油")], start=1)
]
PAST = [
    {
        "user_id": f"u{number % 3}",
        "date": f"2026-{1 + number // 20:02}-{1 + number % 20:02}",
        "items": [
            {"product_id": each, "quantity": 1, "paid_cents": 90}
            for each in ("rice", "oil" if number % 2 else "millet")
        ],
    }
    for number in range(60)
]
MINE = [order for order in PAST if order["user_id"] == "u1"]


@pytest.fixture(scope="module", name="prepared")
def _prepared() -> dict[str, Any]:
    return prepare(PAST, [goods_of(each) for each in PRODUCTS])


def stored(prepared: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the products with what they were told."""
    return {
        each["_id"]: {**each, "learnt": {"day": "2026-03-25", **learnt_of(each["_id"], prepared)}}
        for each in PRODUCTS
    }


def test_what_is_stored_recommends_as_what_was_prepared(prepared: dict[str, Any]) -> None:
    known = known_of(stored(prepared), prepared)

    odds = outlook(MINE, known, "2026-03-25").odds

    assert {key: known.products[key] for key in stored(prepared)} == {
        key: Figure._make(row) for key, row in prepared["products"].items()
    }
    assert {key: known.near[key] for key in prepared["near"]} == prepared["near"]
    assert {key: known.factors[key] for key in prepared["factors"]} == prepared["factors"]
    assert len(prepared["factors"]) == len(PRODUCTS)
    assert sorted(odds, key=lambda key: -odds[key]) == recommend(MINE, prepared, 3, "2026-03-25")


def test_a_product_that_was_not_told_yet_is_not_known(prepared: dict[str, Any]) -> None:
    products = {**stored(prepared), "new": {**PRODUCTS[0], "_id": "new"}}

    known = known_of(products, {**prepared, "popular": ["new", "rice"]})

    assert known.popular == ["rice"]
    assert set(outlook(MINE, known, "2026-03-25").odds) == {"rice", "millet", "oil"}


def test_what_a_night_of_another_version_learnt_is_followed_as_far_as_it_fits(
    prepared: dict[str, Any],
) -> None:
    products = stored(prepared)
    for each in products.values():
        del each["learnt"]["factors"]
    learnt = {"bought": prepared["weights"]["bought"], "new": prepared["weights"]["new"][:-1]}

    known = known_of(products, {**prepared, "weights": learnt})

    assert known.weights == {"bought": learnt["bought"], "new": PRIOR["new"]}
    assert set(outlook(MINE, known, "2026-03-25").odds) == {"rice", "millet", "oil"}


def test_factors_of_another_night_are_left_out(prepared: dict[str, Any]) -> None:
    products = stored(prepared)
    products["oil"]["learnt"]["day"] = "2026-03-24"

    known = known_of(products, prepared)

    assert [each in known.factors for each in ("rice", "millet", "oil")] == [True, True, False]
    assert "oil" in known.products


def test_the_texts_are_short_and_plain(prepared: dict[str, Any]) -> None:
    learnt = learnt_of("rice", prepared)

    assert learnt["near"] == listed(prepared["near"]["rice"])
    assert [name for name, _ in (each.split() for each in learnt["near"].split(","))] == ["oil", "millet"]
    assert len(learnt["figure"].split()) == 9


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z0-9_:.\-]{1,20}", fullmatch=True),
        st.integers(0, 10_000).map(lambda n: n / 10_000),
    )
)
def test_shares_survive_being_text(shares: dict[str, float]) -> None:
    assert shares_in(listed(shares)) == shares
