"""Experiments: variants of one thing for shares of the members, drawn by a hash of experiment and member.

An experiment is a live rule ``experiment:<name>``. Draws of different experiments are independent of each
other and of flags. What an experiment may vary is how the shop shows itself: what the recommendation
weighs, or what the mini-program looks like. Prices, freight and points are terms of a trade, which are the
same for everybody.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gardenshop.models.base import Bp, Model
from gardenshop.rules.draws import draw
from gardenshop.rules.live_rules import bodies
from gardenshop.rules.money import FULL_BP

Surface = Literal["recommend", "client"]
Name = Annotated[str, Field(pattern=r"^[a-z0-9_\-]{1,24}$")]
Weights = Annotated[
    dict[Name, Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]], Field(max_length=20)
]


class Variant(Model):
    """One way for a share of the members; what it says of the recommendation comes over the rule's own."""

    name: Name
    share_bp: Bp
    weights: Weights = Field(default_factory=dict)
    variety_bp: Bp | None = None


class Experiment(Model):
    """Variants side by side; members beyond their shares see what all see and are not counted.

    `on` says who shows the variants: the recommendation, or the mini-program by itself. One that is no
    longer *running* has no members.
    """

    on: Surface = "recommend"
    running: bool = True
    variants: Annotated[tuple[Variant, ...], Field(min_length=2, max_length=5)]

    @model_validator(mode="after")
    def _variants_fit(self) -> "Experiment":
        if sum(variant.share_bp for variant in self.variants) > FULL_BP:
            raise PydanticCustomError("shares", "the shares of the variants are more than all members")
        if len({variant.name for variant in self.variants}) != len(self.variants):
            raise PydanticCustomError("names", "two variants have one name")
        if self.on == "client" and any(each.weights or each.variety_bp is not None for each in self.variants):
            raise PydanticCustomError("client", "the mini-program does not weigh recommendations")
        return self

    @property
    def shares(self) -> dict[str, int]:
        """The share of each variant, by name."""
        return {variant.name: variant.share_bp for variant in self.variants}


def experiments_of(documents: Iterable[Mapping[str, Any]]) -> dict[str, Experiment]:
    """Return the experiments among the live `business_rules` *documents*, by name."""
    return {name: Experiment.model_validate(body) for name, body in bodies(documents, "experiment").items()}


def variant_of(name: str, experiment: Experiment, user_id: str) -> Variant | None:
    """Return the variant of *experiment* that is drawn for *user_id*, or None when she is in none."""
    drawn, bound = draw(name, user_id), 0
    for variant in experiment.variants if experiment.running else ():
        bound += variant.share_bp
        if drawn < bound:
            return variant
    return None


def parts_of(experiments: Mapping[str, Experiment], on: Surface, user_id: str) -> dict[str, Variant]:
    """Return the variants that *user_id* sees *on* the recommendation, or the client, by experiment."""
    drawn = {
        name: variant_of(name, experiment, user_id)
        for name, experiment in sorted(experiments.items())
        if experiment.on == on
    }
    return {name: variant for name, variant in drawn.items() if variant is not None}
