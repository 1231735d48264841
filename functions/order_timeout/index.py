"""order_timeout: close the orders whose time to pay is over, receive the shipped, complete the received."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from gardenshop.cloud import log
from gardenshop.cloud.database import Command, Database, Document, find
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.cloud.errors import AppError
from gardenshop.flows import poison, timers
from gardenshop.flows.cancellation import cancel_unpaid
from gardenshop.flows.orders import transition
from gardenshop.flows.outbox import flush_commands
from gardenshop.flows.shipping import receive
from gardenshop.rules.after_sale import OPEN
from gardenshop.rules.paging import Order, after, cursor_of
from gardenshop.rules.policy import Policy, policy_of

BATCH = 50
_RESERVE_SECONDS = 5.0


class OrderTimeout(Response):
    """How many orders were cancelled, found paid after all, received, completed, and left undone."""

    cancelled: int
    paid: int
    received: int
    completed: int
    left: int


class Due(NamedTuple):
    """Orders in *status* whose *field* has come, unless an after-sale is open."""

    status: str
    field: str

    def page(self, now: int, cursor: str | None = None) -> Command:
        """Return the read of the oldest ones after *cursor*."""
        where = {"status": self.status, self.field: {"$lte": now}, "afterSales.state": {"$nin": list(OPEN)}}
        order = Order(self.field, 1)
        return find("orders", {**where, **after(order, cursor)}, sort=order.keys, limit=BATCH)


UNPAID, SHIPPED, RECEIVED = (
    Due("pending_payment", "payBy"),
    Due("shipped", "autoConfirmAt"),
    Due("received", "closeAt"),
)


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> OrderTimeout:  # noqa: ARG001  # The event only dates the run.
    """Go through what is due, page by page while there is time; the next minute goes on from there."""
    counts = {"cancelled": 0, "paid": 0, "received": 0, "completed": 0, "left": 0}
    rules, *first = ctx.db.read(
        find("business_rules", {"state": "live"}), *(due.page(ctx.now) for due in (UNPAID, SHIPPED, RECEIVED))
    )
    policy = policy_of(rules)
    for orders in _pages(RECEIVED, first[2], ctx):
        counts["completed"] += poison.together(ctx.db, "orders", orders, _complete, ctx.now)
    for orders in _pages(SHIPPED, first[1], ctx):
        counts["received"] += poison.together(
            ctx.db, "orders", orders, partial(_receive, policy=policy), ctx.now
        )
    for orders in _pages(UNPAID, first[0], ctx):
        for order in orders:
            counts[_close(order, ctx)] += 1
    ctx.db.write(timers.finished("order_timeout"))
    return OrderTimeout(**counts)


def _pages(due: Due, orders: list[Document], ctx: Context) -> Iterator[list[Document]]:
    while orders and ctx.seconds_left() > _RESERVE_SECONDS:
        yield orders
        if len(orders) < BATCH:
            return
        (orders,) = ctx.db.read(due.page(ctx.now, cursor_of(Order(due.field, 1), orders[-1])))


def _complete(db: Database, orders: Sequence[Document], now: int) -> int:
    """Complete *orders*, and store what that sets in motion: two round trips."""
    changes = {"outboxAt": now}
    results = db.write(
        *(transition(order, "complete", now=now, actor="order_timeout", changes=changes) for order in orders)
    )
    done = [
        {**order, **changes, "status": "completed"}
        for order, result in zip(orders, results, strict=True)
        if result.happened
    ]
    db.write(*(command for order in done for command in flush_commands(order)))
    return len(done)


def _receive(db: Database, orders: Sequence[Document], now: int, *, policy: Policy) -> int:
    """Take *orders* as received: one round trip."""
    receipts = (receive(order, now=now, actor="order_timeout", policy=policy.order) for order in orders)
    return sum(result.happened for result in db.write(*(receipt.command for receipt in receipts)))


def _close(order: Document, ctx: Context) -> str:
    """Close an unpaid order and say what became of it."""
    if ctx.seconds_left() < _RESERVE_SECONDS:
        return "left"
    try:
        status = str(cancel_unpaid(ctx, order, actor="order_timeout")["status"])
    except AppError as error:
        log.emit("order_timeout.left", orderNo=order["_id"], error=error.error)
        return "left"
    except Exception as error:  # noqa: BLE001  # Whatever it is, it concerns no other order.
        poison.tell(ctx.db, "orders", order["_id"], error, ctx.now)
        return "left"
    return status if status in {"cancelled", "paid"} else "left"
