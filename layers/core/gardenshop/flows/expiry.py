"""Points whose time is over: nobody can spend them from that instant on; this only books it.

A spending takes from lots that were alive when it began, and it may be settled a little later. So a lot is
left alone for `GRACE`, and as long as a row of its book is under way; then what is left of it does not change
any more, and one operation, named by it, takes it off the counter and out of the lot. The lots of a former
account wait for its owner.
"""

from gardenshop.cloud import log
from gardenshop.cloud.clock import HOUR
from gardenshop.cloud.database import Database, Document, find
from gardenshop.cloud.errors import AppError
from gardenshop.flows import lots
from gardenshop.flows.balances import perform, reopen
from gardenshop.flows.points import LEDGER, lapse

GRACE = HOUR
EXPIRED_AT_ONCE = 200


def expire(db: Database, now: int) -> int:
    """Book some of the lots that have lapsed; return how many."""
    over = {"state": "final", "lot.left": {"$gt": 0}, "lot.expiresAt": {"$lte": now - GRACE}}
    owned = {"userId": {"$not": {"$regex": "^legacy:"}}}
    first_to_lapse = {"lot.expiresAt": 1, "_id": 1}
    (found,) = db.read(find(LEDGER, {**over, **owned}, sort=first_to_lapse, limit=EXPIRED_AT_ONCE))
    members = sorted({lot["userId"] for lot in found})
    under_way = {"userId": {"$in": members}, "state": "pending"}
    (pending,) = db.read(find(LEDGER, under_way, fields=("userId", "book")))
    moving = {(row["userId"], row["book"]) for row in pending}
    still = (lot for lot in found if (lot["userId"], lot["book"]) not in moving)
    return sum(_expire(db, lot, now) for lot in still)


def _expire(db: Database, lot: Document, now: int) -> bool:
    """Book *lot*, as just read; False when it must be tried again another night."""
    operation = lapse(lot, at=now)
    try:
        outcome = perform(db, [operation], now, before=[reopen(operation, now)])
        if outcome.applied:
            lots.settle(db, operation.key, now)
        db.write(*outcome.closing)
    except AppError as error:
        log.emit("expiry", lotId=lot["_id"], error=error.error)
        return False
    return bool(outcome.applied)
