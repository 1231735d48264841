"""What old records do not say: diet flags and allergens, read cautiously from the names of foods."""

import re
from typing import NamedTuple

from gardenshop.rules.diet import animal, pungents

_CONTAINS = {
    "egg": re.compile("蛋(?!白|糕模)"),
    "dairy": re.compile("(?<!椰)(?<!豆)(?<!杏仁)(?<!燕麦)(?<!植物)奶(?!昔|油状|香)|黄油|芝士|乳清|干酪"),
    "honey": re.compile("蜂蜜"),
    "alcohol": re.compile("料酒|黄酒|米酒|葡萄酒|啤酒|白酒|酒酿"),
}
_ALLERGENS = {
    "gluten": re.compile("面粉|面条|面包|面筋|意大利面|燕麦|油条|汉堡|甜面酱|酱油|味噌|素鸡|大麦|小麦|麦芽"),
    "egg": _CONTAINS["egg"],
    "milk": _CONTAINS["dairy"],
    "peanut": re.compile("花生"),
    "soy": re.compile("豆浆|豆干|豆腐|毛豆|黑豆|黄豆|大豆|素鸡|豆渣|豆芽|味噌|酱油|腐竹|豆豉|豆酱|豆皮"),
    "tree_nut": re.compile("核桃|杏仁|腰果|开心果|松子|夏威夷果|碧根果|银杏|榛子|巴旦木"),
    "sesame": re.compile("芝麻(?!菜)"),
    "buckwheat": re.compile("荞麦"),
}
_MEAT = re.compile("[肉鸡鸭鹅鱼虾蟹牛羊猪]")
_NOT_MEAT = re.compile(
    "^素|^植物|^仿|鸡蛋|鸭蛋|牛奶|牛油果|牛蒡|牛肝菌|鸡腿菇|鱼腥草|椰肉|果肉|桂圆肉|龙眼肉|素[鸡肉鱼]"
)


class Diet(NamedTuple):
    """Diet flags and allergens, by their codes."""

    contains: list[str]
    allergens: list[str]

    @property
    def text(self) -> str:
        """Both in words; empty when there are none."""
        parts = [
            f"contains {'、'.join(self.contains)}" if self.contains else "",
            f"allergens {'、'.join(self.allergens)}" if self.allergens else "",
        ]
        return ", ".join(filter(None, parts))


def diet_of(names: list[str]) -> Diet:
    """Return what foods with these *names* contain; in doubt they contain it."""
    contains = [flag for flag, pattern in _CONTAINS.items() if any(map(pattern.search, names))]
    allergens = [allergen for allergen, pattern in _ALLERGENS.items() if any(map(pattern.search, names))]
    return Diet([*contains, *(["fivePungent"] if pungents(names) else [])], allergens)


def meats(names: list[str]) -> list[str]:
    """Return the *names* of what no vegetarian eats."""
    suspects = {*animal(names), *filter(_MEAT.search, names)}
    return [name for name in names if name in suspects and not _NOT_MEAT.search(name)]
