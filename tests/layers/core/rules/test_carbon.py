"""What a plant meal and a purchase save."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.models.vocabulary import Protein
from gardenshop.rules import carbon
from gardenshop.rules.carbon import PORK, Baseline, Estimate, Food, Helping

EXAMPLES = Path(__file__).parents[5] / "shared/domain-data/carbon_meal_examples.json"
SIDES = [Helping(Food(100, 4450)), Helping(Food(200, 530)), Helping(Food(15, 3770))]
TOFU, PULSES, EGG = (
    Helping(Food(100, 3160), "soy"),
    Helping(Food(40, 1790), "pulse"),
    Helping(Food(50, 4670), "egg"),
)


def test_tofu_instead_of_pork_saves_607_grams() -> None:
    estimate = carbon.meal([TOFU, *SIDES], portions=2)
    assert (estimate, estimate.saved_g) == (Estimate(carbon_g=924, baseline_g=1531), 607)


@pytest.mark.parametrize("baseline", ["pork", "poultry", "beef_dairy", "lamb"])
@pytest.mark.parametrize(("veg", "food"), [("tofu100", TOFU), ("pulses40dry", PULSES), ("egg50", EGG)])
def test_the_worked_examples_are_met(baseline: str, veg: str, food: Helping) -> None:
    if not EXAMPLES.exists():
        pytest.skip("the worked examples of the workplace are absent")
    examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))["examples"]
    wanted = next(
        each["mean"] for each in examples if (each["baseline"], each["veg"]) == (f"{baseline}75", veg)
    )
    estimate = carbon.meal([food, *SIDES], portions=2, baseline=Baseline(baseline))
    assert (estimate.carbon_g, estimate.baseline_g) == (wanted["veg_g"], wanted["baseline_g"])
    assert estimate.saved_g == pytest.approx(wanted["reduction_g"], abs=1)


def test_a_food_heavier_than_its_baseline_saves_nothing() -> None:
    assert carbon.meal([Helping(Food(100, 23_880), "soy")], portions=2).saved_g == 0


def test_a_snack_replaces_no_portion() -> None:
    assert carbon.meal([TOFU], portions=0) == Estimate(316, 316)


def test_half_a_portion_replaces_half_a_portion() -> None:
    assert carbon.meal([Helping(Food(50, 3160), "soy")], portions=2) == Estimate(158, 462)


def test_what_is_eaten_beyond_the_portions_of_a_meal_stands_on_both_sides() -> None:
    two, five = (carbon.meal([Helping(Food(100 * n, 3160), "soy")], portions=2) for n in (2, 5))
    assert (two, five) == (Estimate(632, 1847), Estimate(1580, 2795))
    assert two.saved_g == five.saved_g


def test_what_a_purchase_has_counted_stands_on_both_sides() -> None:
    bought = Helping(Food(100, 3160), "soy", earned_g=60)
    assert carbon.meal([bought], portions=2) == Estimate(carbon_g=316, baseline_g=559)
    assert carbon.meal([bought._replace(earned_g=100)], portions=2).saved_g == 0


def test_a_baseline_may_bring_its_own_name_and_factor() -> None:
    duck = Baseline("duck", 75, ("鸭肉", 9_870))
    assert carbon.meal([TOFU], portions=1, baseline=duck) == carbon.meal(
        [TOFU], portions=1, baseline=Baseline("poultry")
    )
    assert (duck.label, "75克鸭肉" in duck.text) == ("duck75", True)


helpings = st.lists(
    st.builds(
        Helping,
        st.builds(Food, st.integers(0, 5_000), st.integers(0, 50_000)),
        st.sampled_from([*carbon.PORTIONS_G, None]),
        st.integers(0, 5_000),
    ),
    max_size=8,
)


@given(helpings, st.integers(0, 3))
def test_a_meal_never_saves_less_than_nothing_nor_more_than_its_portions(
    plate: list[Helping], portions: int
) -> None:
    found = carbon.meal(plate, portions=portions)
    assert 0 <= found.saved_g <= portions * PORK.portion_mg // 1000 + 1
    assert abs(found.carbon_g * 1000 - sum(each.food.grams * each.food.factor_g for each in plate)) <= 500


@given(st.integers(0, 900), st.integers(0, 900), st.integers(1, 900))
def test_the_more_of_a_food_was_bought_the_less_its_meal_saves(grams: int, earned_g: int, more: int) -> None:
    less, least = (
        carbon.meal([Helping(Food(grams, 3160), "soy", each)], portions=2).saved_g
        for each in (earned_g, earned_g + more)
    )
    assert least <= less


def test_bought_tofu_replaces_pork_portion_by_portion() -> None:
    bought = carbon.purchase("soy", carbon_g=2528, shipping_g=1000)
    assert bought == Estimate(carbon_g=2528, baseline_g=8309)
    assert bought.saved_g == 5781


@pytest.mark.parametrize(
    ("protein", "baseline_g"), [("pulse", 20773), ("egg", 16618), ("plant_meat", 11079), ("soymilk", 1661)]
)
def test_each_protein_has_its_portion(protein: Protein, baseline_g: int) -> None:
    assert carbon.purchase(protein, carbon_g=895, shipping_g=1000).baseline_g == baseline_g


def test_rice_and_tea_replace_no_meat() -> None:
    assert carbon.purchase(None, carbon_g=2670, shipping_g=600) == Estimate(2670, 2670)


@pytest.mark.parametrize(
    ("categories", "protein"),
    [
        (("豆制品", "豆腐", "老豆腐"), "soy"),
        (("豆制品", "豆浆", "原味豆浆"), "soymilk"),
        (("豆制品", "干豆", "绿豆"), "pulse"),
        (("豆制品", "发酵豆制品", "腐乳"), None),
        (("素食主菜", "素肉", "素鸡"), "plant_meat"),
        (("素食主菜", "魔芋", "素毛肚"), None),
        (("粮油主食", "大米"), None),
        ((), None),
    ],
)
def test_the_deepest_known_category_names_the_protein(
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
    st.integers(0, 10**8),
    st.integers(1, 10**8),
    st.sampled_from(sorted(carbon.MEATS)),
)
def test_a_purchase_never_saves_less_than_nothing(
    protein: Protein | None, carbon_g: int, shipping_g: int, meat: str
) -> None:
    bought = carbon.purchase(protein, carbon_g=carbon_g, shipping_g=shipping_g, baseline=Baseline(meat))
    assert 0 <= bought.saved_g <= bought.baseline_g
    assert bought.carbon_g == carbon_g


def test_versions_have_one_name_whatever_their_order() -> None:
    assert carbon.version_of(["v2", "v1", "v2"]) == carbon.version_of(["v1", "v2"]) == "v1+v2"
    assert carbon.version_of(["v" * carbon.MOST_OF_VERSION]) == "v" * carbon.MOST_OF_VERSION


def test_names_too_long_are_cut_and_stay_apart() -> None:
    long = [f"version-{n}" for n in range(10)]

    first, second = carbon.version_of([*long, "x1"]), carbon.version_of([*long, "x2"])

    assert len(first) == len(second) == carbon.MOST_OF_VERSION
    assert first != second
