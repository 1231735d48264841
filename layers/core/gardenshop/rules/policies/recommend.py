"""What the recommendation weighs, for all and for members of an experiment."""

from typing import TYPE_CHECKING

from pydantic import Field

from gardenshop.models.base import Bp, Model
from gardenshop.rules.experiments import Weights, parts_of

if TYPE_CHECKING:
    from gardenshop.rules.policy import Policy


class RecommendPolicy(Model):
    """Weights of the recommendation's features, in basis points, and variety.

    Where it `learns`, every night pulls the weights to what the last weeks' orders show.
    """

    learns: bool = True
    weights: Weights = Field(default_factory=dict)
    variety_bp: Bp = 3000


def recommend_for(policy: "Policy", user_id: str) -> tuple[RecommendPolicy, str | None]:
    """Return the recommendation's rule as *user_id* has it, and the name by which her exposures tell of it.

    A member of several experiments on it is in the first of them, by name.
    """
    for name, variant in parts_of(policy.experiments, "recommend", user_id).items():
        changed = RecommendPolicy(
            learns=policy.recommend.learns,
            weights={**policy.recommend.weights, **variant.weights},
            variety_bp=policy.recommend.variety_bp if variant.variety_bp is None else variant.variety_bp,
        )
        return changed, f"{name}:{variant.name}"
    return policy.recommend, None
