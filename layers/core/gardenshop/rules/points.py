"""How many points things earn, how long they last, and how far they pay."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from gardenshop.rules.money import FULL_BP
from gardenshop.rules.policies.points import PointsPolicy

_CHINA = timezone(timedelta(hours=8))
_MONTHS = 12


def shop_points_for(paid_fen: int, policy: PointsPolicy) -> int:
    """Return the shop points that *paid_fen* earns, rounded down on the whole order."""
    return paid_fen * policy.shop_bp_per_fen // FULL_BP


def garden_points_for(saved_g: int, policy: PointsPolicy) -> int:
    """Return the garden points that *saved_g* grams CO2e earn, rounded down."""
    return max(saved_g, 0) * policy.garden_per_kg // 1000


def lot_expiry(earned_at: int, policy: PointsPolicy) -> int:
    """Return the last instant at which points earned at *earned_at* can be spent.

    The end of the UTC+8 month that lies `expire_months` after the month of earning.
    """
    earned = datetime.fromtimestamp(earned_at / 1000, _CHINA)
    months = earned.year * _MONTHS + earned.month - 1 + policy.expire_months + 1
    first_after = datetime(months // _MONTHS, months % _MONTHS + 1, 1, tzinfo=_CHINA)
    return int(first_after.timestamp() * 1000) - 1


def spendable(book: Mapping[str, Any], lapsed: int) -> int:
    """Return how many points of *book* may be spent, *lapsed* being over: none while she owes any."""
    return 0 if book.get("debt") else max(int(book.get("available", 0)) - lapsed, 0)


def redeemable(points: int, goods_fen: int, policy: PointsPolicy) -> int:
    """Return how many of the spendable *points* may pay for goods that still cost *goods_fen*."""
    return min(points, policy.redeem_cap, goods_fen * policy.redeem_bp // FULL_BP)


def exchanged(points: int, policy: PointsPolicy) -> tuple[int, int]:
    """Return how many of *points* of the garden are taken, and the shop points that they become.

    Those are rounded down, and what does not make a whole one stays in the garden.
    """
    gained = points * policy.exchange_bp // FULL_BP
    return (-(-gained * FULL_BP // policy.exchange_bp), gained) if gained else (0, 0)


def given_back(uses: Iterable[tuple[str, int]], *, done: int, points: int) -> dict[str, int]:
    """Return how many *points* go back to each lot after *done* went: those that lapse last come first.

    *uses* are the lots that were taken from and how much, the first to lapse first.
    """
    back: dict[str, int] = {}
    before = 0
    for lot_id, taken in reversed(list(uses)):
        share = min(before + taken, done + points) - max(before, done)
        if share > 0:
            back[lot_id] = share
        before += taken
    return back
