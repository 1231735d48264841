"""Reading all documents that match, page by page, in memory that does not grow with them."""

from collections.abc import Iterator, Sequence

from gardenshop.cloud.database import PAGE, Database, Document, Filter, find


def pages(
    db: Database, collection: str, where: Filter, fields: Sequence[str], *, size: int = PAGE
) -> Iterator[list[Document]]:
    """Read all documents that match *where*, by id, *size* of them at a time."""
    last = ""
    while True:
        page = find(
            collection, {"$and": [where, {"_id": {"$gt": last}}]}, fields=fields, sort={"_id": 1}, limit=size
        )
        (documents,) = db.read(page)
        if documents:
            yield documents
        if len(documents) < size:
            return
        last = documents[-1]["_id"]
