"""What members did is forgotten when its time is over: events are kept for some months, then deleted."""

from typing import get_args

from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import Database, delete, find
from gardenshop.models.event import EventType
from gardenshop.rules.policy import policy_of

AT_ONCE = 500
_MONTH_DAYS = 31


def forget(db: Database, now: int) -> int:
    """Delete some events whose time is over; return how many."""
    (rules,) = db.read(find("business_rules", {"state": "live"}))
    months = policy_of(rules).privacy.event_months
    before = day_of(now - months * _MONTH_DAYS * DAY)
    old = {"type": {"$in": list(get_args(EventType))}, "day": {"$lt": before}}
    (events,) = db.read(find("user_events", old, fields=("day",), limit=AT_ONCE))
    if events:
        ids = [each["_id"] for each in events]
        db.write(delete("user_events", {"_id": {"$in": ids}, "day": {"$lt": before}}, limit=0))
    return len(events)
