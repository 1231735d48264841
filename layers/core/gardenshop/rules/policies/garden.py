"""How a garden grows."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Count, Model
from gardenshop.rules.policies import Name


class GardenPolicy(Model):
    """Growth and watering, and the experience that opens each of the `scenes` that are not open to all."""

    water_cooldown_minutes: Count = 240
    water_growth_minutes: Count = 120
    growth_minutes_per_kg: Count = 60
    max_plants: Count = 60
    scenes: Annotated[dict[Name, Count], Field(max_length=40)] = Field(default_factory=dict)
