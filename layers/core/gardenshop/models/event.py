"""Behaviour: what members saw and did, as far as they agreed to it being kept."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import Day, Document, Instant, Key, SkuId, UserId

EventType = Literal[
    "exposure", "click", "view", "search", "cart", "checkout", "order", "pay", "share", "favorite", "variant"
]


class UserEvent(Document):
    """One step of the funnel; `_id` is the user id and the event id that her client made."""

    user_id: UserId
    type: EventType
    product_id: Key | None = None
    sku_id: SkuId | None = None
    exposure_id: Key | None = None
    scene: Annotated[str, Field(max_length=40)] | None = None
    position: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None
    keyword: Annotated[str, Field(max_length=60)] | None = None
    variant: Annotated[str, Field(max_length=60)] | None = None
    at: Instant
    day: Day
