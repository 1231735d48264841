"""Who sees which variant: the same at every call, in the shares of the rule, independent between names."""

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from gardenshop.rules.experiments import draw, taken_part, variant_of
from gardenshop.rules.policy import Experiment, RecommendPolicy

MEMBERS = [f"u{number:024x}" for number in range(20_000)]


def experiment(name: str = "rhythm", *shares: tuple[str, int], **changes: Any) -> Experiment:
    variants = [{"name": each, "shareBp": bp, **changes} for each, bp in shares or (("a", 2000), ("b", 3000))]
    return Experiment.model_validate({"name": name, "variants": variants})


def test_the_draw_of_a_member_is_fixed() -> None:
    assert [draw("rhythm", "u1"), draw("rhythm", "u2"), draw("other", "u1")] == [1053, 933, 1101]


def test_shares_are_kept_within_chance() -> None:
    drawn = Counter(found.name if (found := variant_of(experiment(), each)) else "" for each in MEMBERS)

    for name, share in {"a": 0.2, "b": 0.3, "": 0.5}.items():
        deviation = (share * (1 - share) / len(MEMBERS)) ** 0.5
        assert abs(drawn[name] / len(MEMBERS) - share) < 4 * deviation


def test_two_experiments_mix_their_members() -> None:
    halves = (("a", 5000), ("b", 5000))
    one, two = experiment("one", *halves), experiment("two", *halves)
    pairs = Counter(
        tuple(found.name for found in (variant_of(one, each), variant_of(two, each)) if found)
        for each in MEMBERS
    )

    assert len(pairs) == 4
    assert all(abs(count / len(MEMBERS) - 0.25) < 0.0125 for count in pairs.values())


def test_a_variant_comes_over_the_rule_and_the_rest_of_the_members_see_the_rule() -> None:
    policy = RecommendPolicy.model_validate(
        {
            "weights": {"term": 1, "popularity": 2},
            "experiment": {
                "name": "season",
                "variants": [
                    {"name": "more", "shareBp": 5000, "weights": {"term": 9}, "varietyBp": 0},
                    {"name": "same", "shareBp": 1000},
                ],
            },
        }
    )
    seen = {label: changed for changed, label in (taken_part(policy, each) for each in MEMBERS[:100])}

    assert set(seen) == {"season:more", "season:same", None}
    assert seen["season:more"] == RecommendPolicy(weights={"term": 9, "popularity": 2}, variety_bp=0)
    assert seen["season:same"] == RecommendPolicy(weights={"term": 1, "popularity": 2})
    assert seen[None] == policy
    assert taken_part(RecommendPolicy(), "u1") == (RecommendPolicy(), None)


@pytest.mark.parametrize(
    "shares", [(("a", 6000), ("b", 4001)), (("a", 1), ("a", 1)), (("only", 1),)], ids=str
)
def test_shares_beyond_all_members_one_variant_and_equal_names_are_refused(
    shares: tuple[tuple[str, int], ...],
) -> None:
    with pytest.raises(ValidationError):
        experiment("x", *shares)
