"""What reached the database lately, and on whose behalf: the trips of each call of a function.

The host gives every invocation the cloud's session token with the request id behind it; the client in the
function sends it along, as it must, and so each trip tells which call it belongs to.
"""

import itertools
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

MARK = "~"
_REMEMBERED = 2000
_LONGEST = 4000


def marked(session_token: str, request_id: str) -> str:
    """Return the session token of the invocation *request_id*."""
    return f"{session_token}{MARK}{request_id}"


@dataclass(frozen=True)
class Trip:
    """A list of commands that was sent together; `error` names what ended it early."""

    number: int
    at: str
    request_id: str
    commands: list[str]
    ms: float
    error: str

    def to_json(self) -> dict[str, Any]:
        fields = asdict(self)
        return {**fields, "requestId": fields.pop("request_id")}


class Traces:
    """The last trips; safe to write from many threads."""

    def __init__(self) -> None:
        self._trips: deque[Trip] = deque(maxlen=_REMEMBERED)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @contextmanager
    def trip(self, token: str, parameters: Any, *, at: datetime) -> Iterator[None]:
        """Remember the trip that is made inside, by who has *token*."""
        started, error = time.perf_counter(), ""
        try:
            yield
        except Exception as failure:
            error = str(getattr(failure, "code", type(failure).__name__))
            raise
        finally:
            ms = round((time.perf_counter() - started) * 1000, 2)
            request_id, moment = token.partition(MARK)[2], at.isoformat(timespec="milliseconds")
            with self._lock:
                number = next(self._numbers)
                self._trips.append(Trip(number, moment, request_id, _commands(parameters), ms, error))

    def trips(self, *, request_id: str = "") -> list[Trip]:
        """Return the remembered trips; without *request_id*, of all calls."""
        with self._lock:
            found = list(self._trips)
        return [trip for trip in found if request_id in ("", trip.request_id)]


def _commands(parameters: Any) -> list[str]:
    """Return the native commands among *parameters*, each cut to a readable length."""
    sent = parameters.get("MgoCommands") if isinstance(parameters, dict) else None
    told = [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else []
    return [str(each.get("Command", ""))[:_LONGEST] for each in told]
