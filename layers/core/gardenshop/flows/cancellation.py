"""Cancelling an order that is not paid: ask WeChat Pay, close there, then cancel here.

In this order, because a payment that WeChat still allows could arrive after the goods are back on the shelf.
"""

from gardenshop.cloud.database import Document, get
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import Busy
from gardenshop.cloud.wechatpay import PaySettings, WeChatPay
from gardenshop.cloud.wechatpay_messages import AlreadyPaid, Transaction
from gardenshop.flows.orders import transition
from gardenshop.flows.outbox import flush
from gardenshop.flows.payments import Payment, take_payment


def cancel_unpaid(ctx: Context, order: Document, *, actor: str) -> Document:
    """Cancel *order*, or book its payment when WeChat Pay says it was made; return it as it stands then.

    Raises IllegalTransition when it does not wait for payment, Busy when it changes meanwhile.
    """
    cancelled = {**order, "status": "cancelled", "outboxAt": ctx.now}
    command = transition(order, "cancel", now=ctx.now, actor=actor, changes=_closed(order, ctx.now))
    for attempt in order.get("attempts") or ():
        if attempt["state"] == "open":
            transaction = _close(ctx, attempt)
            if transaction is not None:
                return take_payment(ctx.db, order, transaction, now=ctx.now, actor=actor)
    (result,) = ctx.db.write(command)
    if not result.happened:
        return _as_it_is_now(ctx, order)
    flush(ctx.db, cancelled)
    return cancelled


def _closed(order: Document, now: int) -> Document:
    attempts = range(len(order.get("attempts") or ()))
    return {"outboxAt": now, **{f"attempts.{i}.state": "closed" for i in attempts}}


def _close(ctx: Context, attempt: Document) -> Payment | None:
    """Close *attempt* at WeChat Pay; return the payment when it was made already."""
    pay = WeChatPay(PaySettings.from_env(ctx.settings.environ))
    found = pay.query(attempt["attemptNo"])
    if found is None or not found.paid:
        try:
            pay.close(attempt["attemptNo"])
        except AlreadyPaid:
            found = pay.query(attempt["attemptNo"])
    return _payment(found) if found is not None and found.paid else None


def _payment(transaction: Transaction) -> Payment:
    if transaction.amount is None or transaction.payer is None:
        raise Busy
    return Payment(
        transaction.out_trade_no,
        transaction.transaction_id,
        transaction.amount.total,
        transaction.payer.openid,
    )


def _as_it_is_now(ctx: Context, order: Document) -> Document:
    fresh = ctx.db.one(get("orders", order["_id"]))
    if fresh is None or fresh["status"] == order["status"]:
        raise Busy
    return fresh
