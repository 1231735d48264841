"""What cannot be worked with, such as a document that is malformed, holds up nothing beside it.

A timer that comes upon it goes on, and tells somebody once a day: by a line in the log, and by a breach of
the law `pending` among the dead tasks, which both name the document and where its work failed. It is tried
again whenever its turn comes, so once it is mended nothing else is to be done.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from gardenshop.cloud import log
from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Database, Document, put
from gardenshop.cloud.errors import DatabaseUnavailable
from gardenshop.flows.reconcile import breach_task
from gardenshop.rules.laws import Breach

T = TypeVar("T")


def together(
    db: Database,
    collection: str,
    documents: Sequence[Document],
    work: Callable[[Database, Sequence[Document], int], int],
    now: int,
) -> int:
    """Do *work* with all *documents* of *collection*, or where that fails with each of them; return its sum.

    Raises DatabaseUnavailable, which is no document's fault.
    """
    try:
        return work(db, documents, now)
    except DatabaseUnavailable:
        raise
    except Exception:  # noqa: BLE001  # Whatever it is, it concerns one of them and not the others.
        return one_by_one(db, collection, documents, lambda db, each, now: work(db, [each], now), now)


def one_by_one(
    db: Database,
    collection: str,
    documents: Sequence[Document],
    work: Callable[[Database, Document, int], int],
    now: int,
) -> int:
    """Do *work* with each of *documents* of *collection*, whatever becomes of the others; return its sum.

    Raises DatabaseUnavailable, which is no document's fault.
    """
    return sum(results(db, collection, documents, lambda each: work(db, each, now), now))


def results(
    db: Database, collection: str, documents: Sequence[Document], work: Callable[[Document], T], now: int
) -> Iterator[T]:
    """Yield what comes of *work* with each of *documents* of *collection*, but of those where it fails.

    Raises DatabaseUnavailable, which is no document's fault.
    """
    for each in documents:
        yield from _alone(db, collection, each, work, now)


def _alone(
    db: Database, collection: str, document: Document, work: Callable[[Document], T], now: int
) -> list[T]:
    try:
        return [work(document)]
    except DatabaseUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  # As above.
        tell(db, collection, document["_id"], error, now)
        return []


def tell(db: Database, collection: str, key: str, error: Exception, now: int) -> None:
    """Tell somebody, once a day, that the work with the document *key* of *collection* ended in *error*."""
    text = f"{type(error).__name__} at {log.place(error)}"
    task = breach_task("pending", collection, Breach(key, text), day_of(now), now)
    (told,) = db.write(put("sync_tasks", task))
    if told.happened:
        log.emit("poison", collection=collection, id=key, cause=text)
