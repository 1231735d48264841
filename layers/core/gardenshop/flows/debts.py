"""Points taken back from a member: what she has, or else a debt, repaid first from what she earns next.

Taking and owing exclude each other by their keys in the member's ring, so a claw-back counts once whatever
her balance does meanwhile. While she owes, nothing of the book can be spent; `outbox_pump` repays.
"""

from collections.abc import Iterator, Sequence

from gardenshop.cloud.context import Context
from gardenshop.cloud.database import Command, Database, Document, find, get
from gardenshop.cloud.errors import AppError, Busy, Internal
from gardenshop.flows import lots
from gardenshop.flows.balances import perform, record
from gardenshop.flows.points import LEDGER, Cause, again, owe, repay, take_back

BATCH = 100


def claw_back(
    db: Database, key: str, *, user_id: str, book: str, points: int, cause: Cause, at: int, now: int
) -> list[Command]:
    """Take *points* back from what may be spent, or book them as owed; return the writes that end it.

    Raises Busy when the balance changes meanwhile, Internal when it can no longer tell.
    """
    (lapsed,) = db.read(lots.lapsed(user_id, now))
    taking = take_back(key, user_id=user_id, book=book, points=points, cause=cause, at=at)
    enough = {f"points.{book}.available": {"$gte": points + lots.left_in(lapsed, book)}}
    taken = perform(db, [taking._replace(guard={**taking.guard, **enough})], now)
    if taken.unknown:
        raise Internal(cause=f"points of {user_id}: {key}")
    if taken.applied:
        lots.settle(db, key, now)
        return list(taken.closing)
    owing = owe(key, user_id=user_id, book=book, points=points, cause=cause, at=at)
    owed = perform(db, [owing], now, before=taken.closing)
    if not owed.applied:
        raise Busy
    return list(owed.closing)


def owing(book: str, after: str = "") -> Command:
    """Return the read of members who owe points of *book* and have some, by id, those behind *after*."""
    where = {f"points.{book}.debt": {"$gt": 0}, f"points.{book}.available": {"$gt": 0}}
    return find("users", {**where, "_id": {"$gt": after}}, fields=("points",), sort={"_id": 1}, limit=BATCH)


def owing_pages(ctx: Context, book: str, first: Sequence[Document]) -> Iterator[Sequence[Document]]:
    """Yield *first*, the first members of `owing`, and page by page those behind, for half the time left."""
    users, until = first, ctx.seconds_left() / 2
    while users:
        yield users
        if len(users) < BATCH or ctx.seconds_left() < until:
            return
        (users,) = ctx.db.read(owing(book, users[-1]["_id"]))


def repay_debt(db: Database, user: Document, now: int, *, book: str) -> bool:
    """Repay what *user*, as just read, owes in *book* as far as she can; say whether anything was repaid.

    The operation is named by the one that her ring took in last, so copies of it are one repayment.
    """
    balance = user["points"][book]
    (lapsed,) = db.read(lots.lapsed(user["_id"], now))
    points = min(balance["available"] - lots.left_in(lapsed, book), balance["debt"])
    if points <= 0:
        return False
    newest = user["points"]["recentOps"][-1]["key"]
    cause = Cause("account", user["_id"], "")
    planned = repay(f"repay:{newest}", user_id=user["_id"], book=book, points=points, cause=cause, at=now)
    db.write(record(planned, now))
    row = db.one(get(LEDGER, planned.key))
    return row is not None and row["state"] != "refused" and finish(db, row, now)


def finish(db: Database, row: Document, now: int) -> bool:
    """End the claw-back or repayment of a pending ledger *row*; False when it must be tried again later."""
    try:
        outcome = perform(db, [again(row)], now)
        if outcome.applied and "lotsUsed" in row:
            lots.settle(db, row["_id"], now)
        db.write(*outcome.closing)
    except AppError:
        return False
    return bool(outcome.applied)
