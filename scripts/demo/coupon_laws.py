"""The laws of coupons and budgets: what was issued, who holds what, and which orders have used it."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]
Read = Callable[[str], list[Document]]

HOLDING = frozenset({"creating", "pending_payment"})
NEVER_PAID = frozenset({*HOLDING, "create_failed", "cancelled"})


def copies_are_counted(read: Read) -> Iterator[str]:
    """A template has issued as many copies as are not void, and no more than it has; no copy waits."""
    copies = Counter(copy["couponId"] for copy in read("user_coupons") if copy["state"] != "void")
    for template in read("coupons"):
        count, issued = copies[template["_id"]], template.get("issued", 0)
        if not count == issued <= template["total"]:
            total = template["total"]
            yield f"coupon {template['_id']}: issued {issued} of {total}, there are {count} copies"
    for copy in read("user_coupons"):
        if copy["state"] == "pending":
            yield f"coupon {copy['_id']} is pending"


def members_have_what_they_may(read: Read) -> Iterator[str]:
    """Nobody has more copies than the template allows, nor two of one source."""
    allowed = {template["_id"]: template.get("perUser", 1) for template in read("coupons")}
    copies = [copy for copy in read("user_coupons") if copy["state"] != "void"]
    held = Counter((copy["couponId"], copy["userId"]) for copy in copies)
    for (coupon_id, user_id), count in held.items():
        if count > allowed.get(coupon_id, count):
            yield f"coupon {coupon_id}: {user_id} has {count} copies"
    sources = Counter((copy["couponId"], copy["userId"], copy["source"]) for copy in copies)
    yield from (f"two copies of one source: {place}" for place, count in sources.items() if count > 1)


def copies_are_with_their_orders(read: Read) -> Iterator[str]:
    """A locked copy has the live order that names it, a used one a paid order, a free one none; and back."""
    orders = {order["_id"]: order for order in read("orders")}
    copies = {copy["_id"]: copy for copy in read("user_coupons")}
    for copy in copies.values():
        order = orders.get(copy.get("orderNo", ""), {})
        named = order.get("userCouponId") == copy["_id"]
        right = {
            "locked": named and order.get("status") in HOLDING,
            "used": named and order.get("status") not in NEVER_PAID,
        }
        if not right.get(copy["state"], "orderNo" not in copy):
            yield f"coupon {copy['_id']} is {copy['state']}, its order is {order.get('status')}"
    for order in orders.values():
        copy = copies.get(order.get("userCouponId", ""), {})
        held = copy.get("orderNo") == order["_id"]
        gives_back = order["status"] in {"create_failed", "cancelled", "refunded"}
        if "userCouponId" in order and not held and not gives_back:
            yield f"order {order['_id']} is {order['status']} and does not hold {order['userCouponId']}"


def budgets_are_what_orders_use(read: Read) -> Iterator[str]:
    """A promotion has given away what live and paid orders use of it, and no more than it may."""
    used: Counter[str] = Counter()
    for order in read("orders"):
        if order["status"] not in {"create_failed", "cancelled"}:
            for use in order.get("budgets") or ():
                used[use["promotionId"]] += use["units"]
    for promotion in read("promotions"):
        budget = promotion.get("budget")
        if budget and not used[promotion["_id"]] == budget.get("used", 0) <= budget["limit"]:
            spent = f"{budget.get('used', 0)} of {budget['limit']}"
            yield f"promotion {promotion['_id']}: {spent} used, orders say {used[promotion['_id']]}"


COUPON_LAWS = (
    copies_are_counted,
    members_have_what_they_may,
    copies_are_with_their_orders,
    budgets_are_what_orders_use,
)
