"""An order as it is first written: complete, adding up, naming all that it is about to hold."""

from typing import Any, NamedTuple

from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.entry import Context
from gardenshop.flows.basket import line_id
from gardenshop.flows.checkout import Quote, totals_of
from gardenshop.flows.orders import order_no
from gardenshop.models.order import Order


class Wishes(NamedTuple):
    """What the member says beside what she buys; `consents` are SKUs she accepts cannot be sent back."""

    client_token: str
    remark: str
    consents: frozenset[str]


def draft(quote: Quote, wishes: Wishes, ctx: Context) -> Order:
    """Build the order of *quote*. Its model refuses parts that do not add up.

    The parts are plain, because the whole is validated at once: a cold start then builds one validator.
    """
    policy = quote.basket.policy
    return Order.model_validate(
        {
            "_id": order_no(ctx.user_id, wishes.client_token, ctx.now),
            "createdAt": ctx.now,
            "updatedAt": ctx.now,
            "userId": ctx.user_id,
            "clientToken": wishes.client_token,
            "status": "creating",
            "lines": tuple(_line(position, quote, wishes, ctx) for position in range(len(quote.items))),
            "totals": totals_of(quote.price),
            "trace": _trace(quote),
            "rulesVersion": policy.version,
            "address": quote.address,
            "remark": wishes.remark,
            "payBy": ctx.now + policy.order.pay_minutes * MINUTE,
            "history": ({"at": ctx.now, "event": "create", "to": "creating", "actor": ctx.user_id},),
        }
    )


def _line(position: int, quote: Quote, wishes: Wishes, ctx: Context) -> dict[str, Any]:
    item, part = quote.items[position], quote.price.lines[position]
    product, sku = item.product or {}, item.sku or {}
    returnable = sku.get("noReasonReturn", True)
    agreed = not returnable and item.sku_id in wishes.consents
    return {
        "lineId": line_id(position),
        "skuId": item.sku_id,
        "productId": product["_id"],
        "quantity": item.quantity,
        "listFen": part.list_fen,
        "promoFen": part.promo_fen,
        "couponFen": part.coupon_fen,
        "pointsFen": part.points_fen,
        "freightFen": part.freight_fen,
        "paidFen": part.paid_fen,
        "reserved": item.quantity,
        "carbonG": item.quantity * int(sku.get("carbonGPerUnit", product["carbonGPerUnit"])),
        "origin": item.origin,
        "returnConsentAt": ctx.now if agreed else None,
        "snapshot": {
            "title": product["title"],
            "spec": sku["spec"],
            "cover": (product.get("media") or {}).get("cover"),
            "priceFen": item.unit_fen,
            "weightG": sku["weightG"],
            "fresh": product.get("fresh", False),
            "noReasonReturn": returnable,
        },
    }


def _trace(quote: Quote) -> tuple[dict[str, Any], ...]:
    goods, *_, freight = quote.price.trace
    return (
        {"step": "list", "text": goods, "amountFen": quote.price.goods_fen},
        {"step": "freight", "text": freight, "amountFen": quote.price.freight_fen},
    )
