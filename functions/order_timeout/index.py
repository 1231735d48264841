"""order_timeout: close the orders whose time to pay has run out."""

from gardenshop.cloud import log
from gardenshop.cloud.database import find
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.cloud.errors import AppError
from gardenshop.flows.cancellation import cancel_unpaid

BATCH = 100
_RESERVE_SECONDS = 5.0


class OrderTimeout(Response):
    """How many orders were cancelled, found paid after all, and left for the next run."""

    cancelled: int
    paid: int
    left: int


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> OrderTimeout:  # noqa: ARG001  # The event only dates the run.
    """Take the oldest due orders; one that cannot be closed now is left for the next minute."""
    overdue = {"status": "pending_payment", "payBy": {"$lte": ctx.now}}
    (orders,) = ctx.db.read(find("orders", overdue, sort={"payBy": 1}, limit=BATCH))
    counts = {"cancelled": 0, "paid": 0, "left": 0}
    for order in orders:
        if ctx.seconds_left() < _RESERVE_SECONDS:
            counts["left"] += 1
            continue
        try:
            status = cancel_unpaid(ctx, order, actor="order_timeout")["status"]
        except AppError as error:
            log.emit("order_timeout.left", orderNo=order["_id"], error=error.error)
            status = "left"
        counts[status if status in counts else "left"] += 1
    return OrderTimeout(**counts)
