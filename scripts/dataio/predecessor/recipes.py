"""Old recipes: their ingredients linked, their amounts weighed, their diet flags added."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dataio.predecessor.diet import Diet, diet_of, meats
from dataio.predecessor.source import Refused, Source
from dataio.predecessor.values import (
    SEASONS,
    TERMS,
    clean,
    cleaned,
    coded,
    name_key,
    stamps,
    whole,
)

_CATEGORIES = {
    "chinese_vegan": "中式素菜",
    "quick_meal": "快手餐",
    "high_protein": "高蛋白",
    "seasonal": "时令",
    "western": "西式",
    "asian_fusion": "亚洲风味",
}
_CUISINES = {
    "chinese": "家常",
    "sichuan": "川菜",
    "zhejiang": "浙菜",
    "fujian": "闽菜",
    "cantonese": "粤菜",
    "jiangnan": "江南",
    "northern": "北方",
    "fusion": "融合",
    "western": "西式",
    "american": "美式",
    "italian": "意大利",
    "french": "法式",
    "russian": "俄式",
    "mexican": "墨西哥",
    "thai": "泰式",
    "korean": "韩式",
    "vietnamese": "越南",
    "indian": "印度",
    "japanese": "日式",
    "taiwanese": "台湾",
}
_SAME_AS = {
    "姜": "生姜",
    "蒜": "大蒜",
    "豆腐干": "豆干",
    "老豆腐": "豆腐",
    "卷心菜": "圆白菜",
    "花菜": "菜花",
    "玉米粒": "玉米",
    "薄荷叶": "薄荷",
    "藕": "莲藕",
    "糖": "白糖",
    "番茄": "西红柿",
    "土豆": "马铃薯",
    "植物油": "菜籽油",
    "椰浆": "椰奶",
    "春笋": "竹笋",
    "面条": "挂面",
    "海苔": "紫菜",
    "全麦面包": "面包",
}
"""Other names of foods, by which an ingredient is looked for when its own is unknown; raw for raw."""

_DENSITY = {"油": Decimal("0.92"), "酱油": Decimal("1.15")}
"""Grams of one millilitre, by the end of the name; everything else is taken as water."""

_PIECES = {
    "八角": 1,
    "油条": 60,
    "柠檬叶": 1,
    "海苔": 3,
    "全麦面包": 35,
    "汉堡胚": 60,
    "玉米饼": 25,
    "春卷皮": 10,
}
"""Grams of one piece, as kitchens estimate."""

_UNITS = ("g", "ml", "个", "片", "张", "根")
_TITLE_FOODS = ("鸡蛋", "奶油", "奶酪", "牛奶", "蜂蜜")
CARBON_SOURCE = "《我的花园》v2 食谱表（未注明出处）"


def recipe(source: Source, foods: Mapping[str, str]) -> dict[str, Any]:
    """Map a recipe; *foods* are the keys of ingredients by `name_key` of every name they have."""
    notes = source.notes
    title = source.text("name")
    items = [_item(part, foods) for part in source.parts("ingredients")]
    names = [item["name"] for item in items]
    if animals := meats(names):
        raise Refused(f"not vegetarian: {'、'.join(animals)}")
    if unknown := [item["name"] for item in items if item["ingredientId"] is None]:
        notes.append(f"unknown ingredients, kept by their names: {'、'.join(unknown)}")
    steps = source.texts("cookingSteps")
    diet = _diet(title, names, steps, notes)
    tags = source.texts("tags")
    carbon, compared = _carbon(source.part("carbonComparison"))
    return {
        "_id": source.text("recipeId"),
        **stamps(),
        "title": title,
        "titleEn": source.text("nameEn", "") or None,
        "category": coded(source.text("category"), _CATEGORIES, "category", notes),
        "cuisine": coded(source.text("cuisine", "chinese"), _CUISINES, "cuisine", notes),
        "difficulty": source.text("difficulty"),
        "method": source.text("cookingMethod", "") or None,
        "minutes": whole(source.number("cookingTime"), 1, "cookingTime", notes),
        "servings": whole(source.number("servings"), 1, "servings", notes),
        "items": items,
        "steps": cleaned(steps, "cookingSteps", notes),
        "carbonG": carbon,
        "carbonSource": CARBON_SOURCE,
        "comparedWith": compared,
        "terms": _terms(source, tags),
        "contains": diet.contains,
        "allergens": diet.allergens,
        "tags": cleaned(tags, "tags", notes),
        "highlight": clean(source.text("nutritionHighlight", ""), "nutritionHighlight", notes),
        "tips": clean(source.text("tips", ""), "tips", notes),
        "status": "active" if source.text("status", "active") == "active" else "hidden",
    }


def _item(part: Source, foods: Mapping[str, str]) -> dict[str, Any]:
    name = part.text("name")
    amount, unit = part.number("amount"), part.text("unit")
    found = foods.get(name_key(name)) or foods.get(name_key(_SAME_AS.get(name, name)))
    item = {"name": name, "ingredientId": found, "grams": _grams(name, amount, unit, part.notes)}
    return item if unit == "g" else {**item, "amount": f"{amount}{unit}"}


def _grams(name: str, amount: Decimal, unit: str, notes: list[str]) -> int:
    if unit not in _UNITS:
        raise Refused(f"ingredients.unit “{unit}” is unknown")
    if unit == "g":
        return whole(amount, 1, f"amount of {name}", notes)
    if unit == "ml":
        endings = (density for ending, density in _DENSITY.items() if name.endswith(ending))
        each = max(endings, default=Decimal(1))
    elif name in _PIECES:
        each = Decimal(_PIECES[name])
    else:
        raise Refused(f"how much one {unit} of {name} weighs is not known")
    grams = int((amount * each).to_integral_value())
    notes.append(f"{name} {amount}{unit} weighed as {grams} g")
    return grams


def _diet(title: str, names: list[str], steps: list[str], notes: list[str]) -> Diet:
    """Return the flags of the ingredients and of whatever else the title or the steps speak of."""
    sure = diet_of(names)
    told = diet_of([*names, *(food for food in _TITLE_FOODS if food in title), *steps])
    if sure.text:
        notes.append(f"{sure.text}: added from the ingredients' names")
    more = Diet(
        [flag for flag in told.contains if flag not in sure.contains],
        [name for name in told.allergens if name not in sure.allergens],
    )
    if more.text:
        notes.append(f"{more.text}: added because title or steps speak of it, though no ingredient does")
    return told


def _carbon(source: Source) -> tuple[int, dict[str, Any]]:
    """Return grams of the dish and of the meat dish it is compared with; the percentage is recomputed."""
    notes = source.notes
    vegan, meat = source.number("veganCarbon"), source.number("meatCarbon")
    stated = source.number("savingsPercent", 0)
    if not 0 <= vegan < meat:
        raise Refused("carbonComparison: the dish saves nothing against the meat dish")
    if abs((1 - vegan / meat) * 100 - stated) > Decimal("0.1"):
        notes.append(f"savingsPercent {stated} does not follow from the figures and is left out")
    return (
        whole(vegan, 1000, "veganCarbon", notes),
        {"title": source.text("meatVersion"), "carbonG": whole(meat, 1000, "meatCarbon", notes)},
    )


def _terms(source: Source, tags: list[str]) -> list[str]:
    """Return the solar term that a tag names, or else all terms of the seasons."""
    seasons = source.text("season", "all").split(",")
    unknown = [season for season in seasons if season not in SEASONS]
    source.notes += [f"season “{season}” is unknown and left out" for season in unknown]
    named = [TERMS[tag] for tag in tags if tag in TERMS]
    return named or [term for season in seasons for term in SEASONS.get(season, ())]
