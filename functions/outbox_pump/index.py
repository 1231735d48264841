"""outbox_pump: bring every begun effect to its end: orders, ledger rows, tasks."""

from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Document, find
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.flows import commission, debts, ratings
from gardenshop.flows.balances import perform, reconsider
from gardenshop.flows.orders import transition
from gardenshop.flows.outbox import flush
from gardenshop.flows.planting import finish_planting
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
    done: int
    retried: int
    dead: int


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> OutboxPump:  # noqa: ARG001  # The event only dates the run.
    """Look for what was left half done, in one trip, end it, then carry out the tasks."""
    before = ctx.now - GRACE
    creating, marked, rows, refused, earnings, unearned, reviews, *owing = ctx.db.read(
        find("orders", {"status": "creating", "createdAt": {"$lte": before}}, limit=BATCH),
        find("orders", {"outboxAt": {"$lte": before}}, limit=BATCH),
        find("points_ledger", {"state": "pending", "createdAt": {"$lte": before}}, limit=BATCH),
        find("points_ledger", {"state": "refused", "dueAt": {"$lte": before}}, limit=BATCH),
        find(commission.LEDGER, {"state": "pending", "createdAt": {"$lte": before}}, limit=BATCH),
        find(commission.LEDGER, {"state": "refused", "dueAt": {"$lte": before}}, limit=BATCH),
        find("product_reviews", {"ratingDueAt": {"$lte": before}}, limit=BATCH),
        *debts.owing(),
    )
    failed = sum(_fail(order, ctx) for order in creating)
    for order in marked:
        flush(ctx.db, order)
    doubted = [again(row) for row in refused] + [commission.again(row) for row in unearned]
    ctx.db.write(*reconsider(ctx.db, doubted, ctx.now))
    finished = _finish(rows, ctx) + commission.finish(ctx.db, earnings, ctx.now)
    for book, users in zip(debts.BOOKS, owing, strict=True):
        finished += sum(debts.repay_debt(ctx.db, user, book, ctx.now) for user in users)
    rated = ratings.count(ctx.db, reviews, ctx.now)
    tasks = run_due(ctx)
    return OutboxPump(
        orders_failed=failed,
        orders_flushed=len(marked),
        rows_finished=finished,
        reviews_counted=rated,
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


def _finish(rows: list[Document], ctx: Context) -> int:
    """Apply points whose row was written and nothing more; those in doubt are left for the reconcile.

    Earnings come first, because plantings and what is taken back come from their lots.
    """
    plantings = [row for row in rows if row["kind"] == "plant"]
    takings = [row for row in rows if row["kind"] in debts.TAKING]
    others = [row for row in rows if row not in plantings and row not in takings]
    outcome = perform(ctx.db, [again(row) for row in others], ctx.now)
    ctx.db.write(*outcome.closing)
    planted = sum(finish_planting(ctx.db, row, ctx.now) for row in plantings)
    return len(outcome.closing) + planted + sum(debts.finish(ctx.db, row, ctx.now) for row in takings)
