"""How a product suits the caller, as it is shown."""

from collections.abc import Mapping
from typing import Any, Literal

from gardenshop.cloud.entry import Response
from gardenshop.rules.advice import fit_of


class FitView(Response):
    """How a product suits the member's constitution and diet, with reasons in Chinese."""

    verdict: Literal["suits", "neutral", "not_advised"]
    reasons: list[str]


def fit_view(product: Mapping[str, Any], profile: Mapping[str, Any]) -> FitView:
    """Show how *product* suits the member with *profile*."""
    fit = fit_of(product, profile)
    return FitView(verdict=fit.verdict, reasons=list(fit.reasons))
