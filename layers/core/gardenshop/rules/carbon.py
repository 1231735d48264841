"""Carbon of food and what a plant meal saves, in whole grams CO2e: estimates, never credits.

Factors are grams CO2e per kg retail weight (per litre for liquids), means of Poore & Nemecek 2018
(Science 360:987, data S2, IPCC 2013 with climate-carbon feedbacks): global, median year 2010. Foods carry
their own factor and its version; here are those of the meats that a meal is compared with.

Meals: a plant meal is compared with the same meal whose main protein is meat; staples, vegetables and oil
stand on both sides and cancel out. One portion of main protein replaces one portion of the baseline, 75 g
of pork unless the rules say otherwise (pork is China's main meat; 75 g is a convention, so it is
configuration). A meal has so many portions at most; protein beyond them stands on both sides, and so does
what was bought in the shop, where the purchase has counted it.

Purchases: a bought unit counts as the portions of main protein it holds: 100 g of tofu and other soy foods,
40 g of dry pulses, 50 g of egg (the portions of the comparison above), 500 g of soy milk (as much soy as
100 g of tofu), and 75 g of plant meat, which replaces meat weight for weight. Everything else (grain,
vegetables, fruit, tea, seasoning) would have been eaten with meat as well: its baseline is its own carbon,
and it saves nothing. Two choices err on the low side: dried soy counts as fresh tofu, and nine tenths of the
shipping weight count as food.

A saving is never negative: a food heavier than its baseline saves 0.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from gardenshop.models.vocabulary import Protein

MOST_OF_VERSION = 60
"""The longest name of a version of factors."""

SOURCE = "Poore & Nemecek 2018（Science 360:987），零售重量全球均值"
VERSION = "pn2018-mean"

MEATS: dict[str, tuple[str, int]] = {
    "pork": ("猪肉", 12_310),
    "poultry": ("禽肉", 9_870),
    "beef_dairy": ("牛肉（奶牛群）", 33_300),
    "beef": ("牛肉（肉牛群）", 99_480),
    "lamb": ("羊肉", 39_720),
    "fish": ("养殖鱼", 13_630),
    "prawn": ("养殖虾", 26_870),
}
"""Name and grams CO2e per kg of each possible baseline."""

PORTIONS_G: dict[Protein, int] = {"soy": 100, "soymilk": 500, "pulse": 40, "egg": 50, "plant_meat": 75}
"""Grams of a main protein, as sold, that stand for one portion of the baseline."""

_PROTEIN_OF: dict[str, Protein | None] = {
    "豆制品": "soy",
    "豆浆": "soymilk",
    "腐乳": None,
    "豆豉": None,
    "干豆": "pulse",
    "豆类": "pulse",
    "豇豆": None,
    "刀豆": None,
    "蛋": "egg",
    "鸡蛋": "egg",
    "素肉": "plant_meat",
    "素丸": "plant_meat",
    "面筋": "plant_meat",
}
"""The main protein of a category, or of an ingredient by name; None for seasonings and greens among them."""

_FOOD_BP = 9_000
"""Share of the shipping weight that is food."""

_PARTS = 3_000
"""A portion in parts of which every gram of every protein is a whole number."""


class Baseline(NamedTuple):
    """The meat, one of `MEATS` unless its name and factor are given, and the grams of it in one portion."""

    code: str = "pork"
    portion_g: int = 75
    meat: tuple[str, int] | None = None
    version: str = VERSION

    @property
    def label(self) -> str:
        """The baseline as it is stored with a row, such as ``pork75``."""
        return f"{self.code}{self.portion_g}"

    @property
    def text(self) -> str:
        """Method and source in Chinese; belongs beside every figure shown."""
        return (
            f"估算值：与主食、蔬菜相同，主菜用{self.portion_g}克{self._name_and_factor[0]}的一餐相比，"
            f"依据 {SOURCE}。并非实测，不能作为碳减排量交易。"
        )

    @property
    def portion_mg(self) -> int:
        """Milligrams CO2e of one portion."""
        return self.portion_g * self._name_and_factor[1]

    @property
    def _name_and_factor(self) -> tuple[str, int]:
        return self.meat or MEATS[self.code]


class Food(NamedTuple):
    """Some grams of a food and its factor in grams CO2e per kg."""

    grams: int
    factor_g: int

    @property
    def carbon_g(self) -> int:
        """Grams CO2e, rounded half up."""
        return _round(self.grams * self.factor_g)


class Helping(NamedTuple):
    """A food that was eaten; *earned_g* of its grams saved their carbon when they were bought."""

    food: Food
    protein: Protein | None = None
    earned_g: int = 0


class Estimate(NamedTuple):
    """The carbon of something eaten or bought, and of its baseline."""

    carbon_g: int
    baseline_g: int

    @property
    def saved_g(self) -> int:
        """Grams CO2e saved, at least 0."""
        return max(0, self.baseline_g - self.carbon_g)


PORK = Baseline()


def meal(helpings: Iterable[Helping], *, portions: int, baseline: Baseline = PORK) -> Estimate:
    """Estimate a meal whose proteins replace the portions of the baseline that they make, at most *portions*.

    Grams *earned* before, and those beyond the last portion, stand on both sides.
    """
    carbon = shared = replaced = 0
    for food, protein, earned_g in helpings:
        a_gram = _PARTS // PORTIONS_G[protein] if protein else 0
        room = (portions * _PARTS - replaced) // a_gram if a_gram else 0
        grams = min(max(food.grams - earned_g, 0), room)
        replaced += grams * a_gram
        carbon += food.grams * food.factor_g
        shared += (food.grams - grams) * food.factor_g
    return Estimate(_round(carbon), _round(shared + replaced * baseline.portion_mg // _PARTS))


def purchase(
    protein: Protein | None,
    *,
    carbon_g: int,
    shipping_g: int,
    baseline: Baseline = PORK,
) -> Estimate:
    """Estimate an order line of *carbon_g* and *shipping_g* in all that brings a main *protein*, or none."""
    if protein is None:
        return Estimate(carbon_g, carbon_g)
    return Estimate(carbon_g, shipping_g * _FOOD_BP * baseline.portion_mg // (PORTIONS_G[protein] * 10**7))


def version_of(versions: Iterable[str]) -> str:
    """Return one name for the *versions* of all factors that an estimate rests on; too long a name is cut."""
    name = "+".join(sorted(set(versions)))
    if len(name) <= MOST_OF_VERSION:
        return name
    digest = sha256(name.encode()).hexdigest()[:16]
    return f"{name[: MOST_OF_VERSION - len(digest) - 1]}~{digest}"


def food_in(shipping_g: int) -> int:
    """Return the grams of food in *shipping_g*, as a purchase counts them."""
    return shipping_g * _FOOD_BP // 10_000


def protein_of(categories: Sequence[str]) -> Protein | None:
    """Return the main protein that the deepest known name of a category path, or of a food, stands for."""
    return next((_PROTEIN_OF[name] for name in reversed(categories) if name in _PROTEIN_OF), None)


def _round(milligrams: int) -> int:
    return (milligrams + 500) // 1000
