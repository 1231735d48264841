"""The reward of a harvest: what the day still allows of it, paid once.

How much that is, is said by the reward's ledger row, and whoever writes it first decides.
"""

from typing import NamedTuple

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, find, get
from gardenshop.cloud.errors import AppError, Busy, DailyLimit
from gardenshop.flows.allowance import Balance, counted, left_of
from gardenshop.flows.balances import perform, record, reopen
from gardenshop.flows.outbox import harvested
from gardenshop.flows.points import LEDGER, again, earn
from gardenshop.models.garden import PlantTemplate
from gardenshop.rules.policy import Policy, policy_of


class Gardener(NamedTuple):
    """Who harvests: her `points` as read, and the rules."""

    user_id: str
    balance: Balance
    policy: Policy


class Reward(NamedTuple):
    """What was paid for a harvest, and the writes that end it."""

    points: int
    closing: tuple[Command, ...] = ()


def key_of(user_id: str, plant_id: str) -> str:
    """Return the key of the reward for the harvest of *plant_id*."""
    return f"harvest:{user_id}:{plant_id}"


def pay(
    db: Database, mine: Gardener, plant_id: str, template: PlantTemplate, *, row: Document | None, now: int
) -> Reward:
    """Pay the reward for *plant_id*, whose ledger *row* was read if there is one.

    Raises DailyLimit when the day allows nothing more, Busy when the day or the balance changes meanwhile.
    """
    row = row or _begun(db, mine, plant_id, template, now)
    return Reward(row["delta"]) if row["state"] == "final" else _paid(db, mine, row, now)


def finish(db: Database, row: Document, now: int) -> bool:
    """End the reward of a pending *row*; False when it must be tried again later."""
    users, rules = db.read(
        get("users", row["userId"], fields=("points",)), find("business_rules", {"state": "live"})
    )
    try:
        balance = users[0].get("points") or {} if users else {}
        db.write(*_paid(db, Gardener(row["userId"], balance, policy_of(rules)), row, now).closing)
    except AppError:
        return False
    return True


def _begun(db: Database, mine: Gardener, plant_id: str, template: PlantTemplate, now: int) -> Document:
    cap, day = mine.policy.points.harvest_daily, day_of(now)
    points = min(template.reward_points, max(left_of(cap, mine.balance, "harvest", day), 0))
    if not points and template.reward_points:
        raise DailyLimit("今日收获积分已达上限，请明天再收获")
    short = template.reward_points - points
    reward = earn(
        key_of(mine.user_id, plant_id),
        user_id=mine.user_id,
        book="garden",
        points=points,
        kind="harvest",
        ref={"type": "plant", "id": plant_id},
        policy=mine.policy,
        at=now,
        actor=mine.user_id,
        note=f"收获{template.name}" + (f"，今日已达上限 {cap}，少得 {short}" if short else ""),
    )
    db.write(record(reward, now))
    row = db.one(get(LEDGER, reward.key))
    if row is None:
        raise Busy
    return row


def _paid(db: Database, mine: Gardener, row: Document, now: int) -> Reward:
    cap, day = mine.policy.points.harvest_daily, day_of(now)
    operation = counted(again(row), mine.balance, "harvest", points=row["delta"], cap=cap, day=day)
    outcome = perform(db, [operation], now, before=[reopen(operation, now)])
    if outcome.applied:
        return Reward(row["delta"], (harvested(row, now), *outcome.closing))
    db.write(*outcome.closing)
    if row["delta"] > left_of(cap, mine.balance, "harvest", day):
        raise DailyLimit("今日收获积分已达上限，请明天再收获")
    raise Busy
