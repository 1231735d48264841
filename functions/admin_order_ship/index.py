"""admin_order_ship: an operator ships an order, in some parcels, or gives an unpaid one another price."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import OPERATOR, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import Conflict, IllegalTransition, InvalidRequest, NotFound
from gardenshop.flows.after_sale import write
from gardenshop.flows.audit import audit
from gardenshop.flows.orders import amend
from gardenshop.flows.payments import ask
from gardenshop.flows.shipping import Parcel, dispatch
from gardenshop.models.base import ClientToken, Fen, LineId, OrderNo, Quantity, Words
from gardenshop.rules.after_sale import left_to_ship
from gardenshop.rules.order_states import LABELS
from gardenshop.rules.policy import policy_of
from gardenshop.rules.repricing import ceiling, repriced


class PackedUnits(Request):
    """Some units of one line."""

    line_id: LineId
    quantity: Quantity


class PackedParcel(Request):
    """One parcel; without `lines` it holds all that is left to ship."""

    carrier: Annotated[Words, Field(max_length=40)]
    tracking_no: Annotated[Words, Field(max_length=60)]
    lines: Annotated[list[PackedUnits], Field(min_length=1, max_length=100)] | None = None

    def units(self) -> dict[str, int] | None:
        """Return the units by line, those of one line taken together."""
        if self.lines is None:
            return None
        units: dict[str, int] = {}
        for line in self.lines:
            units[line.line_id] = units.get(line.line_id, 0) + line.quantity
        return units


class AdminOrderShip(Request):
    """``ship`` takes `parcels`; ``reprice`` takes `goods_fen`, `freight_fen` and a `reason`.

    `client_token` makes a repeated call one call.
    """

    order_no: OrderNo
    action: Literal["ship", "reprice"] = "ship"
    client_token: ClientToken
    parcels: Annotated[tuple[PackedParcel, ...], Field(max_length=10)] = ()
    goods_fen: Fen | None = None
    freight_fen: Fen | None = None
    reason: Annotated[Words, Field(min_length=2, max_length=100)] | None = None


class OrderShipped(Response):
    """The order after the call; `repeated` says that this token had done it before."""

    order_no: str
    status: str
    shipment_nos: list[str]
    left: int
    payable_fen: int
    repeated: bool


@cloud_function(caller=OPERATOR, name="admin_order_ship")
def main(request: AdminOrderShip, ctx: Context) -> OrderShipped:
    """One guarded write of the order, with its audit row."""
    _need(request)
    orders, rules = ctx.db.read(get("orders", request.order_no), find("business_rules", {"state": "live"}))
    if not orders:
        raise NotFound("没有找到该订单")
    repeated = _is_done(request, orders[0])
    if not repeated and request.action == "ship":
        _ship(request, orders[0], rules, ctx)
    elif not repeated:
        _reprice(request, orders[0], ctx)
    order = orders[0] if repeated else ctx.db.one(get("orders", request.order_no)) or orders[0]
    return _shown(order, repeated=repeated)


def _need(request: AdminOrderShip) -> None:
    names = ("parcels",) if request.action == "ship" else ("goods_fen", "freight_fen", "reason")
    missing = [name for name in names if getattr(request, name) in (None, ())]  # Unhashable.
    if missing:
        raise InvalidRequest(fields=[{"field": name, "problem": "missing"} for name in missing])


def _is_done(request: AdminOrderShip, order: Document) -> bool:
    """Say whether this token is in the order's shipments or in the trace of its price."""
    shipped = any(each["shipmentNo"] == f"{request.client_token}-1" for each in order.get("shipments") or ())
    repriced_by = (step.get("ref") for step in order.get("trace") or () if step["step"] == "manual")
    return shipped if request.action == "ship" else request.client_token in repriced_by


def _ship(request: AdminOrderShip, order: Document, rules: list[Document], ctx: Context) -> None:
    parcels = [
        Parcel(f"{request.client_token}-{i}", parcel.carrier, parcel.tracking_no, parcel.units())
        for i, parcel in enumerate(request.parcels, 1)
    ]
    if order["status"] != "paid":
        raise IllegalTransition(f"订单{LABELS[order['status']]}，不能发货", status=order["status"])
    command = dispatch(order, parcels, now=ctx.now, actor=ctx.actor, policy=policy_of(rules).order)
    diff = {parcel.shipment_no: dict(parcel.units) if parcel.units else "rest" for parcel in parcels}
    _leave_trail(request, diff, ctx)
    write(ctx.db, command)


def _reprice(request: AdminOrderShip, order: Document, ctx: Context) -> None:
    """Close what is open at WeChat Pay first: nobody may pay the old price for the new order."""
    if order["status"] != "pending_payment":
        raise IllegalTransition(f"订单{LABELS[order['status']]}，不能改价", status=order["status"])
    goods_fen, freight_fen = request.goods_fen or 0, request.freight_fen or 0
    if goods_fen > ceiling(order):
        raise Conflict("商品金额不能高于原价", mostFen=ceiling(order))
    if ask(ctx, order, actor=ctx.actor, close=True) is not None:
        raise Conflict("订单已支付，不能改价")
    new = repriced(
        order,
        goods_fen=goods_fen,
        freight_fen=freight_fen,
        ref=request.client_token,
        reason=request.reason or "",
    )
    attempts = [{**each, "state": "closed"} for each in order.get("attempts") or ()]
    changes = {"lines": new["lines"], "totals": new["totals"], "attempts": attempts}
    diff = {"payableFen": [order["totals"]["payableFen"], new["totals"]["payableFen"]]}
    command = amend(
        order, "reprice", now=ctx.now, actor=ctx.actor, changes=changes, push={"trace": new["step"]}
    )
    _leave_trail(request, diff, ctx)
    write(ctx.db, command)


def _leave_trail(request: AdminOrderShip, diff: Document, ctx: Context) -> None:
    audit(
        ctx,
        key=f"{request.action}:{request.order_no}:{request.client_token}",
        role=ctx.role,
        function="admin_order_ship",
        action=request.action,
        target=request.order_no,
        diff=diff,
        reason=request.reason or "",
    )


def _shown(order: Document, *, repeated: bool) -> OrderShipped:
    return OrderShipped(
        order_no=order["_id"],
        status=order["status"],
        shipment_nos=[each["shipmentNo"] for each in order.get("shipments") or ()],
        left=left_to_ship(order),
        payable_fen=order["totals"]["payableFen"],
        repeated=repeated,
    )
