"""outbox_pump: bring every begun effect to its end: orders, ledger rows, coupons, meals, tasks."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Database, Document, Filter
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.flows import (
    claims,
    commission,
    debts,
    entries,
    meals,
    outbox_figures,
    points,
    poison,
    ratings,
    stock_keeping,
    timers,
)
from gardenshop.flows.balances import Operation, reconsider
from gardenshop.flows.orders import transition
from gardenshop.flows.outbox import flush
from gardenshop.flows.queues import Queue, to_the_end
from gardenshop.flows.tasks import run_due

BATCH = 100
GRACE = 2 * MINUTE
"""How long whoever began something has to end it before the pump does."""


class OutboxPump(Response):
    """What was found half done and ended, and what became of the tasks."""

    orders_failed: int
    orders_flushed: int
    refusals_reconsidered: int
    rows_finished: int
    reviews_counted: int
    copies_ended: int
    meals_booked: int
    done: int
    retried: int
    dead: int


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> OutboxPump:  # noqa: ARG001  # The event only dates the run.
    """Look for what was left half done, in one trip, end it, then carry out the tasks."""
    left_over = (queue.left(ctx.now - GRACE, BATCH) for queue in BEGUN)
    *found, gardens, shops = ctx.db.read(*left_over, debts.owing("garden"), debts.owing("shop"))
    left = [*zip(BEGUN, found, strict=True)]
    ctx.db.write(*to_the_end(left, ctx.now))
    ended = Counter[str]()
    for queue, documents in left:
        ended[queue.counted] += poison.together(ctx.db, queue.collection, documents, queue.end, ctx.now)
    ended["rows_finished"] += _repay(ctx, "garden", gardens) + _repay(ctx, "shop", shops)
    tasks = run_due(ctx)
    ctx.db.write(outbox_figures.figures(ctx.db, ctx.now), timers.finished("outbox_pump"))
    return OutboxPump(**ended, **tasks._asdict())


def _repay(ctx: Context, book: str, first: Sequence[Document]) -> int:
    """Repay what members owe, the *first* of them and those behind."""
    work = partial(debts.repay_debt, book=book)
    pages = debts.owing_pages(ctx, book, first)
    return sum(poison.one_by_one(ctx.db, "users", users, work, ctx.now) for users in pages)


def _fail(db: Database, orders: Sequence[Document], now: int) -> int:
    """Close *orders* whose checkout never came back; the outbox gives back what they hold."""
    return sum(poison.results(db, "orders", orders, partial(_failed, db, now), now))


def _failed(db: Database, now: int, order: Document) -> bool:
    failure = {"error": "UNAVAILABLE", "message": "下单未完成，请重新下单", "details": {}}
    changes = {"failure": failure, "outboxAt": now}
    (result,) = db.write(transition(order, "fail", now=now, actor="outbox_pump", changes=changes))
    if result.happened:
        flush(db, {**order, **changes, "status": "create_failed"})
    return result.happened


def _flush(db: Database, orders: Sequence[Document], now: int) -> int:
    return len([*poison.results(db, "orders", orders, partial(flush, db), now)])


def _reconsider(
    operation_of: Callable[[Document], Operation], db: Database, rows: Sequence[Document], now: int
) -> int:
    return len(db.write(*reconsider(db, [operation_of(row) for row in rows], now)))


_PENDING: Filter = {"state": "pending"}
_REFUSED: Filter = {"state": "refused"}
_KEPT: Filter = {**_PENDING, "reason": {"$in": list(stock_keeping.REASONS)}}
_AGAIN, _EARNED = partial(_reconsider, points.again), partial(_reconsider, commission.again)

BEGUN = (
    Queue("orders", "createdAt", {"status": "creating"}, _fail, "orders_failed"),
    Queue("orders", "outboxAt", {}, _flush, "orders_flushed"),
    Queue(points.LEDGER, "dueAt", _REFUSED, _AGAIN, "refusals_reconsidered"),
    Queue(commission.LEDGER, "dueAt", _REFUSED, _EARNED, "refusals_reconsidered"),
    Queue(points.LEDGER, "createdAt", _PENDING, entries.finish, "rows_finished"),
    Queue(commission.LEDGER, "createdAt", _PENDING, commission.finish, "rows_finished"),
    Queue("stock_ledger", "createdAt", _KEPT, stock_keeping.end, "rows_finished"),
    Queue("meals", "bookingDueAt", {}, meals.book_due, "meals_booked"),
    Queue("product_reviews", "ratingDueAt", {}, ratings.count, "reviews_counted"),
    Queue("user_coupons", "createdAt", _PENDING, claims.finish, "copies_ended"),
)
"""Ended in this order."""
