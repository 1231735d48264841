"""What was begun and is not ended, in turn.

Whoever is tried goes to the end of its queue before that: what nobody can end holds up nothing behind it.
"""

from collections.abc import Mapping, Sequence

from gardenshop.cloud.database import Command, Document, Filter, find, update


def longest_untried(collection: str, where: Filter, limit: int) -> Command:
    """Return the read of the documents of *collection* that nobody has touched for the longest time."""
    return find(collection, where, sort={"updatedAt": 1}, limit=limit)


def to_the_end(queues: Mapping[str, Sequence[Document]], now: int) -> list[Command]:
    """Return the writes that put the documents found in each collection at the end of its queue."""
    touched = {"$set": {"updatedAt": now}}
    return [
        update(collection, {"_id": {"$in": [each["_id"] for each in found]}}, touched, multi=True)
        for collection, found in queues.items()
        if found
    ]
