"""Ledger rows of points that were found pending: each is ended in the way of its kind."""

from collections.abc import Callable, Mapping, Sequence

from gardenshop.cloud.database import Database, Document
from gardenshop.flows import debts, exchange, harvesting, meals, redemption
from gardenshop.flows.balances import perform
from gardenshop.flows.lessons import finish_lesson
from gardenshop.flows.planting import finish_planting
from gardenshop.flows.points import again

Finish = Callable[[Database, Document, int], bool]
"""Ends the work of a row at an instant; False when it must be tried again later."""

_FINISH: Mapping[str, Finish] = {
    "lesson": finish_lesson,
    "plant": finish_planting,
    "claw_back": debts.finish,
    "repay": debts.finish,
    "harvest": harvesting.finish,
    "meal": meals.finish,
    "exchange_out": exchange.finish,
    "exchange_in": exchange.finish,
    "expire": debts.finish,
    "hold": redemption.finish_hold,
    "release": redemption.finish_return,
    "refund_back": redemption.finish_return,
}


def finish(db: Database, rows: Sequence[Document], now: int) -> int:
    """End *rows* and return how many ended; those in doubt are left for the reconcile.

    Earnings come first, because what is taken comes from their lots.
    """
    earnings = [row for row in rows if row["kind"] not in _FINISH]
    outcome = perform(db, [again(row) for row in earnings], now)
    db.write(*outcome.closing)
    others = (row for row in rows if row["kind"] in _FINISH)
    return len(outcome.closing) + sum(_FINISH[row["kind"]](db, row, now) for row in others)
