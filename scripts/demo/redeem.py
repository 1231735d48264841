"""Points in the shop: garden points become shop points, and those pay for part of an order."""

from demo import notes
from demo.cast import MINT, OPERATOR, TIMER, WECHAT
from demo.stage import Stage
from gardenshop.cloud.identity import user_id

GIFT = 500
ONCE = "demo-exchange-1"


def redeem(stage: Stage) -> None:
    """A is given garden points, exchanges them, twice with one token, and pays with what she got."""
    gift = {"userId": user_id(MINT.openid), "book": "garden", "points": GIFT, "reason": "带新人体验素食日"}
    award = {**gift, "clientToken": "demo-award-2"}
    stage.call("参加素食日得积分 · Points for a day of her help", OPERATOR, "points_award", award)
    wish = {"points": GIFT, "clientToken": ONCE}
    title = "花园积分换商城积分 · Garden points become shop points"
    gained = stage.call(title, MINT, "points_exchange", wish, note=notes.exchanged)
    again = stage.post("/functions/points_exchange", wish, MINT)["data"]
    stage.expect("one token exchanges once", holds=gained == again)
    order_no = _order(stage, gained["gained"])
    payment = stage.post("/functions/order_pay", {"orderNo": order_no}, MINT)["data"]
    stage.post("/_wechat/pay", {"fields": payment["payment"]}, WECHAT)
    stage.call("付款后核销 · Paid: they are spent", TIMER, "outbox_pump", note=notes.tasks)
    held = stage.one("points_ledger", f"hold:{order_no}")
    stage.expect("the points are spent", holds=(held["kind"], held["delta"]) == ("spend", -gained["gained"]))


def _order(stage: Stage, points: int) -> str:
    """Look what the points pay for, and order; return the number."""
    wanted = {"lines": [{"skuId": "yuba-sticks-250g", "quantity": 1}], "points": points}
    title = "积分抵现 · Points pay"
    preview = stage.call(title, MINT, "checkout_preview", wanted, note=notes.trace)
    stage.expect("every point pays a fen", holds=preview["totals"]["pointsFen"] == points)
    wish = {**wanted, "clientToken": "demo-points-1", "expectedTotalFen": preview["payableFen"]}
    placed = stage.call("用积分下单 · Order with points", MINT, "checkout", wish, note=notes.placed)
    return str(placed["orderNo"])
