"""Time: UTC epoch milliseconds for instants, fixed UTC+8 for days."""

import time
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
"""Fixed UTC+8. Not Asia/Shanghai, whose historical offsets differ (1986–1991 and before 1950)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now_ms() -> int:
    """Return the present instant."""
    return int(time.time() * 1000)


def day_of(instant: int) -> str:
    """Return the UTC+8 day, ``YYYY-MM-DD``, in which *instant* falls."""
    return datetime.fromtimestamp(instant / 1000, CHINA).strftime("%Y-%m-%d")


def start_of(day: str) -> int:
    """Return the first instant of the UTC+8 *day*."""
    return int(datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=CHINA).timestamp() * 1000)


def rfc3339(instant: int) -> str:
    """Return *instant* as WeChat Pay writes times: whole seconds, ``+08:00``."""
    return datetime.fromtimestamp(instant // 1000, CHINA).isoformat()


def parse_utc(text: str) -> int:
    """Return the instant a timer event names, such as ``2026-11-23T04:00:00Z``.

    Raises ValueError when *text* is not such a time.
    """
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - _EPOCH) // timedelta(milliseconds=1)
