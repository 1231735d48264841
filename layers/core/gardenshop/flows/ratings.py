"""The rating of a product, which counts every review that is shown exactly once.

A shown review is stored with the mark `ratingDueAt`. Counting it is an operation of the product, under
a key made of the review's id, and the mark is taken away after it. Whoever dies in between leaves the mark:
the same call again counts the review, and so does `outbox_pump`; the product's ring keeps it from
being counted twice.
"""

from collections.abc import Sequence

from gardenshop.cloud.database import Database, Document, update
from gardenshop.flows.balances import Operation, perform


def count(db: Database, reviews: Sequence[Document], now: int) -> int:
    """Count marked *reviews* in the ratings of their products; return how many are settled.

    A review whose product is gone is settled too. One of which the product's ring can no longer tell
    whether it was counted keeps its mark.
    """
    operations = {review["_id"]: _counting(review) for review in reviews}
    outcome = perform(db, list(operations.values()), now)
    settled = [key for key, operation in operations.items() if operation.key not in outcome.unknown]
    unmarked = {"$unset": {"ratingDueAt": ""}, "$set": {"updatedAt": now}}
    db.write(*(update("product_reviews", {"_id": key}, unmarked) for key in settled))
    return len(settled)


def _counting(review: Document) -> Operation:
    return Operation(
        key=f"review:{review['_id']}",
        balance="products",
        target=review["productId"],
        guard={},
        change={"$inc": {"rating.count": 1, "rating.sum": review["score"]}},
        started=review["ratingDueAt"],
    )
