"""A passed lesson: rewarded, and then kept in its owner's progress, each once.

The ledger row of the reward names the lesson and the score, so whoever finds it pending can end both. On a
day that allows no more points a lesson is only kept; passing it another day earns its reward.
"""

from typing import NamedTuple

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, find, get, put, update
from gardenshop.cloud.errors import Busy
from gardenshop.flows.allowance import Balance, counted, left_of
from gardenshop.flows.balances import Operation, perform, reopen
from gardenshop.flows.points import again, earn
from gardenshop.models.limits import MOST_LESSONS
from gardenshop.rules.learning import day_before
from gardenshop.rules.policy import Policy, policy_of

_PROFILES = "user_profiles_extended"


class Learner(NamedTuple):
    """Who learns: her `points` as read, and the rules."""

    user_id: str
    balance: Balance
    policy: Policy

    def may_earn(self, points: int, now: int) -> bool:
        """Say whether the day still allows *points* for a lesson."""
        return points <= left_of(self.policy.points.lesson_daily, self.balance, "lesson", day_of(now))


def reward_key(user_id: str, lesson_id: str) -> str:
    """Return the key under which a lesson rewards a member, however often she passes it."""
    return f"earn:lesson:{user_id}:{lesson_id}"


def reward(mine: Learner, lesson: Document, score_bp: int, now: int) -> Operation:
    """Return the operation that rewards passing *lesson*, with no more than a whole day allows."""
    points = (lesson.get("reward") or {}).get("points", 0)
    return earn(
        reward_key(mine.user_id, lesson["_id"]),
        user_id=mine.user_id,
        book="garden",
        points=min(points, mine.policy.points.lesson_daily),
        kind="lesson",
        ref={"type": "lesson", "id": f"{lesson['_id']}:{score_bp}"},
        policy=mine.policy,
        at=now,
        actor=mine.user_id,
        note=f"完成课程《{lesson['title']}》",
    )


def grant(db: Database, mine: Learner, rewarding: Operation, now: int) -> list[Command]:
    """Credit a reward and return the writes that keep its lesson and end it.

    Raises Busy when the day or the balance changes meanwhile, or can no longer tell whether it was credited.
    """
    points, cap = rewarding.row["delta"], mine.policy.points.lesson_daily
    operation = counted(rewarding, mine.balance, "lesson", points=points, cap=cap, day=day_of(now))
    outcome = perform(db, [operation], now, before=[reopen(operation, now)])
    if not outcome.applied:
        db.write(*outcome.closing)
        raise Busy
    lesson_id, score_bp = rewarding.row["ref"]["id"].rsplit(":", 1)
    kept = keep(mine.user_id, lesson_id, int(score_bp), at=rewarding.started, now=now)
    return [*kept, *outcome.closing]


def finish_lesson(db: Database, row: Document, now: int) -> bool:
    """End the passing whose *row* was found pending in the ledger. False when it must be tried again."""
    users, rules = db.read(
        get("users", row["userId"], fields=("points",)), find("business_rules", {"state": "live"})
    )
    mine = Learner(row["userId"], users[0].get("points") or {} if users else {}, policy_of(rules))
    try:
        db.write(*grant(db, mine, again(row), now))
    except Busy:
        return False
    return True


def keep(user_id: str, lesson_id: str, score_bp: int, *, at: int, now: int) -> list[Command]:
    """Return the writes that put a lesson passed at *at* into the progress, with the best of its scores."""
    mine = {"_id": user_id}
    new = {**mine, "learning.completed.lessonId": {"$ne": lesson_id}}
    done = {"lessonId": lesson_id, "at": at, "scoreBp": score_bp}
    added = {"$each": [done], "$slice": -MOST_LESSONS}
    worse = {"$elemMatch": {"lessonId": lesson_id, "scoreBp": {"$lt": score_bp}}}
    best = {"learning.completed.$.scoreBp": score_bp, "updatedAt": now}
    return [
        put(_PROFILES, {**mine, "schemaVersion": 1, "createdAt": now, "updatedAt": now}),
        update(_PROFILES, new, {"$push": {"learning.completed": added}, "$set": {"updatedAt": now}}),
        update(_PROFILES, {**mine, "learning.completed": worse}, {"$set": best}),
        *_day_learned(user_id, day_of(at)),
    ]


def _day_learned(user_id: str, day: str) -> list[Command]:
    """Let *day* be one more of the days in a row, or the first of them; each day counts once."""
    before, last = day_before(day), "learning.lastDay"
    goes_on = {"$set": {last: day}, "$inc": {"learning.streak": 1}}
    begins = {"$set": {last: day, "learning.streak": 1}}
    over = {"$or": [{last: None}, {last: {"$lt": before}}]}
    return [
        update(_PROFILES, {"_id": user_id, last: before}, goes_on),
        update(_PROFILES, {"_id": user_id, **over}, begins),
    ]
