"""Live rules override the defaults field by field and name themselves."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gardenshop.models.base import RulesVersion
from gardenshop.rules.policy import RULES, Policy, policy_of


def rule(rule_id: str, version: int, **body: Any) -> dict[str, Any]:
    return {"_id": f"{rule_id}:{version}", "ruleId": rule_id, "version": version, "body": body}


def test_without_rules_the_defaults_hold() -> None:
    policy = policy_of([])

    assert policy == Policy()
    assert policy.version == ""
    assert (policy.order.pay_minutes, policy.points.garden_per_kg, policy.freight.free_from_fen) == (
        30,
        10,
        9900,
    )
    assert (policy.freight.default.first_fen, policy.freight.default.next_fen) == (1000, 200)


def test_a_rule_overrides_what_it_says_and_nothing_else() -> None:
    policy = policy_of([rule("points", 3, gardenPerKg=20), rule("freight", 12, freeFromFen=0)])

    assert policy.points.garden_per_kg == 20
    assert policy.points.expire_months == 12
    assert policy.freight.free_from_fen == 0
    assert policy.freight.default == Policy().freight.default
    assert policy.version == "freight12.points3"


def test_rules_for_other_readers_are_passed_over() -> None:
    assert policy_of([rule("wording", 1, banned=["药到病除"]), rule("order", 2)]).version == "order2"


def test_the_order_of_the_rules_does_not_matter() -> None:
    rules = [rule("order", 2, payMinutes=15), rule("carbon", 1), rule("points", 9, awardCap=5)]

    assert policy_of(rules) == policy_of(rules[::-1])


@pytest.mark.parametrize(
    "body", [{"payMinutes": -1}, {"payMinutes": "30"}, {"payMinutes": 1.5}, {"payMinute": 30}, {"pay": None}]
)
def test_a_malformed_rule_is_an_error(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        policy_of([rule("order", 1, **body)])


def test_of_two_live_versions_the_newer_counts() -> None:
    policy = policy_of([rule("order", 10, payMinutes=10), rule("order", 9, payMinutes=9)])

    assert (policy.order.pay_minutes, policy.version) == (10, "order10")


def test_all_rules_at_high_versions_fit_on_an_order() -> None:
    policy = policy_of([rule(rule_id, 9999) for rule_id in RULES])

    assert TypeAdapter(RulesVersion).validate_python(policy.version) == policy.version
