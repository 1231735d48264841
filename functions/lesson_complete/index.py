"""lesson_complete: answer the quiz of a lesson; passing it counts, and is rewarded, once."""

from typing import Annotated

from pydantic import Field

from gardenshop.cloud.database import Command, Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import InvalidRequest, NotFound
from gardenshop.flows.lessons import Learner, grant, keep, reward, reward_key
from gardenshop.flows.points import again
from gardenshop.models.base import Key
from gardenshop.rules.learning import Marked, mark, streak
from gardenshop.rules.policy import policy_of


class LessonComplete(Request):
    """`answers` holds the index of an option for each question; she may try as often as she likes."""

    lesson_id: Annotated[Key, Field(max_length=80)]
    answers: Annotated[tuple[Annotated[int, Field(strict=True, ge=0, le=5)], ...], Field(max_length=20)] = ()


class Answered(Response):
    """Whether an answer was right; the right one and why it is are told to who has passed."""

    right: bool
    answer: int | None = None
    explanation: str | None = None


class LessonCompleted(Response):
    """The marks. `points` are what the lesson has earned her, now or before when it is `repeated`.

    When they are `limited` the day allows no more, and passing it another day earns them.
    """

    lesson_id: str
    score_bp: int
    best_bp: int | None
    passed: bool
    answers: list[Answered]
    points: int
    limited: bool
    repeated: bool
    streak_days: int


@cloud_function(caller=MEMBER)
def main(request: LessonComplete, ctx: Context) -> LessonCompleted:
    """Mark the answers; when they pass, reward them once and keep the lesson in her progress."""
    lessons, users, rows, rules, profiles = ctx.db.read(
        find("tcm_wisdom", {"_id": request.lesson_id, "kind": "lesson", "status": "live"}, limit=1),
        get("users", ctx.user_id, fields=("points",)),
        get("points_ledger", reward_key(ctx.user_id, request.lesson_id)),
        find("business_rules", {"state": "live"}),
        _progress(ctx),
    )
    if not lessons or not users:
        raise NotFound("没有这门课程" if users else "请先登录")
    lesson, policy = lessons[0], policy_of(rules)
    quiz = lesson.get("quiz") or []
    if len(request.answers) != len(quiz):
        raise InvalidRequest(
            "请回答每一道题", fields=[{"field": "answers", "problem": f"{len(quiz)} needed"}]
        )
    marked = mark(quiz, request.answers, policy.learning.pass_bp)
    row, profile = rows[0] if rows else None, profiles[0] if profiles else {}
    limited = False
    if marked.passed:
        mine = Learner(ctx.user_id, users[0].get("points") or {}, policy)
        row, limited = _count(lesson, marked.score_bp, row, mine, ctx)
        profile = ctx.db.one(_progress(ctx)) or {}
    learning = profile.get("learning") or {}
    scores = {each["lessonId"]: each["scoreBp"] for each in learning.get("completed") or ()}
    return LessonCompleted(
        lesson_id=lesson["_id"],
        score_bp=marked.score_bp,
        best_bp=scores.get(lesson["_id"]),
        passed=marked.passed,
        answers=_answered(quiz, marked),
        points=row["delta"] if row and not limited else 0,
        limited=limited,
        repeated=bool(rows),
        streak_days=streak(learning, ctx.day),
    )


def _progress(ctx: Context) -> Command:
    return get("user_profiles_extended", ctx.user_id, fields=("learning",))


def _count(
    lesson: Document, score_bp: int, row: Document | None, mine: Learner, ctx: Context
) -> tuple[Document, bool]:
    """Keep the passing, and reward it unless that is done; return the row and whether the day allows none."""
    rewarding = again(row) if row else reward(mine, lesson, score_bp, ctx.now)
    points = rewarding.row["delta"]
    due = points > 0 and (row is None or row["state"] != "final")
    limited = due and not mine.may_earn(points, ctx.now)
    closing = grant(ctx.db, mine, rewarding, ctx.now) if due and not limited else []
    ctx.db.write(*closing, *keep(ctx.user_id, lesson["_id"], score_bp, at=ctx.now, now=ctx.now))
    return dict(rewarding.row), limited


def _answered(quiz: list[Document], marked: Marked) -> list[Answered]:
    if not marked.passed:
        return [Answered(right=right) for right in marked.right]
    return [
        Answered(right=right, answer=question["answer"], explanation=question.get("explanation", ""))
        for question, right in zip(quiz, marked.right, strict=True)
    ]
