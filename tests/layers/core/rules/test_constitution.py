"""Constitution questionnaires: vectors of the standards, and what must hold for any answers."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules import constitution
from gardenshop.rules.constitution import AnswersError, Form, Sex, TypeScore, questions, score, unanswered

VECTORS = Path(__file__).parents[5] / "shared/domain-data/constitution_test_vectors.json"
FORMS: tuple[Form, ...] = get_args(Form)
BALANCED = {"是": "yes", "基本是": "tendency", "否": "no"}
BIASED = {"是": "yes", "倾向是": "tendency", "否": "no"}

forms = st.sampled_from(FORMS)
sexes: st.SearchStrategy[Sex | None] = st.sampled_from(["female", "male", None])


def filled(form: Form, sex: Sex | None = "female", value: int = 1, **changed: int) -> dict[str, int]:
    """Return the answers of one who chose *value* everywhere but in *changed*."""
    return {question.id: value for question in questions(form, sex)} | changed


@st.composite
def sheets(draw: st.DrawFn) -> tuple[dict[str, int], Sex | None, Form]:
    form, sex = draw(forms), draw(sexes)
    return {item.id: draw(st.integers(1, 5)) for item in questions(form, sex)}, sex, form


def vectors(form: str) -> list[dict[str, Any]]:
    if not VECTORS.exists():
        pytest.skip("the vectors of the workplace are absent")
    found: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))[form]
    assert found
    return found


def expected_verdict(code: str, label: str) -> str:
    return BALANCED[label] if code == "balanced" else BIASED[label]


@pytest.mark.parametrize("form", ["gbt46939", "t157"])
def test_every_vector_of_the_standards_is_met(form: Form) -> None:
    for vector in vectors(form):
        outcome = score(vector["answers"], vector["sex"], form)
        for found in outcome.scores:
            wanted = vector["expected"][found.code]
            assert (found.raw, found.items) == (wanted["raw"], wanted["items"]), vector["name"]
            assert found.hundredths == pytest.approx(wanted["converted"] * 100, abs=1.01), vector["name"]
            assert found.verdict == expected_verdict(found.code, wanted["verdict"]), vector["name"]
        names = constitution.NAMES
        assert {names[code] for code in outcome.confirmed} == set(vector["confirmed"])
        assert {names[code] for code in outcome.tendencies} == set(vector["tendency"])
        assert outcome.balanced == BALANCED[vector["balanced"]]


def test_every_vector_of_the_elder_form_is_met() -> None:
    for vector in vectors("elder33"):
        answers = {f"e{int(number):02}": answer for number, answer in vector["answers"].items()}
        for found in score(answers, None, "elder33").scores:
            wanted = vector["expected"][found.code]
            assert found.raw == wanted["score"], vector["name"]
            assert found.verdict == expected_verdict(found.code, wanted["verdict"]), vector["name"]


def test_the_official_examples_of_t157_are_met() -> None:
    for vector in vectors("score_level_official_examples"):
        converted, expect = vector["converted"], vector["expect"]
        biased = tuple(
            constitution._biased_score(code, converted[code] + 25, 25) for code in constitution.CODES[1:]
        )
        balanced = constitution._balanced_score(converted["balanced"] + 25, 25, biased)
        assert balanced.verdict == BALANCED[expect["balanced"]]
        assert [constitution.NAMES[each.code] for each in biased if each.verdict == "yes"] == expect[
            "confirmed"
        ]
        assert [constitution.NAMES[each.code] for each in biased if each.verdict == "tendency"] == expect[
            "tendency"
        ]


OWN_VECTORS = {
    ("gbt46939", 1): (16, 75, 0),
    ("gbt46939", 2): (14, 63, 25),
    ("gbt46939", 3): (12, 50, 50),
    ("gbt46939", 4): (10, 38, 75),
    ("gbt46939", 5): (8, 25, 100),
    ("t157", 1): (32, 75, 0),
    ("t157", 2): (28, 63, 25),
    ("t157", 3): (24, 50, 50),
    ("t157", 4): (20, 38, 75),
    ("t157", 5): (16, 25, 100),
    ("elder33", 1): (21, 80, 0),
    ("elder33", 2): (18, 65, 25),
    ("elder33", 3): (15, 50, 50),
    ("elder33", 4): (12, 35, 75),
    ("elder33", 5): (9, 20, 100),
}
"""By form and the answer given everywhere: raw and converted score of balance, converted of all others."""


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize(("form", "value"), OWN_VECTORS)
def test_the_same_answer_everywhere_scores_as_reckoned_by_hand(form: Form, value: int, sex: Sex) -> None:
    balanced, *biased = score(filled(form, sex, value), sex, form).scores
    assert (balanced.raw, balanced.score, {each.score for each in biased}) == (
        OWN_VECTORS[form, value][0],
        OWN_VECTORS[form, value][1],
        {OWN_VECTORS[form, value][2]},
    )
    assert balanced.verdict == ("yes" if value < 3 else "no")
    assert {each.verdict for each in biased} == {"no" if value < 3 else "yes"}


@pytest.mark.parametrize(
    ("form", "sex", "count"),
    [
        ("gbt46939", "female", 26),
        ("gbt46939", "male", 26),
        ("gbt46939", None, 25),
        ("t157", "female", 60),
        ("t157", None, 59),
        ("elder33", None, 33),
    ],
)
def test_a_person_gets_the_items_of_the_form_and_of_her_sex(form: Form, sex: Sex | None, count: int) -> None:
    assert len(questions(form, sex)) == count
    assert len({item.id for item in questions(form, sex)}) == count


def test_the_national_form_scores_29_slots() -> None:
    assert [found.items for found in score(filled("gbt46939"), "female").scores] == [
        4,
        3,
        3,
        3,
        3,
        3,
        3,
        3,
        4,
    ]
    long = score(filled("t157"), "female", "t157")
    assert [found.items for found in long.scores] == [8, 8, 7, 8, 8, 6, 7, 7, 7]


def test_a_question_has_our_words_and_five_options() -> None:
    first = questions()[0]
    assert first.id == "g01"
    assert first.options == ("没有", "很少", "有时", "经常", "总是")
    assert questions("elder33")[27].options[0] == "小于80厘米"


def test_several_types_hold_at_once_highest_first() -> None:
    outcome = score(filled("gbt46939", g09=5, g10=5, g11=5, g15=4, g16=4, g18=3, g19=2, g20=2), "female")
    assert outcome.confirmed == ("yin_deficiency", "damp_heat")
    assert outcome.tendencies == ("blood_stasis",)
    assert (outcome.balanced, outcome.primary) == ("no", "yin_deficiency")
    assert outcome.summary == "参考GB/T 46939—2025，您的作答符合阴虚质、湿热质的特征，有血瘀质的倾向。"


def test_a_tendency_makes_a_balanced_result_only_basically_so() -> None:
    outcome = score(filled("gbt46939", g01=5, g23=3, g24=3, g25=3), "female")
    assert outcome.tendencies == ("special_diathesis",)
    assert (outcome.balanced, outcome.primary) == ("tendency", "balanced")
    assert outcome.summary == "参考GB/T 46939—2025，您的作答基本符合平和质的特征，有特禀质的倾向。"


def test_no_verdict_at_all_is_explained() -> None:
    outcome = score(filled("gbt46939", g02=2, g03=2, g04=2), "female")
    assert [found.verdict for found in outcome.scores] == ["no"] * 9
    assert outcome.scores[0].hundredths == 5625
    assert outcome.primary is None
    assert "未见明显偏颇" in outcome.summary


def test_a_lone_tendency_without_balance_is_the_one_to_speak_of() -> None:
    outcome = score(filled("gbt46939", g02=3, g03=2, g04=2, g05=2, g06=2), "female")
    assert (outcome.balanced, outcome.confirmed, outcome.tendencies) == ("no", (), ("qi_deficiency",))
    assert outcome.primary == "qi_deficiency"
    assert outcome.summary == "参考GB/T 46939—2025，您的作答有气虚质的倾向。"


def test_39_29_points_are_a_tendency() -> None:
    assert constitution._biased_score("yang_deficiency", 18, 7) == TypeScore(
        "yang_deficiency", 18, 7, "tendency"
    )
    assert TypeScore("yang_deficiency", 18, 7, "tendency").hundredths == 3929


@pytest.mark.parametrize(("raw", "verdict"), [(8, "no"), (9, "tendency"), (10, "tendency"), (11, "yes")])
def test_the_elder_limits_are_those_it_prints(raw: int, verdict: str) -> None:
    assert constitution._biased_score("damp_heat", raw, 4).verdict == verdict
    quiet = (constitution._biased_score("damp_heat", 8, 4),)
    assert constitution._balanced_score(16, 5, quiet).verdict == "no"
    assert constitution._balanced_score(17, 5, quiet).verdict == "yes"


def test_the_same_answer_everywhere_is_cautioned() -> None:
    assert score(filled("gbt46939", value=3), "female").cautions == ("straight_line",)
    assert score(filled("gbt46939", value=3, g26=2), "female").cautions == ()


def test_without_a_sex_damp_heat_counts_the_rest_and_says_so() -> None:
    outcome = score(filled("gbt46939", None, g15=3, g16=3), None)
    assert outcome.scores[5] == TypeScore("damp_heat", 6, 2, "yes")
    assert outcome.cautions == ("sex_not_given",)
    assert score(filled("elder33", None, e01=5), None, "elder33").cautions == ()


def test_an_incomplete_or_wrong_sheet_is_refused_by_item() -> None:
    answers = filled("gbt46939", g17m=1, g20=6, g21=0)
    del answers["g05"]
    with pytest.raises(AnswersError) as refused:
        score(answers, "female")
    assert refused.value.missing == ("g05",)
    assert refused.value.unknown == ("g17m",)
    assert refused.value.outside == ("g20", "g21")


def test_a_saved_draft_may_be_incomplete_but_not_wrong() -> None:
    draft = {"g01": 4, "g02": 2}
    constitution.check(draft, "male")
    assert unanswered(draft, "male")[:2] == ("g03", "g04")
    assert len(unanswered(draft, "male")) == 24
    with pytest.raises(AnswersError):
        constitution.check({"g01": 4, "$ne": 1}, "male")


@given(sheets(), st.data())
def test_more_of_a_complaint_never_lowers_its_types(
    sheet: tuple[dict[str, int], Sex | None, Form], data: st.DataObject
) -> None:
    answers, sex, form = sheet
    item = data.draw(st.sampled_from(sorted(answers)))
    more = answers | {item: min(5, answers[item] + 1)}
    before, after = score(answers, sex, form), score(more, sex, form)
    for old, new in zip(before.scores[1:], after.scores[1:], strict=True):
        assert new.raw >= old.raw
        assert ["no", "tendency", "yes"].index(new.verdict) >= ["no", "tendency", "yes"].index(old.verdict)


@given(sheets(), st.data())
def test_more_of_a_complaint_never_raises_balance(
    sheet: tuple[dict[str, int], Sex | None, Form], data: st.DataObject
) -> None:
    answers, sex, form = sheet
    rows = {item["id"]: item["counts"] for item in constitution._items(form, sex)}
    item = data.draw(st.sampled_from(sorted(rows)))
    if answers[item] < 5 and "balanced" not in rows[item]:
        before, after = (
            score(each, sex, form).scores[0] for each in (answers, answers | {item: answers[item] + 1})
        )
        assert after.raw == before.raw - rows[item].count("-balanced")
        assert ["no", "tendency", "yes"].index(after.verdict) <= ["no", "tendency", "yes"].index(
            before.verdict
        )


@pytest.mark.parametrize("form", FORMS)
def test_every_reachable_score_rises_with_its_sum(form: Form) -> None:
    for found in score(filled(form), "female", form).scores:
        reachable = [
            TypeScore(found.code, raw, found.items, "no") for raw in range(found.items, 5 * found.items + 1)
        ]
        assert (reachable[0].hundredths, reachable[-1].hundredths) == (0, 10_000)
        assert all(low.hundredths < high.hundredths for low, high in pairwise(reachable))


@given(sheets())
def test_a_reversed_item_counts_against_balance_exactly_as_it_counts_for_its_type(
    sheet: tuple[dict[str, int], Sex | None, Form],
) -> None:
    answers, sex, form = sheet
    rows = [item for item in constitution._items(form, sex) if "-balanced" in item["counts"]]
    fewer = answers | {row["id"]: 6 - answers[row["id"]] for row in rows}
    change = score(fewer, sex, form).scores[0].raw - score(answers, sex, form).scores[0].raw
    assert change == sum(2 * answers[row["id"]] - 6 for row in rows)


@given(sheets())
def test_balance_and_bias_never_hold_together(sheet: tuple[dict[str, int], Sex | None, Form]) -> None:
    outcome = score(*sheet)
    assert outcome.balanced == "no" or not outcome.confirmed
    assert outcome.balanced != "yes" or not outcome.tendencies
    assert outcome.balanced != "tendency" or outcome.tendencies
    assert [found.code for found in outcome.scores] == list(constitution.CODES)


@pytest.mark.parametrize("items", [2, 3, 4, 5, 6, 7, 8])
def test_every_reachable_score_keeps_its_verdict_when_rounded(items: int) -> None:
    for raw in range(items, 5 * items + 1):
        exact = (raw - items) / (4 * items) * 100
        found = constitution._biased_score("damp_heat", raw, items)
        assert found.verdict == ("yes" if exact >= 40 else "tendency" if exact >= 30 else "no")
        assert found.verdict == ("yes" if found.score >= 40 else "tendency" if found.score >= 30 else "no")
        assert abs(found.hundredths - exact * 100) <= 0.5


def test_the_texts_claim_nothing_medical() -> None:
    texts = [item.text for form in FORMS for sex in ("female", "male") for item in questions(form, sex)]
    texts += [constitution.DISCLAIMER, *constitution.CAUTIONS.values()]
    texts += [
        score(filled(form, value=value), "female", form).summary for form in FORMS for value in range(1, 6)
    ]
    assert not [text for text in texts if re.search("诊断|治疗|疾病|患者", text)]
