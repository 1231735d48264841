"""constitution_assess: asked, saved with consent, scored; a reference and never a finding."""

from typing import Any

import pytest

from functions.builders import NOW, edit, user
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY
from gardenshop.rules.constitution import CODES, DISCLAIMER, questions
from harness import A, Shop, user_id

GRANTED = {"purpose": "health_data", "version": "1", "grantedAt": NOW - DAY}
STANDARD = "GB/T 46939—2025"


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    shop.add("users", user(consents=[GRANTED]))


def answers(value: int = 3, sex: Any = "female") -> dict[str, int]:
    return {each.id: value for each in questions("gbt46939", sex)}


def withdraw(shop: Shop) -> None:
    edit(shop, "users", user_id(A), {"consents": [{**GRANTED, "withdrawnAt": NOW}]})


def test_without_answers_the_questions_come(shop: Shop) -> None:
    before = shop.dump()

    asked = shop.ok("constitution_assess", {"sex": "female"}, openid=A)

    assert (asked["standard"], asked["stored"], asked["disclaimer"]) == (STANDARD, False, DISCLAIMER)
    assert [each["id"] for each in asked["questions"]] == list(answers())
    assert all(len(each["options"]) == 5 for each in asked["questions"])
    assert shop.dump() == before


def test_a_complete_form_is_scored_and_kept(shop: Shop) -> None:
    result = shop.ok("constitution_assess", {"sex": "female", "answers": answers()}, openid=A)

    assert shop.adapter.trips == 2
    assert [each["code"] for each in result["scores"]] == list(CODES)
    assert {each["score"] for each in result["scores"]} == {50}
    assert (result["stored"], result["questions"], result["history"]) == (True, [], [])
    assert result["cautions"]
    stored = shop.one("user_profiles_extended", user_id(A))
    assert stored["constitution"] == stored["history"][0]
    assert (stored["constitution"]["standard"], stored["constitution"]["at"]) == (STANDARD, NOW)
    assert (stored["sex"], "draft" in stored) == ("female", False)


def test_progress_is_kept_and_taken_up_again(shop: Shop) -> None:
    every = answers()
    first = dict(list(every.items())[:10])
    rest = dict(list(every.items())[10:])

    saved = shop.ok("constitution_assess", {"sex": "female", "answers": first}, openid=A)
    assert (saved["savedAnswers"], saved["stored"]) == (first, True)
    assert shop.ok("constitution_assess", openid=A)["savedAnswers"] == first

    done = shop.ok("constitution_assess", {"answers": rest}, openid=A)
    whole = shop.ok("constitution_assess", {"sex": "female", "answers": every, "store": False}, openid=A)
    assert (done["questions"], done["scores"]) == ([], whole["scores"])


def test_earlier_results_are_shown_and_fifty_are_kept(shop: Shop, clock: Clock) -> None:
    for _ in range(52):
        clock.now += DAY
        shop.ok("constitution_assess", {"sex": "male", "answers": answers(sex="male")}, openid=A)

    history = shop.ok("constitution_assess", openid=A)["history"]

    assert (len(history), history[-1]["at"], history[0]["at"]) == (50, clock.now, clock.now - 49 * DAY)


def test_without_consent_nothing_is_kept(shop: Shop) -> None:
    withdraw(shop)

    reply = shop.refused("constitution_assess", {"sex": "female", "answers": answers()}, openid=A)

    assert (reply["error"], reply["details"]) == ("CONFLICT", {"consent": "health_data"})


def test_without_consent_it_is_scored_and_forgotten(shop: Shop) -> None:
    withdraw(shop)
    before = shop.dump()

    event = {"sex": "female", "answers": answers(), "store": False}
    result = shop.ok("constitution_assess", event, openid=A)

    assert (len(result["scores"]), result["stored"]) == (9, False)
    assert shop.dump() == before


def test_without_storing_a_form_must_be_complete(shop: Shop) -> None:
    some = answers()
    left_out = some.popitem()[0]

    reply = shop.refused("constitution_assess", {"sex": "female", "answers": some, "store": False}, openid=A)

    assert reply["details"]["fields"] == [{"field": f"answers.{left_out}"}]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"z99": 3}, "answers.z99"),
        ({"g01": 0}, "answers.g01"),
        ({"g01": 6}, "answers.g01"),
        ({"g01": True}, "answers.g01"),
        ({"g01": "3"}, "answers.g01"),
        ({"g01": {"$ne": 1}}, "answers.g01"),
    ],
    ids=str,
)
def test_a_wrong_answer_is_refused_by_its_question(shop: Shop, wrong: dict[str, Any], field: str) -> None:
    reply = shop.refused("constitution_assess", {"answers": wrong}, openid=A)

    assert [each["field"] for each in reply["details"]["fields"]] == [field]


def test_nothing_is_called_a_diagnosis(shop: Shop) -> None:
    for value in (1, 3, 5):
        event = {"sex": "female", "answers": answers(value)}
        result = shop.ok("constitution_assess", event, openid=A)
        assert "参考" in result["summary"]
        assert "确诊" not in str(result)


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("constitution_assess")["error"] == "FORBIDDEN"
