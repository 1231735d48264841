"""constitution_assess: the questionnaire, its saved progress, its result and the results before.

Health data: storing anything needs the separate consent ``health_data``; without it a complete form is
scored and forgotten, and an incomplete one is refused.
"""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, get, put, update
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, InvalidRequest
from gardenshop.rules.consent import stands
from gardenshop.rules.constitution import (
    CAUTIONS,
    DISCLAIMER,
    NAMES,
    AnswersError,
    Outcome,
    check,
    questions,
    score,
    standard,
    unanswered,
)

HISTORY = 50
Answer = Annotated[int, Field(strict=True, ge=1, le=5)]
ItemId = Annotated[str, Field(pattern=r"^[a-z][0-9]{2}[fm]?$")]


class ConstitutionAssess(Request):
    """Without answers the questions come back; with some of them progress is saved; with all, a result."""

    form: Literal["gbt46939"] = "gbt46939"
    sex: Literal["female", "male"] | None = None
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


class Assessed(Response):
    """Either the questions still open, or the result; never a medical finding."""

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


@cloud_function(caller=MEMBER)
def main(request: ConstitutionAssess, ctx: Context) -> Assessed:
    """Read consent and progress, score, and store what may be stored."""
    users, profiles = ctx.db.read(
        get("users", ctx.user_id, fields=("consents",)),
        get("user_profiles_extended", ctx.user_id, fields=("constitution", "history", "draft", "sex")),
    )
    profile = profiles[0] if profiles else {}
    consented = bool(users) and stands(users[0].get("consents") or [], "health_data")
    sex = request.sex or profile.get("sex")
    answers = {**_saved(profile, request), **request.answers}
    try:
        check(answers, sex, request.form)
        missing = unanswered(answers, sex, request.form)
        outcome = None if missing else score(answers, sex, request.form)
    except AnswersError as error:
        raise InvalidRequest(fields=_wrong(error)) from None
    storing = request.store and bool(request.answers)
    if storing and not consented:
        raise Conflict("保存体质数据需要您的单独同意；也可以选择只计算、不保存", consent="health_data")
    if request.answers and missing and not storing:
        raise InvalidRequest("还有题目没有作答", fields=[{"field": f"answers.{each}"} for each in missing])
    if storing:
        _store(outcome, answers, sex, request, ctx)
    return _answer(request, profile, answers, sex, outcome, stored=storing)


def _saved(profile: Document, request: ConstitutionAssess) -> dict[str, int]:
    draft = profile.get("draft") or {}
    return draft.get("answers", {}) if draft.get("standard") == standard(request.form) else {}


def _wrong(error: AnswersError) -> list[dict[str, str]]:
    kinds = {"missing": error.missing, "unknown": error.unknown, "outside": error.outside}
    return [{"field": f"answers.{item}", "problem": kind} for kind, items in kinds.items() for item in items]


def _store(
    outcome: Outcome | None,
    answers: dict[str, int],
    sex: str | None,
    request: ConstitutionAssess,
    ctx: Context,
) -> None:
    """Keep the result and drop the answers, or keep the answers until there is a result."""
    change: Document = {"$set": {"updatedAt": ctx.now}}
    if sex:
        change["$set"]["sex"] = sex
    if outcome is None:
        draft = {"standard": standard(request.form), "answers": answers, "savedAt": ctx.now}
        change["$set"]["draft"] = draft
    else:
        result = _stored(outcome, ctx.now)
        change["$set"]["constitution"] = result
        change["$push"] = {"history": {"$each": [result], "$slice": -HISTORY}}
        change["$unset"] = {"draft": ""}
    empty = {"_id": ctx.user_id, "schemaVersion": 1, "createdAt": ctx.now, "updatedAt": ctx.now}
    ctx.db.write(
        put("user_profiles_extended", empty),
        update("user_profiles_extended", {"_id": ctx.user_id}, change),
    )


def _stored(outcome: Outcome, now: int) -> Document:
    results = [{"code": each.code, "score": each.score, "verdict": each.verdict} for each in outcome.scores]
    primary = {"primary": outcome.primary} if outcome.primary else {}
    return {**primary, "results": results, "standard": outcome.standard, "at": now}


def _answer(
    request: ConstitutionAssess,
    profile: Document,
    answers: dict[str, int],
    sex: Literal["female", "male"] | None,
    outcome: Outcome | None,
    *,
    stored: bool,
) -> Assessed:
    past = [
        PastResult(primary=each.get("primary"), standard=each["standard"], at=each["at"])
        for each in profile.get("history") or ()
    ]
    if outcome is None:
        shown = questions(request.form, sex)
        return Assessed(
            standard=standard(request.form),
            questions=[QuestionView(id=q.id, text=q.text, options=list(q.options)) for q in shown],
            saved_answers=answers,
            scores=[],
            cautions=[],
            stored=stored,
            history=past,
        )
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
        stored=stored,
        history=past,
    )
