"""checkout: make an order of the caller's basket and hold what it takes: units, budgets, a coupon, points.

The order is written first and names all that it is about to hold, so whatever happens after it can be
finished or undone from it. The same client token always leads to the same order.
"""

from typing import Annotated

from pydantic import Field

from gardenshop.cloud.database import Command, Document, find, get, insert, update
from gardenshop.cloud.entry import MEMBER, Context, Response, cloud_function
from gardenshop.cloud.errors import (
    Busy,
    Conflict,
    CouponUnusable,
    NotEnoughPoints,
    NotFound,
    NothingToBuy,
    OutOfStock,
    TotalChanged,
)
from gardenshop.flows.attribution import candidates, credits_of
from gardenshop.flows.balances import Outcome, perform
from gardenshop.flows.basket import read_commands
from gardenshop.flows.checkout import Quote, Wanted, quote_of
from gardenshop.flows.holds import give_back, refusal_of, remembered, take
from gardenshop.flows.order_draft import Wishes, draft
from gardenshop.flows.orders import transition
from gardenshop.flows.redemption import settle
from gardenshop.models.base import ClientToken, Fen, Line, SkuId, dump


class Checkout(Wanted):
    """`expected_total_fen` is the total the member saw; `no_return_consent` lists SKUs she takes as final."""

    client_token: ClientToken
    expected_total_fen: Fen
    remark: Annotated[Line, Field(max_length=200)] = ""
    no_return_consent: Annotated[tuple[SkuId, ...], Field(max_length=100)] = ()


class Placed(Response):
    """The order, waiting for payment until `pay_by`."""

    order_no: str
    status: str
    payable_fen: int
    pay_by: int


@cloud_function(caller=MEMBER)
def main(request: Checkout, ctx: Context) -> Placed:
    """Price, write the order, hold its units, open it for payment: four round trips."""
    same_token = find("orders", {"userId": ctx.user_id, "clientToken": request.client_token}, limit=1)
    wanted = request.plain_lines(ctx)
    reads = read_commands(ctx.user_id, wanted, now=ctx.now)
    *replies, people, existing = ctx.db.read(*reads, candidates(ctx.user_id, wanted), same_token)
    if existing:
        return _resume(existing[0], request, ctx)
    quote = quote_of(replies, request, ctx)
    _check(quote, request)
    wishes = Wishes(request.client_token, request.remark, frozenset(request.no_return_consent))
    order = dump(draft(quote, wishes, ctx, credit=credits_of(people, quote, ctx)))
    (written,) = ctx.db.write(insert("orders", order))
    if written.duplicate:
        return _resume(ctx.db.one(same_token), request, ctx)
    return _hold(order, request, ctx)


def _check(quote: Quote, request: Checkout) -> None:
    """Refuse what cannot be ordered as the member saw it."""
    if not quote.basket.user:
        raise NotFound("请先登录")
    if quote.problems["short_of_stock"]:
        raise OutOfStock(problems=quote.problems)
    if any(quote.problems.values()):
        raise NothingToBuy("部分商品暂时不能购买", problems=quote.problems)
    if not quote.items:
        raise NothingToBuy
    if quote.address is None:
        raise Conflict("请先填写收货地址")
    if quote.coupon_problem:
        raise CouponUnusable(f"该优惠券不可用：{quote.coupon_problem}", preview=_preview(quote))
    if quote.points_problem:
        raise NotEnoughPoints(quote.points_problem, preview=_preview(quote))
    if quote.price.payable_fen != request.expected_total_fen:
        raise TotalChanged(preview=_preview(quote))


def _preview(quote: Quote) -> Document:
    from gardenshop.flows.quote_view import view_of  # noqa: PLC0415  # Only refusals show it.

    return view_of(quote).model_dump(mode="json", by_alias=True, exclude_none=True)


def _resume(order: Document | None, request: Checkout, ctx: Context) -> Placed:
    """Answer a used token: with its order, with its refusal, or by finishing what was begun."""
    if order is None:
        # Another token has drawn the same order number, about once in 10^12: the next day gives another.
        raise Busy
    if order["status"] == "create_failed":
        raise remembered(order["failure"])
    return _hold(order, request, ctx) if order["status"] == "creating" else _placed(order)


def _hold(order: Document, request: Checkout, ctx: Context) -> Placed:
    """Hold what the order names and open it for payment, or give back what was held and close it."""
    outcome = perform(ctx.db, take(order), ctx.now)
    if outcome.unknown:
        raise Busy
    if outcome.refused:
        raise _fail(order, outcome, ctx)
    settle(ctx.db, order, ctx.now)
    opened = transition(order, "held", now=ctx.now, actor=ctx.user_id)
    results = ctx.db.write(*outcome.closing, opened, *_leave_cart(order, request, ctx))
    if results[len(outcome.closing)].happened:
        return _placed({**order, "status": "pending_payment"})
    now = ctx.db.one(get("orders", order["_id"]))
    if now is None or now["status"] == "creating":
        raise Busy
    return _resume(now, request, ctx)


def _fail(order: Document, outcome: Outcome, ctx: Context) -> Conflict:
    """Close the order as failed, give back what was held, and return the refusal, which the order keeps.

    The rows of what was held stay pending until it is given back.
    """
    refusal = refusal_of(order, outcome.refused)
    failure = {"error": refusal.error, "message": refusal.message, "details": refusal.details}
    changes = {"failure": failure, "outboxAt": ctx.now}
    failed = transition(order, "fail", now=ctx.now, actor=ctx.user_id, changes=changes)
    (result,) = ctx.db.write(failed)
    if not result.happened:
        raise Busy
    closing = give_back(ctx.db, {**order, **changes}, started=ctx.now, now=ctx.now)
    ctx.db.write(*closing, update("orders", {"_id": order["_id"]}, {"$unset": {"outboxAt": ""}}))
    return refusal


def _leave_cart(order: Document, request: Checkout, ctx: Context) -> list[Command]:
    """Take the ordered lines out of the cart they came from, unless their quantity has changed since."""
    if request.lines is not None:
        return []
    cart, touched = {"_id": ctx.user_id}, {"$inc": {"version": 1}, "$set": {"updatedAt": ctx.now}}
    lines = (line for line in order["lines"] if not line["gift"])
    bought = ({"skuId": line["skuId"], "quantity": line["quantity"]} for line in lines)
    return [update("shopping_cart", cart, {"$pull": {"lines": line}, **touched}) for line in bought]


def _placed(order: Document) -> Placed:
    return Placed(
        order_no=order["_id"],
        status=order["status"],
        payable_fen=order["totals"]["payableFen"],
        pay_by=order["payBy"],
    )
