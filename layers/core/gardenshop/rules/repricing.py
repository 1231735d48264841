"""A new price that an operator gives an order before it is paid, spread over its lines to the fen."""

from collections.abc import Mapping
from typing import Any

from gardenshop.rules.money import spread, yuan

Document = Mapping[str, Any]


def ceiling(order: Document) -> int:
    """Return the most that the goods of *order* can cost: their list price less coupon and points."""
    return sum(_most(line) for line in order["lines"])


def repriced(order: Document, *, goods_fen: int, freight_fen: int, ref: str, reason: str) -> dict[str, Any]:
    """Return `lines`, `totals` and a step of the `trace` of *order* at the new price.

    What the goods become cheaper by is a discount like any other, spread by largest remainder. Raises
    ValueError when the goods would cost more than their `ceiling`.
    """
    if goods_fen > ceiling(order):
        raise ValueError("goods cannot cost more than their list price")
    costs = spread(goods_fen, [_most(line) for line in order["lines"]])
    weights = [line["snapshot"]["weightG"] * line["quantity"] for line in order["lines"]]
    freights = spread(freight_fen, weights)
    lines = [
        {**line, "promoFen": _most(line) - cost, "paidFen": cost, "freightFen": freight}
        for line, cost, freight in zip(order["lines"], costs, freights, strict=True)
    ]
    totals = {
        **order["totals"],
        "promoFen": sum(line["promoFen"] for line in lines),
        "freightFen": freight_fen,
        "payableFen": goods_fen + freight_fen,
    }
    before = order["totals"]["payableFen"]
    text = f"{reason}：应付由 ¥{yuan(before)} 改为 ¥{yuan(totals['payableFen'])}"
    step = {"step": "manual", "ref": ref, "text": text, "amountFen": abs(before - totals["payableFen"])}
    return {"lines": lines, "totals": totals, "step": {**step, "shares": {}}}


def _most(line: Document) -> int:
    return int(line["listFen"] - line.get("couponFen", 0) - line.get("pointsFen", 0))
