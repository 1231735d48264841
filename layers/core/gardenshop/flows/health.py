"""A member's health data: results of the constitution questionnaire and answers on their way.

`erasures` counts how often they were erased. What was read before an erasure is not stored after it: who
withdraws her consent while a result is being computed does not find it stored.
"""

from typing import Any

from gardenshop.cloud.database import Command, Document, put, update
from gardenshop.rules.constitution import Outcome

HISTORY = 50
PROFILES = "user_profiles_extended"


def empty_profile(user_id: str, now: int) -> Command:
    """Return the write that gives *user_id* a profile unless she has one."""
    return put(PROFILES, {"_id": user_id, "schemaVersion": 1, "createdAt": now, "updatedAt": now})


def keep(
    profile: Document, user_id: str, found: Outcome | Document, *, sex: str | None, now: int
) -> list[Command]:
    """Return the writes that keep a result and drop its answers, or keep a draft until there is a result.

    The last of them does not happen when what the *profile* held was erased since it was read.
    """
    change: Document = {"$set": {"updatedAt": now, **({"sex": sex} if sex else {})}}
    if isinstance(found, Outcome):
        result = stored(found, now)
        change["$set"]["constitution"] = result
        change["$push"] = {"history": {"$each": [result], "$slice": -HISTORY}}
        change["$unset"] = {"draft": ""}
    else:
        change["$set"]["draft"] = found
    where = {"_id": user_id, "erasures": profile.get("erasures") or {"$in": [None, 0]}}
    return [empty_profile(user_id, now), update(PROFILES, where, change)]


def erase(user_id: str, now: int) -> list[Command]:
    """Return the writes that remove all of it."""
    gone = dict.fromkeys(("constitution", "history", "draft"), "")
    change = {"$unset": gone, "$inc": {"erasures": 1}, "$set": {"updatedAt": now}}
    return [empty_profile(user_id, now), update(PROFILES, {"_id": user_id}, change)]


def stored(outcome: Outcome, now: int) -> dict[str, Any]:
    """Return *outcome* as it is stored."""
    results = [{"code": each.code, "score": each.score, "verdict": each.verdict} for each in outcome.scores]
    primary = {"primary": outcome.primary} if outcome.primary else {}
    return {**primary, "results": results, "standard": outcome.standard, "at": now}
