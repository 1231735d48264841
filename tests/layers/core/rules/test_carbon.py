"""What a plant meal and a purchase save."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.rules import carbon
from gardenshop.rules.carbon import PORK, Baseline, Estimate, Food, Protein

EXAMPLES = Path(__file__).parents[5] / "shared/domain-data/carbon_meal_examples.json"
SIDES = [Food(100, 4450), Food(200, 530), Food(15, 3770)]
TOFU, PULSES, EGG = Food(100, 3160), Food(40, 1790), Food(50, 4670)


def test_tofu_instead_of_pork_saves_607_grams() -> None:
    assert carbon.meal([TOFU], SIDES) == Estimate(carbon_g=924, baseline_g=1531)
    assert carbon.meal([TOFU], SIDES).saved_g == 607


@pytest.mark.parametrize("baseline", ["pork", "poultry", "beef_dairy", "lamb"])
@pytest.mark.parametrize(("veg", "food"), [("tofu100", TOFU), ("pulses40dry", PULSES), ("egg50", EGG)])
def test_the_worked_examples_are_met(baseline: str, veg: str, food: Food) -> None:
    if not EXAMPLES.exists():
        pytest.skip("the worked examples of the workplace are absent")
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))["examples"]
    wanted = next(
        each["mean"] for each in examples if (each["baseline"], each["veg"]) == (f"{baseline}75", veg)
    )
    estimate = carbon.meal([food], SIDES, baseline=Baseline(baseline))
    assert (estimate.carbon_g, estimate.baseline_g) == (wanted["veg_g"], wanted["baseline_g"])
    assert estimate.saved_g == pytest.approx(wanted["reduction_g"], abs=1)


def test_a_food_heavier_than_its_baseline_saves_nothing() -> None:
    assert carbon.meal([Food(100, 23_880)]).saved_g == 0


def test_a_snack_replaces_no_portion() -> None:
    assert carbon.meal([], [Food(200, 430)], portions=0) == Estimate(86, 86)


def test_bought_tofu_replaces_pork_portion_by_portion() -> None:
    bought = carbon.purchase("soy", quantity=2, unit_carbon_g=1264, unit_weight_g=400)
    assert bought == Estimate(carbon_g=2528, baseline_g=7386)
    assert bought.saved_g == 4858


@pytest.mark.parametrize(("protein", "baseline_g"), [("pulse", 11540), ("egg", 9232), ("plant_meat", 6155)])
def test_each_protein_has_its_portion(protein: Protein, baseline_g: int) -> None:
    assert carbon.purchase(protein, quantity=1, unit_carbon_g=895, unit_weight_g=500).baseline_g == baseline_g


def test_rice_and_tea_replace_no_meat() -> None:
    assert carbon.purchase(None, quantity=3, unit_carbon_g=890, unit_weight_g=200) == Estimate(2670, 2670)


@pytest.mark.parametrize(
    ("categories", "protein"),
    [
        (("干货", "杂豆"), "pulse"),
        (("豆制品",), "soy"),
        (("豆制品", "素肉"), "plant_meat"),
        (("干货", "谷物"), None),
        ((), None),
    ],
)
def test_the_deepest_category_that_says_so_names_the_protein(
    categories: tuple[str, ...], protein: Protein | None
) -> None:
    assert carbon.protein_of(categories) == protein


def test_the_method_names_baseline_and_source_and_says_estimate() -> None:
    assert PORK.label == "pork75"
    assert PORK.text.startswith("估算值：")
    assert "75克猪肉" in PORK.text
    assert "Poore & Nemecek 2018" in PORK.text


@given(
    st.sampled_from([*carbon.PORTIONS_G, None]),
    st.integers(1, 999),
    st.integers(0, 10**6),
    st.integers(1, 10**5),
    st.sampled_from(sorted(carbon.MEATS)),
)
def test_a_purchase_never_saves_less_than_nothing(
    protein: Protein | None, quantity: int, unit_carbon_g: int, unit_weight_g: int, meat: str
) -> None:
    bought = carbon.purchase(
        protein,
        quantity=quantity,
        unit_carbon_g=unit_carbon_g,
        unit_weight_g=unit_weight_g,
        baseline=Baseline(meat),
    )
    assert 0 <= bought.saved_g <= bought.baseline_g
    assert bought.carbon_g == quantity * unit_carbon_g
