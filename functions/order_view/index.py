"""order_view: the caller's orders, page by page, or one of them whole."""

from typing import Annotated, Any, Literal

from pydantic import Field

from gardenshop.cloud.database import Document, find, get
from gardenshop.cloud.entry import MEMBER, Context, Request, Response, cloud_function
from gardenshop.cloud.errors import NotFound
from gardenshop.flows.after_sale import AfterSaleView, view_of
from gardenshop.models.base import OrderNo
from gardenshop.rules.after_sale import refundable
from gardenshop.rules.order_states import HIDDEN, LABELS, Button, buttons
from gardenshop.rules.paging import CursorText, Order, after, cursor_of

Shown = Literal[
    "pending_payment",
    "paid",
    "shipped",
    "received",
    "completed",
    "cancelled",
    "refunding",
    "refund_failed",
    "refunded",
]
NEWEST = Order("createdAt", -1)


class OrderView(Request):
    """One order by its number, or a page of a list, newest first, continued by the page's `next_cursor`."""

    order_no: OrderNo | None = None
    status: Shown | None = None
    cursor: CursorText | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=50)] = 20


class ShownLine(Response):
    """One line; the parts of its price are for all its units together."""

    line_id: str
    sku_id: str
    product_id: str
    title: str
    spec: str
    cover: str | None
    quantity: int
    shipped: int
    refundable: int
    price_fen: int
    paid_fen: int
    refunded_fen: int
    freight_fen: int
    carbon_g: int


class ShownOrder(Response):
    """One order. `buttons` is what its owner may press now; `garden` is what it did to her garden."""

    order_no: str
    status: str
    label: str
    buttons: list[Button]
    lines: list[ShownLine]
    totals: dict[str, int]
    address: dict[str, Any] | None
    remark: str
    trace: list[str]
    garden: dict[str, Any]
    shipments: list[dict[str, Any]]
    after_sales: list[AfterSaleView]
    created_at: int
    pay_by: int | None
    paid_at: int | None
    auto_confirm_at: int | None
    close_at: int | None


class OrderPage(Response):
    """A page of orders; `next_cursor` is absent on the last one."""

    orders: list[ShownOrder]
    next_cursor: str | None = None


@cloud_function(caller=MEMBER)
def main(request: OrderView, ctx: Context) -> OrderPage:
    """Read in one round trip; another's order is not found."""
    if request.order_no is not None:
        order = ctx.db.one(get("orders", request.order_no, userId=ctx.user_id))
        if order is None:
            raise NotFound("没有找到该订单")
        return OrderPage(orders=[_shown(order, ctx.now)])
    where = {
        "userId": ctx.user_id,
        "status": request.status or {"$nin": sorted(HIDDEN)},
        "hidden": {"$ne": True},
        **after(NEWEST, request.cursor),
    }
    (orders,) = ctx.db.read(find("orders", where, sort=NEWEST.keys, limit=request.limit + 1))
    shown, more = orders[: request.limit], len(orders) > request.limit
    return OrderPage(
        orders=[_shown(order, ctx.now) for order in shown],
        next_cursor=cursor_of(NEWEST, shown[-1]) if more else None,
    )


def _shown(order: Document, now: int) -> ShownOrder:
    return ShownOrder(
        order_no=order["_id"],
        status=order["status"],
        label=LABELS[order["status"]],
        buttons=buttons(order, now),
        lines=[_line(order, line) for line in order["lines"]],
        totals=order["totals"],
        address=order.get("address"),
        remark=order.get("remark", ""),
        trace=[step["text"] for step in order.get("trace") or ()],
        garden=order["garden"],
        shipments=list(order.get("shipments") or ()),
        after_sales=[view_of(sale) for sale in order.get("afterSales") or ()],
        created_at=order["createdAt"],
        pay_by=order.get("payBy"),
        paid_at=order.get("paidAt"),
        auto_confirm_at=order.get("autoConfirmAt"),
        close_at=order.get("closeAt"),
    )


def _line(order: Document, line: Document) -> ShownLine:
    snapshot = line["snapshot"]
    return ShownLine(
        line_id=line["lineId"],
        sku_id=line["skuId"],
        product_id=line["productId"],
        title=snapshot["title"],
        spec=snapshot["spec"],
        cover=snapshot.get("cover"),
        quantity=line["quantity"],
        shipped=line.get("shipped", 0),
        refundable=refundable(order, line),
        price_fen=snapshot["priceFen"],
        paid_fen=line["paidFen"],
        refunded_fen=line.get("refundedFen", 0),
        freight_fen=line["freightFen"],
        carbon_g=line["carbonG"],
    )
