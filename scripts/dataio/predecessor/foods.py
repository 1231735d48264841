"""Old ingredients and meat products."""

from collections.abc import Mapping
from typing import Any

from dataio.predecessor.diet import diet_of
from dataio.predecessor.source import Refused, Source
from dataio.predecessor.values import coded, key_of, name_key, nutrition, stamps, whole

_CATEGORIES = {
    "vegetables": "蔬菜",
    "fruits": "果品",
    "beans": "豆类",
    "nuts": "坚果籽仁",
    "grains": "谷物",
    "oils": "食用油",
    "dairy": "乳",
    "sweeteners": "调味",
    "eggs": "蛋",
}
_PLANT_MILKS = ("椰奶", "杏仁奶", "燕麦奶", "豆奶")
_MEAT_CATEGORIES = {"red_meat": "畜肉", "poultry": "禽肉", "seafood": "水产", "processed_meat": "肉制品"}
_MEAT_GROUPS = {
    "beef": "牛",
    "lamb": "羊",
    "pork": "猪",
    "chicken": "鸡",
    "duck": "鸭",
    "goose": "鹅",
    "quail": "鹌鹑",
    "fish": "鱼",
    "eel": "鳗鱼",
    "shrimp": "虾",
    "lobster": "龙虾",
    "shellfish": "贝",
    "abalone": "鲍鱼",
    "squid": "鱿鱼",
    "octopus": "章鱼",
    "sea_cucumber": "海参",
    "fish_balls": "鱼糜制品",
    "dried_seafood": "水产干货",
    "cured_meat": "腌腊肉",
    "dried_meat": "肉干",
    "ham": "火腿",
    "canned_meat": "罐头肉",
    "sausage": "香肠",
    "patty": "肉饼",
}
_PRODUCTION = {
    "conventional": "常规养殖",
    "farmed": "水产养殖",
    "wild_caught": "野生捕捞",
    "processed": "加工",
}
_REGIONS = {"china_average": "中国平均", "import": "进口"}

FACTOR_SOURCE = "《我的花园》v2 食材表（未注明出处）"
FACTOR_VERSION = "garden-v2"


def ingredient(source: Source, known: Mapping[str, str]) -> dict[str, Any]:
    """Map an ingredient; *known* are the keys of foods that the shop has already, by `name_key`."""
    notes = source.notes
    name = source.text("name")
    name_en = source.text("nameEn", "")
    category = coded(source.text("category"), _CATEGORIES, "category", notes)
    if name in _PLANT_MILKS:
        notes.append(f"category {category} corrected to 饮品: {name} is a plant drink")
        category = "饮品"
    diet = diet_of([name])
    if diet.text:
        notes.append(f"{diet.text}: added from the name")
    return {
        "_id": known.get(name_key(name)) or key_of(name, name_en),
        **stamps(),
        "name": name,
        "nameKey": name_key(name),
        "nameEn": name_en or None,
        "category": category,
        "factorG": whole(source.number("carbonFootprint"), 1000, "carbonFootprint", notes),
        "factorSource": FACTOR_SOURCE,
        "factorVersion": FACTOR_VERSION,
        "factorConfidence": "low",
        "contains": diet.contains,
        "allergens": diet.allergens,
        "nutrition": nutrition(source.part("nutrition")),
        "status": status(source),
    }


def meat_product(source: Source) -> dict[str, Any]:
    """Map a meat product, which serves only to be compared with."""
    notes = source.notes
    name, name_en = source.text("name"), source.text("nameEn", "")
    sources = source.texts("sources")
    if not sources:
        raise Refused("sources are missing: a baseline needs one")
    source.text("subcategory", "")  # Its meaning is in the group.
    return {
        "_id": key_of(name, name_en),
        **stamps(),
        "name": name,
        "nameEn": name_en or None,
        "category": coded(source.text("category"), _MEAT_CATEGORIES, "category", notes),
        "group": coded(source.text("comparisonGroup"), _MEAT_GROUPS, "comparisonGroup", notes),
        "carbonGPerKg": whole(source.number("carbonFootprint"), 1000, "carbonFootprint", notes),
        "source": "；".join(sources),
        "factorVersion": FACTOR_VERSION,
        "production": coded(source.text("productionMethod", ""), _PRODUCTION, "productionMethod", notes)
        or None,
        "region": coded(source.text("region", ""), _REGIONS, "region", notes) or None,
        "nutrition": nutrition(source.part("nutrition")),
        "alternatives": source.texts("veganAlternatives"),
        "status": status(source),
    }


def status(source: Source) -> str:
    """Return the status of a food: hidden unless it was active."""
    return "active" if source.text("status", "active") == "active" else "hidden"
