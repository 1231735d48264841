"""How often a member may try something a day: each try is counted before anything is said of it.

The count is in a row of `data_dashboard` for each member and day, which is deleted when the day is over.
"""

from typing import Literal, get_args

from gardenshop.cloud.clock import DAY, day_of
from gardenshop.cloud.database import Database, Filter, put, update
from gardenshop.cloud.errors import DailyLimit

COLLECTION = "data_dashboard"
Kind = Literal["signin_codes", "coupon_codes"]


def count(db: Database, kind: Kind, user_id: str, now: int, *, most: int, text: str) -> None:
    """Count a try of *user_id*. Raises DailyLimit, which says *text*, after *most* of a day."""
    day = day_of(now)
    key, metrics = f"{kind}:{day}:{user_id}", {"made": 0}
    stamps = {"final": False, "schemaVersion": 1, "createdAt": now, "updatedAt": now}
    first = {"kind": kind, "day": day, "dimension": user_id, "metrics": metrics, "inputs": {}, **stamps}
    within, once = {"_id": key, "metrics.made": {"$lt": most}}, {"$inc": {"metrics.made": 1}}
    _, counted = db.write(put(COLLECTION, {"_id": key, **first}), update(COLLECTION, within, once))
    if not counted.happened:
        raise DailyLimit(text)


def over(now: int) -> Filter:
    """Return the filter of counts of days that are over."""
    return {"kind": {"$in": list(get_args(Kind))}, "day": {"$lt": day_of(now - DAY)}}
