"""events_track: keep what the caller saw and did, as far as she agreed to it being kept."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import Document, get, put
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.models.base import ClientToken, Instant, Key, Line, SkuId, Words
from gardenshop.rules.consent import stands

OLDEST = 7 * DAY
Type = Literal["exposure", "click", "view", "search", "cart", "share", "favorite", "variant"]
"""What clients may tell. What becomes of orders, the orders say."""

_SHOWN = {"exposure_id", "product_id"}
_SAYS: dict[Type, tuple[set[str], set[str]]] = {
    "exposure": (_SHOWN, {"position", "variant"}),
    "click": (_SHOWN, {"position", "variant"}),
    "view": ({"product_id"}, {"sku_id", "exposure_id"}),
    "search": ({"keyword"}, set()),
    "cart": ({"sku_id"}, {"product_id", "exposure_id"}),
    "share": ({"product_id"}, {"exposure_id"}),
    "favorite": ({"product_id"}, {"exposure_id"}),
    "variant": ({"variant"}, set()),
}
"""What each type must say of itself, and what it may; each may name its scene.

``variant`` is what the mini-program shows of an experiment of its own, where it first differs.
"""


class Step(Request):
    """One step, under an id that the client makes once; `at` is its own clock's."""

    event_id: ClientToken
    type: Type
    at: Instant
    scene: Annotated[Line, Field(max_length=40)] | None = None
    product_id: Key | None = None
    sku_id: SkuId | None = None
    exposure_id: Key | None = None
    position: Annotated[int, Field(strict=True, ge=0, le=1000)] | None = None
    variant: Annotated[Line, Field(max_length=60)] | None = None
    keyword: Annotated[Words, Field(max_length=60)] | None = None

    @model_validator(mode="after")
    def _says_what_its_type_does(self) -> "Step":
        needed, possible = _SAYS[self.type]
        said = {name for name, value in self if value is not None} - {"event_id", "type", "at", "scene"}
        if not needed <= said <= needed | possible:
            raise PydanticCustomError("event_fields", "does not say what events of its type do")
        return self


class EventsTrack(Request):
    """Some steps; `sent_at` is the client's clock now, by which the server corrects its times."""

    sent_at: Instant
    events: Annotated[tuple[Step, ...], Field(min_length=1, max_length=50)]


class EventsTracked(Response):
    """How many were kept now, and how many had been before; nothing is without her consent."""

    stored: int
    repeated: int


@cloud_function(caller=MEMBER)
def main(request: EventsTrack, ctx: Context) -> EventsTracked:
    """Read the consent, then keep all steps in one trip, each once."""
    user = ctx.db.one(get("users", ctx.user_id, fields=("consents",))) or {}
    if not stands(user.get("consents") or [], "events"):
        return EventsTracked(stored=0, repeated=0)
    steps = {step.event_id: step for step in request.events}
    results = ctx.db.write(*(put("user_events", _row(step, request, ctx)) for step in steps.values()))
    stored = sum(result.happened for result in results)
    return EventsTracked(stored=stored, repeated=len(request.events) - stored)


def _row(step: Step, request: EventsTrack, ctx: Context) -> Document:
    """Return what is kept of *step*: as long ago as its own clock says, a week at most, never to come."""
    said: dict[str, Any] = step.model_dump(by_alias=True, exclude_none=True, exclude={"event_id", "at"})
    at = ctx.now - min(max(request.sent_at - step.at, 0), OLDEST)
    owned = {"_id": f"{ctx.user_id}:{step.event_id}", "userId": ctx.user_id}
    stamps = {"schemaVersion": 1, "createdAt": ctx.now, "updatedAt": ctx.now}
    return {**owned, **said, "at": at, "day": day_of(at), **stamps}
