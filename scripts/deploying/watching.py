"""The logs of an environment's functions, of a while or as they come, and events that are sent by hand."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from deploying.environment import Environment
from deploying.errors import NotDeployable

_CHINA = timezone(timedelta(hours=8))
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DAY = timedelta(days=1)
_FOLLOW_SECONDS = 3.0


def since(text: str, now: datetime) -> datetime:
    """Return the instant *text*, like ``15m``, before *now*: a day at most, as the cloud asks."""
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise NotDeployable(f"--since {text}: say it like 15m, 2h or 1d.")
    return now - min(timedelta(seconds=int(found[1]) * _UNITS[found[2]]), _DAY)


def now() -> datetime:
    """Return the present instant as the cloud's log writes it."""
    return datetime.now(_CHINA)


def logs(
    environment: Environment,
    functions: Sequence[str],
    first: datetime,
    *,
    request_id: str | None,
    follow: bool,
) -> Iterator[Mapping[str, Any]]:
    """Yield invocations since *first*, the oldest first; with *follow* on and on, each once."""
    seen: set[str] = set()
    while True:
        last = now() + timedelta(seconds=1)
        rows = [
            row
            for name in functions
            for row in environment.logs(name, _text(first), _text(last), request_id)
            if row["RequestId"] not in seen
        ]
        seen.update(row["RequestId"] for row in rows)
        yield from sorted(rows, key=lambda row: str(row.get("StartTime")))
        if not follow:
            return
        environment.sleep(_FOLLOW_SECONDS)
        first = max(first, last - timedelta(minutes=15))


def timer_event(timers: Mapping[str, str], name: str | None = None) -> dict[str, str]:
    """Return the event that the first of *timers*, or the one called *name*, would send now."""
    if not timers or (name is not None and name not in timers):
        raise NotDeployable(f"The function has no timer {name or ''}".rstrip() + ".")
    time = datetime.now(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {"Type": "Timer", "TriggerName": name or next(iter(timers)), "Time": time, "Message": ""}


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S")
