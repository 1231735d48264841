"""What was begun and is not ended, in turn.

Whoever is tried goes to the end of its queue before that: what nobody can end holds up nothing behind it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from gardenshop.cloud.database import Command, Database, Document, Filter, find, update


class Queue(NamedTuple):
    """The documents of a collection that are left half done *since* an instant, and what becomes of them."""

    collection: str
    since: str
    where: Filter
    end: Callable[[Database, Sequence[Document], int], int]
    """Ends some of them at an instant, and returns of how many that is said."""
    counted: str
    """Under which name that is said."""

    def left(self, until: int, limit: int) -> Command:
        """Return the read of those left since *until* or longer, whoever was touched longest ago first."""
        where = {**self.where, self.since: {"$lte": until}}
        return find(self.collection, where, sort={"updatedAt": 1}, limit=limit)


def to_the_end(found: Iterable[tuple[Queue, Sequence[Document]]], now: int) -> list[Command]:
    """Return the writes that put the documents *found* at the end of their queues, one a collection."""
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for queue, documents in found:
        ids[queue.collection] += (each["_id"] for each in documents)
    touched = {"$set": {"updatedAt": now}}
    return [
        update(collection, {"_id": {"$in": those}}, touched, multi=True)
        for collection, those in ids.items()
        if those
    ]
