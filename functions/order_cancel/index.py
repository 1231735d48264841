"""order_cancel: cancel one of the caller's orders: unpaid, or paid and not shipped yet."""

from gardenshop.cloud.database import get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import NotFound
from gardenshop.flows.cancellation import cancel_paid, cancel_unpaid
from gardenshop.models.base import OrderNo

_CANCELLED = frozenset({"cancelled", "refunding", "refund_failed", "refunded"})


class OrderCancel(Request):
    order_no: OrderNo


class OrderCancelled(Response):
    """`status` is ``refunding`` when money goes back, ``paid`` when it arrived just before the cancelling."""

    order_no: str
    status: str


@cloud_function(caller=MEMBER)
def main(request: OrderCancel, ctx: Context) -> OrderCancelled:
    """Close the payment at WeChat first, or begin the refund; the outbox gives back what the order held."""
    order = ctx.db.one(get("orders", request.order_no, userId=ctx.user_id))
    if order is None:
        raise NotFound("没有找到该订单")
    if order["status"] == "paid":
        order = cancel_paid(ctx, order, actor=ctx.user_id)
    elif order["status"] not in _CANCELLED:
        order = cancel_unpaid(ctx, order, actor=ctx.user_id)
    return OrderCancelled(order_no=order["_id"], status=order["status"])
