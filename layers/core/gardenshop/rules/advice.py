"""How a stored product suits a stored profile: `fit` and `diet` applied to documents."""

from collections.abc import Mapping
from typing import Any

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.diet import Conflict, conflicts
from gardenshop.rules.fit import Fit, fit, types_of

PROFILE_FIELDS = ("constitution", "avoid", "allergens", "personalised")
"""What of a profile advice needs."""


def conflicts_of(product: Mapping[str, Any], profile: Mapping[str, Any]) -> tuple[Conflict, ...]:
    """Return why the member with *profile* does not eat *product*; empty when nothing is known."""
    return conflicts(
        product.get("contains") or (),
        product.get("allergens") or (),
        avoided=profile.get("avoid") or (),
        allergic_to=profile.get("allergens") or (),
    )


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
        conflicts=conflicts_of(product, profile),
    )
