"""Old practitioners: what they published as advice, and nothing about their bodies."""

from typing import Any

from dataio.predecessor.source import Source
from dataio.predecessor.values import clean, cleaned, codes, instant, stamps

_AVOIDED = {
    "pure_vegan": ("egg", "dairy", "honey"),
    "lacto_ovo": (),
    "lacto": ("egg",),
    "ovo": ("dairy",),
}
_LEVELS = {level: level for level in ("bronze", "silver", "gold", "diamond")}


def practitioner(source: Source) -> dict[str, Any]:
    """Map a practitioner; without a ``userId`` the profile waits, as "applied", for a member to claim it."""
    notes = source.notes
    profile, journey = source.part("profile"), source.part("veganJourney")
    wisdom, granted = source.part("uniqueWisdom"), source.part("certification")
    practices = source.part("practices")
    user = source.text("userId", "")
    since = journey.text("startDate")
    instant(since)  # Refuses what is not a day.
    return {
        "_id": source.text("practitionerId"),
        **stamps(),
        "userId": user or None,
        "name": _short_name(profile),
        "region": profile.text("location", "") or None,
        "veganSince": since,
        "avoid": list(_avoided(journey)),
        "level": _level(granted),
        "status": _status(source, user),
        "intro": clean(wisdom.text("corePhilosophy", ""), "corePhilosophy", notes),
        "story": _story(journey.part("story"), wisdom, notes),
        "principles": cleaned(wisdom.texts("goldenRules"), "goldenRules", notes),
        "tips": _tips(practices, wisdom, notes),
        "specialties": cleaned(granted.texts("specialties"), "specialties", notes),
        "certifiedAt": instant(granted.text("certifiedAt")) if granted else None,
        "certifiedBy": granted.text("certifiedBy", "") or None,
    }


def _short_name(profile: Source) -> str:
    """Return the name that is shown: the family name, politely."""
    profile.notes.append("realName reduced to the family name")
    return f"{profile.text('realName')[0]}老师"


def _avoided(journey: Source) -> tuple[str, ...]:
    kind = journey.text("veganType", "")
    if kind not in _AVOIDED:
        journey.notes.append(f"veganType “{kind}” is unknown: no diet flags")
    return _AVOIDED.get(kind, ())


def _level(granted: Source) -> str:
    found = codes([granted.text("level", "bronze")], _LEVELS, "level", granted.notes)
    return found[0] if found else "bronze"


def _status(source: Source, user: str) -> str:
    status = source.text("status", "active")
    if user:
        return "active" if status == "active" else "suspended"
    source.notes.append("no userId: imported as “applied”, earns nothing until a member claims the profile")
    return "applied"


def _story(story: Source, wisdom: Source, notes: list[str]) -> str:
    texts = [story.text("trigger", ""), story.text("process", ""), wisdom.text("adviceToNewcomers", "")]
    return "\n".join(cleaned([text for text in texts if text], "story", notes))


def _tips(practices: Source, wisdom: Source, notes: list[str]) -> list[str]:
    """Return the secrets, and the tips on ingredients and dishes under the names of these."""
    named = [
        f"{part.text('name')}：{part.text(field)}"
        for name, field in (("topIngredients", "tips"), ("topRecipes", "uniqueTips"))
        for part in practices.parts(name)
    ]
    return cleaned([*wisdom.texts("uniqueSecrets"), *named], "tips", notes)
