"""When each timer last came to its end, in a document a day of `data_dashboard`: a dead one is seen."""

from gardenshop.cloud import clock
from gardenshop.cloud.database import Command, update

COLLECTION = "data_dashboard"


def finished(name: str) -> Command:
    """Return the write that says that the timer *name* has ended a run at this very instant.

    The instant is the clock's: a run that is told of another time ended now all the same.
    """
    now = clock.now_ms()
    day = clock.day_of(now)
    first = {"kind": "timers", "day": day, "final": False, "schemaVersion": 1, "createdAt": now}
    latest = {f"metrics.{name}": now, "updatedAt": now}
    where = {"_id": f"timers:{day}"}
    return update(COLLECTION, where, {"$setOnInsert": first, "$set": latest}, upsert=True)
