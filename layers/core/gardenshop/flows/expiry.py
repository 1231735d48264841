"""Points whose time is over: nobody can spend them from that instant on; this only books it.

A spending takes from lots that were alive when it began, and it may be settled a little later. So a lot is
left alone for `GRACE`, and as long as a row of its book is under way; then what is left of it does not change
any more, and one operation, named by it, takes it off the counter and out of the lot. The lots of a former
account wait for its owner.
"""

from gardenshop.cloud import log
from gardenshop.cloud.clock import HOUR
from gardenshop.cloud.database import Command, Database, Document, find
from gardenshop.cloud.errors import AppError
from gardenshop.flows import lots, poison
from gardenshop.flows.balances import perform, reopen
from gardenshop.flows.points import LEDGER, lapse
from gardenshop.rules.paging import Order, after

GRACE = HOUR
EXPIRED_AT_ONCE = 200
_FIRST_TO_LAPSE = Order("lot.expiresAt", 1)


def expire(db: Database, now: int) -> int:
    """Book some of the lots that have lapsed, behind those that cannot be now; return how many."""
    cursor = None
    while True:
        (found,) = db.read(_lapsed(now, cursor))
        booked = _expired(db, found, now)
        if booked or len(found) < EXPIRED_AT_ONCE:
            return booked
        cursor = f"{found[-1]['lot']['expiresAt']}~{found[-1]['_id']}"


def _lapsed(now: int, cursor: str | None) -> Command:
    """Return the read of lots that have lapsed, the first of them, or of those behind *cursor*."""
    over = {"state": "final", "lot.left": {"$gt": 0}, "lot.expiresAt": {"$lte": now - GRACE}}
    owned = {"userId": {"$not": {"$regex": "^legacy:"}}}
    where = {**over, **owned, **after(_FIRST_TO_LAPSE, cursor)}
    return find(LEDGER, where, sort=_FIRST_TO_LAPSE.keys, limit=EXPIRED_AT_ONCE)


def _expired(db: Database, found: list[Document], now: int) -> int:
    """Book the lots *found* of which nothing is under way; return how many."""
    members = sorted({lot["userId"] for lot in found})
    under_way = {"userId": {"$in": members}, "state": "pending"}
    (pending,) = db.read(find(LEDGER, under_way, fields=("userId", "book")))
    moving = {(row["userId"], row["book"]) for row in pending}
    still = (lot for lot in found if (lot["userId"], lot["book"]) not in moving)
    return sum(_expire(db, lot, now) for lot in still)


def _expire(db: Database, lot: Document, now: int) -> bool:
    """Book *lot*, as just read; False when it must be tried again another night."""
    try:
        operation = lapse(lot, at=now)
        outcome = perform(db, [operation], now, before=[reopen(operation, now)])
        if outcome.applied:
            lots.settle(db, operation.key, now)
        db.write(*outcome.closing)
    except AppError as error:
        log.emit("expiry", lotId=lot["_id"], error=error.error)
        return False
    except Exception as error:  # noqa: BLE001  # Whatever it is, it concerns no other lot.
        poison.tell(db, LEDGER, lot["_id"], error, now)
        return False
    return bool(outcome.applied)
