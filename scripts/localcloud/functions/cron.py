"""The platform's timers: seven fields (second … year), in UTC+8, day and weekday both set meaning either."""

from datetime import datetime, timedelta, timezone
from typing import Annotated

from croniter import CroniterBadDateError, CroniterError, croniter
from pydantic import AfterValidator

ZONE = timezone(timedelta(hours=8), "UTC+8")
_FIELDS = 7


def check(expression: str) -> str:
    """Return *expression* when it is a 7-field cron expression; ValueError otherwise."""
    if len(expression.split()) != _FIELDS:
        raise ValueError("a timer has seven fields: second minute hour day month weekday year")
    try:
        croniter(expression, second_at_beginning=True)
    except CroniterError as error:
        raise ValueError(str(error)) from error
    return expression


Cron = Annotated[str, AfterValidator(check)]
"""A 7-field cron expression."""


def next_fire(expression: str, after: datetime) -> datetime | None:
    """Return the first instant after *after* at which *expression* fires; None when its years are over."""
    times = croniter(expression, after.astimezone(ZONE), second_at_beginning=True)
    try:
        fire: datetime = times.get_next(datetime)
    except CroniterBadDateError:
        return None
    return fire
