"""pay_notify: take WeChat Pay's notices of payments and refunds.

The reply is 204 only after the order has moved; anything else makes WeChat Pay send the notice again.
"""

from gardenshop.cloud.database import find, update
from gardenshop.cloud.entry import HTTP, Context, HttpRequest, HttpResponse, cloud_function
from gardenshop.cloud.errors import NotFound
from gardenshop.cloud.wechatpay import PaySettings, WeChatPay
from gardenshop.cloud.wechatpay_messages import NoticeRejected, Refund, Transaction
from gardenshop.flows.payments import Payment, take_payment

ACCEPTED = HttpResponse(204)
_REFUND_STATES = {"SUCCESS": "success", "CLOSED": "closed", "ABNORMAL": "abnormal"}


@cloud_function(caller=HTTP)
def main(request: HttpRequest, ctx: Context) -> HttpResponse:
    """Verify the notice, then book the payment or the refund it tells of, once."""
    settings = PaySettings.from_env(ctx.settings.environ)
    notice = WeChatPay(settings).read_notice(request.headers, request.body, ctx.now)
    if isinstance(notice.resource, Transaction):
        _take(notice.resource, settings, ctx)
    else:
        _settle_refund(notice.resource, ctx)
    return ACCEPTED


def _take(transaction: Transaction, settings: PaySettings, ctx: Context) -> None:
    if not transaction.paid:
        return
    if (transaction.mchid, transaction.appid) != (settings.mchid, settings.appid):
        raise NoticeRejected(reason="merchant")
    if transaction.amount is None or transaction.payer is None:
        raise NoticeRejected(reason="incomplete")
    payment = Payment(
        attempt_no=transaction.out_trade_no,
        transaction_id=transaction.transaction_id,
        amount_fen=transaction.amount.total,
        openid=transaction.payer.openid,
    )
    order = ctx.db.one(find("orders", {"attempts.attemptNo": payment.attempt_no}, limit=1))
    if order is None:
        raise NotFound
    take_payment(ctx.db, order, payment, now=ctx.now, actor="wechatpay")


def _settle_refund(refund: Refund, ctx: Context) -> None:
    """Note how a refund ended. The guard keeps a late copy from changing a state that is final."""
    state = _REFUND_STATES.get(refund.status)
    if state is None:
        return
    open_states = ["due", "submitted", "abnormal"]
    where = {"refunds": {"$elemMatch": {"refundNo": refund.out_refund_no, "state": {"$in": open_states}}}}
    change = {
        "refunds.$.state": state,
        "refunds.$.wechatRefundId": refund.refund_id,
        "refunds.$.doneAt": ctx.now,
    }
    order_filter = {"attempts.attemptNo": refund.out_trade_no, **where}
    ctx.db.write(update("orders", order_filter, {"$set": {**change, "updatedAt": ctx.now}}))
