"""constitution_assess: the questionnaire, its saved progress, its result, and how that has changed.

Health data: storing anything needs the separate consent ``health_data``; without it a complete form is
scored and forgotten, and an incomplete one is refused. What is stored can be deleted at any time.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, FormNotForAge, InvalidRequest
from gardenshop.flows.health import PROFILES, erase, keep, stored
from gardenshop.rules.consent import stands
from gardenshop.rules.constitution import (
    CAUTIONS,
    DISCLAIMER,
    ELDER_AGE,
    NAMES,
    AnswersError,
    Form,
    Outcome,
    Sex,
    check,
    is_elder,
    questions,
    score,
    standard,
    unanswered,
)
from gardenshop.rules.constitution_history import before, changes

PROFILE_FIELDS = ("constitution", "history", "draft", "sex", "birthYear", "erasures")
Answer = Annotated[int, Field(strict=True, ge=1, le=5)]
ItemId = Annotated[str, Field(pattern=r"^[a-z][0-9]{2}[fm]?$")]


class ConstitutionAssess(Request):
    """Without answers the questions come back; with some of them progress is saved; with all, a result.

    ``delete`` removes what is stored.
    """

    action: Literal["assess", "delete"] = "assess"
    form: Form = "gbt46939"
    sex: Sex | None = None
    answers: Annotated[dict[ItemId, Answer], Field(max_length=60)] = Field(default_factory=dict)
    store: Annotated[bool, Field(strict=True)] = True


class QuestionView(Response):
    """One question; the answer is the number of an option, from 1."""

    id: str
    text: str
    options: list[str]


class ScoreView(Response):
    """The converted score, 0–100, of one type and whether it holds."""

    code: str
    name: str
    score: int
    verdict: Literal["yes", "tendency", "no"]


class PastResult(Response):
    """An earlier result."""

    primary: str | None
    standard: str
    at: int


class ChangeView(Response):
    """One type now and the time before, by the same standard."""

    code: str
    name: str
    now: int
    before: int
    difference: int
    text: str


class Assessed(Response):
    """Either the questions still open, or the result; never a medical finding.

    `changes` compare the newest result with that of `compared_with`.
    """

    standard: str
    questions: list[QuestionView]
    saved_answers: dict[str, int]
    primary: str | None = None
    summary: str | None = None
    scores: list[ScoreView]
    cautions: list[str]
    disclaimer: str = DISCLAIMER
    stored: bool = False
    history: list[PastResult]
    changes: list[ChangeView]
    compared_with: int | None = None


@cloud_function(caller=MEMBER)
def main(request: ConstitutionAssess, ctx: Context) -> Assessed:
    """Read consent and progress, score, and store what may be stored."""
    users, profiles = ctx.db.read(
        get("users", ctx.user_id, fields=("consents",)),
        get(PROFILES, ctx.user_id, fields=PROFILE_FIELDS),
    )
    profile = profiles[0] if profiles else {}
    sex = request.sex or profile.get("sex")
    if request.action == "delete":
        ctx.db.write(*erase(ctx.user_id, ctx.now))
        return _asked(request, {}, {}, sex, kept=False)
    if request.form == "elder33" and not is_elder(profile.get("birthYear"), ctx.day):
        raise FormNotForAge(age=ELDER_AGE)
    answers = {**_saved(profile, request), **request.answers}
    try:
        check(answers, sex, request.form)
        missing = unanswered(answers, sex, request.form)
        outcome = None if missing else score(answers, sex, request.form)
    except AnswersError as error:
        wrong = [{"field": f"answers.{item}", "problem": problem} for item, problem in error.problems]
        raise InvalidRequest(fields=wrong) from None
    storing = request.store and bool(request.answers)
    if storing and not (users and stands(users[0].get("consents") or [], "health_data")):
        raise Conflict("保存体质数据需要您的单独同意；也可以选择只计算、不保存", consent="health_data")
    if request.answers and missing and not storing:
        raise InvalidRequest("还有题目没有作答", fields=[{"field": f"answers.{each}"} for each in missing])
    if storing:
        draft = {"standard": standard(request.form), "answers": answers, "savedAt": ctx.now}
        _, kept = ctx.db.write(*keep(profile, ctx.user_id, outcome or draft, sex=sex, now=ctx.now))
        if not kept.happened:
            raise Busy
    if outcome is None:
        return _asked(request, profile, answers, sex, kept=storing)
    return _scored(outcome, profile, ctx.now, kept=storing)


def _saved(profile: Document, request: ConstitutionAssess) -> dict[str, int]:
    draft = profile.get("draft") or {}
    return draft.get("answers", {}) if draft.get("standard") == standard(request.form) else {}


def _asked(
    request: ConstitutionAssess, profile: Document, answers: dict[str, int], sex: Sex | None, *, kept: bool
) -> Assessed:
    """Show the questions, and how the last result stands to the one before."""
    shown = questions(request.form, sex)
    return Assessed(
        standard=standard(request.form),
        questions=[QuestionView(id=q.id, text=q.text, options=list(q.options)) for q in shown],
        saved_answers=answers,
        scores=[],
        cautions=[],
        stored=kept,
        **_past(profile, profile.get("constitution")),
    )


def _scored(outcome: Outcome, profile: Document, now: int, *, kept: bool) -> Assessed:
    return Assessed(
        standard=outcome.standard,
        questions=[],
        saved_answers={},
        primary=outcome.primary,
        summary=outcome.summary,
        scores=[
            ScoreView(code=s.code, name=NAMES[s.code], score=s.score, verdict=s.verdict)
            for s in outcome.scores
        ],
        cautions=[CAUTIONS[caution] for caution in outcome.cautions],
        stored=kept,
        **_past(profile, stored(outcome, now)),
    )


def _past(profile: Document, result: Document | None) -> dict[str, Any]:
    """Return the earlier results, and how *result* compares with the last of them by its standard."""
    history = profile.get("history") or ()
    earlier = before(result, history) if result else None
    compared = changes(result, earlier) if result and earlier else []
    return {
        "history": [
            PastResult(primary=each.get("primary"), standard=each["standard"], at=each["at"])
            for each in history
        ],
        "changes": [
            ChangeView(name=NAMES[each.code], difference=each.difference, **each._asdict())
            for each in compared
        ],
        "compared_with": earlier["at"] if earlier else None,
    }
