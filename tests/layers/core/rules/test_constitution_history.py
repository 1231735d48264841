"""How results compare over time."""

from typing import Any

import pytest

from gardenshop.rules.constitution_history import Change, before, changes

Result = dict[str, Any]


def result(at: int, standard: str = "GB/T 46939—2025", **scores: int) -> Result:
    results = [{"code": code, "score": score, "verdict": "no"} for code, score in scores.items()]
    return {"results": results, "standard": standard, "at": at}


def test_the_last_result_by_the_same_standard_is_the_one_before() -> None:
    history = [result(1), result(2), result(3, "ZYYXH/T157—2009"), result(5)]

    assert before(result(5), history) == history[1]
    assert before(result(1), history) is None
    assert before(result(9, "ZYYXH/T157—2009"), history) == history[2]


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (50, "气虚质 50 分，比上次高 10 分"),
        (49, "气虚质 49 分，和上次差不多"),
        (31, "气虚质 31 分，和上次差不多"),
        (30, "气虚质 30 分，比上次低 10 分"),
    ],
)
def test_a_change_of_less_than_ten_points_is_none(now: int, text: str) -> None:
    (change,) = changes(result(2, qi_deficiency=now), result(1, qi_deficiency=40))

    assert change == Change("qi_deficiency", now, 40, text)
    assert change.difference == now - 40


def test_a_type_that_was_not_scored_before_is_not_compared() -> None:
    assert changes(result(2, qi_deficiency=40, damp_heat=30), result(1, damp_heat=30))[0].code == "damp_heat"
