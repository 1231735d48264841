"""Money that arrived: it pays the order that waits for it, or goes back.

The verified notice and our own query to WeChat Pay both end here, any number of times and at once.
"""

from typing import NamedTuple

from gardenshop.cloud.database import Command, Database, Document, get, update
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import Busy, Conflict, NotFound
from gardenshop.cloud.wechatpay import PaySettings, WeChatPay
from gardenshop.cloud.wechatpay_messages import AlreadyPaid, Transaction
from gardenshop.flows.orders import transition
from gardenshop.flows.outbox import flush

_TRIES = 3


class Payment(NamedTuple):
    """A successful payment of the attempt *attempt_no*, as WeChat Pay vouches for it."""

    attempt_no: str
    transaction_id: str
    amount_fen: int
    openid: str

    @property
    def key(self) -> str:
        """What names this payment in an order's payLog."""
        return f"{self.transaction_id}:paid"


class PaymentMismatch(Conflict):
    """The payment is not the one that was asked for; nobody is to be served for it."""

    code = 40913
    error = "PAYMENT_MISMATCH"
    text = "支付信息与订单不符"


def payment_of(transaction: Transaction) -> Payment:
    """Return the payment that a successful *transaction* is. Raises Busy when it lacks a part."""
    if transaction.amount is None or transaction.payer is None:
        raise Busy
    return Payment(
        transaction.out_trade_no,
        transaction.transaction_id,
        transaction.amount.total,
        transaction.payer.openid,
    )


def ask(ctx: Context, order: Document, *, actor: str, close: bool = False) -> Document | None:
    """Ask WeChat Pay for the open payment of *order*; book it when it was made and return the order then.

    None when nothing was paid; with *close* nothing can be paid any more either.
    """
    for attempt in order.get("attempts") or ():
        if attempt["state"] == "open":
            transaction = _ask(ctx, attempt["attemptNo"], close=close)
            if transaction is not None:
                return take_payment(ctx.db, order, payment_of(transaction), now=ctx.now, actor=actor)
    return None


def _ask(ctx: Context, attempt_no: str, *, close: bool) -> Transaction | None:
    pay = WeChatPay(PaySettings.from_env(ctx.settings.environ))
    found = pay.query(attempt_no)
    if close and (found is None or not found.paid):
        try:
            pay.close(attempt_no)
        except AlreadyPaid:
            found = pay.query(attempt_no)
    return found if found is not None and found.paid else None


def take_payment(db: Database, order: Document, payment: Payment, *, now: int, actor: str) -> Document:
    """Book *payment* on *order* and return the order as it stands then.

    An order that waits for this attempt becomes paid. One that does not (cancelled, or paid by another
    attempt) stays as it is and the money is sent back. Raises PaymentMismatch or NotFound when the
    payment is not of this order, Busy when the order keeps changing.
    """
    for _ in range(_TRIES):
        _check(order, payment)
        if any(entry["key"] == payment.key for entry in order.get("payLog") or ()):
            return order
        changed = _booked(order, payment, now)
        (result,) = db.write(_command(order, changed, payment, now, actor))
        if result.happened:
            flush(db, changed)
            return changed
        fresh = db.one(get("orders", order["_id"]))
        if fresh is None:
            raise NotFound
        order = fresh
    raise Busy


def _check(order: Document, payment: Payment) -> None:
    place = _place(order, payment)
    if place is None:
        raise NotFound
    attempt = order["attempts"][place]
    if (attempt["amountFen"], attempt["openid"]) != (payment.amount_fen, payment.openid):
        raise PaymentMismatch


def _place(order: Document, payment: Payment) -> int | None:
    """Return where in the order's attempts, which only grow, the paid one stands."""
    numbers = [each["attemptNo"] for each in order.get("attempts") or ()]
    return numbers.index(payment.attempt_no) if payment.attempt_no in numbers else None


def _is_awaited(order: Document, payment: Payment) -> bool:
    place = _place(order, payment)
    return (
        place is not None
        and order["status"] == "pending_payment"
        and order["attempts"][place]["state"] == "open"
    )


def _booked(order: Document, payment: Payment, now: int) -> Document:
    """Return *order* as it will be once *payment* is booked."""
    changed = {**order, "payLog": [*(order.get("payLog") or ()), _log_entry(payment, now)], "outboxAt": now}
    if _is_awaited(order, payment):
        return {**changed, "status": "paid", "paidAt": now}
    return {**changed, "refunds": [*(order.get("refunds") or ()), _late_refund(payment, now)]}


def _command(order: Document, changed: Document, payment: Payment, now: int, actor: str) -> Command:
    entry = changed["payLog"][-1]
    unknown = {"payLog.key": {"$ne": payment.key}}
    if changed["status"] != "paid" or order["status"] == "paid":
        return update(
            "orders",
            {"_id": order["_id"], "status": order["status"], "version": order["version"], **unknown},
            {
                "$set": {"outboxAt": now, "updatedAt": now},
                "$inc": {"version": 1},
                "$push": {"payLog": entry, "refunds": changed["refunds"][-1]},
            },
        )
    place = f"attempts.{_place(order, payment)}"
    return transition(
        order,
        "pay",
        now=now,
        actor=actor,
        guard={**unknown, f"{place}.attemptNo": payment.attempt_no, f"{place}.state": "open"},
        changes={
            f"{place}.state": "paid",
            "totals.paidFen": payment.amount_fen,
            "paidAt": now,
            "outboxAt": now,
        },
        push={"payLog": entry},
    )


def _log_entry(payment: Payment, now: int) -> Document:
    return {
        "key": payment.key,
        "at": now,
        "attemptNo": payment.attempt_no,
        "transactionId": payment.transaction_id,
        "amountFen": payment.amount_fen,
    }


def _late_refund(payment: Payment, now: int) -> Document:
    return {
        "refundNo": f"LR{payment.attempt_no}",
        "attemptNo": payment.attempt_no,
        "amountFen": payment.amount_fen,
        "reason": "订单已不再等待付款，原路退回",
        "state": "due",
        "createdAt": now,
    }
