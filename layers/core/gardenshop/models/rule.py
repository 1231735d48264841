"""Business rules: versioned settings that operators publish and every effect records."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from gardenshop.models.base import Document, Instant, Key, ShortText


class BusinessRule(Document):
    """One version of one rule; `_id` is ``ruleId:version``, `since` is stored as ``from``."""

    rule_id: Key
    version: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    category: Literal[
        "points",
        "pricing",
        "freight",
        "order",
        "commission",
        "carbon",
        "learning",
        "recommend",
        "restock",
        "garden",
        "campaign",
        "flag",
        "experiment",
        "privacy",
        "plan",
    ]
    title: ShortText = ""
    body: Annotated[dict[str, JsonValue], Field(max_length=200)]
    state: Literal["draft", "live", "old"]
    since: Instant | None = Field(default=None, alias="from")
    until: Instant | None = Field(default=None, alias="to")
    author: Key
    live_key: Key | None = None
    """What it went live as: the rule id, and the version it took the place of. Unique, so of two that would
    take the place of one version only one does."""
    client_token: Key | None = None
    """The intent that drafted it."""
    checked_against: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] | None = None
    """The version that was live when it was found sound; 0 where none was."""
