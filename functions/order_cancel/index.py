"""order_cancel: cancel one of the caller's orders that is not paid yet."""

from gardenshop.cloud.database import get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import NotFound
from gardenshop.flows.cancellation import cancel_unpaid
from gardenshop.models.base import OrderNo


class OrderCancel(Request):
    order_no: OrderNo


class OrderCancelled(Response):
    """`status` is ``paid`` when the payment turns out to have been made just before."""

    order_no: str
    status: str


@cloud_function(caller=MEMBER)
def main(request: OrderCancel, ctx: Context) -> OrderCancelled:
    """Close the payment at WeChat first; what the order held is given back by the outbox."""
    order = ctx.db.one(get("orders", request.order_no, userId=ctx.user_id))
    if order is None:
        raise NotFound("没有找到该订单")
    if order["status"] != "cancelled":
        order = cancel_unpaid(ctx, order, actor=ctx.user_id)
    return OrderCancelled(order_no=order["_id"], status=order["status"])
