"""Whatever write of an order's life the process stops after, asking again or the timers bring it to its end.

Each scene is played once for every write it makes: the process is killed there, or lives on but is told
that the database did not answer. Then every law of the shop holds once the pump has run.
"""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

import pytest

from faults import Killed
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.cloud.database import update
from gardenshop.cloud.errors import DatabaseUnavailable
from harness import A, B, user_id
from small_shop import SmallShop, intruder, open_small_shop

WANTED = {"tofu": 2, "peel": 1}
TOKEN = "token-of-a"


def order(small: SmallShop, *, openid: str = A) -> str:
    """Order, and return the number; it is the same again for the same token."""
    reply = small.checkout(openid, WANTED, TOKEN)
    return str(reply.get("data", {}).get("orderNo", ""))


def order_too_late(small: SmallShop) -> None:
    """Order after B has taken the last peel, which A still saw."""
    if small.shop.documents("orders", {"userId": user_id(B)}):
        order(small)
        return

    def b_is_faster() -> None:
        with small.fragile.immortal():
            assert order(small, openid=B)

    with intruder(small, trip=2, act=b_is_faster):
        order(small)


def the_order(small: SmallShop) -> str:
    (found,) = small.shop.documents("orders", {"userId": user_id(A)})
    return str(found["_id"])


def open_payment(small: SmallShop) -> str:
    return small.open_payment(order(small))


def charge(small: SmallShop) -> None:
    assert small.till.pay(open_payment(small))


def pay(small: SmallShop) -> None:
    charge(small)
    notify(small)


def notify(small: SmallShop) -> None:
    small.notify(f"{the_order(small)}A1")


def cancel(small: SmallShop) -> None:
    small.call("order_cancel", {"orderNo": the_order(small)}, A)


def order_and_cancel(small: SmallShop) -> None:
    order(small)
    cancel(small)


def cancel_and_charge(small: SmallShop) -> None:
    """Have an order cancelled whose payment arrives all the same."""
    attempt_no = open_payment(small)
    cancel(small)
    small.till.trades[attempt_no].state = "SUCCESS"


def time_out(small: SmallShop) -> None:
    small.now += 31 * MINUTE
    small.call("order_timeout")


def pump(small: SmallShop) -> None:
    small.now += 3 * MINUTE
    small.call("outbox_pump")


def award(small: SmallShop) -> None:
    for token, points in (("award-0001", 20), ("award-0002", 25)):
        small.award(A, points, token)


def plant(small: SmallShop) -> None:
    small.plant(A, "plant-0001")


def learn(small: SmallShop) -> None:
    small.learn(A)


def eat(small: SmallShop) -> None:
    small.eat(A, "meal-0001")


def take_a_meal_back(small: SmallShop) -> None:
    small.eat(A, "meal-0001", "undo")


def eat_by_old_factors(small: SmallShop) -> None:
    """Have two meals, one of them undone, and another factor of their food since."""
    eat(small)
    small.eat(A, "meal-0002")
    small.eat(A, "meal-0002", "undo")
    small.weigh_tofu(5000, "test-2")


def recalculate(small: SmallShop) -> None:
    small.recalculate()


def eat_and_recalculate(small: SmallShop) -> None:
    """Have a meal revised twice."""
    eat_by_old_factors(small)
    recalculate(small)
    small.weigh_tofu(4000, "test-3")
    recalculate(small)


def undo_before_booking(small: SmallShop) -> None:
    """Recalculate, and undo the meal just before its revision is taken into the day."""

    def undo() -> None:
        with small.fragile.immortal():
            take_a_meal_back(small)

    with intruder(small, trip=10, act=undo):
        recalculate(small)


def eat_and_plant(small: SmallShop) -> None:
    """Have what a meal earned spent before it is taken back."""
    award(small)
    eat(small)
    plant(small)


def pay_with_a_garden(small: SmallShop) -> None:
    award(small)
    plant(small)
    pay(small)


def ship(small: SmallShop) -> None:
    parcels = [{"carrier": "顺丰速运", "trackingNo": "SF1"}]
    event = {"orderNo": the_order(small), "clientToken": "parcel-0001", "parcels": parcels}
    small.call("admin_order_ship", event)


def reprice(small: SmallShop) -> None:
    price = {"goodsFen": 900, "freightFen": 0, "reason": "老客户优惠", "clientToken": "reprice-0001"}
    small.call("admin_order_ship", {"orderNo": the_order(small), "action": "reprice", **price})


def pay_and_ship(small: SmallShop) -> None:
    pay_with_a_garden(small)
    ship(small)


def confirm(small: SmallShop) -> None:
    small.call("order_confirm", {"orderNo": the_order(small)}, A)


def pay_and_confirm(small: SmallShop) -> None:
    pay_and_ship(small)
    pump(small)
    confirm(small)


def complete(small: SmallShop) -> None:
    small.now += 9 * DAY
    small.call("order_timeout")
    pump(small)


def ask_back(small: SmallShop, kind: str = "refund_only") -> None:
    line = {"lineId": "L1", "quantity": 1}
    event = {"orderNo": the_order(small), "lines": [line], "kind": kind, "reason": "quality"}
    small.call("refund_apply", {**event, "clientToken": "return-0001"}, A)


def decide(small: SmallShop, action: str, **wish: str) -> None:
    order_no = the_order(small)
    event = {"orderNo": order_no, "afterSaleNo": f"{order_no}-1", "action": action, "note": "核实无误"}
    small.call("admin_refund_decide", {**event, **wish})


def pay_and_ask_back(small: SmallShop) -> None:
    pay_with_a_garden(small)
    ask_back(small)


def approve(small: SmallShop) -> None:
    decide(small, "approve")


def send_back(small: SmallShop) -> None:
    pay_and_ship(small)
    ask_back(small, "return")
    approve(small)


def receive(small: SmallShop) -> None:
    decide(small, "receive", condition="damaged")


def pay_and_spend_and_approve(small: SmallShop) -> None:
    """Have the garden points of an order spent before it is given back."""
    pay_with_a_garden(small)
    pump(small)
    for token in ("plant-0002", "plant-0003", "plant-0004"):
        small.plant(A, token)
    cancel(small)


def pay_and_cancel(small: SmallShop) -> None:
    pay_with_a_garden(small)
    cancel(small)


def award_for_shopping(small: SmallShop) -> None:
    for token, points in (("award-0001", 300), ("award-0002", 250)):
        small.award(A, points, token, book="shop")


def order_for_points(small: SmallShop) -> None:
    small.checkout(A, WANTED, TOKEN, points=500)


def order_and_cancel_for_points(small: SmallShop) -> None:
    award_for_shopping(small)
    order_for_points(small)
    cancel(small)


def pay_for_points(small: SmallShop) -> None:
    award_for_shopping(small)
    order_for_points(small)
    attempt_no = small.open_payment(the_order(small))
    assert small.till.pay(attempt_no)
    small.notify(attempt_no)


def refund_points(small: SmallShop) -> None:
    pay_for_points(small)
    pump(small)
    ask_back(small)
    approve(small)


def give_a_unit_back(small: SmallShop) -> None:
    """Have a unit refunded before the goods go out."""
    pay_and_ask_back(small)
    approve(small)


def live_to_the_end(small: SmallShop) -> None:
    """Have an order completed that earned its practitioner something."""
    pay_and_confirm(small)
    complete(small)
    pump(small)


def settle(small: SmallShop) -> None:
    """Close the month on a night of the next, the same night when it is done again."""
    small.call("nightly_close")


def earn_before(small: SmallShop, **counters: int) -> None:
    """Let the practitioner have *counters* from before this shop."""
    row = {"_id": "opening:lin", "practitionerId": "lin", "entryId": "e1", "kind": "opening"}
    small.shop.add("commission_ledger", {**row, "deltas": counters, "day": "2026-10-01", "state": "final"})
    changes = {f"commission.{name}": fen for name, fen in counters.items()}
    with small.fragile.immortal():
        small.db.write(update("practitioners", {"_id": "lin"}, {"$set": changes}))


def earn_and_owe(small: SmallShop) -> None:
    earn_before(small, confirmedFen=900, debtFen=150)
    small.now += 31 * DAY


def have_settled(small: SmallShop) -> None:
    earn_before(small, settledFen=2000)


def withdraw(small: SmallShop) -> None:
    event = {"action": "withdraw", "amountFen": 1500, "clientToken": "payout-0001"}
    small.call("commission_account", event, B)


def have_asked(small: SmallShop) -> None:
    have_settled(small)
    withdraw(small)


def finance(small: SmallShop, action: str, **wish: str) -> None:
    event = {"action": action, "practitionerId": "lin", "note": "核实无误", **wish}
    small.call("admin_commission_pay", event)


def pay_out(small: SmallShop) -> None:
    finance(small, "paid", withdrawalId=f"{user_id(B)}:payout-0001", payoutNo="P1")


def take_withdrawal_back(small: SmallShop) -> None:
    event = {"action": "cancel", "withdrawalId": f"{user_id(B)}:payout-0001"}
    small.call("commission_account", event, B)


def take_commission_back(small: SmallShop) -> None:
    finance(small, "reverse", orderNo=the_order(small), lineId="L2")


def award_for_lessons(small: SmallShop) -> None:
    for token, points in (("award-0001", 90), ("award-0002", 120)):
        small.award(A, points, token)


def exchange(small: SmallShop) -> None:
    small.call("points_exchange", {"points": 200, "clientToken": "exchange-0001"}, A)


def nothing(_: SmallShop) -> None:
    """Begin with the shop as it opens."""


class Scene(NamedTuple):
    """What is done while the process may die, and what was done before."""

    before: Callable[[SmallShop], Any]
    act: Callable[[SmallShop], Any]


SCENES = {
    "order": Scene(nothing, order),
    "order too late": Scene(nothing, order_too_late),
    "notice": Scene(charge, notify),
    "late notice": Scene(cancel_and_charge, notify),
    "cancel": Scene(order, cancel),
    "cancel what is being paid": Scene(charge, cancel),
    "time out": Scene(open_payment, time_out),
    "effects of a payment": Scene(pay_with_a_garden, pump),
    "effects of a cancellation": Scene(order_and_cancel, pump),
    "order for points": Scene(award_for_shopping, order_for_points),
    "effects of a payment with points": Scene(pay_for_points, pump),
    "effects of a cancellation with points": Scene(order_and_cancel_for_points, pump),
    "effects of a refund of points": Scene(refund_points, pump),
    "exchange": Scene(award_for_lessons, exchange),
    "award": Scene(nothing, award),
    "plant": Scene(award, plant),
    "pass a lesson": Scene(nothing, learn),
    "eat": Scene(award, eat),
    "take a meal back": Scene(eat, take_a_meal_back),
    "take a meal back whose points are spent": Scene(eat_and_plant, take_a_meal_back),
    "recalculate": Scene(eat_by_old_factors, recalculate),
    "recalculate a meal that is undone meanwhile": Scene(eat_by_old_factors, undo_before_booking),
    "take a revised meal back": Scene(eat_and_recalculate, take_a_meal_back),
    "reprice": Scene(open_payment, reprice),
    "ship": Scene(pay, ship),
    "confirm": Scene(pay_and_ship, confirm),
    "complete": Scene(pay_and_confirm, complete),
    "cancel what is paid": Scene(pay, cancel),
    "effects of cancelling what is paid": Scene(pay_and_cancel, pump),
    "effects that leave a debt": Scene(pay_and_spend_and_approve, pump),
    "ask back": Scene(pay, ask_back),
    "approve": Scene(pay_and_ask_back, approve),
    "receive what was sent back": Scene(send_back, receive),
    "effects of giving a unit back": Scene(give_a_unit_back, pump),
    "settle a month": Scene(earn_and_owe, settle),
    "withdraw": Scene(have_settled, withdraw),
    "pay out": Scene(have_asked, pay_out),
    "take a withdrawal back": Scene(have_asked, take_withdrawal_back),
    "take commission back": Scene(live_to_the_end, take_commission_back),
}


@pytest.mark.parametrize("again", [True, False], ids=["done again", "left alone"])
@pytest.mark.parametrize("death", [Killed, DatabaseUnavailable], ids=["killed", "reply lost"])
@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_every_law_holds_wherever_it_stopped(
    scene: Scene, death: Callable[[], BaseException], *, again: bool
) -> None:
    for lives in count():
        with open_small_shop() as small:
            scene.before(small)
            small.fragile.doom(lives, death)
            with suppress(Killed, DatabaseUnavailable):
                scene.act(small)
            small.fragile.heal()
            if again:
                scene.act(small)
            small.rest()

            assert (lives, small.breaches()) == (lives, [])
            if not small.fragile.deaths:
                return
