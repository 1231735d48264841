"""A recorded meal under another version of its factors: a row that says what this changes, never an edit.

A revision is the n-th of its meal, ``<mealId>:revision:<n>``, and holds the differences to what the meal and
the revisions before it come to. Who writes the n-th has read all before it, and only one can be the n-th, so
a meal and its revisions add up to one estimate even while two work from different factors.

Only the factors are others: of each food, and of the meat in the baseline. What was eaten, what of it was
bought, and the rules are those of the meal; what it gave stays given, so a revision has no points.

Purchases are not revised. Their carbon is what the product said when it was sold, which is no factor with a
version, and a refund takes back shares of just that; another baseline beside it would mix two versions.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.database import Document
from gardenshop.flows.plate import baseline_of, estimate_of, portions_of
from gardenshop.rules.carbon import Baseline, Estimate, Food, version_of
from gardenshop.rules.policies.carbon import CarbonPolicy

MEAL_FIELDS = ("day", "type", "items", "baseline", "factorVersion", "rulesVersion", "withMeat")
"""What a meal is worked out from, beside its owner and its sums."""

SUMS = ("carbonG", "baselineG", "savedG")
_RULES = re.compile(r"(?:^|\.)carbon(\d+)(?:\.|$)")


class Factors(NamedTuple):
    """Foods and meats as they are now, by id, and the body of every version of the rule of carbon."""

    foods: Mapping[str, Document]
    meats: Mapping[str, Document]
    rules: Mapping[int, Mapping[str, Any]]


class Current(NamedTuple):
    """A meal by the factors of now."""

    items: list[Document]
    baseline: Baseline
    estimate: Estimate
    version: str


def current(meal: Document, factors: Factors) -> Current | None:
    """Return *meal* by *factors*, or None where one of its foods, its meat or its rules is gone."""
    policy = _policy(meal, factors)
    baseline = policy and _baseline(meal, policy, factors)
    foods = [factors.foods.get(item["ingredientId"]) for item in meal["items"]]
    known = [food for food in foods if food]
    if not policy or not baseline or len(known) < len(foods):
        return None
    items = [_item(item, food) for item, food in zip(meal["items"], known, strict=True)]
    portions = portions_of(policy, kind=meal["type"], with_meat=meal["withMeat"])
    estimate = estimate_of(items, portions=portions, baseline=baseline)
    version = version_of([baseline.version, *(food["factorVersion"] for food in known)])
    return Current(items, baseline, estimate, version)


def version_now(meal: Document, before: Sequence[Document]) -> str:
    """Return the version that *meal*, with its revisions *before* in their order, rests on."""
    return str([meal, *before][-1]["factorVersion"])


def revision(meal: Document, before: Sequence[Document], found: Current, now: int) -> Document:
    """Return the row that makes *meal*, with its revisions *before* in their order, what *found* says."""
    due = found.estimate.carbon_g, found.estimate.baseline_g, found.estimate.saved_g
    copied = ("userId", "day", "type", "baseline", "rulesVersion", "source")
    return {
        "_id": f"{meal['_id']}:revision:{len(before) + 1}",
        **{name: meal[name] for name in copied},
        "items": found.items,
        **{name: to - sum(row[name] for row in (meal, *before)) for name, to in zip(SUMS, due, strict=True)},
        "creditedG": 0,
        "points": 0,
        "method": found.baseline.text,
        "factorVersion": found.version,
        "revises": meal["_id"],
        "replacedVersion": version_now(meal, before),
        "bookingDueAt": now,
        "schemaVersion": 1,
        "createdAt": now,
        "updatedAt": now,
    }


def _policy(meal: Document, factors: Factors) -> CarbonPolicy | None:
    """Return the rules that *meal* was recorded under; those that nobody has changed yet have no version."""
    named = _RULES.search(meal["rulesVersion"])
    body = factors.rules.get(int(named[1])) if named else {}
    return None if body is None else CarbonPolicy.model_validate(body)


def _baseline(meal: Document, policy: CarbonPolicy, factors: Factors) -> Baseline | None:
    usual = baseline_of(policy, ())
    if meal["baseline"] == usual.label:
        return usual
    meat = factors.meats.get(meal["baseline"].removesuffix(str(policy.baseline_g)))
    return baseline_of(policy, [meat]) if meat else None


def _item(item: Document, food: Document) -> Document:
    """Return *item* by the factor that *food* has now."""
    carbon_g = Food(item["grams"], food["factorG"]).carbon_g
    factor = {"factorG": food["factorG"], "factorSource": food["factorSource"], "carbonG": carbon_g}
    return {**item, **factor}
