"""The local cloud's own time: the computer's, unless somebody sets it, to see what another day brings.

Functions, timers and WeChat read it; clients outside keep the time of their own computer.
"""

import time
from datetime import datetime, timezone

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route


class Clock:
    """A clock that goes on from wherever it was set; `ahead` are its seconds beyond the computer's."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        """Return the present instant in epoch seconds."""
        return time.time() + self.ahead

    def utc(self) -> datetime:
        """Return the present instant."""
        return datetime.fromtimestamp(self.now(), timezone.utc)

    def set(self, at: datetime | None) -> None:
        """Let it be *at* now, or the computer's time again."""
        self.ahead = at.timestamp() - time.time() if at else 0.0


class Setting(BaseModel):
    """What the clock is set to; without `at`, to the computer's time."""

    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = None


def routes(clock: Clock) -> list[BaseRoute]:
    """Return ``/_clock``, where *clock* is read and set."""

    async def read(_: Request) -> Response:
        return _told(clock)

    async def turn(request: Request) -> Response:
        try:
            clock.set(Setting.model_validate_json(await request.body() or b"{}").at)
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return _told(clock)

    return [Route("/_clock", read, methods=["GET"]), Route("/_clock", turn, methods=["POST"])]


def _told(clock: Clock) -> Response:
    return JSONResponse({"now": clock.utc().isoformat(), "aheadSeconds": round(clock.ahead, 3)})
