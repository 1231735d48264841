"""Small valid documents with keyword defaults, and small shops made of them.

What a test does not name is what most tests want: a product on the shelf, stock enough, a member with an
address. Keyword changes are stored (camelCase) names; every document passes its model.
"""

from collections.abc import Callable
from itertools import count
from typing import Any
from zlib import crc32

from demo.laws import check
from faults import Fragile, Killed
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import delete, insert, update
from gardenshop.cloud.errors import DatabaseUnavailable
from gardenshop.flows.share_links import Target, make
from gardenshop.models.base import dump
from gardenshop.models.registry import model_of
from harness import ENV, LINK_KEYS, A, Shop, open_shop, user_id
from localcloud.adapter import EngineAdapter

NOW = 1_795_406_400_000
"""2026-11-23 12:00 in China: the solar term is 小雪."""

HOME: dict[str, Any] = {
    "addressId": "home",
    "name": "沈素心",
    "phone": "13800010086",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路 1 号",
    "isDefault": True,
}
FREIGHT = {"freeFromFen": 9900, "default": {"firstFen": 1000, "firstG": 1000, "nextFen": 200, "nextG": 1000}}
Document = dict[str, Any]


def document(collection: str, **fields: Any) -> Document:
    """Return a document of *collection* as it is stored; ``_id`` is given as ``id``."""
    stamps = {"createdAt": NOW - DAY, "updatedAt": NOW - DAY}
    named = {"_id": fields.pop("id"), **stamps, **fields}
    return dump(model_of(collection).model_validate(named))


def sku(sku_id: str = "tofu-500g", **changes: Any) -> Document:
    return {"skuId": sku_id, "spec": "500g", "priceFen": 1200, "weightG": 500, **changes}


def product(product_id: str = "tofu", **changes: Any) -> Document:
    fields: Document = {
        "title": "北豆腐",
        "categoryPath": ["豆制品", "豆腐"],
        "status": "on_sale",
        "skus": [sku(f"{product_id}-500g")],
        "carbonGPerUnit": 500,
        "carbonSource": "测试数据",
        **changes,
    }
    fields.setdefault("minPriceFen", min(each["priceFen"] for each in fields["skus"]))
    return document("products", id=product_id, **fields)


def inventory(sku_id: str = "tofu-500g", available: int = 10, **changes: Any) -> Document:
    product_id = sku_id.rsplit("-", 1)[0]
    reserved = changes.get("reserved", 0)
    fields = {"productId": product_id, "onHand": available + reserved, "available": available, **changes}
    return document("inventory", id=sku_id, **fields)


def suggestion(sku_id: str = "tofu-500g", **changes: Any) -> Document:
    """Yesterday's proposal to order thirty units."""
    nothing = {"low": [0], "expected": [0], "high": [0]}
    return {
        "suggestionId": f"{sku_id}:2026-11-23",
        "quantity": 30,
        "reasons": ["缺货"],
        "costFen": 3000,
        "gainFen": 0,
        "returnBp": 0,
        "withinBudget": True,
        "arrivesOn": "2026-11-30",
        "projection": {"from": "2026-11-23", "stepDays": 1, "ordered": nothing, "unordered": nothing},
        "at": NOW - DAY,
        **changes,
    }


def opening(sku_id: str = "tofu-500g", units: int = 10) -> Document:
    """The ledger row from which a SKU's stock comes."""
    deltas = {"onHand": units, "available": units}
    row = {"skuId": sku_id, "reason": "opening", "ref": "opening", "actor": "platform", "day": "2026-11-22"}
    return document("stock_ledger", id=f"{sku_id}:opening:opening", deltas=deltas, **row)


def user(openid: str = A, **changes: Any) -> Document:
    fields = {"openid": openid, "addresses": [HOME], **changes}
    return document("users", id=user_id(openid), **fields)


def former(uid: str = "10086", *, phone_hash: str, points: int = 860, **changes: Any) -> Document:
    """An account of the former shop that waits for its owner."""
    fields = {"phoneHash": phone_hash, "points": {"shop": {"available": points}}, "legacy": {"shopUid": uid}}
    return document("users", id=f"legacy:{uid}", nickname="素心", tier="silver", **(fields | changes))


def lot(key: str = "award:first", points: int = 100, *, openid: str = A, **changes: Any) -> Document:
    """A final earning of *points* that lapses in a year unless *changes* say otherwise."""
    fields: Document = {
        "userId": user_id(openid),
        "book": "garden",
        "delta": points,
        "kind": "award",
        "ref": {"type": "award", "id": "first"},
        "lot": {"left": points, "expiresAt": NOW + 365 * DAY},
        "state": "final",
        "rulesVersion": "",
        "day": "2026-11-22",
        **changes,
    }
    return document("points_ledger", id=key, **fields)


def template(code: str = "mint", **changes: Any) -> Document:
    stages = [{"name": "插枝", "hours": 2}, {"name": "分枝", "hours": 2}, {"name": "满盆", "hours": 0}]
    fields: Document = {
        "name": "薄荷",
        "category": "香草",
        "scene": "窗台",
        "costPoints": 20,
        "growHours": 4,
        "rewardPoints": 40,
        "stages": stages,
        **changes,
    }
    return document("plant_templates", id=code, **fields)


def plant(plant_id: str = "p1", code: str = "mint", **changes: Any) -> Document:
    return {"plantId": plant_id, "code": code, "name": "薄荷", "plantedAt": NOW - DAY, **changes}


def garden(*plants: Document, openid: str = A) -> Document:
    return document("gardens", id=user_id(openid), plants=list(plants))


def wisdom(kind: str, key: str, **changes: Any) -> Document:
    fields: Document = {"title": key, "body": f"{key} 的正文", "source": {"title": "本店撰写"}, **changes}
    return document("tcm_wisdom", id=f"{kind}:{key}", kind=kind, key=key, **fields)


def question(answer: int = 1) -> Document:
    options = ["是", "不是", "只有老姜是"]
    return {"text": "生姜是五辛吗？", "options": options, "answer": answer, "explanation": "姜不在其列。"}


def lesson(key: str = "five-pungent", *, points: int = 15, **changes: Any) -> Document:
    """A lesson with one question, to which 1 is the answer, unless *changes* say otherwise."""
    fields: Document = {"quiz": [question()], "reward": {"points": points}, **changes}
    return wisdom("lesson", key, **fields)


def rule(rule_id: str, body: Document, *, version: int = 1, category: str | None = None) -> Document:
    names = {"ruleId": rule_id, "version": version, "category": category or rule_id, "liveKey": rule_id}
    return document(
        "business_rules", id=f"{rule_id}:{version}", body=body, state="live", author="editor", **names
    )


def promotion(promotion_id: str = "full-20", **changes: Any) -> Document:
    """满 20 减 5 for everybody, on all goods, unless *changes* say otherwise."""
    fields: Document = {
        "name": "满 20 减 5",
        "kind": "amount_off",
        "level": "order",
        "condition": {"minFen": 2000},
        "benefit": {"offFen": 500},
        "startAt": NOW - DAY,
        "endAt": NOW + DAY,
        "state": "live",
        **changes,
    }
    return document("promotions", id=promotion_id, **fields)


TERMS = {"kind": "amount", "name": "满 20 减 3", "valueFen": 300, "minFen": 2000}


def coupon(coupon_id: str = "c1", **changes: Any) -> Document:
    """A template of ten copies, one a member, good for a week."""
    fields: Document = {
        "terms": TERMS,
        "total": 10,
        "validity": {"days": 7},
        "channel": "center",
        "startAt": NOW - DAY,
        "endAt": NOW + DAY,
        "state": "live",
        **changes,
    }
    return document("coupons", id=coupon_id, **fields)


def user_coupon(copy_id: str = "", *, openid: str = A, **changes: Any) -> Document:
    """One member's copy of `coupon`, free to use."""
    fields: Document = {
        "couponId": "c1",
        "userId": user_id(openid),
        "state": "available",
        "from": NOW - DAY,
        "until": NOW + 6 * DAY,
        "source": "center",
        "terms": TERMS,
        **changes,
    }
    return document("user_coupons", id=copy_id or f"c1:{user_id(openid)}:0", **fields)


def practitioner(openid: str = A, practitioner_id: str = "lin", **changes: Any) -> Document:
    """A member as an active practitioner who has earned nothing."""
    fields = {"name": "林清禾", "level": "gold", "status": "active", **changes}
    return document("practitioners", id=practitioner_id, userId=user_id(openid), **fields)


def badge(practitioner_id: str = "lin", **changes: Any) -> Document:
    """What a product shows of a practitioner's certification."""
    fields: Document = {"practitionerId": practitioner_id, "name": "林清禾", "level": "gold", **changes}
    return {"certificationId": f"{practitioner_id}:product:tofu", **fields}


def commission(kind: str, **fields: Any) -> Document:
    """A final entry of the commission ledger; counters' names (``settledFen``) are its deltas."""
    practitioner_id = fields.pop("practitionerId", "lin")
    deltas = {name: fields.pop(name) for name in list(fields) if name in _COUNTERS}
    key = fields.pop("id", f"{kind}:{practitioner_id}")
    named = {"practitionerId": practitioner_id, "entryId": f"e{crc32(key.encode())}", "kind": kind}
    row = {"deltas": deltas, "day": "2026-10-20", "state": "final", **named, **fields}
    return document("commission_ledger", id=key, **row)


_COUNTERS = ("pendingFen", "confirmedFen", "settledFen", "paidFen", "debtFen")


def enrich(shop: Shop, practitioner_id: str = "lin", **counters: int) -> None:
    """Give a practitioner *counters* with the entry that they come from."""
    edit(
        shop,
        "practitioners",
        practitioner_id,
        {f"commission.{name}": fen for name, fen in counters.items()},
    )
    shop.add("commission_ledger", commission("opening", practitionerId=practitioner_id, **counters))


def stock_up(shop: Shop, product_id: str = "tofu", units: int = 10, **changes: Any) -> None:
    """Put *units* of the product on the shelf, with the ledger row that they come from."""
    sku_id = f"{product_id}-500g"
    shop.add("products", product(product_id, **changes))
    shop.add("inventory", inventory(sku_id, units))
    shop.add("stock_ledger", opening(sku_id, units))


def edit(shop: Shop, collection: str, key: str, changes: Document) -> None:
    """Set fields of a stored document, by dotted names, past the functions and their database's troubles."""
    EngineAdapter(shop.engine, ENV).run([update(collection, {"_id": key}, {"$set": changes})])


def remove(shop: Shop, collection: str, key: str) -> None:
    """Take a document away, such as one that fits no model, past the functions and their troubles."""
    EngineAdapter(shop.engine, ENV).run([delete(collection, {"_id": key})])


def sell_out(shop: Shop, sku_id: str) -> None:
    """Take what is left of a SKU off the shelf, past the functions and their database's troubles."""
    left = shop.one("inventory", sku_id)["available"]
    deltas = {"onHand": -left, "available": -left}
    row = document(
        "stock_ledger",
        id=f"{sku_id}:damage:sold-out",
        deltas=deltas,
        skuId=sku_id,
        reason="damage",
        ref="sold-out",
        actor="platform",
        day="2026-11-23",
    )
    taken = update("inventory", {"_id": sku_id}, {"$inc": deltas})
    EngineAdapter(shop.engine, ENV).run([insert("stock_ledger", row), taken])


def line(sku_id: str = "tofu-500g", quantity: int = 1) -> Document:
    return {"skuId": sku_id, "quantity": quantity}


def led_by_link(
    *, at: int = NOW, practitioner_id: str = "lin", target_type: Target = "product", target: str = "tofu"
) -> Document:
    """What a client says that a link made at *at* has led on."""
    environ = {"SHARE_LINK_KEYS": LINK_KEYS}
    return {"scene": "share", "link": make(practitioner_id, target_type, target, environ=environ, now=at)}


def place_order(
    shop: Shop,
    *,
    openid: str = A,
    token: str = "token-0001",
    lines: list[Document] | None = None,
    coupon_id: str | None = None,
    points: int = 0,
) -> Document:
    """Order *lines* (default: one unit of tofu) as *openid* does, and return the stored order."""
    wanted: Document = {"lines": lines or [line()]}
    if coupon_id:
        wanted["userCouponId"] = coupon_id
    if points:
        wanted["points"] = points
    total = shop.ok("checkout_preview", wanted, openid=openid)["payableFen"]
    placed = shop.ok("checkout", {**wanted, "clientToken": token, "expectedTotalFen": total}, openid=openid)
    return shop.one("orders", placed["orderNo"])


def pages(shop: Shop, name: str, event: Document, *, openid: str = A) -> list[Document]:
    """Return the pages of a list from the first to the last, of which there must be fewer than 20."""
    found: list[Document] = []
    for _ in range(20):
        found.append(shop.ok(name, event, openid=openid))
        assert shop.adapter.trips == 1
        if "nextCursor" not in found[-1]:
            return found
        event = {**event, "cursor": found[-1]["nextCursor"]}
    raise AssertionError


def assert_lawful(shop: Shop) -> None:
    """Let the outbox do its work, then check the laws of the shop (design §6)."""
    for _ in range(3):
        shop.ok("outbox_pump")
    assert check(shop.documents) == []


def die_everywhere(
    prepare: Callable[[Shop], None],
    act: Callable[[Shop], Any],
    verify: Callable[[Shop], None],
    *,
    again: bool = True,
) -> int:
    """Break *act* off after each of its writes, run it *again* from the top, and *verify* what came of it.

    Once the process dies, once it only hears that the database did not answer. Returns the number of writes.
    """
    for lives in count():
        died = False
        for death in (Killed, DatabaseUnavailable):
            with open_shop() as shop:
                prepare(shop)
                sound = shop.adapter.inner
                shop.adapter.inner = fragile = Fragile(sound, lives=lives, death=death)
                try:
                    act(shop)
                except Killed:
                    died = True
                shop.adapter.inner = sound
                if again:
                    act(shop)
                verify(shop)
        if not died:
            return fragile.writes
    raise AssertionError
