"""order_confirm: the caller has received one of her orders."""

from gardenshop.cloud.database import find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Busy, Conflict, NotFound
from gardenshop.flows.shipping import receive
from gardenshop.models.base import OrderNo
from gardenshop.rules.after_sale import has_open
from gardenshop.rules.policy import policy_of

_RECEIVED = frozenset({"received", "completed"})


class OrderConfirm(Request):
    order_no: OrderNo


class OrderConfirmed(Response):
    """Until `close_at` units of it can be given back; then it is completed."""

    order_no: str
    status: str
    close_at: int


@cloud_function(caller=MEMBER)
def main(request: OrderConfirm, ctx: Context) -> OrderConfirmed:
    """Two round trips; confirming again changes nothing."""
    orders, rules = ctx.db.read(
        get("orders", request.order_no, userId=ctx.user_id),
        find("business_rules", {"state": "live"}),
    )
    if not orders:
        raise NotFound("没有找到该订单")
    order = orders[0]
    if order["status"] in _RECEIVED:
        return OrderConfirmed(order_no=order["_id"], status=order["status"], close_at=order["closeAt"])
    if has_open(order):
        raise Conflict("有售后正在处理，暂不能确认收货")
    received = receive(order, now=ctx.now, actor=ctx.user_id, policy=policy_of(rules).order)
    (result,) = ctx.db.write(received.command)
    if not result.happened:
        raise Busy
    return OrderConfirmed(order_no=order["_id"], status="received", close_at=received.close_at)
