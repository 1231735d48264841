"""The data dashboard: figures of one kind for one day, computed once and read often."""

from typing import Annotated

from pydantic import Field, JsonValue

from gardenshop.models.base import Day, Document, Key


class DashboardFigures(Document):
    """One day's figures; `_id` is ``kind:day`` or ``kind:day:dimension``."""

    kind: Annotated[str, Field(pattern=r"^[a-z_]+$", max_length=40)]
    day: Day
    dimension: Key | None = None
    metrics: Annotated[dict[str, JsonValue], Field(max_length=500)]
    inputs: Annotated[dict[str, JsonValue], Field(max_length=50)] = Field(default_factory=dict)
    final: bool = False
