"""Separate, withdrawable consents: one record a purpose and version, never deleted (PIPL art. 15, 29)."""

from collections.abc import Sequence
from typing import Any, Literal

Purpose = Literal["terms", "health_data", "personalisation", "events", "marketing", "religion_diet"]
Consents = Sequence[dict[str, Any]]


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
    return [*ended, {"purpose": purpose, "version": version, "grantedAt": now}]
