"""What comes after paying: parcels, receipt, a return, and the money back."""

from demo import notes
from demo.cast import MINT, OPERATOR, TIMER, WECHAT
from demo.stage import Stage

YUBA = {"lineId": "L2", "quantity": 1}


def deliver(stage: Stage, order_no: str) -> None:
    """The operator ships A's order in two parcels, and A receives it."""
    parcels = [
        {"carrier": "顺丰速运", "trackingNo": "SF2026112301", "lines": [{"lineId": "L1", "quantity": 1}]},
        {"carrier": "中通快递", "trackingNo": "ZT2026112302"},
    ]
    event = {"orderNo": order_no, "clientToken": "demo-ship-1", "parcels": parcels}
    stage.call("分两包发货 · Two parcels", OPERATOR, "admin_order_ship", event, note=notes.shipped)
    stage.call("确认收货 · Received", MINT, "order_confirm", {"orderNo": order_no}, note=notes.received)


def give_back(stage: Stage, order_no: str) -> None:
    """A sends one of four packs back; the operator takes it in, and WeChat returns a quarter of the price."""
    ask = {"orderNo": order_no, "lines": [YUBA], "kind": "return", "reason": "no_reason"}
    title = "先看能退多少 · What it would come to"
    stage.call(title, MINT, "refund_apply", {**ask, "action": "preview"}, note=notes.after_sale)
    applied = {**ask, "clientToken": "demo-return-1"}
    data = stage.call("申请退货 · Ask to return it", MINT, "refund_apply", applied, note=notes.after_sale)
    sale = {"orderNo": order_no, "afterSaleNo": data["afterSale"]["afterSaleNo"]}
    approve = {**sale, "action": "approve", "note": "请寄回"}
    stage.call("同意退货 · Agreed", OPERATOR, "admin_refund_decide", approve, note=notes.after_sale)
    back = {**sale, "action": "send_back", "trackingNo": "YT2026112303"}
    stage.call("寄回 · Sent back", MINT, "refund_apply", back, note=notes.after_sale)
    receive = {**sale, "action": "receive", "condition": "good", "note": "包装完好"}
    stage.call(
        "收到完好 · It came back good", OPERATOR, "admin_refund_decide", receive, note=notes.after_sale
    )
    stage.call("提交退款 · The outbox sends the refund", TIMER, "outbox_pump", note=notes.tasks)
    notice = stage.post(f"/_wechat/refunds/R{sale['afterSaleNo']}/settle", {}, WECHAT)
    stage.tell("微信退款到账 · WeChat has refunded", WECHAT, "pay_notify", reply=notice)
    stage.call("减碳与积分随之收回 · Carbon and points follow", TIMER, "outbox_pump", note=notes.tasks)
    order = stage.one("orders", order_no)
    refunded = order["lines"][1]["paidFen"] // order["lines"][1]["quantity"]
    stage.expect("a quarter of the line came back", holds=order["refunds"][0]["amountFen"] == refunded)
    stage.expect("the refund succeeded", holds=order["afterSales"][0]["state"] == "refunded")
