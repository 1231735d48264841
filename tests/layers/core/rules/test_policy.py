"""Live rules override the defaults field by field and name themselves."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gardenshop.models.base import RulesVersion
from gardenshop.rules.policies.freight import FreightPolicy
from gardenshop.rules.policy import RULES, policy_of, rule_type


def rule(rule_id: str, version: int, **body: Any) -> dict[str, Any]:
    return {"_id": f"{rule_id}:{version}", "ruleId": rule_id, "version": version, "body": body}


def test_without_rules_the_defaults_hold() -> None:
    policy = policy_of([])

    assert {name: getattr(policy, name) for name in RULES} == {name: rule_type(name)() for name in RULES}
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
    assert policy.freight.default == FreightPolicy().default
    assert policy.version == "freight12.points3"


def test_rules_for_other_readers_are_passed_over() -> None:
    assert policy_of([rule("wording", 1, banned=["药到病除"]), rule("order", 2)]).version == "order2"


def test_the_order_of_the_rules_does_not_matter() -> None:
    rules = [rule("order", 2, payMinutes=15), rule("carbon", 1), rule("points", 9, awardCap=5)]

    one, other = policy_of(rules), policy_of(rules[::-1])
    assert [getattr(one, name) for name in RULES] == [getattr(other, name) for name in RULES]
    assert one.version == other.version == "carbon1.order2.points9"


@pytest.mark.parametrize(
    "body", [{"payMinutes": -1}, {"payMinutes": "30"}, {"payMinutes": 1.5}, {"payMinute": 30}, {"pay": None}]
)
def test_a_malformed_rule_is_an_error_for_who_asks_for_it(body: dict[str, Any]) -> None:
    policy = policy_of([rule("order", 1, **body), rule("points", 2, gardenPerKg=20)])

    with pytest.raises(ValidationError):
        _ = policy.order
    assert policy.points.garden_per_kg == 20


def test_there_is_no_rule_but_those_that_are_known() -> None:
    with pytest.raises(AttributeError, match="wording"):
        _ = policy_of([rule("wording", 1)]).wording


def test_of_two_live_versions_the_newer_counts() -> None:
    policy = policy_of([rule("order", 10, payMinutes=10), rule("order", 9, payMinutes=9)])

    assert (policy.order.pay_minutes, policy.version) == (10, "order10")


def test_all_rules_at_high_versions_fit_on_an_order() -> None:
    policy = policy_of([rule(rule_id, 9999) for rule_id in RULES])

    assert TypeAdapter(RulesVersion).validate_python(policy.version) == policy.version
