"""Who sees which variant: the same at every call, in the shares of the rule, independent between names."""

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from gardenshop.rules.draws import draw
from gardenshop.rules.experiments import Experiment, parts_of, variant_of
from gardenshop.rules.policies.recommend import RecommendPolicy, recommend_for
from gardenshop.rules.policy import policy_of

MEMBERS = [f"u{number:024x}" for number in range(20_000)]
HALVES = (("a", 5000), ("b", 5000))


def experiment(*shares: tuple[str, int], **facts: Any) -> Experiment:
    variants = [{"name": each, "shareBp": bp} for each, bp in shares or (("a", 2000), ("b", 3000))]
    return Experiment.model_validate({"variants": variants, **facts})


def live(rule_id: str, body: Any, version: int = 1) -> dict[str, Any]:
    return {"ruleId": rule_id, "version": version, "body": body}


def test_the_draw_of_a_member_is_fixed() -> None:
    assert [draw("rhythm", "u1"), draw("rhythm", "u2"), draw("other", "u1")] == [1053, 933, 1101]


def test_shares_are_kept_within_chance() -> None:
    drawn = Counter(
        found.name if (found := variant_of("rhythm", experiment(), each)) else "" for each in MEMBERS
    )

    for name, share in {"a": 0.2, "b": 0.3, "": 0.5}.items():
        deviation = (share * (1 - share) / len(MEMBERS)) ** 0.5
        assert abs(drawn[name] / len(MEMBERS) - share) < 4 * deviation


def test_two_experiments_mix_their_members() -> None:
    both = {"one": experiment(*HALVES), "two": experiment(*HALVES)}
    pairs = Counter(
        tuple(each.name for each in parts_of(both, "recommend", member).values()) for member in MEMBERS
    )

    assert len(pairs) == 4
    assert all(abs(count / len(MEMBERS) - 0.25) < 0.0125 for count in pairs.values())


def test_what_has_ended_or_is_shown_elsewhere_has_no_members() -> None:
    ended, elsewhere = experiment(*HALVES, running=False), experiment(*HALVES, on="client")

    assert parts_of({"ended": ended, "elsewhere": elsewhere}, "recommend", "u1") == {}
    assert set(parts_of({"ended": ended, "elsewhere": elsewhere}, "client", "u1")) == {"elsewhere"}


def test_a_variant_comes_over_the_rule_and_the_rest_of_the_members_see_the_rule() -> None:
    variants = [
        {"name": "more", "shareBp": 5000, "weights": {"term": 9}, "varietyBp": 0},
        {"name": "same", "shareBp": 1000},
    ]
    weights = {"term": 1, "popularity": 2}
    policy = policy_of(
        [live("recommend", {"weights": weights}), live("experiment:season", {"variants": variants})]
    )
    seen = {label: changed for changed, label in (recommend_for(policy, each) for each in MEMBERS[:100])}

    assert set(seen) == {"season:more", "season:same", None}
    assert seen["season:more"] == RecommendPolicy(weights={"term": 9, "popularity": 2}, variety_bp=0)
    assert seen["season:same"] == RecommendPolicy(weights=weights)
    assert seen[None] == policy.recommend
    assert recommend_for(policy_of([]), "u1") == (RecommendPolicy(), None)


def test_of_two_experiments_on_the_recommendation_a_member_is_in_the_first_that_takes_her() -> None:
    all_in, some = ([{"name": "a", "shareBp": bp}, {"name": "b", "shareBp": 0}] for bp in (10_000, 5000))
    policy = policy_of(
        [live("experiment:two", {"variants": all_in}), live("experiment:one", {"variants": some})]
    )

    labels = Counter(recommend_for(policy, each)[1] for each in MEMBERS[:1000])

    assert set(labels) == {"one:a", "two:a"}


@pytest.mark.parametrize(
    "shares", [(("a", 6000), ("b", 4001)), (("a", 1), ("a", 1)), (("only", 1),)], ids=str
)
def test_shares_beyond_all_members_one_variant_and_equal_names_are_refused(
    shares: tuple[tuple[str, int], ...],
) -> None:
    with pytest.raises(ValidationError):
        experiment(*shares)


def test_the_mini_program_does_not_weigh_recommendations() -> None:
    variants = [{"name": "a", "shareBp": 1, "weights": {"term": 1}}, {"name": "b", "shareBp": 1}]

    with pytest.raises(ValidationError):
        Experiment.model_validate({"on": "client", "variants": variants})
