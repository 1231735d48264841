"""What a stored product means to a stored profile."""

from typing import Any

from gardenshop.rules.advice import conflicts_of, fit_of, types_of_profile

PRODUCT = {
    "fit": {"suits": ["yang_deficiency"], "avoid": ["damp_heat"], "source": "某标准"},
    "contains": ["fivePungent"],
    "allergens": ["soy"],
}


def profile(**verdicts: str) -> dict[str, Any]:
    results = [{"code": code, "score": 50, "verdict": verdict} for code, verdict in verdicts.items()]
    return {"constitution": {"results": results}}


def test_nothing_known_is_nothing_said() -> None:
    assert types_of_profile({}) == ()
    assert types_of_profile({"constitution": None}) == ()
    assert conflicts_of(PRODUCT, {}) == ()
    assert conflicts_of({}, {"avoid": ["fivePungent"], "allergens": ["soy"]}) == ()
    assert fit_of({}, {}).verdict == "neutral"
    assert fit_of(PRODUCT, {}).verdict == "neutral"


def test_the_types_of_a_profile_are_those_of_its_assessment() -> None:
    assert types_of_profile(profile(yang_deficiency="yes", damp_heat="tendency")) == ("yang_deficiency",)
    assert types_of_profile(profile(balanced="yes", damp_heat="no")) == ("balanced",)


def test_a_product_suits_or_is_not_advised_for_a_type() -> None:
    assert fit_of(PRODUCT, profile(yang_deficiency="yes")).verdict == "suits"
    limited = fit_of(PRODUCT, profile(damp_heat="yes"))
    assert limited.verdict == "not_advised"
    assert "某标准" in limited.reasons[0]


def test_what_she_does_not_eat_beats_what_suits_her() -> None:
    allergic = {**profile(yang_deficiency="yes"), "allergens": ["soy"]}
    strict = {**profile(yang_deficiency="yes"), "avoid": ["fivePungent"]}

    for each in (allergic, strict):
        assert len(conflicts_of(PRODUCT, each)) == 1
        assert fit_of(PRODUCT, each).verdict == "not_advised"
