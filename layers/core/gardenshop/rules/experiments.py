"""Which variant of an experiment a member sees: drawn by a hash, so it stays hers and is stored nowhere."""

import hashlib

from gardenshop.rules.money import FULL_BP
from gardenshop.rules.policy import Experiment, RecommendPolicy, Variant


def variant_of(experiment: Experiment, user_id: str) -> Variant | None:
    """Return the variant of *experiment* that is drawn for *user_id*, or None when she is in none."""
    drawn, bound = draw(experiment.name, user_id), 0
    for variant in experiment.variants:
        bound += variant.share_bp
        if drawn < bound:
            return variant
    return None


def taken_part(policy: RecommendPolicy, user_id: str) -> tuple[RecommendPolicy, str | None]:
    """Return *policy* as the variant of *user_id* has it, and the name by which her exposures tell of it."""
    variant = variant_of(policy.experiment, user_id) if policy.experiment else None
    if policy.experiment is None or variant is None:
        return policy, None
    changed = RecommendPolicy(
        weights={**policy.weights, **variant.weights},
        variety_bp=policy.variety_bp if variant.variety_bp is None else variant.variety_bp,
    )
    return changed, f"{policy.experiment.name}:{variant.name}"


def draw(experiment: str, user_id: str) -> int:
    """Return a number below 10,000 that depends on both names alone, and on each evenly."""
    digest = hashlib.sha256(f"{experiment}:{user_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % FULL_BP
