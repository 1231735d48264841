"""outbox_pump: bring every begun effect to its end: orders, ledger rows, coupons, meals, tasks."""

from collections.abc import Callable, Sequence
from functools import partial

from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Database, Document
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.flows import (
    claims,
    commission,
    debts,
    entries,
    meals,
    outbox_figures,
    poison,
    queues,
    ratings,
    stock_keeping,
    timers,
)
from gardenshop.flows.balances import Operation, reconsider
from gardenshop.flows.orders import transition
from gardenshop.flows.outbox import flush
from gardenshop.flows.points import again
from gardenshop.flows.tasks import run_due

BATCH = 100
GRACE = 2 * MINUTE
"""How long whoever began something has to end it before the pump does."""


class OutboxPump(Response):
    """What was found half done and ended, and what became of the tasks."""

    orders_failed: int
    orders_flushed: int
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
    before = ctx.now - GRACE
    pending = {"state": "pending", "createdAt": {"$lte": before}}
    refusal = {"state": "refused", "dueAt": {"$lte": before}}
    creating, marked, rows, refused, earnings, unearned, reviews, copies, eaten, kept, *owing = ctx.db.read(
        queues.longest_untried("orders", {"status": "creating", "createdAt": {"$lte": before}}, BATCH),
        queues.longest_untried("orders", {"outboxAt": {"$lte": before}}, BATCH),
        queues.longest_untried("points_ledger", pending, BATCH),
        queues.longest_untried("points_ledger", refusal, BATCH),
        queues.longest_untried(commission.LEDGER, pending, BATCH),
        queues.longest_untried(commission.LEDGER, refusal, BATCH),
        queues.longest_untried("product_reviews", {"ratingDueAt": {"$lte": before}}, BATCH),
        queues.longest_untried("user_coupons", pending, BATCH),
        meals.due(before, BATCH),
        stock_keeping.due(before, BATCH),
        *(debts.owing(book) for book in debts.BOOKS),
    )
    found = {"orders": [*creating, *marked], "points_ledger": [*rows, *refused], "product_reviews": reviews}
    found |= {commission.LEDGER: [*earnings, *unearned], "user_coupons": copies}
    ctx.db.write(*queues.to_the_end({**found, "meals": eaten, "stock_ledger": kept}, ctx.now))
    failed = poison.one_by_one(ctx.db, "orders", creating, _fail, ctx.now)
    flushed = poison.one_by_one(ctx.db, "orders", marked, _flush, ctx.now)
    _reconsider(ctx, "points_ledger", refused, again)
    _reconsider(ctx, commission.LEDGER, unearned, commission.again)
    finished = poison.together(ctx.db, "points_ledger", rows, entries.finish, ctx.now)
    finished += poison.together(ctx.db, commission.LEDGER, earnings, commission.finish, ctx.now)
    finished += poison.together(ctx.db, "stock_ledger", kept, stock_keeping.end, ctx.now)
    finished += sum(_repay(ctx, book, users) for book, users in zip(debts.BOOKS, owing, strict=True))
    booked = poison.together(ctx.db, "meals", eaten, meals.book_due, ctx.now)
    rated = poison.together(ctx.db, "product_reviews", reviews, ratings.count, ctx.now)
    ended = poison.together(ctx.db, "user_coupons", copies, claims.finish, ctx.now)
    tasks = run_due(ctx)
    ctx.db.write(outbox_figures.figures(ctx.db, ctx.now), timers.finished("outbox_pump"))
    return OutboxPump(
        orders_failed=failed,
        orders_flushed=flushed,
        rows_finished=finished,
        reviews_counted=rated,
        copies_ended=ended,
        meals_booked=booked,
        done=tasks.done,
        retried=tasks.retried,
        dead=tasks.dead,
    )


def _flush(db: Database, order: Document, _: int) -> int:
    flush(db, order)
    return 1


def _reconsider(
    ctx: Context, ledger: str, rows: Sequence[Document], operation_of: Callable[[Document], Operation]
) -> None:
    def work(db: Database, some: Sequence[Document], now: int) -> int:
        return len(db.write(*reconsider(db, [operation_of(row) for row in some], now)))

    poison.together(ctx.db, ledger, rows, work, ctx.now)


def _repay(ctx: Context, book: str, first: Sequence[Document]) -> int:
    """Repay what members owe, the *first* of them and those behind."""
    work = partial(debts.repay_debt, book=book)
    pages = debts.owing_pages(ctx, book, first)
    return sum(poison.one_by_one(ctx.db, "users", users, work, ctx.now) for users in pages)


def _fail(db: Database, order: Document, now: int) -> bool:
    """Close an order whose checkout never came back; the outbox gives back what it holds."""
    failure = {"error": "UNAVAILABLE", "message": "下单未完成，请重新下单", "details": {}}
    changes = {"failure": failure, "outboxAt": now}
    (result,) = db.write(transition(order, "fail", now=now, actor="outbox_pump", changes=changes))
    if result.happened:
        flush(db, {**order, **changes, "status": "create_failed"})
    return result.happened
