"""nightly_close: book what time has ended, see that the books add up, learn from orders, reckon the days."""

from collections.abc import Callable

from gardenshop.cloud.database import Database
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.flows import (
    bills,
    coupons,
    daily_figures,
    expiry,
    preparation,
    reconcile,
    retention,
    settlement,
    timers,
)

_RESERVE_SECONDS = 5.0

Step = Callable[[Database, int], int]
"""Does some of what is due at an instant and returns how much; 0 when nothing is left that it can do."""


class NightlyClose(Response):
    """How much was booked, `checked` against the laws, `forgotten`, learnt of, reckoned, and `billed`."""

    coupons_expired: int
    lots_expired: int
    commissions_settled: int
    checked: int
    forgotten: int
    skus_trimmed: int
    products_prepared: int
    days_reckoned: int
    billed: int


@cloud_function(caller=TIMER)
def main(request: TimerEvent, ctx: Context) -> NightlyClose:  # noqa: ARG001  # The event only dates the run.
    """Take one kind after the other, batch by batch while there is time; the next run goes on from there."""
    closed = NightlyClose(
        coupons_expired=_all(coupons.expire, ctx),
        lots_expired=_all(expiry.expire, ctx),
        commissions_settled=_all(settlement.settle, ctx),
        checked=_all(reconcile.check, ctx),
        forgotten=_all(retention.forget, ctx),
        skus_trimmed=_all(retention.trim, ctx),
        products_prepared=_all(preparation.prepare, ctx),
        days_reckoned=_all(daily_figures.reckon, ctx),
        billed=bills.compare(ctx.db, ctx.settings.environ, ctx.now),
    )
    ctx.db.write(timers.finished("nightly_close"))
    return closed


def _all(step: Step, ctx: Context) -> int:
    booked = more = step(ctx.db, ctx.now)
    while more and ctx.seconds_left() > _RESERVE_SECONDS:
        more = step(ctx.db, ctx.now)
        booked += more
    return booked
