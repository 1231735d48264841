"""What a member does not eat, as hard filters: diet flags, allergens and the five pungent vegetables (五辛).

Diet is a set of independent flags, never one class: the classes below are only presets, because no mainland
standard defines them. Flags and allergens beat every other advice.
"""

from collections.abc import Collection, Iterable
from typing import Literal, NamedTuple, get_args

from gardenshop.models.vocabulary import Allergen, DietFlag

DietClass = Literal["vegan", "pure", "lacto", "ovo", "lacto_ovo"]
Tradition = Literal["buddhist", "daoist"]

AVOIDED_BY: dict[DietClass, tuple[DietFlag, ...]] = {
    "vegan": ("egg", "dairy", "honey"),
    "pure": ("egg", "dairy", "honey", "fivePungent"),
    "lacto": ("egg",),
    "ovo": ("dairy",),
    "lacto_ovo": (),
}
"""Presets 纯素 净素 奶素 蛋素 蛋奶素.

Traditions differ on dairy and honey in 净素, so a member may change what the preset ticks.
"""

FLAG_NAMES: dict[str, str] = {
    "egg": "蛋",
    "dairy": "奶",
    "honey": "蜂蜜",
    "fivePungent": "五辛",
    "alcohol": "酒",
}
ALLERGEN_NAMES: dict[str, str] = dict(
    zip(
        get_args(Allergen),
        ("麸质", "甲壳类", "鱼类", "蛋类", "花生", "大豆", "乳", "坚果", "芝麻", "荞麦"),
        strict=True,
    )
)
_IMPLIED: dict[str, str] = {"egg": "egg", "dairy": "milk"}
"""Allergens that a diet flag implies, whether or not the label repeats them."""

_PUNGENT: dict[Tradition, tuple[str, ...]] = {
    "buddhist": ("蒜", "葱", "韭", "薤", "藠", "阿魏", "兴渠"),
    "daoist": ("蒜", "葱", "韭", "薤", "藠", "芸苔", "芸薹", "油菜", "胡荽", "芫荽", "香菜"),
}
"""《本草纲目》蒜条 and 《梵网经》, with the onion kind (葱属) that practice bars as well.

Coriander and rape are on the Daoist list only; ginger, chili, Sichuan and black pepper are on neither.
"""

_ANIMAL = (
    "明胶", "胭脂虫", "蚝油", "鱼露", "虾皮", "虾米", "虾酱", "猪油", "牛油", "乳清", "酪蛋白", "蛋清",
    "蛋白粉", "蜂蜡", "鸡精", "鸡粉", "凝乳酶", "鱼胶", "骨汤", "肉松",
)  # fmt: skip
_PLANT_PROTEIN = ("大豆蛋白粉", "豌豆蛋白粉", "大米蛋白粉", "植物蛋白粉", "小麦蛋白粉")


class Conflict(NamedTuple):
    """One thing in a product that the member does not eat."""

    kind: Literal["allergen", "diet"]
    code: str

    @property
    def text(self) -> str:
        """The conflict in Chinese."""
        if self.kind == "allergen":
            name = ALLERGEN_NAMES[self.code]
            return f"含{name}，您登记了对{name}过敏"
        name = FLAG_NAMES[self.code]
        return f"含{name}，您选择了不吃{name}"


def conflicts(
    contains: Iterable[str],
    allergens: Iterable[str],
    *,
    avoided: Collection[str],
    allergic_to: Collection[str],
) -> tuple[Conflict, ...]:
    """Return why a product that *contains* and has *allergens* is out of question; empty when it is not."""
    flags = list(contains)
    present = dict.fromkeys([*allergens, *(_IMPLIED[flag] for flag in flags if flag in _IMPLIED)])
    return (
        *(Conflict("allergen", code) for code in present if code in allergic_to),
        *(Conflict("diet", flag) for flag in flags if flag in avoided),
    )


def pungents(ingredients: Iterable[str], tradition: Tradition = "buddhist") -> tuple[str, ...]:
    """Return the *ingredients* whose name holds one of the five pungents of *tradition*."""
    return tuple(name for name in ingredients if any(part in name for part in _PUNGENT[tradition]))


def animal(ingredients: Iterable[str]) -> tuple[str, ...]:
    """Return the *ingredients* that usually come from animals although their name does not say so."""
    return tuple(
        name
        for name in ingredients
        if any(part in name for part in _ANIMAL) and not any(plant in name for plant in _PLANT_PROTEIN)
    )
