"""constitution_assess: asked, saved with consent, scored; a reference and never a finding."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import NOW, document, edit, user
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


def answers(value: int = 3, sex: Any = "female", form: Any = "gbt46939") -> dict[str, int]:
    return {each.id: value for each in questions(form, sex)}


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


def test_the_long_form_is_a_standard_of_its_own(shop: Shop) -> None:
    event = {"form": "t157", "sex": "male", "answers": answers(form="t157", sex="male")}

    result = shop.ok("constitution_assess", event, openid=A)

    assert (result["standard"], len(result["scores"])) == ("ZYYXH/T157—2009", 9)
    assert shop.one("user_profiles_extended", user_id(A))["constitution"]["standard"] == "ZYYXH/T157—2009"


@pytest.mark.parametrize("born", [None, 1962, 2000])
def test_the_form_for_elders_is_not_for_the_young(shop: Shop, born: int | None) -> None:
    if born:
        shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), birthYear=born))

    reply = shop.refused("constitution_assess", {"form": "elder33"}, openid=A)

    assert (reply["error"], reply["details"]) == ("FORM_NOT_FOR_AGE", {"age": 65})


def test_the_form_for_elders_is_theirs_who_ask_for_it(shop: Shop) -> None:
    shop.ok("profile_update", {"birthYear": 1961}, openid=A)

    assert shop.ok("constitution_assess", openid=A)["standard"] == STANDARD
    assert len(shop.ok("constitution_assess", {"form": "elder33"}, openid=A)["questions"]) == 33
    event = {"form": "elder33", "answers": answers(2, form="elder33", sex=None)}
    assert len(shop.ok("constitution_assess", event, openid=A)["scores"]) == 9


def test_results_are_compared_over_time_type_by_type(shop: Shop, clock: Clock) -> None:
    first = answers(2)
    shop.ok("constitution_assess", {"sex": "female", "answers": first}, openid=A)
    clock.now += DAY
    cold = {**first, "g07": 3, "g08": 3}

    result = shop.ok("constitution_assess", {"answers": cold}, openid=A)

    assert result["comparedWith"] == NOW
    by_code = {each["code"]: each for each in result["changes"]}
    assert list(by_code) == list(CODES)
    assert by_code["yang_deficiency"] == {
        "code": "yang_deficiency",
        "name": "阳虚质",
        "now": 42,
        "before": 25,
        "difference": 17,
        "text": "阳虚质 42 分，比上次高 17 分",
    }
    assert by_code["yin_deficiency"]["text"] == "阴虚质 25 分，和上次差不多"
    asked = shop.ok("constitution_assess", openid=A)
    assert (asked["changes"], asked["comparedWith"]) == (result["changes"], NOW)


def test_results_by_different_standards_are_not_compared(shop: Shop, clock: Clock) -> None:
    shop.ok("constitution_assess", {"sex": "female", "answers": answers(2)}, openid=A)
    clock.now += DAY
    event = {"form": "t157", "answers": answers(2, form="t157")}

    result = shop.ok("constitution_assess", event, openid=A)

    assert (result["changes"], "comparedWith" in result, len(result["history"])) == ([], False, 1)


def test_what_is_stored_is_deleted_when_asked_for(shop: Shop) -> None:
    shop.ok("constitution_assess", {"sex": "female", "answers": answers()}, openid=A)
    shop.ok("constitution_assess", {"answers": {"g01": 2}}, openid=A)

    gone = shop.ok("constitution_assess", {"action": "delete"}, openid=A)

    assert (gone["history"], gone["savedAnswers"], gone["stored"]) == ([], {}, False)
    stored = shop.one("user_profiles_extended", user_id(A))
    assert stored.keys() & {"constitution", "history", "draft"} == set()
    assert shop.ok("constitution_assess", openid=A)["history"] == []


@pytest.mark.parametrize("profile", [True, False], ids=["with a profile", "without"])
def test_a_result_on_its_way_is_not_stored_after_the_consent_is_gone(shop: Shop, *, profile: bool) -> None:
    if profile:
        shop.ok("profile_update", {"sex": "female"}, openid=A)
    consent = {"purpose": "health_data", "version": "1", "granted": False}

    def withdraw_now(commands: Any) -> None:
        if "update" in commands[0]:
            shop.adapter.before = lambda _: None
            shop.call("profile_update", {"consent": consent}, openid=A)

    shop.adapter.before = withdraw_now
    reply = shop.call("constitution_assess", {"sex": "female", "answers": answers()}, openid=A)

    assert reply["error"] == "BUSY"
    assert "constitution" not in shop.one("user_profiles_extended", user_id(A))


class Interrupted:
    """An adapter that runs commands one by one, with *act* before the first that *starts* it."""

    def __init__(self, inner: Any, starts: Callable[[Any], bool], act: Callable[[], Any]) -> None:
        self.inner, self.starts, self.act = inner, starts, act

    def run(self, commands: Any) -> Any:
        replies = []
        for command in commands:
            if self.starts(command):
                self.starts = lambda _: False
                self.act()
            replies += self.inner.run([command])
        return replies


def test_a_result_stored_while_the_consent_is_being_withdrawn_does_not_stay(shop: Shop) -> None:
    sound, answered = shop.adapter.inner, {"sex": "female", "answers": answers()}
    replies: list[Any] = []
    shop.adapter.inner = Interrupted(
        sound,
        lambda command: command.get("update") == "users",
        lambda: replies.append(shop.call("constitution_assess", answered, openid=A)),
    )

    consent = {"purpose": "health_data", "version": "1", "granted": False}
    shop.ok("profile_update", {"consent": consent}, openid=A)

    shop.adapter.inner = sound
    assert replies[0]["data"]["stored"]
    assert "constitution" not in shop.one("user_profiles_extended", user_id(A))


def test_nothing_is_called_a_diagnosis(shop: Shop) -> None:
    for value in (1, 3, 5):
        event = {"sex": "female", "answers": answers(value)}
        result = shop.ok("constitution_assess", event, openid=A)
        assert "参考" in result["summary"]
        assert not [word for word in ("诊断", "确诊", "治疗") if word in str(result)]


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("constitution_assess")["error"] == "FORBIDDEN"
