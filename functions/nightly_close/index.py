"""nightly_close: book what time has ended, see that the books add up, learn from orders, reckon the days."""

from collections.abc import Callable
from typing import NamedTuple

from gardenshop.cloud import log
from gardenshop.cloud.database import Database
from gardenshop.cloud.entry import TIMER, Context, Response, TimerEvent, cloud_function
from gardenshop.cloud.errors import DatabaseUnavailable, Internal
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
    """Take one kind after the other, batch by batch while there is time; the next run goes on from there.

    Raises Internal, after all others, for kinds that failed: then the night has not come to its end.
    """
    night = _Night(ctx, [])
    closed = NightlyClose(
        coupons_expired=night.all_of(coupons.expire),
        lots_expired=night.all_of(expiry.expire),
        commissions_settled=night.all_of(settlement.settle),
        checked=night.all_of(reconcile.check),
        forgotten=night.all_of(retention.forget),
        skus_trimmed=night.all_of(retention.trim),
        products_prepared=night.all_of(preparation.prepare),
        days_reckoned=night.all_of(daily_figures.reckon),
        billed=night.once(lambda db, now: bills.compare(db, ctx.settings.environ, now)),
    )
    if night.failed:
        raise Internal(cause="; ".join(night.failed))
    ctx.db.write(timers.finished("nightly_close"))
    return closed


class _Night(NamedTuple):
    """A run, and what *failed* in it: one kind that fails holds up no other."""

    ctx: Context
    failed: list[str]

    def all_of(self, step: Step) -> int:
        """Take *step* until nothing is left that it can do, or no time; return how much it did."""
        booked = more = self.once(step)
        while more and self.ctx.seconds_left() > _RESERVE_SECONDS:
            more = self.once(step)
            booked += more
        return booked

    def once(self, step: Step) -> int:
        """Take *step* once and return how much it did, 0 where it fails. Raises DatabaseUnavailable."""
        try:
            return step(self.ctx.db, self.ctx.now)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001  # Whatever it is, it concerns no other kind.
            self.failed.append(f"{type(error).__name__} at {log.place(error)}")
            return 0
