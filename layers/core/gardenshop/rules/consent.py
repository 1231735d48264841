"""Separate, withdrawable consents: one record a purpose and version (PIPL art. 15, 29).

A record is never deleted while it stands; of those withdrawn an account keeps the latest, `MOST` in all.
"""

from collections.abc import Sequence
from typing import Any, Literal

Purpose = Literal["terms", "health_data", "personalisation", "events", "marketing", "religion_diet"]
Consents = Sequence[dict[str, Any]]
MOST = 50


def stands(consents: Consents, purpose: Purpose) -> bool:
    """Say whether consent to *purpose* stands."""
    return any(each["purpose"] == purpose and "withdrawnAt" not in each for each in consents)


def standing(consents: Consents) -> dict[str, bool]:
    """Say for each purpose that was ever asked for whether consent stands."""
    return {each["purpose"]: stands(consents, each["purpose"]) for each in consents}


def changed(
    consents: Consents, purpose: Purpose, version: str, *, granted: bool, now: int
) -> list[dict[str, Any]]:
    """Return *consents* after *purpose* was granted for *version* of its text, or withdrawn."""
    standing_ones = [each for each in consents if each["purpose"] == purpose and "withdrawnAt" not in each]
    if granted and any(each["version"] == version for each in standing_ones):
        return list(consents)
    ended = [{**each, "withdrawnAt": now} if each in standing_ones else each for each in consents]
    if not granted:
        return ended
    return _latest([*ended, {"purpose": purpose, "version": version, "grantedAt": now}])


def _latest(consents: Consents) -> list[dict[str, Any]]:
    """Return *consents* without the surplus of those that were granted first and have been withdrawn."""
    withdrawn = [place for place, each in enumerate(consents) if "withdrawnAt" in each]
    dropped = withdrawn[: max(len(consents) - MOST, 0)]
    return [each for place, each in enumerate(consents) if place not in dropped]
