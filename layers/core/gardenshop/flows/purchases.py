"""What orders tell about their members: what each bought, kept and paid for, and when."""

from gardenshop.cloud.clock import day_of
from gardenshop.cloud.database import Document

BOUGHT = ("paid", "shipped", "received", "completed")
"""States of orders whose goods their members have, or will have."""
PURCHASE_FIELDS = (
    "userId", "createdAt", "lines.productId", "lines.quantity", "lines.refundedQuantity", "lines.paidFen",
    "lines.refundedFen", "lines.gift",
)  # fmt: skip


def purchases_of(orders: list[Document]) -> list[Document]:
    """Return what *orders* tell about their members: the day, and what they kept of each product and paid."""
    return [bought for bought in map(_purchase, orders) if bought["items"]]


def _purchase(order: Document) -> Document:
    kept = [line for line in order["lines"] if _kept(line) and not line.get("gift")]
    items = [
        {
            "product_id": line["productId"],
            "quantity": _kept(line),
            "paid_cents": line["paidFen"] - line.get("refundedFen", 0),
        }
        for line in kept
    ]
    return {"user_id": order["userId"], "date": day_of(order["createdAt"]), "items": items}


def _kept(line: Document) -> int:
    return int(line["quantity"] - line.get("refundedQuantity", 0))
