"""knowledge_feed: today's solar term, the caller's constitution, a quote, lessons, recipes in season."""

from collections.abc import Callable, Iterator
from typing import Annotated, Literal, get_args

from pydantic import Field

from gardenshop.cloud.database import PAGE, Command, Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import InvalidRequest
from gardenshop.flows.fit_view import FitView, fit_view
from gardenshop.flows.knowledge import (
    LESSON_FIELDS,
    RECIPE_FIELDS,
    TEXT_FIELDS,
    LessonView,
    RecipeView,
    TermView,
    Text,
    lesson_view,
    recipe_view,
    term_view,
    text_view,
)
from gardenshop.rules.advice import PROFILE_FIELDS, types_of_profile, usable
from gardenshop.rules.constitution import DISCLAIMER
from gardenshop.rules.learning import quote_of_day, streak
from gardenshop.rules.paging import CursorText, Order, after, cursor_of
from gardenshop.rules.solar_terms import Position, position_by_day

Kind = Literal["term", "constitution", "quote", "lessons", "recipes"]
IN_ORDER = Order("order", 1)
LIGHTEST = Order("carbonG", 1)


class KnowledgeFeed(Request):
    """Some `kinds`, or all; one of lessons and recipes alone is continued by its cursor."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1, max_length=5)] = get_args(Kind)
    cursor: CursorText | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=20)] = 5


class Feed(Response):
    """What was asked for. `next_cursors` continue lessons and recipes; `disclaimer` must be shown with it."""

    day: str
    term: TermView
    constitution: list[Text]
    personalised: bool
    quote: Text | None
    lessons: list[LessonView]
    lessons_completed: int
    streak_days: int
    recipes: list[RecipeView]
    next_cursors: dict[Kind, str]
    disclaimer: str = DISCLAIMER


@cloud_function(caller=MEMBER)
def main(request: KnowledgeFeed, ctx: Context) -> Feed:
    """Read everything in one round trip, and show what suits her."""
    if request.cursor is not None and request.kinds not in {("lessons",), ("recipes",)}:
        raise InvalidRequest(fields=[{"field": "cursor", "problem": "one of lessons and recipes"}])
    where = position_by_day(ctx.now)
    users, profiles, *replies = ctx.db.read(
        get("users", ctx.user_id, fields=("consents",)),
        get("user_profiles_extended", ctx.user_id, fields=(*PROFILE_FIELDS, "learning")),
        *(_READS[kind](request, where) for kind in request.kinds),
    )
    found = dict(zip(request.kinds, replies, strict=True))
    profile = usable(profiles[0] if profiles else {}, users[0] if users else {})
    learning = profile.get("learning") or {}
    lessons, recipes = found.get("lessons", []), found.get("recipes", [])
    suiting = list(_suiting(recipes, profile))
    quote = quote_of_day(found.get("quote", []), ctx.user_id, ctx.day)
    types = types_of_profile(profile)
    guides = {each["key"]: each for each in found.get("constitution", [])}
    return Feed(
        day=ctx.day,
        term=term_view(where, found.get("term", [])),
        constitution=[text_view(guides[code]) for code in types if code in guides],
        personalised="constitution" in profile,
        quote=text_view(quote) if quote else None,
        lessons=[lesson_view(each, learning) for each in lessons[: request.limit]],
        lessons_completed=len(learning.get("completed") or ()),
        streak_days=streak(learning, ctx.day),
        recipes=[recipe_view(each, fit) for each, fit in suiting[: request.limit]],
        next_cursors=_cursors(lessons, recipes, [each for each, _ in suiting], request.limit),
    )


def _wisdom(kind: str, **more: object) -> Command:
    return find("tcm_wisdom", {"kind": kind, "status": "live", **more}, fields=TEXT_FIELDS)


def _lessons(request: KnowledgeFeed, _: Position) -> Command:
    where = {"kind": "lesson", "status": "live", **after(IN_ORDER, request.cursor)}
    return find("tcm_wisdom", where, fields=LESSON_FIELDS, sort=IN_ORDER.keys, limit=request.limit + 1)


def _recipes(request: KnowledgeFeed, where: Position) -> Command:
    """Read all of the season, the lightest first: which of them suit her is known only with her profile."""
    named = {"status": "active", "terms": where.current.term.key, **after(LIGHTEST, request.cursor)}
    return find("recipes", named, fields=RECIPE_FIELDS, sort=LIGHTEST.keys, limit=PAGE)


_READS: dict[Kind, Callable[[KnowledgeFeed, Position], Command]] = {
    "term": lambda _, where: _wisdom("solar_term", key=where.current.term.key),
    "constitution": lambda *_: _wisdom("constitution"),
    "quote": lambda *_: _wisdom("quote"),
    "lessons": _lessons,
    "recipes": _recipes,
}


def _suiting(recipes: list[Document], profile: Document) -> Iterator[tuple[Document, FitView]]:
    for recipe in recipes:
        fit = fit_view(recipe, profile)
        if fit.verdict != "not_advised":
            yield recipe, fit


def _cursors(
    lessons: list[Document], recipes: list[Document], suiting: list[Document], limit: int
) -> dict[Kind, str]:
    cursors: dict[Kind, str] = {}
    if len(lessons) > limit:
        cursors["lessons"] = cursor_of(IN_ORDER, lessons[limit - 1])
    if len(suiting) > limit:
        cursors["recipes"] = cursor_of(LIGHTEST, suiting[limit - 1])
    elif len(recipes) == PAGE:
        cursors["recipes"] = cursor_of(LIGHTEST, recipes[-1])
    return cursors
