"""The rating of a product, which counts every review that is shown exactly once.

A review that comes to be shown, or is hidden after it was, is stored with the mark `ratingDueAt`. Counting
it, or taking it out again, is an operation of the product under a key made of the review's id and `version`,
and the mark is taken away after it. Whoever dies in between leaves the mark: the same call again counts the
review, and so does `outbox_pump`; the product's ring keeps it from being counted twice. Nobody changes the
state of a review that is marked.
"""

from collections.abc import Sequence

from gardenshop.cloud.database import Database, Document, update
from gardenshop.flows.balances import Operation, perform


def count(db: Database, reviews: Sequence[Document], now: int) -> int:
    """Count marked *reviews* in the ratings of their products; return how many are settled.

    A review whose product is gone is settled too. One of which the product's ring can no longer tell
    whether it was counted keeps its mark.
    """
    operations = [_counting(review) for review in reviews]
    outcome = perform(db, operations, now)
    settled = [
        review
        for review, operation in zip(reviews, operations, strict=True)
        if operation.key not in outcome.unknown
    ]
    unmarked = {"$unset": {"ratingDueAt": ""}, "$set": {"updatedAt": now}}
    db.write(*(update("product_reviews", as_it_was(review), unmarked) for review in settled))
    return len(settled)


def as_it_was(review: Document) -> Document:
    """Match *review* while nobody has decided anything new about it."""
    return {"_id": review["_id"], "version": review.get("version") or {"$in": [0, None]}}


def _counting(review: Document) -> Operation:
    sign = 1 if review["state"] == "shown" else -1
    return Operation(
        key=f"review:{review['_id']}:{review.get('version', 0)}",
        balance="products",
        target=review["productId"],
        guard={},
        change={"$inc": {"rating.count": sign, "rating.sum": sign * review["score"]}},
        started=review["ratingDueAt"],
    )
