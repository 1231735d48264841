"""admin_refund_decide: an operator approves or refuses an after-sale, receives its goods, refunds again."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, InvalidRequest, NotFound
from gardenshop.flows.after_sale import AfterSaleView, change, place_of, view_of, with_sale, write
from gardenshop.flows.audit import audit
from gardenshop.flows.outbox import flush
from gardenshop.flows.refunds import Begun, begin, begin_again
from gardenshop.models.base import Key, OrderNo, Words
from gardenshop.rules.policies.order import OrderPolicy
from gardenshop.rules.policy import policy_of


class AdminRefundDecide(Request):
    """``receive`` needs the `condition` of the goods. By `merchant_fault` the freight goes back too."""

    order_no: OrderNo
    after_sale_no: Key
    action: Literal["approve", "refuse", "receive", "refund_again"]
    note: Annotated[Words, Field(min_length=2, max_length=100)]
    merchant_fault: bool | None = None
    condition: Literal["good", "damaged"] | None = None


class RefundDecided(Response):
    """The after-sale after the decision; `repeated` says that it had been decided so before."""

    order_no: str
    after_sale: AfterSaleView
    repeated: bool


ALLOWED: Mapping[str, frozenset[str]] = {
    "approve": frozenset({"applied"}),
    "refuse": frozenset({"applied", "awaiting_return", "returning"}),
    "receive": frozenset({"awaiting_return", "returning"}),
    "refund_again": frozenset({"abnormal"}),
}
"""The states of an after-sale in which each decision can be made."""

REACHED: Mapping[str, frozenset[str]] = {
    "approve": frozenset({"awaiting_return", "returning", "refunding", "refunded", "abnormal"}),
    "refuse": frozenset({"refused"}),
    "receive": frozenset({"refunding", "refunded", "abnormal"}),
    "refund_again": frozenset({"refunding", "refunded"}),
}
"""The states that a decision leads to, in which making it again changes nothing."""


@cloud_function(caller=OPERATOR, name="admin_refund_decide")
def main(request: AdminRefundDecide, ctx: Context) -> RefundDecided:
    """Decide in one guarded write of the order; the money is sent by the outbox."""
    if (request.action == "receive") != (request.condition is not None):
        raise InvalidRequest(fields=[{"field": "condition", "problem": "goes with receive"}])
    orders, rules = ctx.db.read(get("orders", request.order_no), find("business_rules", {"state": "live"}))
    if not orders:
        raise NotFound("没有找到该订单")
    order = orders[0]
    place = place_of(order, request.after_sale_no)
    sale = order["afterSales"][place]
    if sale["state"] in ALLOWED[request.action]:
        sale = _DECISIONS[request.action](
            request, order, _decided(request, sale, ctx), policy_of(rules).order, ctx
        )
        return RefundDecided(order_no=order["_id"], after_sale=view_of(sale), repeated=False)
    if sale["state"] in REACHED[request.action]:
        return RefundDecided(order_no=order["_id"], after_sale=view_of(sale), repeated=True)
    raise Conflict("售后单当前状态不支持该操作", state=sale["state"])


def _decided(request: AdminRefundDecide, sale: Document, ctx: Context) -> Document:
    """Return *sale* with who decided what about it, its state unchanged."""
    fault = sale["merchantFault"] if request.merchant_fault is None else request.merchant_fault
    signed = {"decision": request.note, "decidedBy": ctx.actor, "decidedAt": ctx.now}
    return {**sale, **signed, "merchantFault": fault}


def _approve(
    request: AdminRefundDecide, order: Document, sale: Document, policy: OrderPolicy, ctx: Context
) -> Document:
    """Refund at once, or wait for the goods."""
    if sale["kind"] == "return":
        return _change(request, order, {**sale, "state": "awaiting_return"}, ctx)
    return _begin(request, order, begin(order, sale, now=ctx.now, actor=ctx.actor, policy=policy), ctx)


def _refuse(
    request: AdminRefundDecide, order: Document, sale: Document, _: OrderPolicy, ctx: Context
) -> Document:
    return _change(request, order, {**sale, "state": "refused", "closedAt": ctx.now}, ctx)


def _receive(
    request: AdminRefundDecide, order: Document, sale: Document, policy: OrderPolicy, ctx: Context
) -> Document:
    """Take the goods in, whatever their condition, and refund."""
    sale = {**sale, "condition": request.condition}
    return _begin(request, order, begin(order, sale, now=ctx.now, actor=ctx.actor, policy=policy), ctx)


def _refund_again(
    request: AdminRefundDecide, order: Document, sale: Document, _: OrderPolicy, ctx: Context
) -> Document:
    return _begin(request, order, begin_again(order, sale, now=ctx.now, actor=ctx.actor), ctx)


def _change(request: AdminRefundDecide, order: Document, sale: Document, ctx: Context) -> Document:
    place = place_of(order, sale["afterSaleNo"])
    before = order["afterSales"][place]
    changes = {name: value for name, value in sale.items() if before.get(name) != value}
    command = change(order, place, changes, now=ctx.now, actor=ctx.actor)
    _leave_trail(request, order, with_sale(order, sale), ctx)
    write(ctx.db, command)
    return sale


def _begin(request: AdminRefundDecide, order: Document, begun: Begun, ctx: Context) -> Document:
    _leave_trail(request, order, begun.order, ctx)
    write(ctx.db, begun.command)
    flush(ctx.db, begun.order)
    return dict(begun.order["afterSales"][place_of(begun.order, request.after_sale_no)])


def _leave_trail(request: AdminRefundDecide, before: Document, order: Document, ctx: Context) -> None:
    place = place_of(order, request.after_sale_no)
    was, sale = before["afterSales"][place], order["afterSales"][place]
    refunds = len(
        [each for each in order.get("refunds") or () if each.get("afterSaleNo") == sale["afterSaleNo"]]
    )
    audit(
        ctx,
        key=f"{request.action}:{sale['afterSaleNo']}:{refunds}",
        role=ctx.role,
        function="admin_refund_decide",
        action=request.action,
        target=order["_id"],
        diff={name: [was[name], sale[name]] for name in ("state", "amounts", "merchantFault")},
        reason=request.note,
    )


Decision = Callable[[AdminRefundDecide, Document, Document, OrderPolicy, Context], Document]

_DECISIONS: Mapping[str, Decision] = {
    "approve": _approve,
    "refuse": _refuse,
    "receive": _receive,
    "refund_again": _refund_again,
}
