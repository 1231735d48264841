"""The life of an order as a table; an edge that is not in it does not exist."""

from typing import Final, Literal, get_args

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
}

HIDDEN: Final = frozenset({"creating", "create_failed"})
"""States a member never sees in a list."""

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

Button = Literal["pay", "cancel"]

_BUTTONS: Final[dict[OrderStatus, tuple[Button, ...]]] = {"pending_payment": ("pay", "cancel")}


class IllegalEdge(ValueError):
    """The order's state does not allow the event."""


def target_of(status: OrderStatus, event: OrderEvent) -> OrderStatus:
    """Return where *event* takes an order from *status*. Raises IllegalEdge when it takes it nowhere."""
    try:
        return EDGES[status, event]
    except KeyError:
        raise IllegalEdge(f"{event} in {status}") from None


def buttons(status: OrderStatus) -> tuple[Button, ...]:
    """Return what a member may press on an order in *status*."""
    return _BUTTONS.get(status, ())


ALL_STATUSES: Final = get_args(OrderStatus)
