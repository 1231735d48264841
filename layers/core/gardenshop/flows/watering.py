"""Carbon saved waters a garden, and what it gave is remembered; experience opens scenes."""

from collections.abc import Sequence
from typing import Any

from gardenshop.cloud.database import Document
from gardenshop.flows.balances import Operation
from gardenshop.models.base import dump
from gardenshop.models.garden import MOST_GIFTS, Gift, Plant, PlantTemplate
from gardenshop.rules.garden import feed, opens
from gardenshop.rules.policy import Policy

_XP_G = 100
"""Grams CO2e saved for one point of garden experience."""


def gain(garden: Document, xp: int, policy: Policy, at: int) -> dict[str, dict[str, Any]]:
    """Return the change of *garden*, as it was read, by *xp* more experience and the scenes that it opens."""
    opened = [scene["code"] for scene in garden.get("scenes") or ()]
    new = opens(garden.get("xp", 0) + xp, opened, policy.garden)
    scenes = [{"code": scene, "at": at} for scene in new]
    return {"$inc": {"version": 1, "xp": xp}, "$push": {"scenes": {"$each": scenes}} if scenes else {}}


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
    garden, xp = gardens[0], saved_g // _XP_G
    plants = [Plant.model_validate(plant) for plant in garden.get("plants") or ()]
    kinds = {template["_id"]: PlantTemplate.model_validate(template) for template in templates}
    grown = feed(plants, saved_g, kinds, policy.garden)
    minutes = sum(plant.growth for plant in grown) - sum(plant.growth for plant in plants)
    gift = Gift(key=key, saved_g=saved_g, minutes=minutes, xp=xp, at=started)
    change = gain(garden, xp, policy, started)
    change["$set"] = {"plants": [dump(plant) for plant in grown]}
    change["$push"] |= {"gifts": {"$each": [dump(gift)], "$slice": -MOST_GIFTS}}
    return [
        Operation(
            key=key,
            balance="gardens",
            target=garden["_id"],
            guard={"version": garden["version"]},
            change=change,
            started=started,
        )
    ]
