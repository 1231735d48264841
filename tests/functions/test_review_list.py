"""review_list: shown reviews of a product with counts and filters, and the caller's own."""

from typing import Any

import pytest

from functions.builders import NOW, document
from harness import A, B, Shop, user_id


def review(number: int, score: int = 5, *, openid: str = A, **changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "productId": "tofu",
        "skuId": "tofu-500g",
        "orderNo": f"o{number}",
        "lineId": "L1",
        "userId": user_id(openid),
        "nickname": "小满",
        "score": score,
        "text": f"第 {number} 条",
        "state": "shown",
        "createdAt": NOW + number,
        **changes,
    }
    return document("product_reviews", id=f"o{number}:L1", **fields)


@pytest.fixture(autouse=True)
def _reviews(shop: Shop, clock: object) -> None:
    del clock
    picture: dict[str, Any] = {"media": ["https://shop.example/1.jpg"]}
    for number, score in enumerate((5, 4, 3, 2, 1, 5)):
        shop.add("product_reviews", review(number, score, **(picture if number < 2 else {})))
    shop.add("product_reviews", review(6, state="pending"))
    shop.add("product_reviews", review(7, state="hidden"))
    shop.add("product_reviews", review(8, openid=B, productId="tea"))


def texts(page: dict[str, Any]) -> list[str]:
    return [each["text"] for each in page["reviews"]]


def test_the_shown_reviews_of_a_product_are_counted_and_listed_newest_first(shop: Shop) -> None:
    page = shop.ok("review_list", {"productId": "tofu"}, openid=B)

    assert shop.adapter.trips == 1
    assert page["counts"] == {"all": 6, "good": 3, "middle": 1, "bad": 2, "images": 2}
    assert texts(page) == [f"第 {number} 条" for number in (5, 4, 3, 2, 1, 0)]
    assert page["reviews"][0] == {
        "nickname": "小满",
        "productId": "tofu",
        "skuId": "tofu-500g",
        "score": 5,
        "text": "第 5 条",
        "media": [],
        "at": NOW + 5,
    }


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("all", (5, 4, 3, 2, 1, 0)), ("good", (5, 1, 0)), ("middle", (2,)), ("bad", (4, 3)), ("images", (1, 0))],
)
def test_a_filter_leaves_as_many_as_were_counted(shop: Shop, name: str, numbers: tuple[int, ...]) -> None:
    page = shop.ok("review_list", {"productId": "tofu", "filter": name}, openid=A)

    assert texts(page) == [f"第 {number} 条" for number in numbers]
    assert page["counts"][name] == len(numbers)


def test_pages_join_without_gap_or_repeat(shop: Shop) -> None:
    seen: list[str] = []
    event: dict[str, Any] = {"productId": "tofu", "limit": 4}
    page = shop.ok("review_list", event, openid=A)
    seen += texts(page)
    shop.add("product_reviews", review(9))
    page = shop.ok("review_list", {**event, "cursor": page["nextCursor"]}, openid=A)

    assert [*seen, *texts(page)] == [f"第 {number} 条" for number in (5, 4, 3, 2, 1, 0)]
    assert "nextCursor" not in page


def test_her_own_are_all_hers_with_their_lines_and_states(shop: Shop) -> None:
    page = shop.ok("review_list", {}, openid=A)

    assert page["counts"]["all"] == 8
    assert [(each["orderNo"], each["state"]) for each in page["reviews"][:3]] == [
        ("o7", "hidden"),
        ("o6", "pending"),
        ("o5", "shown"),
    ]
    assert texts(shop.ok("review_list", {}, openid=B)) == ["第 8 条"]


@pytest.mark.parametrize(("state", "shown"), [("shown", True), ("pending", False), ("hidden", False)])
def test_an_addition_is_shown_when_it_may_be_and_always_to_its_author(
    shop: Shop, state: str, *, shown: bool
) -> None:
    append = {"text": "又买了", "state": state, "at": NOW}
    shop.add("product_reviews", review(9, productId="tea", append=append))

    page = shop.ok("review_list", {"productId": "tea"}, openid=B)

    assert ("append" in page["reviews"][0]) == shown
    mine = shop.ok("review_list", {}, openid=A)["reviews"][0]
    assert mine["append"] == {"text": "又买了", "media": [], "at": NOW, "state": state}


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("review_list", {})["error"] == "FORBIDDEN"
