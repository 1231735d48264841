"""Giving units back: what may be asked for, what it comes to, and when it is too late.

Every amount of a line goes back unit by unit, by cumulative floor in the order in which refunds begin, so
that all units together give back exactly what was paid, however they are split. Units of an after-sale that
is not refused or revoked are spoken for: nobody else can ask for them, and those not shipped yet stay here.

Orders and their parts are plain stored documents here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gardenshop.rules.money import FULL_BP, cumulative_share

if TYPE_CHECKING:
    from gardenshop.rules.policies.order import OrderPolicy

Document = Mapping[str, Any]

OPEN: Final = ("applied", "awaiting_return", "returning", "refunding", "abnormal")
"""States in which an after-sale keeps its order from being confirmed and closed."""

BEGUN: Final = frozenset({"refunding", "abnormal", "refunded"})
"""States in which the refund has begun: its units will not come back to the order."""

REVOCABLE: Final = frozenset({"applied", "awaiting_return"})
"""States in which the member may still change her mind."""

COMPLAINTS: Final = frozenset({"not_received", "quality", "wrong_goods"})
"""Reasons that are always heard, whatever was agreed on when buying."""

LABELS: Final = {
    "applied": "待商家处理",
    "awaiting_return": "待寄回",
    "returning": "寄回中",
    "refunding": "退款中",
    "abnormal": "退款处理中",
    "refunded": "已退款",
    "refused": "商家已拒绝",
    "revoked": "已撤销",
}

_DROPPED = frozenset({"refused", "revoked"})
_HOUR = 3_600_000
_DAY = 24 * _HOUR
_CHINA = 8 * _HOUR


class Cut(NamedTuple):
    """*units* of one line that go back after *before* others of it."""

    line: Document
    before: int
    units: int

    def share(self, amount: int) -> int:
        """Return what these units take of an *amount* that is for the whole line."""
        return cumulative_share(amount, done=self.before, more=self.units, whole=self.line["quantity"])


def has_open(order: Document) -> bool:
    """Say whether an after-sale of *order* is not at its end."""
    return any(each["state"] in OPEN for each in order.get("afterSales") or ())


def _units(sales: Iterable[Document], line_id: str, field: str = "quantity") -> int:
    return sum(part.get(field, 0) for sale in sales for part in sale["lines"] if part["lineId"] == line_id)


def _live(order: Document) -> list[Document]:
    return [each for each in order.get("afterSales") or () if each["state"] not in _DROPPED]


def refundable(order: Document, line: Document) -> int:
    """Return how many units of *line* nobody has asked to give back."""
    return int(line["quantity"]) - _units(_live(order), line["lineId"])


def shippable(order: Document, line: Document) -> int:
    """Return how many units of *line* may be shipped now."""
    kept_back = _units(_live(order), line["lineId"], "unshipped")
    return int(line["quantity"] - line.get("shipped", 0) - kept_back)


def left_to_ship(order: Document) -> int:
    """Return how many units are not shipped and not given up by a refund that has begun."""
    begun = [each for each in order.get("afterSales") or () if each["state"] in BEGUN]
    return sum(
        line["quantity"] - line.get("shipped", 0) - _units(begun, line["lineId"], "unshipped")
        for line in order["lines"]
    )


def nothing_shipped(order: Document) -> bool:
    """Say whether no unit has left the warehouse."""
    return not any(line.get("shipped", 0) for line in order["lines"])


def parts_of(order: Document, wanted: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the lines of an after-sale of the units *wanted* of each line, the unshipped ones first.

    Gifts that were not shipped yet go with the last of what was bought. Raises ValueError, saying why in
    Chinese, when there are not that many.
    """
    lines = {line["lineId"]: line for line in order["lines"]}
    for line_id, units in wanted.items():
        if line_id not in lines:
            raise ValueError("订单中没有该商品")
        if units > refundable(order, lines[line_id]):
            raise ValueError("申请数量超过可退数量")
    everything = all(
        wanted.get(line["lineId"], 0) == refundable(order, line) for line in order["lines"] if not _gift(line)
    )
    gifts = {line["lineId"]: shippable(order, line) for line in order["lines"] if _gift(line) and everything}
    return [
        {
            "lineId": line_id,
            "quantity": units,
            "unshipped": min(units, max(shippable(order, lines[line_id]), 0)),
        }
        for line_id, units in {**gifts, **wanted}.items()
        if units
    ]


def rest_of(order: Document) -> dict[str, int]:
    """Return all the units of each bought line that can still be given back."""
    return {line["lineId"]: refundable(order, line) for line in order["lines"] if not _gift(line)}


def _gift(line: Document) -> bool:
    return bool(line.get("gift"))


def objection(order: Document, after_sale: Document, now: int) -> str | None:
    """Say, in Chinese, why *after_sale* cannot be asked for at *now*; None when it can."""
    if order["status"] == "received" and order["closeAt"] <= now:
        return "已超过售后期限"
    lines = {line["lineId"]: line for line in order["lines"]}
    shipped = [lines[part["lineId"]] for part in after_sale["lines"] if part["quantity"] > part["unshipped"]]
    if after_sale["kind"] == "return" and any(part["unshipped"] for part in after_sale["lines"]):
        return "未发货的商品不需要退货，请选择仅退款"
    if not shipped or after_sale["reason"] in COMPLAINTS:
        return None
    if after_sale["kind"] == "refund_only":
        return "已发出的商品无质量问题时需要退货"
    fixed = [line["snapshot"]["title"] for line in shipped if not _returnable(line)]
    return f"{'、'.join(fixed)} 不支持无理由退货" if fixed else None


def _returnable(line: Document) -> bool:
    """Say whether *line* may be returned for no reason.

    Of goods that the SKU excludes only fresh ones are final by law (消法 art. 25); the rest need the buyer's
    own confirmation for this purchase (七日无理由退货暂行办法 art. 7).
    """
    snapshot = line["snapshot"]
    excluded = not snapshot.get("noReasonReturn", True)
    final = snapshot.get("fresh", False) or "returnConsentAt" in line
    return _gift(line) or not (excluded and final)


def begun_before(order: Document, after_sale_no: str) -> list[Document]:
    """Return the after-sales whose refunds began before that of *after_sale_no*, or all that began."""
    sales = {each["afterSaleNo"]: each for each in order.get("afterSales") or ()}
    numbers = dict.fromkeys(
        each["afterSaleNo"] for each in order.get("refunds") or () if "afterSaleNo" in each
    )
    return [sales[number] for number in takewhile(lambda number: number != after_sale_no, numbers)]


def units_before(order: Document, after_sale_no: str) -> Counter[str]:
    """Return the units of each line whose refund began before that of *after_sale_no*."""
    before: Counter[str] = Counter()
    for earlier in begun_before(order, after_sale_no):
        for part in earlier["lines"]:
            before[part["lineId"]] += part["quantity"]
    return before


def cuts_of(order: Document, after_sale: Document) -> list[Cut]:
    """Return the units of *after_sale*, each line with those that went back before."""
    before = units_before(order, after_sale["afterSaleNo"])
    lines = {line["lineId"]: line for line in order["lines"]}
    return [
        Cut(lines[part["lineId"]], before[part["lineId"]], part["quantity"]) for part in after_sale["lines"]
    ]


def amounts_of(order: Document, after_sale: Document) -> dict[str, int]:
    """Return what *after_sale* gives back if its refund begins now, or gave back when it began."""
    cuts = cuts_of(order, after_sale)
    return {
        "cashFen": sum(cut.share(cut.line["paidFen"]) for cut in cuts),
        "freightFen": _freight(order, after_sale, cuts),
        "points": sum(cut.share(cut.line.get("pointsUsed", 0)) for cut in cuts),
        "commissionFen": sum(cut.share(commission_of(cut.line)) for cut in cuts),
    }


def commission_of(line: Document) -> int:
    """Return what all units of *line* earn the practitioner who caused the sale, at the rate of that time."""
    return int(line["paidFen"] * line.get("commissionBp", 0) // FULL_BP) if "practitionerId" in line else 0


def _freight(order: Document, after_sale: Document, cuts: Sequence[Cut]) -> int:
    """Return the freight that goes back: all that is left of it with the whole order before shipping.

    By the merchant's fault it is the share of the units; else the goods have been carried, and it stays.
    """
    number = after_sale["afterSaleNo"]
    after = units_before(order, number)
    after.update({cut.line["lineId"]: cut.units for cut in cuts})
    if nothing_shipped(order) and is_all(order, after):
        given = sum(each["amounts"].get("freightFen", 0) for each in begun_before(order, number))
        return int(order["totals"]["freightFen"] - given)
    if after_sale.get("merchantFault"):
        return sum(cut.share(cut.line.get("freightFen", 0)) for cut in cuts)
    return 0


def is_all(order: Document, units: Mapping[str, int]) -> bool:
    """Say whether *units* by line are all that was bought; gifts do not count."""
    return all(units.get(line["lineId"], 0) >= line["quantity"] for line in order["lines"] if not _gift(line))


def is_refunded(order: Document) -> bool:
    """Say whether the money for all that was bought has gone back."""
    done = [each for each in order.get("afterSales") or () if each["state"] == "refunded"]
    return is_all(order, {line["lineId"]: _units(done, line["lineId"]) for line in order["lines"]})


def claw_of(points: int, order: Document, after_sale: Document) -> int:
    """Return how many of the *points* earned by the money of *order* go with that of *after_sale*."""
    goods = sum(line["paidFen"] for line in order["lines"])
    before = sum(each["amounts"]["cashFen"] for each in begun_before(order, after_sale["afterSaleNo"]))
    cash = after_sale["amounts"]["cashFen"]
    return cumulative_share(points, done=before, more=cash, whole=goods) if goods else 0


def closes_at(order: Document, received_at: int, policy: "OrderPolicy") -> int:
    """Return the instant from which nothing of *order* can be given back any more.

    Days are counted from the day after receipt and end at midnight (UTC+8). An order of nothing but fresh
    goods closes some hours after receipt.
    """
    if all(line["snapshot"].get("fresh", False) for line in order["lines"] if not _gift(line)):
        return received_at + policy.fresh_after_sale_hours * _HOUR
    received_on = (received_at + _CHINA) // _DAY
    return (received_on + policy.after_sale_days + 1) * _DAY - _CHINA


def confirms_at(shipped_at: int, policy: "OrderPolicy") -> int:
    """Return the instant at which an order that was shipped at *shipped_at* counts as received."""
    return shipped_at + policy.auto_confirm_days * _DAY
