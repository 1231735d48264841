"""refund_apply: ask for units of one of the caller's orders to be taken back, and go on with the request."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, IllegalTransition, InvalidRequest, NotFound
from gardenshop.flows.after_sale import AfterSaleView, change, draft, place_of, view_of, write
from gardenshop.flows.orders import amend
from gardenshop.models.base import ClientToken, Key, Line, LineId, OrderNo, Quantity, Words
from gardenshop.rules.after_sale import REVOCABLE, objection, rest_of
from gardenshop.rules.order_states import ASKABLE, LABELS


class WantedUnits(Request):
    """Some units of one line."""

    line_id: LineId
    quantity: Quantity


class RefundApply(Request):
    """``preview`` and ``apply`` take `lines`, or all that is left without; ``apply`` needs `client_token`.

    ``revoke`` and ``send_back`` need `after_sale_no`, and ``send_back`` the `tracking_no` of the return.
    """

    order_no: OrderNo
    action: Literal["preview", "apply", "revoke", "send_back"] = "apply"
    lines: Annotated[list[WantedUnits], Field(min_length=1, max_length=100)] | None = None
    kind: Literal["refund_only", "return"] = "refund_only"
    reason: Literal["no_reason", "not_received", "quality", "wrong_goods", "other"] = "no_reason"
    text: Annotated[Line, Field(max_length=1000)] = ""
    media: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=9)] = ()
    client_token: ClientToken | None = None
    after_sale_no: Key | None = None
    tracking_no: Annotated[Words, Field(max_length=60)] | None = None


class RefundApplied(Response):
    """The after-sale as it stands; a preview's is not stored. Amounts are exact when the refund begins."""

    order_no: str
    after_sale: AfterSaleView


@cloud_function(caller=MEMBER)
def main(request: RefundApply, ctx: Context) -> RefundApplied:
    """Read the order, decide, and write it if it has not changed since."""
    _need(request)
    order = ctx.db.one(get("orders", request.order_no, userId=ctx.user_id))
    if order is None:
        raise NotFound("没有找到该订单")
    if request.action in {"preview", "apply"}:
        sale = _ask(request, order, ctx)
    else:
        sale = _go_on(request, order, ctx)
    return RefundApplied(order_no=order["_id"], after_sale=view_of(sale))


_NEEDED = {
    "preview": (),
    "apply": ("client_token",),
    "revoke": ("after_sale_no",),
    "send_back": ("after_sale_no", "tracking_no"),
}


def _need(request: RefundApply) -> None:
    missing = [name for name in _NEEDED[request.action] if getattr(request, name) is None]
    if missing:
        raise InvalidRequest(fields=[{"field": name, "problem": "missing"} for name in missing])


def _ask(request: RefundApply, order: Document, ctx: Context) -> Document:
    """Apply for a refund, or only say what it would come to. The same token is the same after-sale."""
    for sale in order.get("afterSales") or ():
        if request.action == "apply" and sale["clientToken"] == request.client_token:
            return dict(sale)
    if order["status"] not in ASKABLE:
        raise IllegalTransition(f"订单{LABELS[order['status']]}，不能申请售后", status=order["status"])
    sale = draft(
        order,
        _wanted(request, order),
        kind=request.kind,
        reason=request.reason,
        client_token=request.client_token or "preview",
        now=ctx.now,
        text=request.text,
        media=request.media,
    )
    problem = objection(order, sale, ctx.now)
    if problem:
        raise Conflict(problem)
    if request.action == "preview":
        return sale
    push = {"afterSales": sale}
    write(ctx.db, amend(order, "after_sale_applied", now=ctx.now, actor=ctx.user_id, push=push))
    return sale


def _wanted(request: RefundApply, order: Document) -> dict[str, int]:
    if request.lines is None:
        return rest_of(order)
    wanted: dict[str, int] = {}
    for line in request.lines:
        wanted[line.line_id] = wanted.get(line.line_id, 0) + line.quantity
    return wanted


def _go_on(request: RefundApply, order: Document, ctx: Context) -> Document:
    """Take a request back, or say under which number the goods are on their way."""
    place = place_of(order, request.after_sale_no or "")
    sale = order["afterSales"][place]
    if request.action == "revoke":
        allowed, changes = REVOCABLE, {"state": "revoked", "closedAt": ctx.now}
    else:
        allowed = frozenset({"awaiting_return", "returning"})
        changes = {"state": "returning", "trackingNo": request.tracking_no}
    if all(sale.get(name) == value for name, value in changes.items() if name != "closedAt"):
        return dict(sale)
    if sale["state"] not in allowed:
        raise Conflict("售后单当前状态不支持该操作", state=sale["state"])
    write(ctx.db, change(order, place, changes, now=ctx.now, actor=ctx.user_id))
    return {**sale, **changes}
