"""Knowledge as it is shown: texts with their sources, lessons with progress, dishes with their carbon.

It stays apart from the shop: nothing here names a product or leads to one.
"""

from gardenshop.cloud.database import Document
from gardenshop.cloud.entry import Response
from gardenshop.flows.fit_view import FitView
from gardenshop.rules.solar_terms import Occurrence, Position

TEXT_FIELDS = ("key", "title", "summary", "body", "source.title", "source.passage", "media.cover")
LESSON_FIELDS = (*TEXT_FIELDS, "minutes", "order", "reward.points", "quiz.text", "quiz.options")
RECIPE_FIELDS = (
    "title", "highlight", "minutes", "servings", "carbonG", "carbonSource", "comparedWith", "fit",
    "contains", "allergens", "media.cover",
)  # fmt: skip


class Text(Response):
    """A text and where it comes from."""

    key: str
    title: str
    summary: str
    body: str
    source: str
    cover: str | None


class Moment(Response):
    """A solar term, the instant at which it begins, and its day in the almanac."""

    key: str
    name: str
    at: int
    day: str


class TermView(Moment):
    """The term that today belongs to, the way to the next, and its guide when asked for."""

    progress_bp: int
    next: Moment
    days_to_next: int
    guide: Text | None


class QuestionView(Response):
    """A question; the answer is the index of an option."""

    text: str
    options: list[str]


class LessonView(Text):
    """A lesson and how far the caller has come with it."""

    lesson_id: str
    minutes: int
    points: int
    questions: list[QuestionView]
    completed: bool
    best_bp: int | None


class Compared(Response):
    """The meat dish that a recipe is compared with."""

    title: str
    carbon_g: int


class RecipeView(Response):
    """A dish of the season; `carbon_g`, an estimate by `carbon_source`, is of all its servings together."""

    recipe_id: str
    title: str
    highlight: str
    minutes: int
    servings: int
    carbon_g: int
    carbon_source: str | None
    compared_with: Compared | None
    fit: FitView
    cover: str | None


def _moment(term: Occurrence) -> dict[str, object]:
    return {"key": term.term.key, "name": term.term.name, "at": term.at, "day": term.day}


def term_view(where: Position, guides: list[Document]) -> TermView:
    """Show where today lies, with the guide of its term among *guides*."""
    return TermView(
        **_moment(where.current),
        progress_bp=where.progress_bp,
        next=Moment(**_moment(where.next)),
        days_to_next=where.days_to_next,
        guide=text_view(guides[0]) if guides else None,
    )


def text_view(wisdom: Document) -> Text:
    """Show *wisdom*."""
    return Text(**_text(wisdom))


def _text(wisdom: Document) -> dict[str, object]:
    source = wisdom["source"]
    return {
        "key": wisdom["key"],
        "title": wisdom["title"],
        "summary": wisdom.get("summary", ""),
        "body": wisdom["body"],
        "source": "；".join(source[name] for name in ("title", "passage") if name in source),
        "cover": (wisdom.get("media") or {}).get("cover"),
    }


def lesson_view(lesson: Document, learning: Document) -> LessonView:
    """Show *lesson* to a member whose progress is *learning*; the right answers stay here."""
    scores = {each["lessonId"]: each["scoreBp"] for each in learning.get("completed") or ()}
    return LessonView(
        **_text(lesson),
        lesson_id=lesson["_id"],
        minutes=lesson.get("minutes", 0),
        points=(lesson.get("reward") or {}).get("points", 0),
        questions=[QuestionView(**each) for each in lesson.get("quiz") or ()],
        completed=lesson["_id"] in scores,
        best_bp=scores.get(lesson["_id"]),
    )


def recipe_view(recipe: Document, fit: FitView) -> RecipeView:
    """Show *recipe*, which suits the member as *fit* says."""
    compared = recipe.get("comparedWith")
    return RecipeView(
        recipe_id=recipe["_id"],
        title=recipe["title"],
        highlight=recipe.get("highlight", ""),
        minutes=recipe.get("minutes", 0),
        servings=recipe["servings"],
        carbon_g=recipe["carbonG"],
        carbon_source=recipe.get("carbonSource"),
        compared_with=Compared(**compared) if compared else None,
        fit=fit,
        cover=(recipe.get("media") or {}).get("cover"),
    )
