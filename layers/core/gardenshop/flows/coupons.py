"""Members' coupons: held by an order, used when it is paid, given back when it dies.

A lock belongs to the order that names the coupon, so repeating its checkout keeps it. Locking is an
operation on the coupon's document, whose ring tells a repeat; the other edges say themselves what happened.
"""

from typing import Any

from gardenshop.cloud.database import Command, Database, Document, find, get, update
from gardenshop.cloud.entry import Response
from gardenshop.cloud.errors import Internal
from gardenshop.flows.balances import Operation
from gardenshop.models.base import RING_SIZE
from gardenshop.models.promotion import CouponTerms, UserCoupon

COUPONS = "user_coupons"
MOST_SHOWN = 100
EXPIRED_AT_ONCE = 500


class TermsView(Response):
    """What a coupon is worth; which fields are used follows from its kind."""

    coupon_id: str
    name: str
    kind: str
    value_fen: int | None
    pay_bp: int | None
    cap_fen: int | None
    min_fen: int


def shown_terms(terms: CouponTerms) -> dict[str, Any]:
    """Return *terms* by the names of `TermsView`."""
    shown = TermsView.model_fields.keys() & CouponTerms.model_fields.keys()
    return {name: getattr(terms, name) for name in shown}


class CouponView(TermsView):
    """One copy as its owner sees it: usable from `since` until `until`, if it is ``available``."""

    user_coupon_id: str
    since: int
    until: int
    state: str
    order_no: str | None


def view_of(copy: Document, *, state: str = "") -> CouponView:
    """Show *copy*, in the given *state* where its stored one is out of date."""
    return CouponView(
        user_coupon_id=copy["_id"],
        coupon_id=copy["couponId"],
        **shown_terms(CouponTerms.model_validate(copy["terms"])),
        since=copy["from"],
        until=copy["until"],
        state=state or copy["state"],
        order_no=copy.get("orderNo"),
    )


def held_by(user_id: str, now: int) -> Command:
    """Return the read of the coupons that *user_id* may use now or later, the first to lapse first."""
    where = {"userId": user_id, "state": "available", "until": {"$gt": now}}
    return find(COUPONS, where, sort={"until": 1}, limit=MOST_SHOWN)


def coupons_of(documents: list[Document]) -> tuple[UserCoupon, ...]:
    """Read the reply to `held_by`."""
    return tuple(UserCoupon.model_validate(document) for document in documents)


def lock(order: Document) -> list[Operation]:
    """Hold the order's coupon; refused when it is not free, not valid any more, or void for this order."""
    if "userCouponId" not in order:
        return []
    return [
        Operation(
            key=_key("lock", order),
            balance=COUPONS,
            target=order["userCouponId"],
            guard={
                "userId": order["userId"],
                "state": "available",
                "until": {"$gt": order["createdAt"]},
                "$nor": [{"recentOps.key": _key("void", order)}],
            },
            change={"$set": {"state": "locked", "orderNo": order["_id"]}},
            started=order["createdAt"],
        )
    ]


def release(db: Database, order: Document, now: int) -> None:
    """Give the order's coupon back, and keep a copy of its checkout from locking it now."""
    if "userCouponId" not in order:
        return
    where = {"_id": order["userCouponId"], "recentOps.key": {"$ne": _key("void", order)}}
    ring = {"$each": [{"key": _key("void", order), "at": now}], "$slice": -RING_SIZE}
    mine = {"_id": order["userCouponId"], "state": "locked", "orderNo": order["_id"]}
    db.write(
        update(COUPONS, where, {"$push": {"recentOps": ring}}),
        update(COUPONS, {**mine, "until": {"$gt": now}}, _freed("available", now)),
        update(COUPONS, {**mine, "until": {"$lte": now}}, _freed("expired", now)),
    )


def _freed(state: str, now: int) -> dict[str, Document]:
    return {"$set": {"state": state, "updatedAt": now}, "$unset": {"orderNo": ""}}


def use(db: Database, order: Document, now: int) -> None:
    """Book the coupon of the paid *order* as used. Raises Internal when the order does not hold it."""
    mine = {"_id": order["userCouponId"], "orderNo": order["_id"]}
    used = {"$set": {"state": "used", "usedAt": now, "updatedAt": now}}
    (result,) = db.write(update(COUPONS, {**mine, "state": "locked"}, used))
    if result.happened:
        return
    copy = db.one(get(COUPONS, order["userCouponId"])) or {}
    if (copy.get("state"), copy.get("orderNo")) != ("used", order["_id"]):
        raise Internal(cause=f"coupon of {order['_id']}")


def expire(db: Database, now: int) -> int:
    """Book some of the free coupons that can no longer be used as expired; return how many."""
    lapsed = {"state": "available", "until": {"$lte": now}}
    (found,) = db.read(find(COUPONS, lapsed, fields=("until",), limit=EXPIRED_AT_ONCE))
    if not found:
        return 0
    where = {"_id": {"$in": [copy["_id"] for copy in found]}, **lapsed}
    change = {"$set": {"state": "expired", "updatedAt": now}}
    (result,) = db.write(update(COUPONS, where, change, multi=True))
    return result.modified


def _key(reason: str, order: Document) -> str:
    return f"{reason}:{order['_id']}"
