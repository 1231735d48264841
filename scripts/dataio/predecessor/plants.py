"""Old plant templates.

The old garden asked for thresholds and paid points per day: thresholds stay thresholds (`unlock`), planting
stays free, and the harvest pays what the days of growing would have.
"""

from collections.abc import Mapping
from typing import Any

from dataio.predecessor.source import Refused, Source
from dataio.predecessor.values import clean, coded, codes, stamps, whole

_CATEGORIES = {
    "cactus": ("仙人掌", "窗台"),
    "succulent": ("多肉", "窗台"),
    "green": ("观叶", "阳台"),
    "shrub": ("花木", "小院"),
    "flower": ("花卉", "小院"),
    "tree": ("乔木", "山坡"),
    "rare": ("珍稀", "古院"),
    "concept": ("奇想", "古院"),
}
_STAGE_NAMES = {3: ("种子", "发芽", "成熟"), 4: ("种子", "发芽", "成长", "成熟")}
_HOURS = 24


def plant(source: Source, known: Mapping[str, str]) -> dict[str, Any]:
    """Map a plant; *known* are the codes of plants by their names."""
    notes = source.notes
    stages = _stages(source)
    days = sum(stage["hours"] for stage in stages) // _HOURS
    category = source.text("category")
    zh, scene = _CATEGORIES.get(category, ("", "小院"))
    unlock, symbolism = source.part("unlockRequirements"), source.part("symbolism")
    return {
        "_id": source.text("plantId"),
        **stamps(),
        "name": source.text("name"),
        "nameEn": source.text("nameEn", "") or None,
        "category": zh or coded(category, {}, "category", notes),
        "rarity": source.text("rarity"),
        "scene": scene,
        "costPoints": 0,
        "growHours": days * _HOURS,
        "rewardPoints": days * whole(source.number("pointsPerDay"), 1, "pointsPerDay", notes),
        "stages": stages,
        "unlock": {
            "tier": unlock.text("userLevel", "bronze"),
            "points": whole(unlock.number("totalPoints"), 1, "totalPoints", notes),
            "savedG": whole(unlock.number("totalCarbon"), 1000, "totalCarbon", notes),
            "plantCodes": codes(unlock.texts("prerequisitePlants"), known, "prerequisitePlants", notes),
        },
        "meaning": clean(symbolism.text("meaning", ""), "symbolism.meaning", notes),
        "story": clean(symbolism.text("story", ""), "symbolism.story", notes),
        "status": "active" if source.text("status", "active") == "active" else "hidden",
    }


def _stages(source: Source) -> list[dict[str, Any]]:
    """Return the stages; days become hours, kilograms saved grams, and missing names the usual ones."""
    found = source.parts("growthStages")
    if not found:
        raise Refused("growthStages are missing")
    if [stage.number("stage") for stage in found] != list(range(1, len(found) + 1)):
        raise Refused("growthStages are not numbered from 1")
    usual = _STAGE_NAMES.get(len(found), tuple(f"第{n}阶段" for n in range(1, len(found) + 1)))
    names = [stage.text("name", "") for stage in found]
    if not all(names):
        source.notes.append("names of the growth stages added: " + "、".join(usual))
    return [
        {
            "name": name or default,
            "hours": whole(stage.number("duration"), _HOURS, "duration", source.notes),
            "needsG": whole(stage.number("requiredCarbon"), 1000, "requiredCarbon", source.notes),
            "effect": stage.text("specialEffect", "") or None,
        }
        for stage, name, default in zip(found, names, usual, strict=True)
    ]
