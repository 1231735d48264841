"""The days on which promotions make a SKU cheaper, past and planned: events of its demand.

A promotion touches a SKU whose goods its scope covers, and the SKU that it gives away. It counts on every day
of which it has a part, while its solar term lasts; one that is on for months is no event but the usual. The
event of a day is the kind of the promotion that comes first there; its lift is learnt from the SKU's own days
of that kind (`rules/demand.py`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gardenshop.models.promotion import Promotion
from gardenshop.rules.goods import PriceLine, covers
from gardenshop.rules.promotions import RUNNING
from gardenshop.rules.solar_terms import term_of_day

_DAY = 86_400_000
_CHINA = 8 * 3_600_000
_MOST_DAYS = 60
_EPOCH = date(1970, 1, 1)

KINDS: Mapping[str, str] = {
    "unit_discount": "直降",
    "ladder": "多件优惠",
    "amount_off": "满减",
    "percent_off": "折扣",
    "gift": "赠品",
    "member_price": "会员价",
}
"""The kinds of promotions that move demand, in words; freight alone does not."""

Calendar = Mapping[date, str]
"""The event of each day that has one."""


class Occasion(NamedTuple):
    """A promotion and the days it is or was on."""

    promotion: Promotion
    days: tuple[date, ...]

    def touches(self, goods: PriceLine) -> bool:
        """Say whether the promotion makes *goods* cheaper or gives them away."""
        return self.promotion.benefit.gift_sku_id == goods.sku_id or covers(self.promotion.scope, goods)


def occasions(promotions: Iterable[Promotion], first: date, last: date) -> list[Occasion]:
    """Return the *promotions* that have a day from *first* to *last*, the one that comes first at the end."""
    ordered = sorted(promotions, key=lambda each: (each.priority, each.id))
    found = [Occasion(each, tuple(_days(each, first, last))) for each in ordered if each.kind in KINDS]
    return [each for each in found if 0 < len(each.days) <= _MOST_DAYS]


def calendar(all_occasions: Sequence[Occasion], goods: PriceLine) -> Calendar:
    """Return the events of *goods*."""
    touching = (each for each in all_occasions if each.touches(goods))
    return {day: each.promotion.kind for each in touching for day in each.days}


def _days(promotion: Promotion, first: date, last: date) -> Iterator[date]:
    end = promotion.end_at if promotion.state in RUNNING else _stopped(promotion)
    if end <= promotion.start_at:
        return
    day, until = max(_day(promotion.start_at), first), min(_day(end - 1), last)
    while day <= until:
        if promotion.term_key in (None, term_of_day(day.isoformat()).key):
            yield day
        day += timedelta(days=1)


def _stopped(promotion: Promotion) -> int:
    """Return when a promotion that is not on any more ended: when it was last edited, or by its own time."""
    if promotion.state == "draft":
        return 0
    edited = promotion.end_at if promotion.edited_at is None else promotion.edited_at
    return min(promotion.end_at, edited)


def _day(instant: int) -> date:
    return _EPOCH + timedelta(days=(instant + _CHINA) // _DAY)
