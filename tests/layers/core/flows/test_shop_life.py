"""Any life of a small shop: members, WeChat Pay and the timers in any order, dying and meeting anywhere.

Hypothesis chooses what is done, when the process dies and who comes in between; whenever all has come
to rest, every law of the shop must hold.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from faults import Killed
from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Document
from gardenshop.cloud.errors import Busy, DatabaseUnavailable
from harness import user_id
from small_shop import MEMBERS, UNITS, SmallShop, intruder, open_small_shop

ANSWERS = {
    "checkout": {"OUT_OF_STOCK", "BUSY"},
    "order_pay": {"ILLEGAL_TRANSITION", "BUSY"},
    "order_cancel": {"ILLEGAL_TRANSITION", "CONFLICT", "BUSY", "NOT_FOUND"},
    "admin_order_ship": {"ILLEGAL_TRANSITION", "CONFLICT", "BUSY"},
    "order_confirm": {"ILLEGAL_TRANSITION", "CONFLICT", "BUSY"},
    "refund_apply": {"ILLEGAL_TRANSITION", "CONFLICT", "BUSY"},
    "admin_refund_decide": {"CONFLICT", "BUSY"},
    "garden_tend": {"NOT_ENOUGH_POINTS", "BUSY"},
    "points_award": set(),
    "outbox_pump": set(),
    "order_timeout": set(),
}
"""The refusals that are right; UNAVAILABLE ones are too where the database was away."""

members = st.sampled_from(MEMBERS)
tokens = st.sampled_from([f"token-00{i}" for i in range(4)])
baskets = st.dictionaries(st.sampled_from(sorted(UNITS)), st.integers(1, 2), min_size=1)


class Fate(NamedTuple):
    """What happens to a call: death after *lives* writes, or company before its round trip *trip*."""

    lives: int | None = None
    death: Callable[[], BaseException] = Killed
    trip: int | None = None
    company: str = ""


KINDS = ["refund_only", "return"]
COMPANY = ["pump", "cancel", "notify", "checkout", "lapse"]

fates = st.one_of(
    st.just(Fate()),
    st.tuples(st.integers(0, 12), st.sampled_from([Killed, DatabaseUnavailable])).map(
        lambda drawn: Fate(lives=drawn[0], death=drawn[1])
    ),
    st.tuples(st.integers(1, 6), st.sampled_from(COMPANY)).map(
        lambda drawn: Fate(trip=drawn[0], company=drawn[1])
    ),
)


class ShopLife(RuleBasedStateMachine):
    """One life of the shop."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self.small: SmallShop = self._open.enter_context(open_small_shop())
        self.numbers: dict[tuple[str, str], str] = {}
        self.awards = 0
        self.rested = True

    def teardown(self) -> None:
        try:
            self.rest()
        finally:
            self._open.close()

    @initialize(baskets=st.dictionaries(st.tuples(members, tokens), baskets, min_size=8, max_size=8))
    def decide_what_tokens_mean(self, baskets: dict[tuple[str, str], dict[str, int]]) -> None:
        """A client sends one basket with one token."""
        self.baskets = baskets

    @rule(openid=members, token=tokens, fate=fates)
    def checkout(self, openid: str, token: str, fate: Fate) -> None:
        with self._living(fate):
            self._checkout(openid, token)

    @rule(fate=fates, data=st.data())
    def pay(self, fate: Fate, data: st.DataObject) -> None:
        """Open a payment and perhaps make it."""
        order = self._choose(data, lambda each: each["status"] == "pending_payment")
        if order is None:
            return
        with self._living(fate):
            reply = self._call("order_pay", {"orderNo": order["_id"]}, self._owner(order))
            if reply["code"] == 0 and data.draw(st.booleans()):
                self.small.till.pay(reply["data"]["attemptNo"])

    @precondition(lambda self: self._paid_attempts())
    @rule(fate=fates, data=st.data(), copies=st.integers(1, 3))
    def notify(self, fate: Fate, data: st.DataObject, copies: int) -> None:
        attempt_no = data.draw(st.sampled_from(self._paid_attempts()))
        for _ in range(copies):
            with self._living(fate):
                self.small.notify(attempt_no)

    @rule(fate=fates, data=st.data())
    def cancel(self, fate: Fate, data: st.DataObject) -> None:
        order = self._choose(data, lambda _: True)
        if order is not None:
            with self._living(fate):
                self._cancel(order)

    @rule(fate=fates, data=st.data(), some=st.booleans())
    def ship(self, fate: Fate, data: st.DataObject, *, some: bool) -> None:
        """Ship what is left of an order, or one unit of its first line."""
        order = self._choose(data, lambda each: each["status"] == "paid")
        if order is None:
            return
        parcel = {"carrier": "顺丰速运", "trackingNo": "SF1"}
        lines = {"lines": [{"lineId": "L1", "quantity": 1}]} if some else {}
        token = f"parcel-{order['version']:04}"
        with self._living(fate):
            event = {"orderNo": order["_id"], "clientToken": token, "parcels": [{**parcel, **lines}]}
            self._call("admin_order_ship", event)

    @rule(fate=fates, data=st.data())
    def confirm(self, fate: Fate, data: st.DataObject) -> None:
        order = self._choose(data, lambda each: each["status"] == "shipped")
        if order is not None:
            with self._living(fate):
                self._call("order_confirm", {"orderNo": order["_id"]}, self._owner(order))

    @rule(fate=fates, data=st.data(), units=st.integers(1, 2))
    def ask_back(self, fate: Fate, data: st.DataObject, units: int) -> None:
        order = self._choose(data, lambda each: each["status"] in {"paid", "shipped", "received"})
        if order is None:
            return
        line = data.draw(st.sampled_from(order["lines"]))["lineId"]
        kind = "refund_only" if order["status"] == "paid" else data.draw(st.sampled_from(KINDS))
        event = {"orderNo": order["_id"], "kind": kind, "reason": "quality"}
        event |= {"lines": [{"lineId": line, "quantity": units}]}
        with self._living(fate):
            token = f"return-{order['version']:04}"
            self._call("refund_apply", {**event, "clientToken": token}, self._owner(order))

    @rule(fate=fates, data=st.data(), action=st.sampled_from(["approve", "approve", "receive", "refuse"]))
    def decide(self, fate: Fate, data: st.DataObject, action: str) -> None:
        order = self._choose(data, lambda each: bool(each.get("afterSales")))
        if order is None:
            return
        sale = data.draw(st.sampled_from(order["afterSales"]))
        wish = {"condition": data.draw(st.sampled_from(["good", "damaged"]))} if action == "receive" else {}
        event = {"orderNo": order["_id"], "afterSaleNo": sale["afterSaleNo"], "action": action, **wish}
        with self._living(fate):
            self._call("admin_refund_decide", {**event, "note": "核实无误"})

    @rule(fate=fates, minutes=st.sampled_from([0, 3, 31, 15_000]))
    def lapse(self, fate: Fate, minutes: int) -> None:
        """Let time pass and orders with it."""
        self.small.now += minutes * MINUTE
        with self._living(fate):
            self._call("order_timeout")

    @rule(fate=fates, minutes=st.sampled_from([0, 1, 3]))
    def pump(self, fate: Fate, minutes: int) -> None:
        self.small.now += minutes * MINUTE
        with self._living(fate):
            self._call("outbox_pump")

    @rule(openid=members, fate=fates, points=st.integers(1, 40))
    def award(self, openid: str, fate: Fate, points: int) -> None:
        self.awards += 1
        with self._living(fate):
            self.small.award(openid, points, f"award-{self.awards:04}")

    @rule(openid=members, token=tokens, fate=fates)
    def plant(self, openid: str, token: str, fate: Fate) -> None:
        with self._living(fate):
            event = {"action": "plant", "code": "mint", "clientToken": token}
            self._call("garden_tend", event, openid)

    @rule()
    def rest(self) -> None:
        """Let everything that was begun come to its end."""
        self.small.rest()
        assert self.small.breaches() == []
        for attempt_no in self._paid_attempts():
            self.small.notify(attempt_no)
        self.small.rest()
        assert self.small.breaches() == []
        self._nobody_paid_for_nothing()

    @invariant()
    def nothing_is_below_zero(self) -> None:
        for stock in self.small.shop.documents("inventory"):
            assert min(stock["available"], stock["reserved"], stock["onHand"]) >= 0

    def _nobody_paid_for_nothing(self) -> None:
        """All money that WeChat Pay took paid for an order or went back, none of it twice."""
        taken = sum(self.small.till.trades[no].amount_fen for no in self._paid_attempts())
        kept = 0
        for order in self.small.shop.documents("orders"):
            refunds = [each for each in order.get("refunds") or () if "afterSaleNo" in each]
            kept += order["totals"].get("paidFen", 0) - sum(each["amountFen"] for each in refunds)
        assert taken == kept + sum(self.small.till.refunds.values())

    def _living(self, fate: Fate) -> ExitStack:
        """Let what runs inside have its fate."""
        stack = ExitStack()
        self.small.fragile.deaths = 0
        stack.callback(self.small.fragile.heal)
        stack.enter_context(suppress(Killed, DatabaseUnavailable, Busy))
        if fate.lives is not None:
            self.small.fragile.doom(fate.lives, fate.death)
        elif fate.trip is not None:
            stack.enter_context(intruder(self.small, trip=fate.trip, act=lambda: self._company(fate.company)))
        return stack

    def _company(self, kind: str) -> None:
        orders = self.small.shop.documents("orders")
        if kind == "pump":
            self._call("outbox_pump")
        elif kind == "lapse":
            self._call("order_timeout")
        elif kind == "checkout":
            for openid in MEMBERS:
                self._checkout(openid, "token-000")
        elif kind == "cancel":
            for order in orders:
                self._cancel(order)
        else:
            for attempt_no in self._paid_attempts():
                with suppress(Busy):
                    self.small.notify(attempt_no)

    def _checkout(self, openid: str, token: str) -> None:
        """Order; a token that has once led to an order leads to no other."""
        wanted = self.baskets.get((openid, token), {"tofu": 1})
        reply = self._answered("checkout", self.small.checkout(openid, wanted, token))
        if reply["code"] == 0:
            number = reply["data"]["orderNo"]
            assert self.numbers.setdefault((openid, token), number) == number

    def _cancel(self, order: Document) -> None:
        self._call("order_cancel", {"orderNo": order["_id"]}, self._owner(order))

    def _call(self, name: str, event: Any = None, openid: str = "") -> Document:
        return self._answered(name, self.small.call(name, event, openid))

    def _answered(self, name: str, reply: Document) -> Document:
        """A call succeeds, is refused for a good reason, or was told that the database was away."""
        if reply["code"] and self.small.fragile.deaths == 0:
            assert reply["error"] in ANSWERS[name], reply
        return reply

    def _choose(self, data: st.DataObject, fits: Callable[[Document], bool]) -> Document | None:
        orders = [order for order in self.small.shop.documents("orders") if fits(order)]
        return data.draw(st.sampled_from(orders)) if orders else None

    @staticmethod
    def _owner(order: Document) -> str:
        return next(openid for openid in MEMBERS if user_id(openid) == order["userId"])

    def _paid_attempts(self) -> list[str]:
        return [no for no, trade in self.small.till.trades.items() if trade.state == "SUCCESS"]


TestShopLife = ShopLife.TestCase
TestShopLife.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
