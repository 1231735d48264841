"""admin_review_decide: reviews are shown, hidden, answered; a rating counts those that are shown, once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import NOW, die_everywhere, edit, product
from functions.test_review_list import review
from harness import A, Shop

REVIEW = "o1:L1"
HIDE = {"reviewId": REVIEW, "action": "hide", "note": "广告"}
SHOW = {"reviewId": REVIEW, "action": "show", "note": "已核实"}
REPLY = {"reviewId": REVIEW, "action": "reply", "text": "谢谢您", "note": "日常回复"}


def prepare(shop: Shop, **changes: Any) -> None:
    """A product with one review of four stars, which is shown and counted."""
    shop.add("products", product(rating={"count": 1, "sum": 4}))
    shop.add("product_reviews", review(1, 4, **changes))


def rating(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = shop.one("products", "tofu")["rating"]
    return found


def test_what_is_hidden_leaves_the_rating_and_what_is_shown_again_is_counted(
    shop: Shop, clock: object
) -> None:
    del clock
    prepare(shop)

    hidden = shop.ok("admin_review_decide", HIDE)
    assert (hidden, rating(shop)) == (
        {"reviewId": REVIEW, "state": "hidden", "repeated": False},
        {"count": 0, "sum": 0},
    )
    assert shop.ok("review_list", {"productId": "tofu"}, openid=A)["reviews"] == []

    assert shop.ok("admin_review_decide", SHOW)["state"] == "shown"
    assert rating(shop) == {"count": 1, "sum": 4}
    assert shop.one("product_reviews", REVIEW)["version"] == 2
    assert {row["_id"] for row in shop.documents("audit_logs")} == {
        f"review:{REVIEW}:1:hide",
        f"review:{REVIEW}:2:show",
    }


def test_deciding_the_same_again_changes_nothing(shop: Shop) -> None:
    prepare(shop)
    shop.ok("admin_review_decide", HIDE)
    before = shop.dump()

    assert shop.ok("admin_review_decide", HIDE)["repeated"]
    assert shop.dump() == before


@pytest.mark.parametrize(
    ("action", "counted"), [(SHOW, {"count": 2, "sum": 8}), (HIDE, {"count": 1, "sum": 4})]
)
def test_what_waited_for_a_person_counts_only_when_it_is_shown(
    shop: Shop, action: dict[str, str], counted: dict[str, int]
) -> None:
    prepare(shop, state="pending")

    shop.ok("admin_review_decide", action)

    assert rating(shop) == counted


def test_a_review_that_is_not_counted_yet_is_counted_before_it_is_hidden(shop: Shop) -> None:
    prepare(shop, ratingDueAt=NOW)

    shop.ok("admin_review_decide", HIDE)

    assert rating(shop) == {"count": 1, "sum": 4}
    assert "ratingDueAt" not in shop.one("product_reviews", REVIEW)


def test_an_addition_is_hidden_alone(shop: Shop) -> None:
    said = {"text": "又买了一次", "media": [], "state": "shown", "at": NOW}
    prepare(shop, append=said)

    decided = shop.ok("admin_review_decide", {**HIDE, "part": "append"})

    assert (decided["state"], decided["appendState"], rating(shop)) == (
        "shown",
        "hidden",
        {"count": 1, "sum": 4},
    )
    (shown,) = shop.ok("review_list", {"productId": "tofu"}, openid=A)["reviews"]
    assert "append" not in shown


def test_the_shop_answers_and_may_answer_better(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)

    assert shop.ok("admin_review_decide", REPLY)["reply"] == "谢谢您"
    assert shop.ok("admin_review_decide", REPLY)["repeated"]
    shop.ok("admin_review_decide", {**REPLY, "text": "谢谢您，下次再来"})

    (shown,) = shop.ok("review_list", {"productId": "tofu"}, openid=A)["reviews"]
    assert shown["reply"] == {"text": "谢谢您，下次再来", "by": "商家客服", "at": NOW}


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({**HIDE, "reviewId": "o9:L1"}, "NOT_FOUND"),
        ({**HIDE, "part": "append"}, "NOT_FOUND"),
        ({**REPLY, "text": None}, "INVALID_REQUEST"),
        ({**REPLY, "text": "多吃能治疗失眠"}, "INVALID_REQUEST"),
    ],
)
def test_what_cannot_be_decided_is_refused(shop: Shop, event: dict[str, Any], error: str) -> None:
    prepare(shop)

    assert shop.refused("admin_review_decide", event)["error"] == error


def test_two_who_decide_at_once_leave_a_rating_that_fits(
    shop: Shop, at_once: Callable[..., list[Any]]
) -> None:
    prepare(shop)

    replies = at_once(*[("admin_review_decide", event, "") for event in (HIDE, SHOW, HIDE, HIDE, SHOW)])

    assert {reply["code"] for reply in replies} <= {0, 40900}
    shop.ok("outbox_pump")
    shown = int(shop.one("product_reviews", REVIEW)["state"] == "shown")
    assert rating(shop) == {"count": shown, "sum": 4 * shown}


def test_a_decision_broken_off_anywhere_is_finished_by_the_same_call() -> None:
    def hide(shop: Shop) -> None:
        shop.call("admin_review_decide", HIDE)

    def verify(shop: Shop) -> None:
        assert rating(shop) == {"count": 0, "sum": 0}
        assert "ratingDueAt" not in shop.one("product_reviews", REVIEW)

    assert die_everywhere(prepare, hide, verify) == 4


def test_a_late_pump_does_not_forget_a_later_decision(shop: Shop) -> None:
    """The pump has read the review while it was shown; before it takes the mark away it was hidden."""
    prepare(shop, ratingDueAt=NOW)
    edit(shop, "products", "tofu", {"rating": {"count": 0, "sum": 0}})
    calls = 0

    def hide(_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            shop.adapter.before = lambda _: None
            edit(shop, "product_reviews", REVIEW, {"state": "hidden", "version": 1, "ratingDueAt": NOW + 1})

    shop.adapter.before = hide
    shop.call("admin_review_decide", {**SHOW, "part": "review"})
    shop.adapter.before = lambda _: None
    shop.ok("admin_review_decide", HIDE)

    assert rating(shop) == {"count": 0, "sum": 0}


def test_a_member_does_not_decide(shop: Shop) -> None:
    prepare(shop)

    assert shop.refused("admin_review_decide", HIDE, openid=A)["error"] == "FORBIDDEN"
