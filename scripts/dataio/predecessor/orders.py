"""Old orders that are over: what a member bought, for her history; the old shop has settled them."""

from collections.abc import Mapping
from typing import Any

from dataio.predecessor.products import sku_id_of, weight_of
from dataio.predecessor.source import Documents, Refused, Source
from dataio.predecessor.values import moment, whole
from gardenshop.rules.money import spread
from gardenshop.rules.order_states import LEGACY

_OVER = "completed"


def order(source: Source, owners: Mapping[str, str]) -> Documents:
    """Map a completed order; others stay where they are, because the old shop has to end them.

    *owners* are the members who have claimed an old account, by its id.
    """
    status = source.text("status")
    if status != _OVER:
        source.notes.append(f"left to the former shop: {status}")
        return []
    order_no, user_id = source.text("orderNo"), f"legacy:{source.text('memberId')}"
    times = {name: moment(source.text(name)) for name in ("createdAt", "paidAt", "completedAt")}
    lines, totals = _priced(source, order_no)
    steps = [("create", times["createdAt"], None, "paid"), ("complete", times["completedAt"], "paid", _OVER)]
    return [
        (
            "orders",
            {
                "_id": order_no,
                "schemaVersion": 1,
                "createdAt": times["createdAt"],
                "updatedAt": times["completedAt"],
                "userId": owners.get(user_id, user_id),
                "clientToken": order_no,
                "status": _OVER,
                "lines": lines,
                "totals": totals,
                "rulesVersion": LEGACY,
                "payLog": _payments(source, order_no, times["paidAt"], totals["paidFen"]),
                "paidAt": times["paidAt"],
                "closeAt": times["completedAt"],
                "history": [
                    {"at": at, "event": event, **({"from": was} if was else {}), "to": to, "actor": "import"}
                    for event, at, was, to in steps
                ],
            },
        )
    ]


def _priced(source: Source, order_no: str) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the lines and the totals; the discount and the freight are spread over the lines."""
    items, notes = source.parts("items"), source.notes
    if not items:
        raise Refused("items are missing: nothing was bought")
    discount, freight, paid = (
        whole(source.number(name, 0), 100, name, notes) for name in ("discount", "freight", "paid")
    )
    drafts = [_line(item, str(number)) for number, item in enumerate(items, 1)]
    goods = sum(line["listFen"] for line in drafts)
    if goods - discount + freight != paid or discount > goods:
        raise Refused(
            f"the sums of {order_no} do not agree: {goods} - {discount} + {freight} is not {paid} fen"
        )
    weights = [line["listFen"] for line in drafts]
    lines = [
        {**line, "promoFen": less, "freightFen": more, "paidFen": line["listFen"] - less}
        for line, less, more in zip(drafts, spread(discount, weights), spread(freight, weights), strict=True)
    ]
    sums = {"goodsFen": goods, "promoFen": discount, "freightFen": freight}
    return lines, {**sums, "payableFen": paid, "paidFen": paid}


def _line(item: Source, line_id: str) -> dict[str, Any]:
    product_id, spec = item.text("productId"), item.text("spec")
    quantity = whole(item.number("quantity"), 1, "quantity", item.notes)
    price = whole(item.number("price"), 100, "price", item.notes)
    weight = whole(item.number("weight", 0), 1, "weight", item.notes)
    snapshot = {
        "title": item.text("name"),
        "spec": spec,
        "priceFen": price,
        "weightG": weight or weight_of(spec),
    }
    return {
        "lineId": line_id,
        "skuId": sku_id_of(product_id, item.text("specId")),
        "productId": product_id,
        "quantity": quantity,
        "listFen": price * quantity,
        "shipped": quantity,
        "snapshot": snapshot,
    }


def _payments(source: Source, order_no: str, at: int, fen: int) -> list[dict[str, Any]]:
    """Return the money that came; the export may not know its number at WeChat Pay."""
    entry = {"key": f"{order_no}:SUCCESS", "at": at, "attemptNo": order_no, "amountFen": fen}
    return [{**entry, "transactionId": source.text("transactionId", "")}]
