"""Whether a food suits a member."""

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.diet import Conflict
from gardenshop.rules.fit import NEUTRAL, Fit, fit, types_of
from gardenshop.rules.wording import blocking


def test_who_has_one_type_is_advised_what_suits_it() -> None:
    found = fit(["damp_heat"], suits=["damp_heat", "yin_deficiency"], source="广东省中医药局 2023")
    assert found == Fit("suits", ("湿热质可常选（广东省中医药局 2023，仅供参考）",))


def test_several_types_intersect_and_never_unite() -> None:
    assert fit(["damp_heat", "yang_deficiency"], suits=["damp_heat"]) == NEUTRAL
    assert fit(["damp_heat", "yin_deficiency"], suits=["yin_deficiency", "damp_heat"]).verdict == "suits"


def test_what_any_type_limits_is_advised_against() -> None:
    found = fit(["damp_heat", "yang_deficiency"], suits=["damp_heat"], avoid=["yang_deficiency"])
    assert found == Fit("not_advised", ("阳虚质宜少选（仅供参考）",))


def test_an_allergen_beats_suitability() -> None:
    peanut = Conflict("allergen", "peanut")
    found = fit(["special_diathesis"], suits=["special_diathesis"], conflicts=[peanut])
    assert found == Fit("not_advised", ("含花生，您登记了对花生过敏",))


def test_the_type_of_those_with_allergies_is_advised_no_known_allergen() -> None:
    def peanuts(*types: Constitution) -> Fit:
        return fit(types, suits=["special_diathesis", "qi_deficiency"], allergens=["peanut"])

    assert peanuts("special_diathesis") == peanuts("special_diathesis", "qi_deficiency") == NEUTRAL
    assert peanuts("qi_deficiency").verdict == "suits"
    assert fit(["special_diathesis"], suits=["special_diathesis"]).verdict == "suits"


def test_without_a_constitution_everything_is_neutral() -> None:
    assert fit([], suits=["balanced"], avoid=["damp_heat"]) == NEUTRAL


def test_types_that_hold_come_before_tendencies_and_these_before_balance() -> None:
    assert types_of(
        {"balanced": "no", "damp_heat": "yes", "qi_deficiency": "yes", "blood_stasis": "tendency"}
    ) == (
        "qi_deficiency",
        "damp_heat",
    )
    assert types_of({"balanced": "tendency", "blood_stasis": "tendency"}) == ("blood_stasis",)
    assert types_of({"balanced": "yes"}) == ("balanced",)
    assert types_of({"balanced": "no"}) == ()


def test_the_reasons_claim_nothing() -> None:
    texts = (
        fit(["yang_deficiency"], avoid=["yang_deficiency"]).reasons
        + fit(["balanced"], suits=["balanced"]).reasons
    )
    assert [blocking(text) for text in texts] == [[], []]
