"""Moving the past of the sample shop, so that its sales end yesterday and its orders keep their distance.

The files tell the past as seen from `WRITTEN`. Only what happens in time moves: sales, orders, habits and
campaigns. What is stored once stays as it was first moved, as everything that belongs to the shop.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from gardenshop.cloud.clock import DAY

WRITTEN = date(2026, 11, 1)
MOVED = frozenset({"inventory", "orders", "user_profiles_extended", "coupons", "promotions"})

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEAR_AND_TERM = re.compile(r"(\d{4})-([a-z]+)")


def moved(collection: str, document: Mapping[str, Any], today: str) -> dict[str, Any]:
    """Return *document* as seen from *today*."""
    if collection not in MOVED:
        return dict(document)
    now = date.fromisoformat(today)
    result: dict[str, Any] = _moved("", document, (now - WRITTEN).days, now.year - WRITTEN.year)
    return result


def _moved(name: str, value: Any, days: int, years: int) -> Any:
    if isinstance(value, Mapping):
        return {_key(key, days, years): _moved(key, each, days, years) for key, each in value.items()}
    if isinstance(value, list):
        return [_moved(name, each, days, years) for each in value]
    if isinstance(value, int) and (name == "at" or name.endswith("At")):
        return value + days * DAY
    if isinstance(value, str) and _DAY.fullmatch(value):
        return _day(value, days)
    return value


def _key(key: str, days: int, years: int) -> str:
    """Move the days and the terms that sales are kept under."""
    if _DAY.fullmatch(key):
        return _day(key, days)
    term = _YEAR_AND_TERM.fullmatch(key)
    return f"{int(term[1]) + years}-{term[2]}" if term else key


def _day(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
