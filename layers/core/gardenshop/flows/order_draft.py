"""An order as it is first written: complete, adding up, naming all that it is about to hold."""

from typing import NamedTuple

from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.entry import Context
from gardenshop.flows.basket import line_id
from gardenshop.flows.checkout import Quote, totals_of
from gardenshop.flows.orders import order_no
from gardenshop.models.order import HistoryStep, LineSnapshot, Order, OrderLine, TraceStep


class Wishes(NamedTuple):
    """What the member says beside what she buys; `consents` are SKUs she accepts cannot be sent back."""

    client_token: str
    remark: str
    consents: frozenset[str]


def draft(quote: Quote, wishes: Wishes, ctx: Context) -> Order:
    """Build the order of *quote*. Its model refuses parts that do not add up."""
    policy = quote.basket.policy
    return Order(
        id=order_no(ctx.user_id, wishes.client_token, ctx.now),
        created_at=ctx.now,
        updated_at=ctx.now,
        user_id=ctx.user_id,
        client_token=wishes.client_token,
        status="creating",
        lines=tuple(_line(position, quote, wishes, ctx) for position in range(len(quote.items))),
        totals=totals_of(quote.price),
        trace=tuple(_trace(quote)),
        rules_version=policy.version,
        address=quote.address,
        remark=wishes.remark,
        pay_by=ctx.now + policy.order.pay_minutes * MINUTE,
        history=(HistoryStep(at=ctx.now, event="create", to="creating", actor=ctx.user_id),),
    )


def _line(position: int, quote: Quote, wishes: Wishes, ctx: Context) -> OrderLine:
    item, part = quote.items[position], quote.price.lines[position]
    product, sku = item.product or {}, item.sku or {}
    returnable = sku.get("noReasonReturn", True)
    agreed = not returnable and item.sku_id in wishes.consents
    return OrderLine(
        line_id=line_id(position),
        sku_id=item.sku_id,
        product_id=product["_id"],
        quantity=item.quantity,
        list_fen=part.list_fen,
        promo_fen=part.promo_fen,
        coupon_fen=part.coupon_fen,
        points_fen=part.points_fen,
        freight_fen=part.freight_fen,
        paid_fen=part.paid_fen,
        reserved=item.quantity,
        carbon_g=item.quantity * int(sku.get("carbonGPerUnit", product["carbonGPerUnit"])),
        origin=item.origin,
        return_consent_at=ctx.now if agreed else None,
        snapshot=LineSnapshot(
            title=product["title"],
            spec=sku["spec"],
            cover=(product.get("media") or {}).get("cover"),
            price_fen=item.unit_fen,
            weight_g=sku["weightG"],
            fresh=product.get("fresh", False),
            no_reason_return=returnable,
        ),
    )


def _trace(quote: Quote) -> list[TraceStep]:
    goods, *_, freight = quote.price.trace
    return [
        TraceStep(step="list", text=goods, amount_fen=quote.price.goods_fen),
        TraceStep(step="freight", text=freight, amount_fen=quote.price.freight_fen),
    ]
