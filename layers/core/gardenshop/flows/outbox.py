"""The outbox: an order's deferred effects become tasks with fixed ids, however often they are asked for.

The write that changes an order sets its `outboxAt`; `flush` then stores the tasks that the order's
state calls for and unsets the mark. A crash in between leaves the mark, which `outbox_pump` finds
and flushes.
"""

from gardenshop.cloud.database import Command, Database, Document, put, update

RELEASE = "stock.release"
COMMIT = "stock.commit"
ACCRUE = "points.accrue"
GARDEN = "garden.sync"
REFUND = "refund.submit"

_TOPICS: dict[str, tuple[str, ...]] = {
    "paid": (COMMIT, ACCRUE, GARDEN),
    "cancelled": (RELEASE,),
    "create_failed": (RELEASE,),
}


def tasks_of(order: Document) -> list[Document]:
    """Return the tasks that the state of *order*, marked with `outboxAt`, calls for."""
    tasks = [_task(topic, order["_id"], order) for topic in _TOPICS.get(order["status"], ())]
    due = (refund for refund in order.get("refunds") or () if refund["state"] == "due")
    return tasks + [_task(REFUND, refund["refundNo"], order) for refund in due]


def _task(topic: str, ref_id: str, order: Document) -> Document:
    """Build a task; ``startedAt`` is the earliest instant at which its effect can have happened."""
    at = order["outboxAt"]
    return {
        "_id": f"{topic}:{ref_id}:0",
        "topic": topic,
        "refId": ref_id,
        "payload": {"orderNo": order["_id"], "startedAt": at},
        "state": "due",
        "dueAt": at,
        "attempts": 0,
        "schemaVersion": 1,
        "createdAt": at,
        "updatedAt": at,
    }


def flush_commands(order: Document) -> list[Command]:
    """Return the writes that store the tasks of *order* and take its mark away, in that order."""
    mark = {"_id": order["_id"], "outboxAt": order["outboxAt"]}
    return [
        *(put("sync_tasks", task) for task in tasks_of(order)),
        update("orders", mark, {"$unset": {"outboxAt": ""}}),
    ]


def flush(db: Database, order: Document) -> None:
    """Store the tasks of *order* in one round trip."""
    db.write(*flush_commands(order))
