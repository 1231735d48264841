"""lesson_complete: who passes is rewarded once, whatever breaks off, and may always try again."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    NOW,
    assert_lawful,
    die_everywhere,
    document,
    edit,
    lesson,
    question,
    rule,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, MINUTE
from harness import A, B, Shop, user_id

LESSON = "lesson:five-pungent"
KEY = f"earn:lesson:{user_id(A)}:{LESSON}"
RIGHT = {"lessonId": LESSON, "answers": [1, 0, 2]}
WRONG = {"lessonId": LESSON, "answers": [0, 0, 0]}
NEARLY = {"lessonId": LESSON, "answers": [1, 0, 0]}


def prepare(shop: Shop) -> None:
    shop.add("tcm_wisdom", lesson(quiz=[question(1), question(0), question(2)]))
    shop.add("tcm_wisdom", lesson("to-read", quiz=[], points=0))
    shop.add("users", user(A))


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def points(shop: Shop) -> int:
    balance: int = shop.one("users", user_id(A)).get("points", {}).get("garden", {}).get("available", 0)
    return balance


def progress(shop: Shop) -> dict[str, Any]:
    kept: dict[str, Any] = shop.one("user_profiles_extended", user_id(A))["learning"]
    return kept


def test_a_passed_lesson_is_rewarded_and_kept(shop: Shop) -> None:
    passed = shop.ok("lesson_complete", RIGHT, openid=A)

    answers = [{"right": True, "answer": answer, "explanation": "姜不在其列。"} for answer in (1, 0, 2)]
    assert passed == {
        "lessonId": LESSON,
        "scoreBp": 10_000,
        "bestBp": 10_000,
        "passed": True,
        "answers": answers,
        "points": 15,
        "limited": False,
        "repeated": False,
        "streakDays": 1,
    }
    assert shop.adapter.trips == 4
    kept = {"lessonId": LESSON, "at": NOW, "scoreBp": 10_000}
    assert progress(shop) == {"completed": [kept], "lastDay": "2026-11-23", "streak": 1}
    row = shop.one("points_ledger", KEY)
    assert (row["state"], row["kind"], row["delta"]) == ("final", "lesson", 15)
    assert (row["ref"], row["note"]) == (
        {"type": "lesson", "id": f"{LESSON}:10000"},
        "完成课程《five-pungent》",
    )
    assert points(shop) == 15
    assert_lawful(shop)


def test_who_fails_learns_what_was_wrong_and_nothing_more(shop: Shop) -> None:
    before = shop.dump()

    failed = shop.ok("lesson_complete", WRONG, openid=A)

    assert (failed["passed"], failed["scoreBp"], failed["points"]) == (False, 3333, 0)
    assert failed["answers"] == [{"right": False}, {"right": True}, {"right": False}]
    assert "bestBp" not in failed
    assert (shop.dump(), shop.adapter.trips) == (before, 1)

    assert shop.ok("lesson_complete", RIGHT, openid=A)["points"] == 15


def test_passing_again_is_not_rewarded_again_but_the_best_score_counts(shop: Shop) -> None:
    for event, best in ((NEARLY, 6666), (RIGHT, 10_000), (NEARLY, 10_000)):
        assert shop.ok("lesson_complete", event, openid=A)["bestBp"] == best

    again = shop.ok("lesson_complete", RIGHT, openid=A)
    assert (again["points"], again["repeated"], points(shop)) == (15, True, 15)
    assert [each["scoreBp"] for each in progress(shop)["completed"]] == [10_000]
    assert_lawful(shop)


def test_a_lesson_without_a_quiz_or_reward_is_kept_all_the_same(shop: Shop) -> None:
    read = shop.ok("lesson_complete", {"lessonId": "lesson:to-read"}, openid=A)

    assert (read["passed"], read["scoreBp"], read["points"]) == (True, 10_000, 0)
    assert [each["lessonId"] for each in progress(shop)["completed"]] == ["lesson:to-read"]
    assert shop.documents("points_ledger") == []


def test_the_pass_mark_is_a_rule(shop: Shop) -> None:
    shop.add("business_rules", rule("learning", {"passBp": 3333}, category="garden"))

    assert shop.ok("lesson_complete", WRONG, openid=A)["passed"] is True


def test_days_in_a_row_are_counted_once_each_and_end_with_a_day_left_out(shop: Shop, clock: Clock) -> None:
    seen = []
    for day in (0, 0, 1, 2, 4):
        clock.now = NOW + day * DAY
        seen.append(shop.ok("lesson_complete", RIGHT, openid=A)["streakDays"])

    assert seen == [1, 1, 2, 3, 1]


def test_who_fails_today_still_sees_yesterdays_streak(shop: Shop, clock: Clock) -> None:
    shop.ok("lesson_complete", RIGHT, openid=A)

    for day, streak in ((1, 1), (2, 0)):
        clock.now = NOW + day * DAY
        assert shop.ok("lesson_complete", WRONG, openid=A)["streakDays"] == streak


def test_a_day_that_allows_no_more_keeps_the_lesson_and_another_day_rewards_it(
    shop: Shop, clock: Clock
) -> None:
    shop.add("tcm_wisdom", lesson("other", points=15))
    shop.add("business_rules", rule("points", {"lessonDaily": 20}))
    other = {"lessonId": "lesson:other", "answers": [1]}
    assert shop.ok("lesson_complete", RIGHT, openid=A)["points"] == 15

    first = shop.ok("lesson_complete", other, openid=A)

    assert (first["points"], first["limited"], first["passed"], points(shop)) == (0, True, True, 15)
    assert [each["lessonId"] for each in progress(shop)["completed"]] == [LESSON, "lesson:other"]
    assert_lawful(shop)
    clock.now += DAY
    second = shop.ok("lesson_complete", other, openid=A)
    assert (second["points"], second["limited"], second["repeated"], points(shop)) == (15, False, False, 30)
    assert shop.one("users", user_id(A))["points"]["today"]["lesson"] == 15
    assert_lawful(shop)


def test_lessons_at_once_earn_no_more_than_the_day_allows(
    shop: Shop, at_once: Callable[..., list[Any]]
) -> None:
    shop.add("business_rules", rule("points", {"lessonDaily": 20}))
    keys = [f"l{number}" for number in range(5)]
    for key in keys:
        shop.add("tcm_wisdom", lesson(key, points=10))

    at_once(*(("lesson_complete", {"lessonId": f"lesson:{key}", "answers": [1]}, A) for key in keys))

    assert 0 < points(shop) <= 20
    assert_lawful(shop)


def test_a_reward_is_never_more_than_a_whole_day_allows(shop: Shop) -> None:
    shop.add("tcm_wisdom", lesson("rich", points=5000))

    assert shop.ok("lesson_complete", {"lessonId": "lesson:rich", "answers": [1]}, openid=A)["points"] == 100


def test_passing_at_once_is_rewarded_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("lesson_complete", RIGHT, A), ("lesson_complete", NEARLY, A)] * 3)

    assert {reply["code"] for reply in replies} <= {0, 50301}
    assert (points(shop), [each["scoreBp"] for each in progress(shop)["completed"]]) == (15, [10_000])
    assert progress(shop)["streak"] == 1
    assert_lawful(shop)


@pytest.mark.parametrize("again", [True, False], ids=["sent again", "left to the pump"])
def test_a_passing_broken_off_anywhere_is_rewarded_and_kept_once(clock: Clock, *, again: bool) -> None:
    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        begun = bool(shop.documents("points_ledger"))
        assert points(shop) == (15 if begun else 0)
        kept = {"lessonId": LESSON, "at": NOW, "scoreBp": 10_000}
        profiles = shop.documents("user_profiles_extended")
        assert [each["learning"]["completed"] for each in profiles] == ([[kept]] if begun else [])
        assert begun or not again

    writes = die_everywhere(
        prepare, lambda shop: shop.call("lesson_complete", RIGHT, openid=A), verify, again=again
    )
    assert writes >= 8


def test_a_passing_broken_off_is_ended_at_its_own_score_and_the_better_one_kept(shop: Shop) -> None:
    shop.ok("lesson_complete", NEARLY, openid=A)
    edit(shop, "points_ledger", KEY, {"state": "pending"})
    edit(shop, "user_profiles_extended", user_id(A), {"learning": {}})

    assert shop.ok("lesson_complete", RIGHT, openid=A)["bestBp"] == 10_000

    assert (points(shop), shop.one("points_ledger", KEY)["state"]) == (15, "final")


def test_what_her_progress_holds_of_other_lessons_stays(shop: Shop) -> None:
    other = {"lessonId": "lesson:other", "at": NOW - DAY, "scoreBp": 7000}
    learning = {"completed": [other], "lastDay": "2026-11-22", "streak": 4}
    shop.add(
        "user_profiles_extended",
        document("user_profiles_extended", id=user_id(A), avoid=["egg"], learning=learning),
    )

    assert shop.ok("lesson_complete", RIGHT, openid=A)["streakDays"] == 5

    assert progress(shop)["completed"][0] == other
    assert shop.one("user_profiles_extended", user_id(A))["avoid"] == ["egg"]


def test_a_member_who_is_asked_too_soon_is_told_to_log_in(shop: Shop) -> None:
    reply = shop.refused("lesson_complete", RIGHT, openid=B)

    assert (reply["code"], reply["message"]) == (40400, "请先登录")


@pytest.mark.parametrize("change", [{"status": "draft"}, {"kind": "quote"}], ids=str)
def test_what_is_no_lesson_is_not_found(shop: Shop, change: dict[str, Any]) -> None:
    edit(shop, "tcm_wisdom", LESSON, change)

    assert shop.refused("lesson_complete", RIGHT, openid=A)["message"] == "没有这门课程"


@pytest.mark.parametrize("answers", [[], [1, 0], [1, 0, 2, 0]], ids=str)
def test_each_question_needs_one_answer(shop: Shop, answers: list[int]) -> None:
    reply = shop.refused("lesson_complete", {"lessonId": LESSON, "answers": answers}, openid=A)

    assert reply["details"]["fields"] == [{"field": "answers", "problem": "3 needed"}]


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("lesson_complete")["error"] == "FORBIDDEN"
