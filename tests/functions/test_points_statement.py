"""points_statement: what may be spent, what lapses soon, and the history page by page."""

from typing import Any, get_args

import pytest

from functions.builders import NOW, lot, pages, user
from gardenshop.cloud.clock import DAY
from gardenshop.models.points import PointsEntry
from harness import A, B, Shop, function


@pytest.fixture(autouse=True)
def _time(clock: object) -> None:
    del clock


def fill(shop: Shop, *rows: dict[str, Any], available: int = 0) -> None:
    shop.add(
        "users", user(points={"garden": {"available": available, "pending": 3}, "shop": {"reserved": 2}})
    )
    for row in rows:
        shop.add("points_ledger", row)


def test_both_books_and_the_history_of_one(shop: Shop) -> None:
    fill(shop, lot("award:1", 40, note="感谢反馈"), available=40)

    empty = {"available": 0, "pending": 0, "reserved": 0, "debt": 0, "expiringSoon": 0}
    assert shop.ok("points_statement", openid=A) == {
        "garden": {
            **empty,
            "available": 40,
            "pending": 3,
            "nextExpiry": {"points": 40, "at": NOW + 365 * DAY},
        },
        "shop": {**empty, "reserved": 2},
        "entries": [
            {
                "entryId": "award:1",
                "delta": 40,
                "kind": "award",
                "label": "平台赠送",
                "note": "感谢反馈",
                "refId": "first",
                "pending": False,
                "expiresAt": NOW + 365 * DAY,
                "at": NOW - DAY,
            }
        ],
    }
    assert shop.adapter.trips == 1


def test_what_lapses_within_thirty_days_is_said(shop: Shop) -> None:
    fill(
        shop,
        lot("award:now", 1, lot={"left": 1, "expiresAt": NOW + 1}),
        lot("award:soon", 5, lot={"left": 5, "expiresAt": NOW + 30 * DAY}),
        lot("award:later", 9, lot={"left": 9, "expiresAt": NOW + 30 * DAY + 1}),
        available=15,
    )

    assert shop.ok("points_statement", openid=A)["garden"]["expiringSoon"] == 6


def test_what_has_lapsed_is_not_available(shop: Shop) -> None:
    lapsed = lot("award:old", 7, lot={"left": 7, "expiresAt": NOW})
    fill(shop, lapsed, lot("award:new", 9), available=16)

    garden = shop.ok("points_statement", openid=A)["garden"]

    assert (garden["available"], garden["expiringSoon"]) == (9, 0)


def test_what_lapses_next_is_said_book_by_book(shop: Shop) -> None:
    next_at = NOW + 2 * DAY
    fill(
        shop,
        lot("award:over", 9, lot={"left": 9, "expiresAt": NOW}),
        lot("award:spent", 9, lot={"left": 0, "expiresAt": NOW + DAY}),
        lot("award:one", 3, lot={"left": 3, "expiresAt": next_at}),
        lot("award:two", 4, lot={"left": 4, "expiresAt": next_at}),
        lot("award:later", 5, lot={"left": 5, "expiresAt": NOW + 3 * DAY}),
        lot("award:other", 6, openid=B, lot={"left": 6, "expiresAt": NOW + 1}),
        lot("award:shop", 8, book="shop", lot={"left": 8, "expiresAt": NOW + 90 * DAY}),
        available=21,
    )

    statement = shop.ok("points_statement", openid=A)

    assert statement["garden"]["nextExpiry"] == {"points": 7, "at": next_at}
    assert statement["shop"]["nextExpiry"] == {"points": 8, "at": NOW + 90 * DAY}


def test_the_history_comes_page_by_page_newest_first(shop: Shop) -> None:
    fill(shop, *(lot(f"award:{i}", 1, createdAt=NOW - i // 2) for i in range(5)), available=5)

    shown = pages(shop, "points_statement", {"limit": 2})
    seen = [entry["entryId"] for page in shown for entry in page["entries"]]

    assert seen == ["award:1", "award:0", "award:3", "award:2", "award:4"]


def test_a_refused_row_is_not_shown(shop: Shop) -> None:
    fill(shop, lot("award:1", 40, state="refused"))

    assert shop.ok("points_statement", openid=A)["entries"] == []


def test_another_members_points_are_not_shown(shop: Shop) -> None:
    fill(shop, lot("award:1", 40), available=40)

    statement = shop.ok("points_statement", openid=B)

    assert (statement["garden"]["available"], statement["entries"]) == (0, [])


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("points_statement")["error"] == "FORBIDDEN"


def test_every_kind_of_entry_has_a_name_for_people() -> None:
    kinds = PointsEntry.model_fields["kind"].annotation

    assert set(function("points_statement").KINDS) == set(get_args(kinds))
