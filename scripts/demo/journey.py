"""The steps of the main journey, in the words of the two members who walk it."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from demo import aftermath, coupons, earnings, notes
from demo.board import look
from demo.cast import MINT, ON_DUTY, OPERATOR, QINGHE, SUXIN, TIMER, WECHAT
from demo.eating import cook, eat
from demo.governing import govern
from demo.keeping import keep
from demo.redeem import redeem
from demo.seasons import advise
from demo.stage import Actor, Stage, timer_at
from demo.study import study
from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Document
from gardenshop.cloud.identity import user_id

SUXIN_PHONE = "13800010086"
FORMER_ORDER = "JY202610202008"
LAST_UNIT = "tangerine-peel-100g"
_TIRED_AND_COLD = {"g02", "g04", "g05", "g06", "g07", "g08"}
"""The items to which A answers "often"; to all others she answers "seldom"."""
_ADDRESS = {
    "addressId": "home",
    "name": "林小满",
    "phone": "13900000001",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路 8 号 1 幢 202",
    "isDefault": True,
}


def walk(stage: Stage) -> None:
    """Walk the whole journey. Raises Surprise where it does not go as it must."""
    meet(stage)
    learn(stage)
    fill_cart(stage)
    order_no = order(stage)
    notice_id = pay(stage, order_no)
    feed_garden(stage, order_no)
    repeat_notice(stage, notice_id)
    last_unit(stage)
    let_order_lapse(stage)
    coupons.save_up(stage)
    aftermath.deliver(stage, order_no)
    aftermath.give_back(stage, order_no)
    operate(stage)
    keep(stage)
    coupons.give(stage)
    redeem(stage)
    cook(stage)
    eat(stage)
    speak(stage)
    vouch(stage)
    earnings.earn(stage)
    study(stage)
    advise(stage)
    govern(stage)
    look(stage)
    keep_apart(stage, order_no)


def meet(stage: Stage) -> None:
    """Log in: A is new; B's account of the former shop is merged once, though she logs in twice at once."""
    stage.call("新会员登录 · A new member logs in", MINT, "login", note=notes.account)
    for code in ("phone-code-1", "phone-code-2"):
        stage.post("/_wechat/phones", {"code": code, "phone": SUXIN_PHONE}, WECHAT)
    events = [{"phoneCode": "phone-code-1"}, {"phoneCode": "phone-code-2"}]
    replies = _at_once(stage, [("login", event, SUXIN) for event in events])
    merged = [account for reply in replies for account in reply["data"]["merged"]]
    stage.expect("the former account is merged exactly once", holds=merged == ["legacy:10086"])
    points = max(reply["data"]["shopPoints"] for reply in replies)
    note = f"老账号只合并一次，带来 {points} 商城积分和从前的订单 · merged once, with points and orders"
    title = "老会员凭手机号合并账号 · Two logins at once"
    stage.tell(title, SUXIN, "login ×2", event=events, reply=replies, note=note)


def learn(stage: Stage) -> None:
    """Answer the questionnaire, after consenting to it; the night passes; be advised."""
    consent = {"purpose": "health_data", "version": "2026-11", "granted": True}
    change = {"nickname": "小满", "sex": "female", "consent": consent, "saveAddress": _ADDRESS}
    stage.call("资料、地址与单独同意 · Profile, address, consent", MINT, "profile_update", change)
    form = stage.post("/functions/constitution_assess", {"sex": "female"}, MINT)["data"]
    answers = {each["id"]: 4 if each["id"] in _TIRED_AND_COLD else 2 for each in form["questions"]}
    stage.call(
        "体质问卷（27 题）· The constitution questionnaire",
        MINT,
        "constitution_assess",
        {"sex": "female", "answers": answers},
        note=notes.summary,
    )
    stage.call("夜里从往日的订单中学习 · Learning at night", TIMER, "nightly_close", note=notes.prepared)
    stage.call(
        "首页推荐 · Advice for A", MINT, "recommend", {"scene": "home", "limit": 5}, note=notes.reasons
    )
    stage.call("老会员的推荐 · Advice for B", SUXIN, "recommend", {"limit": 5}, note=notes.reasons)


def fill_cart(stage: Stage) -> None:
    """Search, look, and fill the cart."""
    stage.call(
        "搜索 · Search",
        MINT,
        "product_search",
        {"keyword": "腐竹", "inStock": True},
        note=notes.titles,
    )
    stage.call(
        "商品详情 · Product",
        MINT,
        "product_detail",
        {"productId": "jujube"},
        note=notes.product,
    )
    for sku_id, quantity in (("jujube-500g", 1), ("yuba-sticks-250g", 3), ("mung-bean-1kg", 1)):
        stage.call("加入购物车 · Add to the cart", MINT, "cart_add", {"skuId": sku_id, "quantity": quantity})
    changes = [{"skuId": "yuba-sticks-250g", "quantity": 4}, {"skuId": "mung-bean-1kg", "selected": False}]
    stage.call("修改购物车 · Change the cart", MINT, "cart_update", {"changes": changes}, note=notes.cart)
    stage.call("查看购物车 · Look at the cart", MINT, "cart_view", note=notes.cart)


def order(stage: Stage) -> str:
    """Preview and order, then send the same order again; return its number."""
    preview = stage.call("结算预览 · Preview", MINT, "checkout_preview", note=notes.trace)
    seeds = {"action": "plant", "code": "mung-sprout", "clientToken": "demo-plant-1"}
    stage.call("种下一盘绿豆芽 · Plant mung sprouts", MINT, "garden_tend", seeds, note=notes.garden)
    wish = {"clientToken": "demo-order-1", "expectedTotalFen": preview["payableFen"]}
    placed = stage.call("提交订单 · Order", MINT, "checkout", wish, note=notes.placed)
    again = stage.call("网络不好，再提交一次 · The same again", MINT, "checkout", wish, note=notes.placed)
    stage.expect("one token makes one order", holds=placed == again)
    return str(placed["orderNo"])


def pay(stage: Stage, order_no: str) -> str:
    """Pay an order of A's in WeChat, which sends its notice; return the notice's id."""
    payment = stage.call("发起支付 · Open the payment", MINT, "order_pay", {"orderNo": order_no})
    notice = stage.post("/_wechat/pay", {"fields": payment["payment"]}, WECHAT)
    stage.expect("the order is paid", holds=stage.one("orders", order_no)["status"] == "paid")
    note = "真实签名、加密的 v3 通知 · a signed and encrypted v3 notice"
    stage.tell(
        "微信支付并通知 · WeChat takes the money and says so", WECHAT, "pay_notify", reply=notice, note=note
    )
    return str(notice["id"])


def feed_garden(stage: Stage, order_no: str) -> None:
    """Let the outbox feed the garden, and look at what has become of the order."""
    stage.call("处理待办 · The outbox", TIMER, "outbox_pump", note=notes.tasks)
    fed = stage.one("orders", order_no)["garden"]
    stage.expect("the garden was fed", holds=fed["state"] == "done" and fed["savedG"] > 0)
    stage.call("花园 · The garden", MINT, "garden_tend", note=notes.garden)
    stage.call("积分明细 · Points", MINT, "points_statement", note=notes.points)
    stage.call("订单 · The order", MINT, "order_view", {"orderNo": order_no}, note=notes.order)


def repeat_notice(stage: Stage, notice_id: str) -> None:
    """The same notice ten times more changes nothing."""
    before = _what_a_payment_changes(stage)
    for _ in range(10):
        stage.post(f"/_wechat/notices/{notice_id}/redeliver", {}, WECHAT)
    stage.post("/functions/outbox_pump", {}, TIMER)
    stage.expect("ten more notices change nothing", holds=_what_a_payment_changes(stage) == before)
    note = "没有任何变化 · nothing has changed"
    stage.tell("同一通知再来十次 · The same notice ten times", WECHAT, "pay_notify ×10", note=note)


def last_unit(stage: Stage) -> None:
    """A and B both want the last unit at the same moment, and exactly one gets it."""
    lines = {"lines": [{"skuId": LAST_UNIT, "quantity": 1}]}
    calls = []
    for actor in (MINT, SUXIN):
        preview = stage.post("/functions/checkout_preview", lines, actor)["data"]
        wish = {**lines, "expectedTotalFen": preview["payableFen"], "clientToken": "demo-last-unit"}
        calls.append(("checkout", wish, actor))
    replies = _at_once(stage, calls)
    stage.expect(
        "exactly one of two gets the last unit",
        holds=sorted(reply.get("error", "") for reply in replies) == ["", "OUT_OF_STOCK"],
    )
    winner = MINT if replies[0]["code"] == 0 else SUXIN
    both = Actor("A + B")
    note = f"{winner.name} 抢到，另一位收到“库存不足” · exactly one gets it"
    stage.tell(
        "最后一件，同时下单 · The last unit, at once",
        both,
        "checkout ×2",
        event=lines,
        reply=replies,
        note=note,
    )


def let_order_lapse(stage: Stage) -> None:
    """The unpaid order is closed half an hour later, and its hold comes back."""
    held = stage.one("inventory", LAST_UNIT)
    stage.expect("the unit is held", holds=(held["available"], held["reserved"]) == (0, 1))
    now = int(time.time() * 1000)
    later = timer_at(now + 31 * MINUTE)
    stage.call(
        "31 分钟后，超时关单 · 31 minutes later",
        TIMER,
        "order_timeout",
        later,
        note=notes.timeouts,
    )
    stage.call("归还占用 · Holds come back", TIMER, "outbox_pump", later, note=notes.tasks)
    free = stage.one("inventory", LAST_UNIT)
    stage.expect("the unit is back", holds=(free["available"], free["reserved"]) == (1, 0))


def operate(stage: Stage) -> None:
    """The operator gives points; the timer proposes what to reorder."""
    award = {
        "userId": user_id(MINT.openid),
        "book": "garden",
        "points": 60,
        "reason": "感谢第一次记录",
        "clientToken": "demo-award-1",
    }
    stage.call("运营赠送积分 · An operator awards points", OPERATOR, "points_award", award)
    stage.call(
        "补货检查 · What to reorder",
        TIMER,
        "restock_check",
        note=lambda _: notes.restock(stage.documents("inventory")),
    )
    stage.call("夜间关账 · The nightly close", TIMER, "nightly_close")
    stage.call("备份状态（未配置存储桶）· The backup, off without a bucket", OPERATOR, "admin_data")


def speak(stage: Stage) -> None:
    """B reviews what she bought in the former shop, the shop answers, and A reads it."""
    praise = {"orderNo": FORMER_ORDER, "lineId": "4", "score": 5, "text": "泡两小时就软，豆香很浓。"}
    stage.call("评价收到的商品 · Review a line", SUXIN, "review_add", praise, note=notes.review)
    answer = {"reviewId": f"{FORMER_ORDER}:4", "action": "reply", "text": "谢谢您，泡发时水温低些更好。"}
    stage.call("商家回复 · The shop answers", OPERATOR, "admin_review_decide", {**answer, "note": "日常回复"})
    of = {"productId": "yuba-sticks"}
    stage.call("看评价 · What others say", MINT, "review_list", of, note=notes.reviews)
    rating = stage.one("products", "yuba-sticks")["rating"]
    stage.expect("the product's rating has counted it", holds=rating == {"count": 1, "sum": 5})


def vouch(stage: Stage) -> None:
    """A practitioner vouches for a product, and the operator on duty approves it."""
    words = {"productId": "daylily", "testimony": "晒场去过两回，蒸完再晒，颜色不艳，泡开有清香。"}
    stage.call("践行者认证商品 · Vouch for a product", QINGHE, "product_certify", words)
    approval = {"action": "approve", "productId": "daylily", "practitionerId": "lin-qinghe"}
    stage.call("运营审核通过 · The operator approves", ON_DUTY, "product_certify", approval)
    badges = stage.one("products", "daylily")["certifications"]
    stage.expect("the product shows one badge", holds=[each["name"] for each in badges] == ["林清禾"])


def keep_apart(stage: Stage, order_no: str) -> None:
    """Nobody reads another's order; a member is no operator."""
    other = {"orderNo": order_no}
    stage.call(
        "偷看别人的订单 · Another's order", SUXIN, "order_view", other, error="NOT_FOUND", note=notes.refusal
    )
    wish = {
        "userId": user_id(SUXIN.openid),
        "book": "shop",
        "points": 9,
        "reason": "自己发",
        "clientToken": "self-award",
    }
    stage.call(
        "会员给自己发积分 · Self-service", SUXIN, "points_award", wish, error="FORBIDDEN", note=notes.refusal
    )


def _at_once(stage: Stage, calls: list[tuple[str, Any, Actor]]) -> list[Document]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: stage.post(f"/functions/{call[0]}", call[1], call[2]), calls))


def _what_a_payment_changes(stage: Stage) -> list[list[Document]]:
    names = (
        "orders",
        "inventory",
        "stock_ledger",
        "meals",
        "daily_stats",
        "gardens",
        "points_ledger",
        "users",
    )
    return [stage.documents(name) for name in names]
