"""An order as it is first written: complete, adding up, naming all that it is about to hold."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.entry import Context
from gardenshop.flows.basket import line_id
from gardenshop.flows.checkout import MAX_LINES, Quote, totals_of
from gardenshop.flows.orders import order_no
from gardenshop.models.new_order import NewOrder
from gardenshop.rules.attribution import Credit
from gardenshop.rules.promotions import budget_units
from gardenshop.rules.till import Gift


class Wishes(NamedTuple):
    """What the member says beside what she buys; `consents` are SKUs she accepts cannot be sent back."""

    client_token: str
    remark: str
    consents: frozenset[str]


def draft(quote: Quote, wishes: Wishes, ctx: Context, *, credit: Sequence[Credit | None]) -> NewOrder:
    """Build the order of *quote*, whose items *credit* says. Its model refuses parts that do not add up.

    The parts are plain, because the whole is validated at once: a cold start then builds one validator.
    """
    policy, items, gifts = quote.basket.policy, quote.items, quote.price.gifts
    bought = [
        {**_line(position, quote, wishes, ctx), **_credited(credit[position])}
        for position in range(len(items))
    ]
    given = [_gift(len(items) + i, gift, quote) for i, gift in enumerate(gifts[: MAX_LINES - len(items)])]
    return NewOrder.model_validate(
        {
            "_id": order_no(ctx.user_id, wishes.client_token, ctx.now),
            "createdAt": ctx.now,
            "updatedAt": ctx.now,
            "userId": ctx.user_id,
            "clientToken": wishes.client_token,
            "status": "creating",
            "lines": (*bought, *given),
            "totals": totals_of(quote.price),
            "trace": _trace(quote),
            "rulesVersion": policy.version,
            "userCouponId": quote.coupon.id if quote.coupon else None,
            "budgets": tuple(_budgets(quote)),
            "limited": any(item.limited for item in items),
            "orderSeq": _presumed(quote),
            "pointsLapsed": quote.basket.lapsed_points if quote.price.points_fen else None,
            "address": quote.address,
            "remark": wishes.remark,
            "garden": {},
            "payBy": ctx.now + policy.order.pay_minutes * MINUTE,
            "history": ({"at": ctx.now, "event": "create", "to": "creating", "actor": ctx.user_id},),
        }
    )


def _presumed(quote: Quote) -> int | None:
    """Return the member's `orderSeq` where her other orders have a say in this one."""
    first = any(promotion.condition.first_order for promotion, _ in quote.price.uses)
    if first or any(item.limited for item in quote.items):
        return int(quote.basket.user.get("orderSeq", 0))
    return None


def _budgets(quote: Quote) -> Iterator[dict[str, Any]]:
    for promotion, worth in quote.price.uses:
        if promotion.budget:
            units = budget_units(promotion, worth)
            yield {"promotionId": promotion.id, "units": units, "limit": promotion.budget.limit}


def _line(position: int, quote: Quote, wishes: Wishes, ctx: Context) -> dict[str, Any]:
    item, part = quote.items[position], quote.price.lines[position]
    product, sku = item.product or {}, item.sku or {}
    agreed = not sku.get("noReasonReturn", True) and item.sku_id in wishes.consents
    return {
        "lineId": line_id(position),
        "skuId": item.sku_id,
        "productId": product["_id"],
        "quantity": item.quantity,
        "listFen": part.list_fen,
        "promoFen": part.promo_fen,
        "couponFen": part.coupon_fen,
        "pointsFen": part.points_fen,
        "pointsUsed": part.points_fen,
        "freightFen": part.freight_fen,
        "paidFen": part.paid_fen,
        "reserved": item.quantity,
        "carbonG": item.quantity * int(sku.get("carbonGPerUnit", product["carbonGPerUnit"])),
        "promotionIds": part.promotion_ids,
        "origin": item.origin,
        "returnConsentAt": ctx.now if agreed else None,
        "snapshot": _snapshot(product, sku),
    }


def _credited(credit: Credit | None) -> dict[str, Any]:
    """Write down whom the line's sale is credited to, and the rate, which is not looked up again."""
    if credit is None:
        return {}
    return {"practitionerId": credit.practitioner_id, "via": credit.via, "commissionBp": credit.bp}


def _gift(position: int, gift: Gift, quote: Quote) -> dict[str, Any]:
    """Write down what comes for nothing; it is held and shipped like the rest."""
    product, sku, _ = quote.basket.campaigns.gifts[gift.sku_id]
    return {
        "lineId": line_id(position),
        "skuId": gift.sku_id,
        "productId": product["_id"],
        "quantity": gift.quantity,
        "gift": True,
        "listFen": 0,
        "paidFen": 0,
        "reserved": gift.quantity,
        "carbonG": gift.quantity * int(sku.get("carbonGPerUnit", product["carbonGPerUnit"])),
        "promotionIds": (gift.promotion_id,),
        "snapshot": {**_snapshot(product, sku), "priceFen": 0, "noReasonReturn": False},
    }


def _snapshot(product: Mapping[str, Any], sku: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": product["title"],
        "spec": sku["spec"],
        "cover": (product.get("media") or {}).get("cover"),
        "priceFen": sku["priceFen"],
        "weightG": sku["weightG"],
        "fresh": product.get("fresh", False),
        "noReasonReturn": sku.get("noReasonReturn", True),
    }


def _trace(quote: Quote) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "step": step.step,
            "ref": step.ref,
            "text": step.text,
            "amountFen": step.amount_fen,
            "shares": dict(step.shares),
        }
        for step in quote.price.trace
    )
