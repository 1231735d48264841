"""Quizzes, days in a row, and the quote of the day."""

from typing import Any

import pytest

from gardenshop.rules.learning import day_before, mark, quote_of_day, streak

QUIZ = [{"answer": 1}, {"answer": 0}, {"answer": 2}]


@pytest.mark.parametrize(
    ("answers", "marked"),
    [
        ((1, 0, 2), ((True, True, True), 10_000, True)),
        ((1, 0, 0), ((True, True, False), 6666, True)),
        ((0, 0, 0), ((False, True, False), 3333, False)),
    ],
)
def test_a_quiz_is_passed_at_its_share_of_right_answers(
    answers: tuple[int, ...], marked: tuple[Any, ...]
) -> None:
    assert mark(QUIZ, answers, 6000) == marked


def test_a_lesson_without_a_quiz_is_passed_by_reading_it() -> None:
    assert mark([], [], 6000) == ((), 10_000, True)


def test_the_day_before_the_first_is_the_last_of_the_month_before() -> None:
    assert [day_before(day) for day in ("2024-03-01", "2026-01-01")] == ["2024-02-29", "2025-12-31"]


@pytest.mark.parametrize(("day", "days"), [("2026-11-23", 4), ("2026-11-24", 4), ("2026-11-25", 0)])
def test_a_streak_lasts_until_a_day_is_left_out(day: str, days: int) -> None:
    assert streak({"lastDay": "2026-11-23", "streak": 4}, day) == days


def test_who_has_not_begun_has_no_streak_and_where_no_quotes_are_there_is_none() -> None:
    assert (streak({}, "2026-11-23"), quote_of_day([], "u1", "2026-11-23")) == (0, None)


def test_a_quote_that_is_not_the_one_may_come_and_go() -> None:
    quotes = [{"_id": f"q{number}"} for number in range(30)]
    chosen = quote_of_day(quotes, "u1", "2026-11-23")

    assert all(
        quote_of_day([each for each in quotes if each in (chosen, other)], "u1", "2026-11-23") == chosen
        for other in quotes
    )
