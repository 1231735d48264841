"""Traditional knowledge: guides to constitutions and solar terms, quotes and lessons."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import Document, Key, LongText, Model, Points, ShortText
from gardenshop.models.traits import Media
from gardenshop.models.vocabulary import Constitutions, Terms


class Citation(Model):
    """Where a text or a fact comes from."""

    title: ShortText
    passage: ShortText | None = None
    url: Annotated[str, Field(max_length=500)] | None = None


class References(Model):
    """What a text speaks of."""

    ingredient_ids: Annotated[tuple[Key, ...], Field(max_length=40)] = ()
    recipe_ids: Annotated[tuple[Key, ...], Field(max_length=40)] = ()
    product_ids: Annotated[tuple[Key, ...], Field(max_length=40)] = ()
    terms: Terms = ()
    constitutions: Constitutions = ()


class Question(Model):
    """One quiz question; `answer` is the index of the right option."""

    text: ShortText
    options: Annotated[tuple[ShortText, ...], Field(min_length=2, max_length=6)]
    answer: Annotated[int, Field(strict=True, ge=0, le=5)]
    explanation: ShortText = ""


class Reward(Model):
    """Garden points for finishing, once per member."""

    points: Points = 0


class Wisdom(Document):
    """One text of `tcm_wisdom`; kind and key name it."""

    kind: Literal["constitution", "solar_term", "quote", "lesson"]
    key: Key
    title: Annotated[str, Field(min_length=1, max_length=80)]
    summary: ShortText = ""
    body: LongText
    source: Citation
    refs: References = Field(default_factory=References)
    quiz: Annotated[tuple[Question, ...], Field(max_length=20)] = ()
    minutes: Annotated[int, Field(strict=True, ge=0, le=240)] = 0
    order: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 0
    reward: Reward = Field(default_factory=Reward)
    media: Media = Field(default_factory=Media)
    status: Literal["draft", "live", "hidden"] = "live"
