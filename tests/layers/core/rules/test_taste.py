"""What her past says for a product is as strong as its odds, and the reason is what weighed most."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from gardenshop.rules.recommend import Known, outlook
from gardenshop.rules.taste import Sign, signs
from gardenshop.rules.visits import Figure
from gardenshop.rules.wording import blocking

TITLES = {"rice": "大米", "millet": "小米", "tea": "绿茶", "jam": "果酱", "yam": "山药"}
FIGURE = Figure(-2.5, -2.5, -2.5, -2.5, -2.0, -1.0, -2.0, -2.0, 30.0, "", "", "", 1000)
KINDS = {"rice": ("米", "粮油"), "millet": ("米", "粮油"), "oil": ("油", "粮油"), "tea": ("茶", "茶饮")}


def known(
    near: Mapping[str, Mapping[str, float]] | None = None,
    *,
    factors: Mapping[str, Sequence[float]] | None = None,
    popular: tuple[str, ...] = (),
) -> Known:
    names = ("丰年", "果酱", "早餐")
    figures = {
        key: FIGURE._replace(kind=KINDS.get(key, names)[0], category=KINDS.get(key, names)[1], brand=key)
        for key in (*TITLES, "oil")
    }
    return Known(figures, near or {}, factors or {}, popular)


def order(day: str, *products: str) -> dict[str, Any]:
    items = [{"product_id": each, "quantity": 1, "paid_cents": 1000} for each in products]
    return {"user_id": "me", "date": day, "items": items}


def told(history: list[dict[str, Any]], shop: Known, now: str = "2026-11-23") -> dict[str, Sign]:
    return signs(outlook(history, shop, now), shop, TITLES)


WEEKLY = [order(day, "rice") for day in ("2026-10-25", "2026-11-01", "2026-11-08", "2026-11-15")]


def test_the_value_is_the_odds_from_hardly_to_even() -> None:
    shop = known()
    odds = outlook(WEEKLY, shop, "2026-11-23").odds["rice"]

    assert told(WEEKLY, shop)["rice"].value == pytest.approx(min(1, 1 + odds / 8))
    often, once = told([*WEEKLY, order("2026-11-15", "millet")], shop)["rice"], told(WEEKLY[:1], shop)["rice"]
    assert often.value > once.value


@pytest.mark.parametrize(
    ("history", "text"),
    [
        (WEEKLY, "您大约每7天买一次，上次是8天前"),
        (WEEKLY[:1], "您29天前买过"),
        ([order("2026-11-23", "rice")], "您今天买过"),
        ([*WEEKLY, order("2026-11-23", "rice")], "您大约每7天买一次，上次是今天"),
    ],
)
def test_her_own_rhythm_is_told_in_days(history: list[dict[str, Any]], text: str) -> None:
    assert told(history, known())["rice"].text == text


def test_one_of_hers_that_does_most_of_the_pull_is_named() -> None:
    near = {"rice": {"tea": 0.6}, "millet": {"jam": 0.3, "tea": 0.1}}
    history = [*WEEKLY, order("2026-11-16", "millet")]

    assert told(history, known(near))["tea"].text == "常和您买过的大米一起买"


def test_many_of_hers_together_are_people_of_her_taste() -> None:
    near = {key: {"jam": 0.3} for key in ("rice", "millet", "tea", "oil")}
    history = [order(day, "rice", "millet", "tea", "oil") for day in ("2026-11-01", "2026-11-08")]

    assert told(history, known(near))["jam"].text == "和您口味相近的人常买"


def test_what_her_like_buy_is_told_as_that_and_what_others_buy_is_not() -> None:
    factors = {"rice": [1.0, 0.0], "jam": [2.0, 0.1], "yam": [-1.0, 0.0]}

    found = told(WEEKLY, known(factors=factors, popular=("jam", "yam")))

    assert (found["jam"].text, found["yam"].text) == ("和您口味相近的人常买", "近来买的会员较多")
    assert found["jam"].value > found["yam"].value


def test_what_is_not_sold_any_more_is_not_named() -> None:
    near = {"oil": {"tea": 0.6}}

    assert told([order("2026-11-15", "oil")], known(near))["tea"].text == "和您口味相近的人常买"


def test_the_kinds_she_buys_are_named_from_the_narrowest() -> None:
    shop = known(popular=("millet", "oil", "jam"))

    found = {key: sign.text for key, sign in told(WEEKLY, shop).items() if key != "rice"}

    assert found == {"millet": "您常买米", "oil": "您常买粮油", "jam": "近来买的会员较多"}


def test_one_without_a_past_is_told_nothing() -> None:
    assert told([], known(popular=("rice",))) == {}


def test_nothing_that_is_told_is_a_claim() -> None:
    near = {"rice": {"tea": 0.6}}
    found = told([*WEEKLY, order("2026-11-16", "millet")], known(near, popular=("oil",)))

    assert len(found) >= 3
    assert not [sign.text for sign in found.values() if blocking(sign.text)]
