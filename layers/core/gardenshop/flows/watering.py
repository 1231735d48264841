"""Carbon saved waters a garden."""

from collections.abc import Sequence

from gardenshop.cloud.database import Document
from gardenshop.flows.balances import Operation
from gardenshop.models.base import dump
from gardenshop.models.garden import Plant, PlantTemplate
from gardenshop.rules.garden import feed
from gardenshop.rules.policy import Policy

_XP_G = 100
"""Grams CO2e saved for one point of garden experience."""


def watering(
    key: str,
    saved_g: int,
    gardens: Sequence[Document],
    templates: Sequence[Document],
    *,
    policy: Policy,
    started: int,
) -> list[Operation]:
    """Let *saved_g* grams CO2e water the garden's plants, if there is one that is still as it was read."""
    if not gardens or not saved_g:
        return []
    garden = gardens[0]
    plants = [Plant.model_validate(plant) for plant in garden.get("plants") or ()]
    kinds = {template["_id"]: PlantTemplate.model_validate(template) for template in templates}
    grown = [dump(plant) for plant in feed(plants, saved_g, kinds, policy.garden)]
    return [
        Operation(
            key=key,
            balance="gardens",
            target=garden["_id"],
            guard={"version": garden["version"]},
            change={"$set": {"plants": grown}, "$inc": {"version": 1, "xp": saved_g // _XP_G}},
            started=started,
        )
    ]
