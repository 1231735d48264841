"""What a practitioner earns: C's link sells B something; when the month is over she is paid."""

import time
from typing import Any

from demo import notes
from demo.cast import FINANCE, OPERATOR, QINGHE, SUXIN, TIMER, WECHAT
from demo.stage import Stage, timer_at
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Document
from gardenshop.cloud.identity import user_id

PRACTITIONER = "lin-qinghe"
OIL, UNITS = "camellia-oil-1L", 2
RATE_BP = 400
"""C's own rate: 4 % of what is paid for the goods."""


def earn(stage: Stage) -> None:
    """Walk from the link to the payout."""
    stage.call("践行者登录 · C logs in", QINGHE, "login", {"deviceId": "demo-phone-of-c"}, note=notes.account)
    order_no = sell(stage)
    complete(stage, order_no)
    be_paid(stage, _earned(stage, order_no))


def sell(stage: Stage) -> str:
    """B follows C's link, orders and pays; C sees what she will earn, and not of whom."""
    share = {"action": "share", "target": OIL.rpartition("-")[0]}
    link = stage.call("分享商品 · C makes a link", QINGHE, "practitioner_view", share, note=notes.link)
    origin = {"scene": "share", "link": link["token"]}
    wanted: Document = {"lines": [{"skuId": OIL, "quantity": UNITS, "origin": origin}]}
    total = stage.post("/functions/checkout_preview", wanted, SUXIN)["data"]["payableFen"]
    wish = {**wanted, "clientToken": "demo-order-2", "expectedTotalFen": total}
    placed = stage.call("从分享链接下单 · Order through C's link", SUXIN, "checkout", wish, note=notes.placed)
    order_no = str(placed["orderNo"])
    payment = stage.call("支付 · Pay", SUXIN, "order_pay", {"orderNo": order_no})
    stage.post("/_wechat/pay", {"fields": payment["payment"]}, WECHAT)
    stage.call("记下佣金 · The outbox books it", TIMER, "outbox_pump", note=notes.tasks)
    entries = {"action": "statement"}
    account = stage.call(
        "佣金待确认 · Commission, pending", QINGHE, "commission_account", entries, note=notes.commission
    )
    stage.expect("the link earns her rate", holds=account["pendingFen"] == _earned(stage, order_no))
    stage.expect("C does not see whose order it is", holds=order_no not in repr(account))
    return order_no


def _earned(stage: Stage, order_no: str) -> int:
    """Return what C earns of the order's one line."""
    (line,) = stage.one("orders", order_no)["lines"]
    return int(line["paidFen"] * RATE_BP // 10_000)


def complete(stage: Stage, order_no: str) -> None:
    """The order is shipped, received, and closed when nothing of it can be given back any more."""
    parcel = {"carrier": "顺丰速运", "trackingNo": "SF2026112309"}
    event: dict[str, Any] = {"orderNo": order_no, "clientToken": "demo-ship-2", "parcels": [parcel]}
    stage.call("发货 · Shipped", OPERATOR, "admin_order_ship", event, note=notes.shipped)
    stage.call("确认收货 · Received", SUXIN, "order_confirm", {"orderNo": order_no}, note=notes.received)
    closed = timer_at(int(time.time() * 1000) + 9 * DAY)
    stage.call("九天后，订单完成 · Nine days later", TIMER, "order_timeout", closed, note=notes.completed)
    stage.call("佣金确认 · Commission is confirmed", TIMER, "outbox_pump", closed, note=notes.tasks)


def be_paid(stage: Stage, earned: int) -> None:
    """The month is settled once, though the night comes twice; C asks for her money and finance pays it."""
    night = timer_at(int(time.time() * 1000) + 45 * DAY)
    stage.call("月底结算 · The month is over", TIMER, "nightly_close", night, note=notes.settled)
    again = stage.post("/functions/nightly_close", night, TIMER)["data"]
    stage.expect("a month is settled once", holds=again["commissionsSettled"] == 0)
    ask = {"action": "withdraw", "amountFen": earned, "clientToken": "demo-payout-1"}
    stage.call("申请提现 · Ask for a payout", QINGHE, "commission_account", ask, note=notes.commission)
    paid = {
        "action": "paid",
        "practitionerId": PRACTITIONER,
        "withdrawalId": f"{user_id(QINGHE.openid)}:demo-payout-1",
        "payoutNo": "P2026123101",
        "note": "已转账",
    }
    stage.call("财务打款 · Finance pays", FINANCE, "admin_commission_pay", paid, note=notes.payout)
    counters = stage.one("practitioners", PRACTITIONER)["commission"]
    stage.expect("it is paid", holds=(counters["settledFen"], counters["paidFen"]) == (0, earned))
