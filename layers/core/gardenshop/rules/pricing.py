"""The price pipeline: one pure function for preview and checkout alike.

list price → line promotions → order promotions → one coupon → points → freight.

* Of the promotions of one exclusion group a line, or the order, gets one: the highest priority, then
  the one that saves most, then the lower id. Groups work one after the other, on what the former left.
* Thresholds look at list prices, gifts at stock, and neither at other discounts: adding a discount never
  takes another one away.
* A discount takes no more than is left on its lines and is spread over them by largest remainder, ties by
  SKU: Σ parts = whole to the fen, payable ≥ 0, and the order of the lines does not matter.
"""

from collections.abc import Sequence

from gardenshop.models.promotion import Promotion
from gardenshop.rules.freight import freight_of
from gardenshop.rules.goods import PriceLine
from gardenshop.rules.policies.freight import FreightPolicy
from gardenshop.rules.promotions import is_open_to
from gardenshop.rules.till import Offers, Price, Till


def price(lines: Sequence[PriceLine], *, freight: FreightPolicy, province: str, offers: Offers) -> Price:
    """Price *lines* for delivery to *province* (empty when not known yet)."""
    till = promoted(lines, freight=freight, province=province, offers=offers)
    verdict = till.take_coupon(offers.coupon) if offers.coupon else None
    till.take_points(offers.points)
    return till.price(lines, verdict)


def promoted(lines: Sequence[PriceLine], *, freight: FreightPolicy, province: str, offers: Offers) -> Till:
    """Take the promotions off *lines*; what is left is for coupons and points."""
    till = Till(lines, offers)
    running = [each for each in offers.promotions if is_open_to(each, offers.shopper)]
    for group in _groups(running, "line"):
        till.take_line_group(group)
    for group in _groups(running, "order"):
        till.take_order_group(group)
    till.set_freight(freight, freight_of(lines, freight, province))
    for group in _groups(running, "freight"):
        till.waive_freight(group)
    return till


def _groups(promotions: Sequence[Promotion], level: str) -> list[list[Promotion]]:
    """Return the promotions of *level* by exclusion group, in the order in which the groups work."""
    groups: dict[str, list[Promotion]] = {}
    for promotion in sorted(promotions, key=lambda each: (-each.priority, each.id)):
        if promotion.level == level:
            groups.setdefault(promotion.group, []).append(promotion)
    return sorted(groups.values(), key=lambda group: (-group[0].priority, group[0].group))
