"""order_pay: open the payment of one of the caller's orders, open it again, or ask whether it was made."""

from gardenshop.cloud.database import Document, get, update
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, IllegalTransition, NotFound
from gardenshop.cloud.wechatpay import PaySettings, PrepayId, WeChatPay
from gardenshop.flows.orders import transition
from gardenshop.flows.outbox import flush
from gardenshop.flows.payments import ask
from gardenshop.models.base import OrderNo
from gardenshop.rules.order_states import LABELS


class OrderPay(Request):
    """`sync` opens nothing: it asks WeChat Pay, for when the mini-program is back before the notice."""

    order_no: OrderNo
    sync: bool = False


class OrderPayment(Response):
    """`payment` is what goes to ``wx.requestPayment``; absent when nothing is to be paid."""

    order_no: str
    status: str
    amount_fen: int
    attempt_no: str | None = None
    payment: dict[str, str] | None = None


@cloud_function(caller=MEMBER)
def main(request: OrderPay, ctx: Context) -> OrderPayment:
    """Return the open attempt's payment fields; an order that costs nothing is paid at once."""
    order = ctx.db.one(get("orders", request.order_no, userId=ctx.user_id))
    if order is None:
        raise NotFound("没有找到该订单")
    if request.sync:
        return _sync(order, ctx)
    if order["status"] != "pending_payment":
        raise IllegalTransition(f"订单{LABELS[order['status']]}，不能付款", status=order["status"])
    if order["payBy"] <= ctx.now:
        raise IllegalTransition("订单已超过付款时间", status=order["status"])
    if order["totals"]["payableFen"] == 0:
        return _pay_nothing(order, ctx)
    pay = WeChatPay(PaySettings.from_env(ctx.settings.environ))
    attempt = _open_attempt(order, ctx)
    prepay_id = attempt.get("prepayId") or _prepay(pay, order, attempt, ctx)
    return OrderPayment(
        order_no=order["_id"],
        status=order["status"],
        amount_fen=attempt["amountFen"],
        attempt_no=attempt["attemptNo"],
        payment=pay.request_payment_fields(PrepayId(prepay_id)),
    )


def _sync(order: Document, ctx: Context) -> OrderPayment:
    """Book the payment when WeChat Pay says it was made; a repeat finds the order as it is."""
    if order["status"] == "pending_payment":
        order = ask(ctx, order, actor=ctx.user_id) or order
    return OrderPayment(
        order_no=order["_id"], status=order["status"], amount_fen=order["totals"]["payableFen"]
    )


def _pay_nothing(order: Document, ctx: Context) -> OrderPayment:
    changes = {"paidAt": ctx.now, "outboxAt": ctx.now}
    paid = {**order, **changes, "status": "paid"}
    (result,) = ctx.db.write(transition(order, "pay", now=ctx.now, actor=ctx.user_id, changes=changes))
    if not result.happened:
        raise Busy
    flush(ctx.db, paid)
    return OrderPayment(order_no=order["_id"], status="paid", amount_fen=0)


def _open_attempt(order: Document, ctx: Context) -> Document:
    """Return the order's open attempt, opening one when there is none: there is never a second."""
    attempts = order.get("attempts") or []
    for attempt in attempts:
        if attempt["state"] == "open":
            return dict(attempt)
    attempt = {
        "attemptNo": f"{order['_id']}A{len(attempts) + 1}",
        "kind": "wechat",
        "amountFen": order["totals"]["payableFen"],
        "openid": ctx.caller.openid,
        "state": "open",
        "createdAt": ctx.now,
        "expiresAt": order["payBy"],
    }
    where = {"_id": order["_id"], "status": "pending_payment", "version": order["version"]}
    change = {"$push": {"attempts": attempt}, "$inc": {"version": 1}, "$set": {"updatedAt": ctx.now}}
    (result,) = ctx.db.write(update("orders", where, change))
    if not result.happened:
        raise Busy
    return attempt


def _prepay(pay: WeChatPay, order: Document, attempt: Document, ctx: Context) -> str:
    """Ask WeChat Pay for the attempt's prepay id and keep it; asking again gives one that serves as well."""
    first, count = order["lines"][0]["snapshot"]["title"], len(order["lines"])
    prepay_id = pay.prepay(
        out_trade_no=attempt["attemptNo"],
        amount_fen=attempt["amountFen"],
        description=f"九悦素供-{first}" + (f"等{count}件" if count > 1 else ""),
        openid=attempt["openid"],
        expires_at=attempt["expiresAt"],
    )
    where = {"_id": order["_id"], "attempts": {"$elemMatch": {"attemptNo": attempt["attemptNo"]}}}
    ctx.db.write(update("orders", where, {"$set": {"attempts.$.prepayId": prepay_id}}))
    return prepay_id
