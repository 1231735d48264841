"""The life of an order as a table; an edge that is not in it does not exist."""

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from gardenshop.rules import after_sale

OrderStatus = Literal[
    "creating",
    "create_failed",
    "pending_payment",
    "cancelled",
    "paid",
    "shipped",
    "received",
    "completed",
    "refunding",
    "refund_failed",
    "refunded",
]

OrderEvent = Literal[
    "held",
    "fail",
    "pay",
    "cancel",
    "ship",
    "cancel_paid",
    "receive",
    "complete",
    "refund_all",
    "refund_fail",
]

LEGACY: Final = "legacy"
"""The rules version of orders that the former shop has settled."""

EDGES: Final[dict[tuple[OrderStatus, OrderEvent], OrderStatus]] = {
    ("creating", "held"): "pending_payment",
    ("creating", "fail"): "create_failed",
    ("pending_payment", "pay"): "paid",
    ("pending_payment", "cancel"): "cancelled",
    ("paid", "ship"): "shipped",
    ("paid", "cancel_paid"): "refunding",
    ("shipped", "receive"): "received",
    ("received", "complete"): "completed",
    ("paid", "refund_all"): "refunded",
    ("shipped", "refund_all"): "refunded",
    ("received", "refund_all"): "refunded",
    ("refunding", "refund_all"): "refunded",
    ("refunding", "refund_fail"): "refund_failed",
    ("refund_failed", "refund_all"): "refunded",
}

HIDDEN: Final = frozenset({"creating", "create_failed"})
"""States a member never sees in a list."""

DEAD: Final = frozenset({"create_failed", "cancelled", "refunded"})
"""States in which an order counts for nothing any more: no limit, no first order."""

LABELS: Final[dict[OrderStatus, str]] = {
    "creating": "提交中",
    "create_failed": "提交失败",
    "pending_payment": "待付款",
    "cancelled": "已取消",
    "paid": "待发货",
    "shipped": "待收货",
    "received": "已收货",
    "completed": "已完成",
    "refunding": "退款中",
    "refund_failed": "退款处理中",
    "refunded": "已退款",
}

Button = Literal["pay", "cancel", "confirm", "refund", "revoke", "send_back"]

ASKABLE: Final = frozenset({"paid", "shipped", "received"})
"""States in which units may be given back."""


class IllegalEdge(ValueError):
    """The order's state does not allow the event."""


def target_of(status: OrderStatus, event: OrderEvent) -> OrderStatus:
    """Return where *event* takes an order from *status*. Raises IllegalEdge when it takes it nowhere."""
    try:
        return EDGES[status, event]
    except KeyError:
        raise IllegalEdge(f"{event} in {status}") from None


def buttons(order: Mapping[str, Any], now: int) -> list[Button]:
    """Return what the owner of *order* may press at *now*."""
    status, sales = order["status"], order.get("afterSales") or ()
    unpaid, at_rest = status == "pending_payment", not after_sale.has_open(order)
    undone = status == "paid" and at_rest and after_sale.nothing_shipped(order)
    in_time = status in ASKABLE and (status != "received" or order["closeAt"] > now)
    pressable: dict[Button, bool] = {
        "pay": unpaid and order["payBy"] > now,
        "cancel": unpaid or undone,
        "confirm": status == "shipped" and at_rest,
        "refund": in_time and any(after_sale.rest_of(order).values()),
        "revoke": any(each["state"] in after_sale.REVOCABLE for each in sales),
        "send_back": any(each["state"] == "awaiting_return" for each in sales),
    }
    return [button for button, shown in pressable.items() if shown]


ALL_STATUSES: Final = get_args(OrderStatus)
