"""pay_notify: take WeChat Pay's notices of payments and refunds.

The reply is 204 only after the order has moved; anything else makes WeChat Pay send the notice again.
"""

from gardenshop.cloud.database import find
from gardenshop.cloud.entry import HTTP, Context, HttpRequest, HttpResponse, cloud_function
from gardenshop.cloud.errors import NotFound
from gardenshop.cloud.wechatpay import PaySettings, WeChatPay
from gardenshop.cloud.wechatpay_messages import NoticeRejected, Refund, Transaction
from gardenshop.flows.payments import payment_of, take_payment
from gardenshop.flows.refunds import settle

ACCEPTED = HttpResponse(204)


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
    payment = payment_of(transaction)
    order = ctx.db.one(find("orders", {"attempts.attemptNo": payment.attempt_no}, limit=1))
    if order is None:
        raise NotFound
    take_payment(ctx.db, order, payment, now=ctx.now, actor="wechatpay")


def _settle_refund(refund: Refund, ctx: Context) -> None:
    order = ctx.db.one(find("orders", {"attempts.attemptNo": refund.out_trade_no}, limit=1))
    if order is None:
        raise NotFound
    settle(ctx.db, order, refund.out_refund_no, refund.status, refund.refund_id, now=ctx.now)
