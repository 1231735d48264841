"""All that an order holds until it is paid: units, budgets, a coupon, points, its turn; taken in one trip.

Its turn matters only where the member's other orders decide what she may buy or its price: the order
presumes the `orderSeq` that it was priced with, so of two such orders at once only one goes through.
"""

from gardenshop.cloud.database import Command, Database, Document
from gardenshop.cloud.errors import Conflict, CouponUnusable, NotEnoughPoints, OfferGone, OutOfStock
from gardenshop.flows import coupons, promotions, redemption, stock
from gardenshop.flows.balances import Operation
from gardenshop.flows.points import RING

_REFUSALS: dict[str, type[Conflict]] = {
    each.error: each for each in (CouponUnusable, NotEnoughPoints, OfferGone, Conflict)
}


def take(order: Document) -> list[Operation]:
    """Return the operations that hold everything *order* names."""
    return [
        *stock.hold(order),
        *promotions.take(order),
        *coupons.lock(order),
        *redemption.hold(order),
        *_turn(order),
    ]


def _turn(order: Document) -> list[Operation]:
    if "orderSeq" not in order:
        return []
    presumed = order["orderSeq"]
    return [
        Operation(
            key=f"turn:{order['_id']}",
            balance="users",
            target=order["userId"],
            guard={"orderSeq": presumed or {"$in": [0, None]}},
            change={"$set": {"orderSeq": presumed + 1}},
            started=order["createdAt"],
            ring=RING,
        )
    ]


def refusal_of(order: Document, refused: frozenset[str]) -> Conflict:
    """Say to the member why *order* could not be made, the operations *refused* not being possible."""
    short = sorted({each.target for each in stock.hold(order) if each.key in refused})
    if short:
        return OutOfStock(problems={"short_of_stock": short})
    if any(each.key in refused for each in coupons.lock(order)):
        return CouponUnusable(userCouponId=order["userCouponId"])
    if any(each.key in refused for each in redemption.hold(order)):
        return NotEnoughPoints(need=redemption.points_of(order))
    gone = sorted(each.target for each in promotions.take(order) if each.key in refused)
    if gone:
        return OfferGone(promotionIds=gone)
    return Conflict("您刚刚提交了另一笔订单，请确认后重新提交")


def remembered(failure: Document) -> Conflict:
    """Return the refusal that an order kept as its *failure*."""
    return _REFUSALS.get(failure["error"], OutOfStock)(failure["message"], **failure["details"])


def give_back(db: Database, order: Document, *, started: int, now: int) -> list[Command]:
    """Give back what *order* holds; return the writes that close the books on it."""
    closing = stock.release_held(db, order, started=started, now=now)
    promotions.give_back(db, order, started=started, now=now)
    coupons.release(db, order, now)
    return [*closing, *redemption.release(db, order, now=now)]
