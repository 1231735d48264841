"""What may be written into a rule, what makes no sense, and how two versions differ."""

import re
from typing import Any

import pytest

from gardenshop.rules.policy import RULES
from gardenshop.rules.rulebook import RULE_ID, category_of, differences, problems_of, read, stored


@pytest.mark.parametrize("rule_id", [*RULES, "flag:shop_migrated", "experiment:home"])
def test_every_rule_may_be_written_and_says_nothing_by_itself(rule_id: str) -> None:
    variants = [{"name": "a", "shareBp": 1}, {"name": "b", "shareBp": 2}]
    body: dict[str, Any] = {"variants": variants} if rule_id == "experiment:home" else {}

    assert re.fullmatch(RULE_ID, rule_id)
    assert stored(read(rule_id, body)) == body
    assert problems_of(rule_id, read(rule_id, body), None) == []
    assert rule_id.startswith(category_of(rule_id))


@pytest.mark.parametrize(
    "rule_id", ["flags", "version", "experiment:", "flag:Big", "flag:a:b", "weather", "flag"]
)
def test_others_are_no_rules(rule_id: str) -> None:
    assert not re.fullmatch(RULE_ID, rule_id)


@pytest.mark.parametrize(
    ("rule_id", "body", "field"),
    [
        ("commission", {"capBp": 300}, "shareBp"),
        ("commission", {"recipeBp": 1001}, "recipeBp"),
        ("order", {"payMinutes": 4}, "payMinutes"),
        ("order", {"payMinutes": 1441}, "payMinutes"),
        ("recommend", {"weights": {"luck": 1}}, "weights.luck"),
        ("freight", {"regions": [{"provinces": ["海南省"] * 2, "firstFen": 1}]}, "regions"),
        (
            "experiment:x",
            {"variants": [{"name": "a", "shareBp": 1, "weights": {"luck": 1}}, {"name": "b", "shareBp": 1}]},
            "weights.luck",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_told(rule_id: str, body: dict[str, Any], field: str) -> None:
    assert [each.field for each in problems_of(rule_id, read(rule_id, body), None)] == [field]


def test_differences_are_told_by_path() -> None:
    before = {"a": 1, "b": {"c": 2, "d": [1, 2]}, "e": [{"f": 3}]}
    after = {"a": 1, "b": {"d": [1], "c": 2}, "e": [{"f": 3}, {"f": 4}], "g": {}}

    assert differences(before, before) == []
    assert [tuple(each) for each in differences(before, after)] == [
        ("b.d", [1, 2], [1]),
        ("e.1.f", None, 4),
        ("g", None, {}),
    ]
