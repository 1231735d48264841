"""Cancelling an order: an unpaid one is closed at WeChat Pay first, a paid one is refunded whole.

WeChat Pay comes first, because a payment that it still allows could arrive after the goods are back on the
shelf.
"""

from gardenshop.cloud.database import Document, get
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import Busy, Conflict
from gardenshop.flows.after_sale import draft
from gardenshop.flows.orders import transition
from gardenshop.flows.outbox import flush
from gardenshop.flows.payments import ask
from gardenshop.flows.refunds import begin
from gardenshop.rules.after_sale import has_open, nothing_shipped, rest_of


def cancel_unpaid(ctx: Context, order: Document, *, actor: str) -> Document:
    """Cancel *order*, or book its payment when WeChat Pay says it was made; return it as it stands then.

    Raises IllegalTransition when it does not wait for payment, Busy when it changes meanwhile.
    """
    cancelled = {**order, "status": "cancelled", "outboxAt": ctx.now}
    command = transition(order, "cancel", now=ctx.now, actor=actor, changes=_closed(order, ctx.now))
    paid = ask(ctx, order, actor=actor, close=True)
    if paid is not None:
        return paid
    (result,) = ctx.db.write(command)
    if not result.happened:
        return _as_it_is_now(ctx, order)
    flush(ctx.db, cancelled)
    return cancelled


def cancel_paid(ctx: Context, order: Document, *, actor: str) -> Document:
    """Refund the whole of *order*, of which nothing was shipped; return it as it stands then.

    Raises Conflict when something was, or an after-sale is open; Busy when it changes meanwhile.
    """
    if not nothing_shipped(order):
        raise Conflict("订单已部分发货，请申请售后")
    if has_open(order):
        raise Conflict("有售后正在处理，请先撤销")
    once = f"cancel-{order['_id']}"
    sale = draft(order, rest_of(order), kind="cancel", reason="no_reason", client_token=once, now=ctx.now)
    begun = begin(order, sale, now=ctx.now, actor=actor, event="cancel_paid")
    (result,) = ctx.db.write(begun.command)
    if not result.happened:
        raise Busy
    flush(ctx.db, begun.order)
    return begun.order


def _closed(order: Document, now: int) -> Document:
    attempts = range(len(order.get("attempts") or ()))
    return {"outboxAt": now, **{f"attempts.{i}.state": "closed" for i in attempts}}


def _as_it_is_now(ctx: Context, order: Document) -> Document:
    fresh = ctx.db.one(get("orders", order["_id"]))
    if fresh is None or fresh["status"] == order["status"]:
        raise Busy
    return fresh
