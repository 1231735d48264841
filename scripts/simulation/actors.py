"""Who acts in a play, and how: each action of members, operators, WeChat and the platform is in `ACTIONS`.

An action is a script: a generator that yields `Call` and `Wait` and is sent the replies. What it chooses it
draws from its own dice. To add one, write its script and its row; timers come from cloudbaserc.json.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from gardenshop.cloud.clock import HOUR, MINUTE, SECOND
from gardenshop.cloud.database import Document
from simulation import stage
from simulation.acting import Play
from simulation.claiming import claim, rush_for_coupons
from simulation.courier import send_money
from simulation.earning import led_to, pay_out, withdraw
from simulation.keeping import keep_stock
from simulation.learning import learn
from simulation.meals import eat
from simulation.mishaps import deploy, forge_notice, jump, pay_too_late, repeat_notice
from simulation.opinions import moderate, review
from simulation.purse import exchange, points_for
from simulation.world import Script, Wait

_DECISIONS = ("approve", "approve", "approve", "refuse")


def _order(play: Play) -> Script:
    """Choose, see the price, order, and go on from there."""
    lines = [
        {"skuId": play.dice.choice(list(stage.STOCK)), "quantity": play.dice.choice((1, 1, 2, 3))}
        for _ in range(play.dice.choice((1, 2, 3)))
    ]
    yield from _checkout(play, lines)


def _rush(play: Play) -> Script:
    """Everybody wants the last ones at once."""
    lines = [{"skuId": "yuba", "quantity": 2}, {"skuId": "peel", "quantity": 1}]
    for number, openid in enumerate(stage.MEMBERS):
        other = play.another(f"{play.name}r{number}", openid)
        wanted = lines if play.happens(0.5) else [{"skuId": "tofu", "quantity": 3}, *lines[:1]]
        play.world.play(other.name, _hurry(other, wanted), play.world.loop.now)
    yield Wait(0)


def _hurry(play: Play, lines: list[Document]) -> Script:
    """See the price and order, without a thought of coupons."""
    wanted: Document = {"lines": lines}
    preview = yield from play.ask("checkout_preview", wanted)
    if preview is not None and not preview["code"]:
        yield from _place(play, wanted, lines, preview)


def _order_cart(play: Play) -> Script:
    """Fill the cart and order it."""
    for _ in range(play.dice.choice((1, 2))):
        line = {"skuId": play.dice.choice(list(stage.STOCK)), "quantity": play.dice.choice((1, 2))}
        (added,) = led_to(play, [line])
        yield from play.ask("cart_add", added)
    yield from _checkout(play, [])


def _checkout(play: Play, lines: list[Document]) -> Script:
    """See the price of *lines*, or of the cart, and order; with a coupon sometimes on two phones."""
    wanted: Document = {"lines": led_to(play, lines)} if lines else {}
    if play.happens(0.3):
        yield from claim(play)
    preview = yield from play.ask("checkout_preview", wanted)
    if preview is None or preview["code"]:
        return
    usable = preview["data"]["coupons"]["usable"]
    if usable and play.happens(0.7):
        wanted |= {"userCouponId": play.dice.choice(usable)["userCouponId"]}
        preview = yield from play.ask("checkout_preview", wanted)
        if preview is None or preview["code"]:
            return
        if play.happens(0.3):
            twin = play.another(f"{play.name}t", play.openid)
            play.world.play(twin.name, _place(twin, wanted, lines, preview), play.world.loop.now)
    yield from _place(play, wanted, lines, preview)


def _place(play: Play, wanted: Document, lines: list[Document], preview: Document) -> Script:
    """Order *wanted* at the price of *preview*; sometimes again, sometimes at one that is not of now."""
    token, points = f"token-{play.name}", points_for(play, preview["data"])
    total = preview["data"]["payableFen"] - points + play.dice.choice((0,) * 20 + (1,))
    event = {**wanted, "clientToken": token, "expectedTotalFen": total, "points": points}
    reply = yield from play.ask("checkout", event)
    for _ in range(play.dice.choice((0, 0, 0, 1))):
        yield Wait(play.dice.choice((SECOND, MINUTE, HOUR)))
        reply = yield from play.ask("checkout", event)
    if reply is None or reply["code"]:
        return
    placed, demand = reply["data"], Counter[str]()
    for line in lines:
        demand[line["skuId"]] += line["quantity"]
    play.told("placed", token=token, orderNo=placed["orderNo"], payableFen=total, demand=dict(demand))
    yield Wait(play.dice.randint(SECOND, MINUTE))
    if play.happens(0.6):
        yield from _pay(play, placed["orderNo"])
    elif play.happens(0.4):
        yield from _cancel(play, placed["orderNo"])


def _pay(play: Play, order_no: str) -> Script:
    """Open the payment, think, and pay, or not."""
    reply = yield from play.ask("order_pay", {"orderNo": order_no})
    if reply is None or reply["code"]:
        return
    if reply["data"]["status"] == "paid":
        play.told("paid", orderNo=order_no)
        return
    yield Wait(play.dice.choice((SECOND, 5 * SECOND, MINUTE, 20 * MINUTE, 31 * MINUTE)))
    if play.happens(0.85):
        send_money(play.world, reply["data"]["attemptNo"], play.dice)
        yield from _live_on(play)


def _live_on(play: Play) -> Script:
    """Let some of what may happen to a paid order happen, in the order in which it mostly does."""
    for act, share in _LIFE:
        if play.happens(share):
            yield Wait(play.dice.choice((SECOND, MINUTE, 10 * MINUTE)))
            yield from act(play)


def _cancel(play: Play, order_no: str) -> Script:
    reply = yield from play.ask("order_cancel", {"orderNo": order_no})
    if reply is not None and not reply["code"]:
        play.told(reply["data"]["status"], orderNo=order_no)


def _pay_some(play: Play) -> Script:
    order = play.some_order("pending_payment")
    if order:
        yield from _pay(play, order["_id"])


def _cancel_some(play: Play) -> Script:
    order = play.some_order("pending_payment")
    if order:
        yield from _cancel(play, order["_id"])


def _ship(play: Play) -> Script:
    """The warehouse ships what is left of an order, or a unit of it."""
    order = play.some_order("paid")
    if order:
        parcel: Document = {"carrier": "顺丰", "trackingNo": f"SF{play.name}"}
        if play.happens(0.3):
            parcel["lines"] = [{"lineId": order["lines"][0]["lineId"], "quantity": 1}]
        token = f"token-{play.name}-{next(play.tokens)}"
        event = {"orderNo": order["_id"], "clientToken": token, "parcels": [parcel]}
        yield from play.ask("admin_order_ship", event, "")


def _confirm(play: Play) -> Script:
    order = play.some_order("shipped")
    if order:
        yield from play.ask("order_confirm", {"orderNo": order["_id"]})


def _ask_refund(play: Play) -> Script:
    """Ask for everything or a unit back; an operator decides, and receives what was sent back."""
    order = play.some_order("paid", "shipped", "received")
    if order is None:
        return
    token = f"token-{play.name}-{next(play.tokens)}"
    event: Document = {"orderNo": order["_id"], "clientToken": token, "reason": "quality"}
    event["kind"] = play.dice.choice(("refund_only", "return"))
    if play.happens(0.6):
        event["lines"] = [{"lineId": order["lines"][0]["lineId"], "quantity": 1}]
    reply = yield from play.ask("refund_apply", event)
    if reply is None or reply["code"] or play.happens(0.1):
        return
    sale = {
        "orderNo": order["_id"],
        "afterSaleNo": reply["data"]["afterSale"]["afterSaleNo"],
        "note": "已核实",
    }
    yield Wait(play.dice.choice((SECOND, MINUTE, HOUR)))
    yield from play.ask("admin_refund_decide", {**sale, "action": play.dice.choice(_DECISIONS)}, "")
    if event["kind"] == "return":
        condition = play.dice.choice(("good", "damaged"))
        yield from play.ask("admin_refund_decide", {**sale, "action": "receive", "condition": condition}, "")


def _pay_and_cancel(play: Play) -> Script:
    """Press both buttons of one order, on two phones."""
    order = play.some_order("pending_payment")
    if order:
        play.world.play(f"{play.name}c", _cancel(play, order["_id"]), play.world.loop.now)
        yield from _pay(play, order["_id"])


def _plant(play: Play) -> Script:
    """Plant, or plant two at once; perhaps water, which ripens a plant, and harvest."""
    if play.happens(0.3):
        other = play.another(f"{play.name}p", play.openid)
        play.world.play(other.name, _plant_one(other), play.world.loop.now)
    yield from _plant_one(play)


def _plant_one(play: Play) -> Script:
    event = {"action": "plant", "code": "mint", "clientToken": f"token-{play.name}"}
    play.told("plants", token=event["clientToken"])
    reply = yield from play.ask("garden_tend", event)
    if reply is None or reply["code"] or play.happens(0.4):
        return
    plant_id = reply["data"]["changedPlantId"]
    for action in play.dice.choice((("water", "harvest"), ("water", "harvest", "harvest"))):
        yield from play.ask("garden_tend", {"action": action, "plantId": plant_id})


def _tend(play: Play) -> Script:
    """Water what grows and harvest what is ripe."""
    for garden in play.world.read("gardens", {"_id": play.user}):
        for plant in garden["plants"]:
            action = play.dice.choice(("water", "harvest"))
            yield from play.ask("garden_tend", {"action": action, "plantId": plant["plantId"]})


def _log_in(play: Play) -> Script:
    """Log in with the phone of the former account, which only one member can have."""
    yield from play.ask("login", {"phoneCode": f"code-{play.name}"})


def _award(play: Play) -> Script:
    book, points = play.dice.choice(("garden", "shop")), play.dice.randint(1, 40)
    event = {"userId": play.user, "book": book, "points": points, "reason": "补偿"}
    token = f"token-{play.name}"
    reply = yield from play.ask("points_award", {**event, "clientToken": token}, "")
    if reply is not None and not reply["code"]:
        play.told("awarded", token=token, book=book, points=points)


_LIFE = (
    (_ship, 0.5),
    (_ship, 0.2),
    (_confirm, 0.4),
    (_ask_refund, 0.4),
    (_ask_refund, 0.4),
    (_cancel_some, 0.1),
    (review, 0.2),
)
"""What a member and the shop do to her paid orders, and in how many cases."""


ORDERS = "orders"


class Action(NamedTuple):
    """Something that happens in a play, drawn in proportion to *weight*; *about* is its subject."""

    script: Callable[[Play], Script]
    weight: int
    about: str = ORDERS


ACTIONS = {
    "order": Action(_order, 12),
    "rush": Action(_rush, 8),
    "order the cart": Action(_order_cart, 4),
    "pay some order": Action(_pay_some, 5),
    "cancel some order": Action(_cancel_some, 5),
    "pay and cancel": Action(_pay_and_cancel, 4),
    "pay too late": Action(pay_too_late, 5),
    "plant": Action(_plant, 6, "garden"),
    "tend": Action(_tend, 4, "garden"),
    "exchange": Action(exchange, 4, "garden"),
    "log in": Action(_log_in, 3, "accounts"),
    "award": Action(_award, 2, "garden"),
    "eat": Action(eat, 4, "meals"),
    "ship": Action(_ship, 5),
    "confirm": Action(_confirm, 3),
    "ask for a refund": Action(_ask_refund, 4),
    "review": Action(review, 3, "opinions"),
    "moderate": Action(moderate, 3, "opinions"),
    "repeat a notice": Action(repeat_notice, 2),
    "forge a notice": Action(forge_notice, 1),
    "claim coupons": Action(claim, 4, "coupons"),
    "rush for coupons": Action(rush_for_coupons, 3, "coupons"),
    "withdraw": Action(withdraw, 3, "commission"),
    "pay out": Action(pay_out, 3, "commission"),
    "learn": Action(learn, 4, "learning"),
    "keep stock": Action(keep_stock, 4, "stock"),
    "deploy": Action(deploy, 1),
    "clocks jump": Action(jump, 1),
}
