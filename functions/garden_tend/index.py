"""garden_tend: look at the caller's garden, plant, water, harvest."""

from typing import Literal, NamedTuple

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, CoolingDown, InvalidRequest, NotFound
from gardenshop.flows import harvesting, lots
from gardenshop.flows.balances import Operation, perform
from gardenshop.flows.planting import plant_for_points, plant_id_of
from gardenshop.flows.points import LEDGER
from gardenshop.models.base import ClientToken, Key, dump
from gardenshop.models.garden import Plant, PlantTemplate
from gardenshop.rules import garden
from gardenshop.rules.policy import Policy, policy_of


class GardenTend(Request):
    """``plant`` needs `code` and `client_token`; ``water`` and ``harvest`` need `plant_id`."""

    action: Literal["view", "plant", "water", "harvest"] = "view"
    code: Key | None = None
    plant_id: Key | None = None
    client_token: ClientToken | None = None


class PlantView(Response):
    """One plant; `growth_bp` of 10,000 is ready to harvest, `water_ready_at` says when it may be watered."""

    plant_id: str
    code: str
    name: str
    stage: int
    stage_name: str
    growth_bp: int
    mature: bool
    harvested: bool
    water_ready_at: int


class GardenView(Response):
    """The garden after the action; `reward` is what a harvest paid, which is as much as the day allows."""

    plants: list[PlantView]
    xp: int
    points: int
    changed_plant_id: str | None = None
    reward: int | None = None


@cloud_function(caller=MEMBER)
def main(request: GardenTend, ctx: Context) -> GardenView:
    """Read, act, and show the garden."""
    before = _Garden(ctx, request.plant_id)
    if request.action == "view":
        return before.view(None)
    done = _ACTIONS[request.action](request, before, ctx)
    return _Garden(ctx).view(done)


class Done(NamedTuple):
    """The plant that was acted on, and what its harvest paid."""

    plant_id: str
    reward: int | None = None


class _Garden:
    """The caller's garden, the reward for *plant_id* if it was written, and the rules, read in one trip."""

    def __init__(self, ctx: Context, plant_id: str | None = None) -> None:
        gardens, templates, users, lapsed, rules, rewards = ctx.db.read(
            get("gardens", ctx.user_id),
            find("plant_templates", {}),
            get("users", ctx.user_id, fields=("points",)),
            lots.lapsed(ctx.user_id, ctx.now),
            find("business_rules", {"state": "live"}),
            get(LEDGER, harvesting.key_of(ctx.user_id, plant_id or "")),
        )
        self.document: Document = gardens[0] if gardens else {}
        self.plants = [Plant.model_validate(plant) for plant in self.document.get("plants") or ()]
        self.templates = {each["_id"]: PlantTemplate.model_validate(each) for each in templates}
        balance = (users[0].get("points") or {}) if users else {}
        self.points = int(balance.get("garden", {}).get("available", 0)) - lots.left_in(lapsed, "garden")
        self.policy: Policy = policy_of(rules)
        self.owner = harvesting.Gardener(ctx.user_id, balance, self.policy)
        self.reward: Document | None = rewards[0] if rewards else None

    def template_of(self, plant: Plant) -> PlantTemplate:
        """Return the kind of *plant*. Raises NotFound when it is no more."""
        if plant.code not in self.templates:
            raise NotFound("没有这种植物")
        return self.templates[plant.code]

    def place_of(self, plant_id: str | None) -> int:
        """Return where *plant_id* stands. Raises InvalidRequest without one, NotFound when it is not hers."""
        if plant_id is None:
            raise InvalidRequest(fields=[{"field": "plantId", "problem": "missing"}])
        ids = [plant.plant_id for plant in self.plants]
        if plant_id not in ids:
            raise NotFound("花园里没有这株植物")
        return ids.index(plant_id)

    def view(self, done: Done | None) -> GardenView:
        """Show the garden."""
        return GardenView(
            plants=[self._plant(plant) for plant in self.plants if plant.code in self.templates],
            xp=self.document.get("xp", 0),
            points=self.points,
            changed_plant_id=done.plant_id if done else None,
            reward=done.reward if done else None,
        )

    def _plant(self, plant: Plant) -> PlantView:
        template = self.templates[plant.code]
        names = [stage.name for stage in template.stages]
        return PlantView(
            plant_id=plant.plant_id,
            code=plant.code,
            name=plant.name or template.name,
            stage=plant.stage,
            stage_name=names[min(plant.stage, len(names) - 1)] if names else "",
            growth_bp=min(plant.growth * 10_000 // garden.grown_at(template), 10_000),
            mature=garden.is_mature(plant, template),
            harvested=plant.harvested_at is not None,
            water_ready_at=garden.water_ready_at(plant, self.policy.garden),
        )


def _plant(request: GardenTend, mine: _Garden, ctx: Context) -> Done:
    needed = {"code": request.code, "clientToken": request.client_token}
    missing = [name for name, value in needed.items() if value is None]
    if missing:
        raise InvalidRequest(fields=[{"field": name, "problem": "missing"} for name in missing])
    template = mine.templates.get(request.code or "")
    if template is None or template.status != "active":
        raise NotFound("没有这种植物")
    plant_id = plant_id_of(ctx.user_id, request.client_token or "")
    if plant_id not in {plant.plant_id for plant in mine.plants}:
        if len(mine.plants) >= mine.policy.garden.max_plants:
            raise Conflict("花园已经种满了")
        plant_for_points(ctx.db, ctx.user_id, plant_id, template, policy=mine.policy, now=ctx.now)
    return Done(plant_id)


def _water(request: GardenTend, mine: _Garden, ctx: Context) -> Done:
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


def _harvest(request: GardenTend, mine: _Garden, ctx: Context) -> Done:
    """Pay the reward under the plant's own key, then mark the plant: whatever fails, once is once."""
    place = mine.place_of(request.plant_id)
    plant = mine.plants[place]
    template = mine.template_of(plant)
    if not garden.is_mature(plant, template):
        raise Conflict("已经收获过了" if plant.harvested_at is not None else "还没有成熟")
    reward = harvesting.pay(ctx.db, mine.owner, plant.plant_id, template, row=mine.reward, now=ctx.now)
    marked = _replace(mine, place, garden.harvest(plant, ctx.now), f"harvest:{plant.plant_id}", ctx)
    outcome = perform(ctx.db, [marked], ctx.now, before=reward.closing)
    if not outcome.applied:
        raise Busy
    return Done(plant.plant_id, reward.points)


def _replace(mine: _Garden, place: int, plant: Plant, key: str, ctx: Context) -> Operation:
    """Put *plant* at *place* of the garden if that is still as it was read."""
    return Operation(
        key=key,
        balance="gardens",
        target=ctx.user_id,
        guard={"version": mine.document["version"], f"plants.{place}.plantId": plant.plant_id},
        change={"$set": {f"plants.{place}": dump(plant)}, "$inc": {"version": 1}},
        started=ctx.now,
    )


_ACTIONS = {"plant": _plant, "water": _water, "harvest": _harvest}
