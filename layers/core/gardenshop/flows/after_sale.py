"""After-sales as their order keeps them: written down, changed in place, shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from gardenshop.cloud.database import Command, Database, Document
from gardenshop.cloud.entry import Response
from gardenshop.cloud.errors import Busy, Conflict, NotFound
from gardenshop.flows.orders import amend
from gardenshop.rules.after_sale import LABELS, amounts_of, parts_of
from gardenshop.rules.order_states import LEGACY

MOST = 50
"""WeChat Pay takes fifty refunds of one payment."""


class AfterSaleView(Response):
    """One after-sale; until its refund begins `amounts` says what it would come to now."""

    after_sale_no: str
    kind: str
    reason: str
    state: str
    label: str
    lines: list[dict[str, Any]]
    amounts: dict[str, int]
    merchant_fault: bool
    tracking_no: str | None
    decision: str | None


def view_of(sale: Mapping[str, Any]) -> AfterSaleView:
    """Show *sale* to the member and to the operator."""
    return AfterSaleView(
        after_sale_no=sale["afterSaleNo"],
        kind=sale["kind"],
        reason=sale["reason"],
        state=sale["state"],
        label=LABELS[sale["state"]],
        lines=[{"lineId": part["lineId"], "quantity": part["quantity"]} for part in sale["lines"]],
        amounts={name: fen for name, fen in sale["amounts"].items() if name != "commissionFen"},
        merchant_fault=sale.get("merchantFault", False),
        tracking_no=sale.get("trackingNo"),
        decision=sale.get("decision"),
    )


def draft(
    order: Document,
    wanted: Mapping[str, int],
    *,
    kind: str,
    reason: str,
    client_token: str,
    now: int,
    text: str = "",
    media: Sequence[str] = (),
) -> Document:
    """Write down an after-sale of the units *wanted* of each line of *order*, applied for at *now*.

    Raises Conflict when there are not that many.
    """
    earlier = order.get("afterSales") or ()
    if order["rulesVersion"] == LEGACY:
        raise Conflict("该订单来自原商城，请联系客服办理售后")
    if len(earlier) >= MOST:
        raise Conflict("该订单的售后次数已达上限，请联系客服")
    try:
        lines = parts_of(order, wanted)
    except ValueError as error:
        raise Conflict(str(error)) from None
    if not lines:
        raise Conflict("没有可以申请售后的商品")
    sale: Document = {
        "afterSaleNo": f"{order['_id']}-{len(earlier) + 1}",
        "clientToken": client_token,
        "kind": kind,
        "lines": lines,
        "reason": reason,
        "merchantFault": False,
        "text": text,
        "media": list(media),
        "state": "applied",
        "appliedAt": now,
    }
    return {**sale, "amounts": amounts_of(order, sale)}


def place_of(order: Document, after_sale_no: str) -> int:
    """Return where *after_sale_no* stands among the after-sales of *order*. Raises NotFound."""
    numbers = [each["afterSaleNo"] for each in order.get("afterSales") or ()]
    if after_sale_no not in numbers:
        raise NotFound("没有找到该售后单")
    return numbers.index(after_sale_no)


def with_sale(order: Document, sale: Document) -> Document:
    """Return *order* with *sale* in the place of its number, or at the end."""
    others = list(order.get("afterSales") or ())
    numbers = [each["afterSaleNo"] for each in others]
    place = numbers.index(sale["afterSaleNo"]) if sale["afterSaleNo"] in numbers else len(others)
    return {**order, "afterSales": [*others[:place], sale, *others[place + 1 :]]}


def change(order: Document, place: int, changes: Document, *, now: int, actor: str) -> Command:
    """Return the write of *changes* to the after-sale at *place*, if *order* is as it was read."""
    prefix = f"afterSales.{place}"
    fields = {f"{prefix}.{name}": value for name, value in changes.items()}
    return amend(order, f"after_sale_{changes['state']}", now=now, actor=actor, changes=fields)


def write(db: Database, command: Command) -> None:
    """Write *command*. Raises Busy when the order has changed since it was read."""
    (result,) = db.write(command)
    if not result.happened:
        raise Busy
