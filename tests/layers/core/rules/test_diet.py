"""Diet flags, allergens and the five pungent vegetables."""

from typing import get_args

from gardenshop.models.vocabulary import Allergen, DietFlag
from gardenshop.rules import diet
from gardenshop.rules.diet import Conflict, conflicts


def test_what_a_member_avoids_or_is_allergic_to_conflicts_allergens_first() -> None:
    found = conflicts(
        ["fivePungent", "honey"],
        ["peanut", "soy"],
        avoided=["honey", "alcohol"],
        allergic_to=["peanut", "sesame"],
    )
    assert found == (Conflict("allergen", "peanut"), Conflict("diet", "honey"))
    assert [each.text for each in found] == ["含花生，您登记了对花生过敏", "含蜂蜜，您选择了不吃蜂蜜"]


def test_nothing_in_common_is_no_conflict() -> None:
    assert conflicts(["egg"], ["soy"], avoided=["dairy"], allergic_to=["peanut"]) == ()


def test_dairy_and_egg_count_as_their_allergen_even_when_the_label_forgot_it() -> None:
    assert conflicts(["dairy"], ["soy"], avoided=[], allergic_to=["milk"]) == (Conflict("allergen", "milk"),)
    assert conflicts(["egg"], ["egg"], avoided=[], allergic_to=["egg"]) == (Conflict("allergen", "egg"),)


def test_every_code_has_a_name() -> None:
    assert tuple(diet.ALLERGEN_NAMES) == get_args(Allergen)
    assert tuple(diet.FLAG_NAMES) == get_args(DietFlag)
    assert set(diet.AVOIDED_BY) == set(get_args(diet.DietClass))


def test_presets_differ_as_the_classes_do() -> None:
    assert "fivePungent" in diet.AVOIDED_BY["pure"]
    assert "fivePungent" not in diet.AVOIDED_BY["vegan"]
    assert diet.AVOIDED_BY["lacto_ovo"] == ()


def test_pungents_are_found_in_ingredient_names() -> None:
    assert diet.pungents(["蒜粉", "洋葱", "葱油", "韭黄", "藠头"]) == ("蒜粉", "洋葱", "葱油", "韭黄", "藠头")
    assert diet.pungents(["生姜", "花椒", "胡椒", "辣椒", "香菜", "肉苁蓉"]) == ()


def test_coriander_is_pungent_for_daoists_only() -> None:
    assert diet.pungents(["香菜"], "daoist") == ("香菜",)
    assert diet.pungents(["阿魏"], "daoist") == ()


def test_hidden_animal_ingredients_are_found_and_plant_ones_spared() -> None:
    assert diet.animal(["明胶", "乳清蛋白粉", "鸡精"]) == ("明胶", "乳清蛋白粉", "鸡精")
    assert diet.animal(["大豆蛋白粉", "魔芋粉"]) == ()
