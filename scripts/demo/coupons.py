"""Coupons: claimed in the centre and by a code, used, given back; and given to many by an operator."""

from typing import Any

from demo import notes
from demo.cast import MINT, OPERATOR, SUXIN, TIMER
from demo.stage import Stage

CODE = "dongri26"
BASKET: dict[str, Any] = {"lines": [{"skuId": "smoked-tofu-200g", "quantity": 4}]}


def save_up(stage: Stage) -> None:
    """A claims, orders with what suits her basket best, and cancels: the coupon is back."""
    stage.call("领券中心 · The coupon centre", MINT, "coupon_center", note=notes.offers)
    claim = {"couponId": "tofu-5", "clientToken": "demo-claim-1"}
    stage.call("领一张豆制品券 · Claim a coupon", MINT, "coupon_claim", claim, note=notes.coupon)
    by_code = {"code": CODE, "clientToken": "demo-claim-2"}
    stage.call("输入兑换码 · Another by a code", MINT, "coupon_claim", by_code, note=notes.coupon)
    seen = stage.call("哪张最合算 · Which is best", MINT, "checkout_preview", BASKET, note=notes.choices)
    wish = {**BASKET, "userCouponId": seen["coupons"]["best"]}
    title = "用券后的价格 · The price with it"
    preview = stage.call(title, MINT, "checkout_preview", wish, note=notes.trace)
    wish |= {"clientToken": "demo-coupon-order", "expectedTotalFen": preview["payableFen"]}
    placed = stage.call("用券下单 · Order with it", MINT, "checkout", wish, note=notes.placed)
    _expect(stage, wish["userCouponId"], "locked")
    order = {"orderNo": placed["orderNo"]}
    stage.call("改主意，取消 · Cancel it", MINT, "order_cancel", order, note=notes.status)
    stage.call("归还占用 · Holds come back", TIMER, "outbox_pump", note=notes.tasks)
    _expect(stage, wish["userCouponId"], "available")


def give(stage: Stage) -> None:
    """The operator thanks the silver members with a coupon, which the outbox brings them."""
    wish = {"action": "issue", "couponId": "thanks-8", "target": {"tiers": ["silver", "gold", "diamond"]}}
    wish |= {"clientToken": "demo-batch-1"}
    stage.call("批量发券 · Coupons for many", OPERATOR, "admin_campaign_save", wish, note=notes.batch)
    stage.call("发放 · The outbox brings them", TIMER, "outbox_pump", note=notes.tasks)
    shown = stage.call("收到的券 · What B has", SUXIN, "coupon_center", note=notes.mine)
    names = [each["couponId"] for each in shown["mine"]]
    stage.expect("B has the coupon of the batch once", holds=names.count("thanks-8") == 1)


def _expect(stage: Stage, user_coupon_id: str, state: str) -> None:
    copy = stage.one("user_coupons", user_coupon_id)
    stage.expect(f"the coupon is {state}", holds=copy["state"] == state)
