"""A member's garden as she sees it: what grows, what it was given, and which scenes are open."""

from typing import NamedTuple

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import Context, Response
from gardenshop.cloud.errors import InvalidRequest, NotFound
from gardenshop.flows import harvesting, lots
from gardenshop.flows.points import LEDGER
from gardenshop.models.garden import Plant, PlantTemplate
from gardenshop.rules import garden
from gardenshop.rules.policy import Policy, policy_of

_SHOWN_GIFTS = 5


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


class SceneView(Response):
    """A scene that asks for experience: how much, and since when it is open if it is."""

    name: str
    needs_xp: int
    opened_at: int | None


class GiftView(Response):
    """What carbon saved gave the plants, in minutes of growth, and where it came from in Chinese."""

    text: str
    saved_g: int
    minutes: int
    xp: int
    at: int


class GardenView(Response):
    """The garden after the action, with its last gifts, the newest first.

    `reward` is what a harvest paid, which is as much as the day allows.
    """

    plants: list[PlantView]
    scenes: list[SceneView]
    gifts: list[GiftView]
    xp: int
    points: int
    changed_plant_id: str | None = None
    reward: int | None = None


class Done(NamedTuple):
    """The plant that was acted on, and what its harvest paid."""

    plant_id: str
    reward: int | None = None


class Garden:
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
        self.opened = {scene["code"]: scene["at"] for scene in self.document.get("scenes") or ()}
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
            scenes=self._scenes(),
            gifts=[_gift(each) for each in reversed((self.document.get("gifts") or [])[-_SHOWN_GIFTS:])],
            xp=self.document.get("xp", 0),
            points=self.points,
            changed_plant_id=done.plant_id if done else None,
            reward=done.reward if done else None,
        )

    def _scenes(self) -> list[SceneView]:
        """Show the scenes that ask for experience, those that ask for least first."""
        wanted = sorted(self.policy.garden.scenes.items(), key=lambda scene: scene[1])
        return [
            SceneView(name=name, needs_xp=xp, opened_at=self.opened.get(name)) for name, xp in wanted if xp
        ]

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


def _gift(gift: Document) -> GiftView:
    cause = "购物" if gift["key"].startswith("order:") else "记录素食餐"
    text = f"{cause}估算减碳 {gift['savedG']} 克，植物多长了 {gift['minutes']} 分钟"
    return GiftView(text=text, saved_g=gift["savedG"], minutes=gift["minutes"], xp=gift["xp"], at=gift["at"])
