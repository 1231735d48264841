"""How plants grow: by care and by carbon saved, one state after another.

A plant's ``growth`` is in minutes, towards the ``growHours`` of its template. Growth comes from watering
(with a cooldown, `GardenPolicy`) and from carbon saved: a meal or a purchase waters the plants nearest to
maturity, ``growth_minutes_per_kg`` for each kilogram CO2e, what one no longer needs going to the next.
Time alone grows nothing, so a garden shows what its owner did. Nothing here withers.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from typing import Any

from gardenshop.models.garden import Plant, PlantTemplate
from gardenshop.rules.policies.garden import GardenPolicy

_MINUTE_MS = 60_000
_DEFAULT_STAGES = 4


def plant(plant_id: str, template: PlantTemplate, now: int) -> Plant:
    """Return a new seed of *template*."""
    return Plant(plant_id=plant_id, code=template.id, name=template.name, planted_at=now)


def grown_at(template: PlantTemplate) -> int:
    """Return the minutes of growth at which a plant may be harvested."""
    return template.grow_hours * 60


def is_mature(plant: Plant, template: PlantTemplate) -> bool:
    """Say whether *plant* may be harvested."""
    return plant.harvested_at is None and plant.growth >= grown_at(template)


def stage_of(growth: int, template: PlantTemplate) -> int:
    """Return the stage, from 0, that *growth* minutes reach; the last one is maturity.

    The template's stages last as long as their hours say, in proportion to ``growHours``; a template without
    stages has four equal ones before maturity.
    """
    hours = [stage.hours for stage in template.stages[:-1]] or [1] * _DEFAULT_STAGES
    whole = sum(hours) or 1
    return sum(growth * whole >= reached * grown_at(template) for reached in accumulate(hours))


def water_ready_at(plant: Plant, policy: GardenPolicy) -> int:
    """Return from when on *plant* may be watered; 0 before the first watering."""
    if plant.watered_at is None:
        return 0
    return plant.watered_at + policy.water_cooldown_minutes * _MINUTE_MS


def water(plant: Plant, template: PlantTemplate, policy: GardenPolicy, now: int) -> Plant:
    """Return *plant* after its owner watered it; the caller has checked `water_ready_at` and `is_mature`."""
    grown = _grow(plant, template, policy.water_growth_minutes)
    return _with(grown, watered_at=now)


def harvest(plant: Plant, now: int) -> Plant:
    """Return *plant* after its harvest; the caller has checked `is_mature`."""
    return _with(plant, harvested_at=now)


def feed(
    plants: Sequence[Plant], saved_g: int, templates: Mapping[str, PlantTemplate], policy: GardenPolicy
) -> tuple[Plant, ...]:
    """Return *plants* after *saved_g* grams CO2e were saved, in the same order; no cooldown is touched."""
    left = saved_g * policy.growth_minutes_per_kg // 1000
    fed = list(plants)
    for index in sorted(range(len(fed)), key=lambda index: _missing(fed[index], templates)):
        given = min(left, _missing(fed[index], templates))
        if given:
            fed[index] = _grow(fed[index], templates[fed[index].code], given)
            left -= given
    return tuple(fed)


def is_open(scene: str, opened: Collection[str], policy: GardenPolicy) -> bool:
    """Say whether *scene* may be planted: it is open to all, or among those *opened*."""
    return not policy.scenes.get(scene) or scene in opened


def opens(xp: int, opened: Collection[str], policy: GardenPolicy) -> tuple[str, ...]:
    """Return the scenes that *xp* opens beside those *opened*, which stay so whatever the rules become."""
    reached = (scene for scene in policy.scenes if 0 < policy.scenes[scene] <= xp)
    return tuple(scene for scene in reached if scene not in opened)


def _missing(plant: Plant, templates: Mapping[str, PlantTemplate]) -> int:
    """Return the minutes until maturity; 0 for what was harvested or is of an unknown kind."""
    if plant.harvested_at is not None or plant.code not in templates:
        return 0
    return max(0, grown_at(templates[plant.code]) - plant.growth)


def _grow(plant: Plant, template: PlantTemplate, minutes: int) -> Plant:
    growth = min(plant.growth + minutes, max(plant.growth, grown_at(template)))
    return _with(plant, growth=growth, stage=stage_of(growth, template), water_count=plant.water_count + 1)


def _with(plant: Plant, **changes: Any) -> Plant:
    return Plant(**{**dict(plant), **changes})
