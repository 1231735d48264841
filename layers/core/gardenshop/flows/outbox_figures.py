"""How the outbox stands, in ``outbox:<day>`` of `data_dashboard`: what is due, since when, and given up."""

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Command, Database, aggregate, find, update

COLLECTION = "data_dashboard"


def figures(db: Database, now: int) -> Command:
    """Return the write of the figures at *now*: tasks due, the age of the oldest in ms, tasks given up."""
    due = {"state": {"$in": ["due", "leased"]}, "dueAt": {"$lte": now}}
    first, waiting, given_up = db.read(
        find("sync_tasks", due, fields=("dueAt",), sort={"dueAt": 1}, limit=1),
        aggregate("sync_tasks", {"$match": due}, {"$count": "tasks"}),
        aggregate("sync_tasks", {"$match": {"state": "dead"}}, {"$count": "tasks"}),
    )
    metrics = {
        "due": sum(int(row["tasks"]) for row in waiting),
        "oldestDueAgeMs": now - first[0]["dueAt"] if first else 0,
        "dead": sum(int(row["tasks"]) for row in given_up),
    }
    day = day_of(now)
    named = {"kind": "outbox", "day": day, "final": False, "schemaVersion": 1, "createdAt": now}
    change = {"$setOnInsert": named, "$set": {"metrics": metrics, "updatedAt": now}}
    return update(COLLECTION, {"_id": f"outbox:{day}"}, change, upsert=True)
