"""outbox_pump: bring every begun effect to its end: orders, ledger rows, coupons, meals, tasks."""

from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Document, find
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.flows import (
    claims,
    commission,
    debts,
    entries,
    meals,
    outbox_figures,
    queues,
    ratings,
    stock_keeping,
    timers,
)
from gardenshop.flows.balances import reconsider
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
    creating, marked, rows, refused, earnings, unearned, reviews, copies, eaten, kept, *owing = ctx.db.read(
        find("orders", {"status": "creating", "createdAt": {"$lte": before}}, limit=BATCH),
        find("orders", {"outboxAt": {"$lte": before}}, limit=BATCH),
        queues.longest_untried("points_ledger", pending, BATCH),
        find("points_ledger", {"state": "refused", "dueAt": {"$lte": before}}, limit=BATCH),
        queues.longest_untried(commission.LEDGER, pending, BATCH),
        find(commission.LEDGER, {"state": "refused", "dueAt": {"$lte": before}}, limit=BATCH),
        queues.longest_untried("product_reviews", {"ratingDueAt": {"$lte": before}}, BATCH),
        queues.longest_untried("user_coupons", pending, BATCH),
        meals.due(before, BATCH),
        stock_keeping.due(before, BATCH),
        *debts.owing(),
    )
    found = {"points_ledger": rows, commission.LEDGER: earnings, "product_reviews": reviews}
    found |= {"user_coupons": copies, "meals": eaten, "stock_ledger": kept}
    ctx.db.write(*queues.to_the_end(found, ctx.now))
    failed = sum(_fail(order, ctx) for order in creating)
    for order in marked:
        flush(ctx.db, order)
    doubted = [again(row) for row in refused] + [commission.again(row) for row in unearned]
    ctx.db.write(*reconsider(ctx.db, doubted, ctx.now))
    finished = entries.finish(ctx.db, rows, ctx.now) + commission.finish(ctx.db, earnings, ctx.now)
    finished += stock_keeping.end(ctx.db, kept, ctx.now)
    for book, users in zip(debts.BOOKS, owing, strict=True):
        finished += sum(debts.repay_debt(ctx.db, user, book, ctx.now) for user in users)
    booked = meals.book_due(ctx.db, eaten, ctx.now)
    rated = ratings.count(ctx.db, reviews, ctx.now)
    ended = claims.finish(ctx.db, copies, ctx.now)
    tasks = run_due(ctx)
    ctx.db.write(outbox_figures.figures(ctx.db, ctx.now), timers.finished("outbox_pump"))
    return OutboxPump(
        orders_failed=failed,
        orders_flushed=len(marked),
        rows_finished=finished,
        reviews_counted=rated,
        copies_ended=ended,
        meals_booked=booked,
        done=tasks.done,
        retried=tasks.retried,
        dead=tasks.dead,
    )


def _fail(order: Document, ctx: Context) -> bool:
    """Close an order whose checkout never came back; the outbox gives back what it holds."""
    failure = {"error": "UNAVAILABLE", "message": "下单未完成，请重新下单", "details": {}}
    changes = {"failure": failure, "outboxAt": ctx.now}
    (result,) = ctx.db.write(transition(order, "fail", now=ctx.now, actor="outbox_pump", changes=changes))
    if result.happened:
        flush(ctx.db, {**order, **changes, "status": "create_failed"})
    return result.happened
