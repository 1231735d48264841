"""How a stored product suits a stored profile: `fit` and `diet` applied to documents."""

from collections.abc import Mapping
from typing import Any

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.consent import stands
from gardenshop.rules.diet import Conflict, conflicts
from gardenshop.rules.fit import Fit, fit, types_of

PROFILE_FIELDS = ("constitution", "avoid", "allergens", "personalised")
"""What of a profile advice needs."""

ADULT = 18
"""Minors are not sold alcohol: 未成年人保护法 art. 59."""


def conflicts_of(product: Mapping[str, Any], profile: Mapping[str, Any]) -> tuple[Conflict, ...]:
    """Return why the member with *profile* does not eat *product*; empty when nothing is known."""
    return conflicts(
        product.get("contains") or (),
        product.get("allergens") or (),
        avoided=profile.get("avoid") or (),
        allergic_to=profile.get("allergens") or (),
    )


def avoided_by(profile: Mapping[str, Any], day: str) -> tuple[str, ...]:
    """Return what the member with *profile* is not shown on *day*: what she avoids, and alcohol to minors.

    Only the year of her birth is known, so she is of age from the end of the year in which she turns 18.
    """
    avoided = tuple(profile.get("avoid") or ())
    of_age = int(day[:4]) - profile.get("birthYear", 0) > ADULT
    return avoided if of_age else (*avoided, "alcohol")


def usable(profile: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    """Return *profile* as far as she lets it be used: her constitution only with her consent."""
    agreed = stands(user.get("consents") or [], "health_data") and profile.get("personalised", True)
    return {name: each for name, each in profile.items() if agreed or name != "constitution"}


def types_of_profile(profile: Mapping[str, Any]) -> tuple[Constitution, ...]:
    """Return the constitution types to advise the member with *profile* for; none when not assessed."""
    assessment = profile.get("constitution") or {}
    return types_of({score["code"]: score["verdict"] for score in assessment.get("results") or ()})


def fit_of(product: Mapping[str, Any], profile: Mapping[str, Any]) -> Fit:
    """Say how *product* suits the member with *profile*."""
    named = product.get("fit") or {}
    return fit(
        types_of_profile(profile),
        suits=named.get("suits") or (),
        avoid=named.get("avoid") or (),
        source=named.get("source", ""),
        allergens=product.get("allergens") or (),
        conflicts=conflicts_of(product, profile),
    )
