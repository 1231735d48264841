"""A small shop with two members, one a practitioner, three goods and a clock that is moved by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any

import pytest

from dataio import carbon
from demo import laws
from faults import Fragile
from gardenshop.cloud import clock
from gardenshop.cloud.clock import MINUTE
from gardenshop.cloud.database import Database, Document, update
from gardenshop.flows import payments, refunds
from gardenshop.flows.payments import Payment, take_payment
from harness import LINK_KEYS, PHONE_KEY, A, B, Shop, function, open_shop, user_id
from till import Till, transaction_id

NOON = 1_795_500_000_000
MEMBERS = (A, B)
UNITS = {"tofu": 6, "yuba": 3, "peel": 1}
PRICES = {"tofu": 590, "yuba": 1580, "peel": 12_800}
ADDRESS = {
    "addressId": "home",
    "name": "甲",
    "phone": "13800000000",
    "province": "浙江省",
    "city": "杭州市",
    "detail": "x 路 1 号",
    "isDefault": True,
}


class SmallShop:
    """The shop and everybody in it: members who order, WeChat Pay, the timers."""

    def __init__(self, shop: Shop, patch: pytest.MonkeyPatch) -> None:
        self.now = NOON
        self.till = Till()
        self.shop = shop
        self.fragile = Fragile(shop.adapter.inner)
        shop.adapter.inner = self.fragile
        self.db = Database(shop.adapter)
        patch.setattr(clock, "now_ms", lambda: self.now)
        self.till.serve(patch, payments, refunds, function("order_pay"))
        self._furnish()

    def _furnish(self) -> None:
        for sku_id in UNITS:
            self.shop.add("products", _product(sku_id))
            for collection, document in _stock(sku_id):
                self.shop.add(collection, document)
        self.shop.add("plant_templates", _plant())
        self.shop.add("practitioners", _practitioner())
        self.shop.add("tcm_wisdom", _lesson())
        self.shop.add("ingredients", _tofu())
        for openid in MEMBERS:
            self.shop.ok("login", openid=openid)
            self.shop.ok("profile_update", {"saveAddress": ADDRESS}, openid=openid)

    def call(self, name: str, event: Any = None, openid: str = "") -> Document:
        """Call a function; a timer is told the time of the shop."""
        timer = {"Type": "Timer", "Time": _utc(self.now)}
        reply: Document = self.shop.call(name, timer if event is None else event, openid=openid)
        return reply

    def checkout(self, openid: str, wanted: dict[str, int], token: str, *, points: int = 0) -> Document:
        """Order *wanted* at the price of now, and pay for some of it with *points*."""
        lines = [{"skuId": sku_id, "quantity": units} for sku_id, units in wanted.items()]
        goods = sum(PRICES[sku_id] * units for sku_id, units in wanted.items())
        weight = 1000 * sum(wanted.values())
        freight = 0 if goods >= 9900 else 1000 + max(weight - 1000, 0) // 1000 * 200
        event: Document = {"lines": lines, "clientToken": token}
        event |= {"expectedTotalFen": goods + freight - points, **({"points": points} if points else {})}
        return self.call("checkout", event, openid)

    def order(self, order_no: str) -> Document:
        """Return the order as it is stored."""
        return self.shop.one("orders", order_no)

    def open_payment(self, order_no: str, openid: str = A) -> str:
        """Open the order's payment and return its attempt."""
        reply = self.call("order_pay", {"orderNo": order_no}, openid)
        assert reply["code"] == 0, reply
        return str(reply["data"]["attemptNo"])

    def award(self, openid: str, points: int, token: str, *, book: str = "garden") -> Document:
        """Give a member points."""
        event = {"userId": user_id(openid), "book": book, "points": points}
        return self.call("points_award", {**event, "reason": "感谢", "clientToken": token})

    def plant(self, openid: str, token: str) -> Document:
        """Plant mint, which costs 30 garden points."""
        return self.call("garden_tend", {"action": "plant", "code": "mint", "clientToken": token}, openid)

    def learn(self, openid: str) -> Document:
        """Pass the one lesson, which pays 15 garden points."""
        return self.call("lesson_complete", {"lessonId": "lesson:beans", "answers": [1]}, openid)

    def eat(self, openid: str, token: str, action: str = "record") -> Document:
        """Record a meal of 200 g of tofu, which earns 12 garden points, or take it back."""
        event = {"action": action, "items": [{"ingredientId": "tofu", "grams": 200}], "clientToken": token}
        return self.call("meal_record", event, openid)

    def weigh_tofu(self, factor_g: int, version: str) -> None:
        """Give tofu another factor."""
        change = {"$set": {"factorG": factor_g, "factorVersion": version}}
        with self.fragile.immortal():
            self.db.write(update("ingredients", {"_id": "tofu"}, change))

    def recalculate(self) -> carbon.Tally:
        """Revise every meal that rests on other factors than those of now, and tell what that was."""
        tally = carbon.Tally()
        for page in carbon.pages(self.shop.adapter):
            stale = tally.add(page)
            if stale:
                carbon.store(self.shop.adapter, stale)
        return tally

    def notify(self, attempt_no: str) -> Document:
        """Let WeChat Pay's notice of the paid *attempt_no* arrive; return the order."""
        (order,) = self.shop.documents("orders", {"attempts.attemptNo": attempt_no})
        return take_payment(self.db, order, self.payment(attempt_no), now=self.now, actor="wechatpay")

    def payment(self, attempt_no: str) -> Payment:
        """Return the payment of *attempt_no* as WeChat Pay tells it."""
        trade = self.till.trades[attempt_no]
        return Payment(attempt_no, transaction_id(attempt_no), trade.amount_fen, trade.openid)

    def rest(self) -> None:
        """Run the pump, minute by minute and then hour by hour, until it has nothing left to do."""
        for wait in (3, 3, 5, 20, 60, 400, 400):
            self.now += wait * MINUTE
            reply = self.call("outbox_pump")
            assert reply["code"] == 0, reply
            if not list(laws.work_is_finished(self.shop.documents)):
                return

    def breaches(self) -> list[str]:
        """Return every law that is broken."""
        return laws.check(self.shop.documents)


@contextmanager
def open_small_shop() -> Iterator[SmallShop]:
    """Open the shop."""
    with pytest.MonkeyPatch.context() as patch, open_shop() as shop:
        patch.setenv("PHONE_HASH_KEY", PHONE_KEY)
        patch.setenv("SHARE_LINK_KEYS", LINK_KEYS)
        yield SmallShop(shop, patch)


@contextmanager
def intruder(small: SmallShop, *, trip: int, act: Callable[[], Any]) -> Iterator[None]:
    """Let *act* happen in the middle of what runs inside: just before its round trip number *trip*."""
    seen = 0

    def before(_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == trip:
            small.shop.adapter.before = _nothing
            act()

    small.shop.adapter.before = before
    try:
        yield
    finally:
        small.shop.adapter.before = _nothing


def _nothing(_: Any) -> None:
    """Interrupt nobody."""


def _product(sku_id: str) -> Document:
    sku = {"skuId": sku_id, "spec": "一份", "priceFen": PRICES[sku_id], "weightG": 1000}
    return {
        "_id": f"p-{sku_id}",
        "title": sku_id,
        "status": "on_sale",
        "categoryPath": ["豆制品"],
        "carbonGPerUnit": 700,
        "carbonSource": "测试数据",
        "skus": [sku],
        "minPriceFen": PRICES[sku_id],
        "certifications": [{"certificationId": "c1", "practitionerId": "lin", "name": "乙", "level": "gold"}],
        **_stamps(),
    }


def _stock(sku_id: str) -> list[tuple[str, Document]]:
    units: Document = {"onHand": UNITS[sku_id], "available": UNITS[sku_id]}
    opening: Document = {
        "_id": f"{sku_id}:opening:1",
        "skuId": sku_id,
        "reason": "opening",
        "ref": "1",
        "actor": "test",
    }
    opening |= {"deltas": units, "day": "2026-11-01", "state": "final"}
    stock = {"_id": sku_id, "productId": f"p-{sku_id}", **units, "reserved": 0, "damaged": 0}
    return [("inventory", stock | _stamps()), ("stock_ledger", opening | _stamps())]


def _plant() -> Document:
    plant: Document = {
        "_id": "mint",
        "name": "薄荷",
        "category": "herb",
        "scene": "balcony",
        "costPoints": 30,
    }
    return plant | {"growHours": 10, "rewardPoints": 20, **_stamps()}


def _practitioner() -> Document:
    """B, who vouches for all the goods."""
    named = {"_id": "lin", "userId": user_id(B), "name": "乙", "level": "gold", "status": "active"}
    counters = dict.fromkeys(("pendingFen", "confirmedFen", "settledFen", "paidFen", "debtFen"), 0)
    return {**named, "commission": {**counters, "recentOps": []}, **_stamps()}


def _lesson() -> Document:
    question: Document = {"text": "豆子要泡吗？", "options": ["不要", "要"], "answer": 1}
    lesson: Document = {
        "_id": "lesson:beans",
        "kind": "lesson",
        "key": "beans",
        "title": "泡豆",
        "body": "四小时。",
    }
    lesson |= {"source": {"title": "测试"}, "quiz": [question], "reward": {"points": 15}, "status": "live"}
    return lesson | _stamps()


def _tofu() -> Document:
    named = {"_id": "tofu", "name": "豆腐", "nameKey": "豆腐", "category": "豆制品", "status": "active"}
    factor = {"factorG": 3160, "factorSource": "测试数据", "factorVersion": "test"}
    return {**named, **factor, **_stamps()}


def _stamps() -> Document:
    return {"schemaVersion": 1, "createdAt": NOON, "updatedAt": NOON}


def _utc(instant: int) -> str:
    return datetime.fromtimestamp(instant / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
