"""garden_tend: look at the caller's garden, plant, water, harvest."""

from typing import Literal

from gardenshop.cloud.entry import MEMBER, Context, Request, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, CoolingDown, InvalidRequest, NotFound, SceneLocked
from gardenshop.flows import harvesting
from gardenshop.flows.balances import Operation, perform
from gardenshop.flows.garden_view import Done, Garden, GardenView
from gardenshop.flows.planting import plant_for_points, plant_id_of
from gardenshop.flows.watering import gain
from gardenshop.models.base import ClientToken, Key, dump
from gardenshop.models.garden import Plant
from gardenshop.rules import garden


class GardenTend(Request):
    """``plant`` needs `code` and `client_token`; ``water`` and ``harvest`` need `plant_id`."""

    action: Literal["view", "plant", "water", "harvest"] = "view"
    code: Key | None = None
    plant_id: Key | None = None
    client_token: ClientToken | None = None


@cloud_function(caller=MEMBER)
def main(request: GardenTend, ctx: Context) -> GardenView:
    """Read, act, and show the garden."""
    before = Garden(ctx, request.plant_id)
    if request.action == "view":
        return before.view(None)
    done = _ACTIONS[request.action](request, before, ctx)
    return Garden(ctx).view(done)


def _plant(request: GardenTend, mine: Garden, ctx: Context) -> Done:
    needed = {"code": request.code, "clientToken": request.client_token}
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        raise InvalidRequest(fields=[{"field": name, "problem": "missing"} for name in missing])
    template = mine.templates.get(request.code or "")
    if template is None or template.status != "active":
        raise NotFound("没有这种植物")
    plant_id = plant_id_of(ctx.user_id, request.client_token or "")
    if plant_id not in {plant.plant_id for plant in mine.plants}:
        if not garden.is_open(template.scene, mine.opened, mine.policy.garden):
            raise SceneLocked(scene=template.scene, needsXp=mine.policy.garden.scenes[template.scene])
        if len(mine.plants) >= mine.policy.garden.max_plants:
            raise Conflict("花园已经种满了")
        plant_for_points(ctx.db, ctx.user_id, plant_id, template, policy=mine.policy, now=ctx.now)
    return Done(plant_id)


def _water(request: GardenTend, mine: Garden, ctx: Context) -> Done:
    place = mine.place_of(request.plant_id)
    plant = mine.plants[place]
    ready_at = garden.water_ready_at(plant, mine.policy.garden)
    if ready_at > ctx.now:
        raise CoolingDown("刚刚浇过水，请稍后再来", readyAt=ready_at)
    template = mine.template_of(plant)
    if plant.harvested_at is not None or garden.is_mature(plant, template):
        raise Conflict("这株植物不需要浇水了")
    watered = garden.water(plant, template, mine.policy.garden, ctx.now)
    outcome = perform(
        ctx.db, [_replace(mine, place, watered, f"water:{plant.plant_id}:{ctx.now}", ctx)], ctx.now
    )
    if outcome.refused or outcome.unknown:
        raise Busy
    return Done(plant.plant_id)


def _harvest(request: GardenTend, mine: Garden, ctx: Context) -> Done:
    """Pay the reward under the plant's own key, then mark the plant: whatever fails, once is once."""
    place = mine.place_of(request.plant_id)
    plant = mine.plants[place]
    template = mine.template_of(plant)
    if not garden.is_mature(plant, template):
        raise Conflict("已经收获过了" if plant.harvested_at is not None else "还没有成熟")
    reward = harvesting.pay(ctx.db, mine.owner, plant.plant_id, template, row=mine.reward, now=ctx.now)
    key = f"harvest:{plant.plant_id}"
    marked = _replace(mine, place, garden.harvest(plant, ctx.now), key, ctx, xp=template.xp)
    outcome = perform(ctx.db, [marked], ctx.now, before=reward.closing)
    if not outcome.applied:
        raise Busy
    return Done(plant.plant_id, reward.points)


def _replace(mine: Garden, place: int, plant: Plant, key: str, ctx: Context, *, xp: int = 0) -> Operation:
    """Put *plant* at *place* of the garden, which gains *xp*, if that is still as it was read."""
    return Operation(
        key=key,
        balance="gardens",
        target=ctx.user_id,
        guard={"version": mine.document["version"], f"plants.{place}.plantId": plant.plant_id},
        change={"$set": {f"plants.{place}": dump(plant)}, **gain(mine.document, xp, mine.policy, ctx.now)},
        started=ctx.now,
    )


_ACTIONS = {"plant": _plant, "water": _water, "harvest": _harvest}
