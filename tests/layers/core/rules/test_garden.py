"""How plants grow by care and by carbon saved."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gardenshop.models.garden import GrowthStage, Plant, PlantTemplate
from gardenshop.rules import garden
from gardenshop.rules.policies.garden import GardenPolicy

HOUR_MS = 3_600_000
NOW = 1_795_000_000_000
POLICY = GardenPolicy(water_cooldown_minutes=240, water_growth_minutes=120, growth_minutes_per_kg=60)


def template(code: str = "mint", grow_hours: int = 10, stages: tuple[int, ...] = ()) -> PlantTemplate:
    return PlantTemplate.model_validate(
        {
            "_id": code,
            "name": "薄荷",
            "category": "herb",
            "scene": "balcony",
            "costPoints": 10,
            "growHours": grow_hours,
            "rewardPoints": 20,
            "stages": [GrowthStage(name=str(hours), hours=hours) for hours in stages],
            "createdAt": NOW,
            "updatedAt": NOW,
        }
    )


def grown(growth: int, plant_id: str = "p1", **changes: Any) -> Plant:
    return Plant(plant_id=plant_id, code="mint", name="薄荷", growth=growth, planted_at=NOW, **changes)


def test_experience_opens_scenes_and_what_is_open_stays_so() -> None:
    policy = GardenPolicy(scenes={"balcony": 10, "yard": 60, "sill": 0})

    assert garden.opens(60, [], policy) == ("balcony", "yard")
    assert garden.opens(59, ["balcony"], policy) == ()
    asked = [("sill", []), ("elsewhere", []), ("yard", ["yard"]), ("yard", ["balcony"])]
    assert [garden.is_open(scene, opened, policy) for scene, opened in asked] == [True, True, True, False]


def test_a_new_plant_is_a_seed() -> None:
    assert garden.plant("p1", template(), NOW) == grown(0)


def test_watering_grows_and_starts_the_cooldown() -> None:
    watered = garden.water(grown(60), template(), POLICY, NOW)
    assert watered == grown(180, watered_at=NOW, water_count=1, stage=1)
    assert garden.water_ready_at(watered, POLICY) == NOW + 4 * HOUR_MS
    assert garden.water_ready_at(grown(60), POLICY) == 0


def test_growth_ends_at_maturity_and_is_then_harvested_once() -> None:
    mature = garden.water(grown(590), template(), POLICY, NOW)
    assert (mature.growth, mature.stage) == (600, 4)
    assert garden.is_mature(mature, template())
    assert not garden.is_mature(grown(599), template())
    harvested = garden.harvest(mature, NOW + 1)
    assert harvested.harvested_at == NOW + 1
    assert not garden.is_mature(harvested, template())


@pytest.mark.parametrize(("growth", "stage"), [(0, 0), (239, 0), (240, 1), (599, 1), (600, 2), (900, 2)])
def test_stages_last_in_proportion_to_their_hours_and_the_last_is_maturity(growth: int, stage: int) -> None:
    assert garden.stage_of(growth, template(stages=(2, 3, 3))) == stage


def test_saved_carbon_waters_the_plant_nearest_to_maturity_and_the_rest_the_next() -> None:
    plants = [grown(100, "a"), grown(550, "b"), grown(600, "c", harvested_at=NOW)]
    fed = garden.feed(plants, 3000, {"mint": template()}, POLICY)
    assert [(each.plant_id, each.growth, each.water_count) for each in fed] == [
        ("a", 230, 1),
        ("b", 600, 1),
        ("c", 600, 0),
    ]
    assert [each.watered_at for each in fed] == [None, None, None]


def test_a_gift_changes_nothing_without_plants_or_without_a_minute_of_growth() -> None:
    assert garden.feed([], 5000, {}, POLICY) == ()
    assert garden.feed([grown(5)], 16, {"mint": template()}, POLICY) == (grown(5),)
    assert garden.feed([grown(5)], 5000, {}, POLICY) == (grown(5),)


@given(st.lists(st.integers(0, 700), max_size=6), st.integers(0, 50_000))
def test_a_gift_is_never_more_than_was_saved(growths: list[int], saved_g: int) -> None:
    plants = [grown(growth, f"p{number}") for number, growth in enumerate(growths)]
    fed = garden.feed(plants, saved_g, {"mint": template()}, POLICY)
    given_minutes = sum(after.growth - before.growth for before, after in zip(plants, fed, strict=True))
    room = sum(max(0, 600 - growth) for growth in growths)
    assert given_minutes == min(room, saved_g * 60 // 1000)
    assert all(after.growth >= before.growth for before, after in zip(plants, fed, strict=True))
