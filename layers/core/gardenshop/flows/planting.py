"""Putting a plant into a garden for points: paid first, planted next, undone when there is no room.

The ledger row of the payment names the plant, so whoever finds it pending can finish it.
"""

import hashlib

from gardenshop.cloud import log
from gardenshop.cloud.database import Command, Database, Document, find, get, put
from gardenshop.cloud.errors import AppError, Conflict, NotEnoughPoints, NotFound, Refusal
from gardenshop.flows import lots
from gardenshop.flows.balances import Operation, perform, reopen
from gardenshop.flows.points import earn, spend
from gardenshop.models.base import dump
from gardenshop.models.garden import PlantTemplate
from gardenshop.rules.garden import plant
from gardenshop.rules.policy import Policy, policy_of

BOOK = "garden"


def empty_garden(user_id: str, now: int) -> Command:
    """Return the write that gives *user_id* a garden unless she has one."""
    garden = {"_id": user_id, "plants": [], "scenes": [], "xp": 0, "version": 0, "recentOps": []}
    return put("gardens", {**garden, "schemaVersion": 1, "createdAt": now, "updatedAt": now})


def plant_id_of(user_id: str, client_token: str) -> str:
    """Return the id of the plant that *client_token* asks for."""
    return "p" + hashlib.sha256(f"{user_id}\n{client_token}".encode()).hexdigest()[:16]


def plant_for_points(
    db: Database, user_id: str, plant_id: str, template: PlantTemplate, *, policy: Policy, now: int
) -> None:
    """Plant *template* as *plant_id*, once. Raises NotEnoughPoints, or Conflict when the garden is full."""
    (lapsed,) = db.read(lots.lapsed(user_id, now)) if template.cost_points else ([],)
    payment = _payment(user_id, plant_id, template, policy, now, lapsed=lots.left_in(lapsed, BOOK))
    closing = _pay(db, payment, template, now) if template.cost_points else ()
    planting = _planting(user_id, plant_id, template, policy, now)
    planted = perform(db, [planting], now, before=[empty_garden(user_id, now)])
    if not planted.refused:
        db.write(*closing)
        return
    if template.cost_points:
        returned = perform(db, [_return(payment, user_id, template, policy, now)], now)
        db.write(*closing, *returned.closing)
    raise Conflict("花园已经种满了")


def _payment(
    user_id: str, plant_id: str, template: PlantTemplate, policy: Policy, now: int, *, lapsed: int
) -> Operation:
    return spend(
        f"plant:{user_id}:{plant_id}",
        user_id=user_id,
        book=BOOK,
        points=template.cost_points,
        kind="plant",
        ref={"type": "plant", "id": f"{template.id}:{plant_id}"},
        lapsed=lapsed,
        rules_version=policy.version,
        at=now,
        actor=user_id,
    )


def _pay(db: Database, payment: Operation, template: PlantTemplate, now: int) -> tuple[Command, ...]:
    """Take the points; return the writes that close the ledger row once the plant stands."""
    paid = perform(db, [payment], now, before=[reopen(payment, now)])
    if paid.refused:
        db.write(*paid.closing)
        raise NotEnoughPoints(need=template.cost_points)
    lots.settle(db, payment.key, now)
    return paid.closing


def _return(payment: Operation, user_id: str, template: PlantTemplate, policy: Policy, now: int) -> Operation:
    return earn(
        f"{payment.key}:back",
        user_id=user_id,
        book=BOOK,
        points=template.cost_points,
        kind="release",
        ref=payment.row["ref"],
        policy=policy,
        at=now,
    )


def finish_planting(db: Database, payment: Document, now: int) -> bool:
    """Finish the planting whose *payment* was found pending in the ledger.

    False when it must be tried again later.
    """
    code, plant_id = payment["ref"]["id"].rsplit(":", 1)
    try:
        templates, rules = db.read(get("plant_templates", code), find("business_rules", {"state": "live"}))
        if not templates:
            raise NotFound
        template, policy = PlantTemplate.model_validate(templates[0]), policy_of(rules)
        plant_for_points(db, payment["userId"], plant_id, template, policy=policy, now=now)
    except AppError as error:
        log.emit("planting", plantId=plant_id, error=error.error)
        return isinstance(error, Refusal)
    return True


def _planting(user_id: str, plant_id: str, template: PlantTemplate, policy: Policy, now: int) -> Operation:
    """Add the plant, if there is room for one more."""
    return Operation(
        key=f"plant:{plant_id}",
        balance="gardens",
        target=user_id,
        guard={f"plants.{policy.garden.max_plants - 1}": {"$exists": False}},
        change={"$push": {"plants": dump(plant(plant_id, template, now))}, "$inc": {"version": 1}},
        started=now,
    )
