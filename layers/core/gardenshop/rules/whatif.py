"""What orders would have come to under other rules: freight, points and commission, priced twice.

Both sides are worked out the same way from what the orders say, so they differ by the rules alone.
Promotions and coupons are those that the orders had. Points are as many as were used, as far as they may
be: who might have used more is not guessed. A practitioner's own rate stays hers, within the cap.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.rules.attribution import rate_of
from gardenshop.rules.freight import freight_of
from gardenshop.rules.goods import PriceLine
from gardenshop.rules.money import FULL_BP
from gardenshop.rules.points import garden_points_for, redeemable, shop_points_for
from gardenshop.rules.policy import Policy

Order = Mapping[str, Any]

_EXAMPLES = 5


class Sums(NamedTuple):
    """What one order, or all, come to."""

    payable_fen: int = 0
    freight_fen: int = 0
    points_used: int = 0
    shop_points: int = 0
    garden_points: int = 0
    commission_fen: int = 0


class Example(NamedTuple):
    """An order that would have come to something else."""

    order_no: str
    before: Sums
    after: Sums


class WhatIf(NamedTuple):
    """All orders under both rules, how many of them differ, and those that differ most."""

    orders: int
    differ: int
    before: Sums
    after: Sums
    examples: tuple[Example, ...]


def what_if(orders: Sequence[Order], live: Policy, draft: Policy) -> WhatIf:
    """Price *orders* under the rules that are *live* and under those of the *draft*."""
    pairs = [Example(order["_id"], sums(order, live, live), sums(order, draft, live)) for order in orders]
    different = [each for each in pairs if each.before != each.after]
    different.sort(key=lambda each: (-_distance(each), each.order_no))
    return WhatIf(
        orders=len(pairs),
        differ=len(different),
        before=_total([each.before for each in pairs]),
        after=_total([each.after for each in pairs]),
        examples=tuple(different[:_EXAMPLES]),
    )


def sums(order: Order, policy: Policy, live: Policy) -> Sums:
    """Return what *order* comes to under *policy*; the *live* one tells what was waived of its freight."""
    totals = order["totals"]
    left = totals["goodsFen"] - totals.get("promoFen", 0) - totals.get("couponFen", 0)
    used = redeemable(totals.get("pointsUsed", 0), left, policy.points)
    freight = _freight(order, policy, live)
    return Sums(
        payable_fen=left - used + freight,
        freight_fen=freight,
        points_used=used,
        shop_points=shop_points_for(left - used, policy.points),
        garden_points=garden_points_for((order.get("garden") or {}).get("savedG", 0), policy.points),
        commission_fen=sum(_commission(line, policy, live) for line in order["lines"]),
    )


def _freight(order: Order, policy: Policy, live: Policy) -> int:
    """Return the freight under *policy*, less what a promotion or a coupon paid of it."""
    lines = [_price_line(line) for line in order["lines"] if not line.get("gift")]
    province = (order.get("address") or {}).get("province", "")
    tariff, paid = freight_of(lines, live.freight, province), order["totals"].get("freightFen", 0)
    if tariff and not paid:
        return 0
    waived = max(tariff - int(paid), 0)
    return max(freight_of(lines, policy.freight, province) - waived, 0)


def _price_line(line: Mapping[str, Any]) -> PriceLine:
    snapshot = line["snapshot"]
    return PriceLine(line["lineId"], line["quantity"], snapshot["priceFen"], snapshot["weightG"])


def _commission(line: Mapping[str, Any], policy: Policy, live: Policy) -> int:
    if "practitionerId" not in line:
        return 0
    usual = rate_of(line["via"], None, live.commission)
    own = None if line["commissionBp"] == usual else line["commissionBp"]
    return int(line["paidFen"] * rate_of(line["via"], own, policy.commission) // FULL_BP)


def _total(parts: Sequence[Sums]) -> Sums:
    return Sums(*(sum(column) for column in zip(*parts, strict=True))) if parts else Sums()


def _distance(example: Example) -> int:
    return sum(abs(one - other) for one, other in zip(example.before, example.after, strict=True))
