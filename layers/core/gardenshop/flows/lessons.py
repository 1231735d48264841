"""A passed lesson: rewarded, and then kept in its owner's progress, each once.

The ledger row of the reward names the lesson and the score, so whoever finds it pending can end both.
"""

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, Document, put, update
from gardenshop.cloud.errors import Busy
from gardenshop.flows.balances import Operation, perform
from gardenshop.flows.points import again, earn
from gardenshop.models.user import MOST_LESSONS
from gardenshop.rules.learning import day_before
from gardenshop.rules.policy import Policy

_PROFILES = "user_profiles_extended"


def reward_key(user_id: str, lesson_id: str) -> str:
    """Return the key under which a lesson rewards a member, however often she passes it."""
    return f"earn:lesson:{user_id}:{lesson_id}"


def reward(user_id: str, lesson: Document, score_bp: int, *, policy: Policy, now: int) -> Operation:
    """Return the operation that rewards *user_id* for passing *lesson*."""
    return earn(
        reward_key(user_id, lesson["_id"]),
        user_id=user_id,
        book="garden",
        points=lesson["reward"]["points"],
        kind="lesson",
        ref={"type": "lesson", "id": f"{lesson['_id']}:{score_bp}"},
        policy=policy,
        at=now,
        actor=user_id,
        note=f"完成课程《{lesson['title']}》",
    )


def grant(db: Database, rewarding: Operation, now: int) -> list[Command]:
    """Credit a reward and return the writes that keep its lesson and end it.

    Raises Busy when the account is not there, or can no longer tell whether it was credited.
    """
    outcome = perform(db, [rewarding], now)
    if rewarding.key not in outcome.applied:
        raise Busy
    lesson_id, score_bp = rewarding.row["ref"]["id"].rsplit(":", 1)
    kept = keep(rewarding.row["userId"], lesson_id, int(score_bp), at=rewarding.started, now=now)
    return [*kept, *outcome.closing]


def finish_lesson(db: Database, row: Document, now: int) -> bool:
    """End the passing whose *row* was found pending in the ledger. False when it must be tried again."""
    try:
        db.write(*grant(db, again(row), now))
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
