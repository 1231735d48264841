"""What the caps of a day still allow a member, counted in her own document by the update that it is about.

What she does counts for the day on which it is applied. Of two forms, for the day that is being counted and
for a new one, the one is chosen that fits what was read; if that is not true any more, the update is
refused. A day that is over is never counted again, whatever a clock says.
"""

from collections.abc import Mapping
from typing import Any, Literal

from gardenshop.flows.balances import Operation

What = Literal["exchange", "harvest", "lesson", "meal"]
Balance = Mapping[str, Any]
"""A member's `points` as they were read."""

_TODAY = "points.today"
_NOTHING = {"exchange": 0, "harvest": 0, "lesson": 0, "meal": 0}


def left_of(cap: int, balance: Balance, what: What, day: str) -> int:
    """Return how many points of *cap* are left on *day*."""
    today = balance.get("today") or {}
    return cap - int(today[what]) if today.get("day") == day else cap


def counted(
    operation: Operation, balance: Balance, what: What, *, points: int, cap: int, day: str
) -> Operation:
    """Return *operation*, which counts *points* on *day*; refused when that is more than *cap* leaves."""
    change = {name: dict(fields) for name, fields in operation.change.items()}
    counting = (balance.get("today") or {}).get("day") == day
    if counting or points > cap:  # More than a whole day allows fails by the counter, which is not below 0.
        guard: dict[str, Any] = {f"{_TODAY}.day": day, f"{_TODAY}.{what}": {"$lte": cap - points}}
        change.setdefault("$inc", {})[f"{_TODAY}.{what}"] = points
    else:
        guard = {f"{_TODAY}.day": {"$not": {"$gte": day}}}
        change.setdefault("$set", {})[_TODAY] = {"day": day, **_NOTHING, what: points}
    return operation._replace(guard={**operation.guard, **guard}, change=change)
