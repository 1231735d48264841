"""The shop that is played: few units, odd weights, so that things collide and leave remainders."""

from typing import Any

from dataio.definitions import load
from gardenshop.cloud.clock import HOUR
from gardenshop.cloud.database import insert
from gardenshop.cloud.identity import user_id
from localcloud.adapter import EngineAdapter
from localcloud.engine import Engine

Document = dict[str, Any]

ENV = "simulation"
OPENING = 1_795_500_000_000
"""When every play begins: noon of a day in November 2026, in China."""

MEMBERS = ("o-mint", "o-lotus", "o-cedar")
NEWCOMER = "o-cedar"
"""The one of them who has not been greeted yet."""
PHONE = "13800000001"
"""The phone of a former account that two members say is theirs."""

STOCK = {"tofu": 7, "yuba": 3, "peel": 1, "rice": 40}
PRICES = {"tofu": 590, "yuba": 1585, "peel": 12_801, "rice": 7}
WEIGHTS = {"tofu": 433, "yuba": 250, "peel": 101, "rice": 1517}
POINTS = (35, 17, 20)
"""The lots of garden points with which a member starts."""
SHOP_POINTS = (90, 45, 60)
"""The lots of shop points with which a member starts; the last one lapses soon after the opening."""
GARDEN_FOR_SHOP = 10
"""Garden points for a shop point."""
REDEEM_CAP = 150
DAILY_CAPS = {"exchange_out": 40, "harvest": 30, "lesson": 25, "meal": 25}
"""The most points that a member exchanges, harvests, learns and eats for on one day."""
DAY_LONG = 24 * HOUR
FORMER_POINTS = 86
PRACTITIONER, EARNER = "p-mint", MEMBERS[0]
"""The practitioner, who is one of the members."""
LINK_KEYS = "play:the key of the links"
VOUCHED = ("tofu", "peel")
"""What she vouches for."""
RATES = {"share": 500, "certification": 200}
COMMISSION = {"confirmedFen": 3000, "settledFen": 2500, "debtFen": 400}
"""Commission with which she starts; the confirmed is of months that are over."""
LESSONS = {"lesson:beans": 13, "lesson:terms": 11, "lesson:labels": 7}
"""What each lesson pays."""
ANSWERS = (1, 0, 2)
"""The right answers of every quiz; two of three pass."""
PLANT_COST = 30
PLANT_REWARD = 20

CODE = "SIMULATE"
_FEW = {"total": 3, "perUser": 2}
COUPONS: dict[str, Document] = {
    "few": {"terms": {"kind": "amount", "name": "减", "valueFen": 333, "minFen": 1000}, **_FEW},
    "plenty": {"terms": {"kind": "percent", "name": "折", "payBp": 8300, "capFen": 700}, "perUser": 2},
    "carriage": {"terms": {"kind": "freight", "name": "运", "valueFen": 450}, "perUser": 3},
    "welcome": {"terms": {"kind": "amount", "name": "新", "valueFen": 200}, "trigger": "new_member"},
    "reaped": {"terms": {"kind": "amount", "name": "收", "valueFen": 5}, "trigger": "garden_milestone"},
}
"""The templates; `plenty` is claimed by `CODE`, those with a trigger come by themselves."""
PROMOTION = "bonus"
BONUS_FROM_FEN, BONUS_FEN, BONUS_USES = 1500, 101, 2
"""What the promotion takes off an order from an amount on, and how often."""


def open_engine() -> tuple[Engine, EngineAdapter]:
    """Open an engine in memory with the shop's collections, all empty."""
    engine = Engine(None)
    for each in load():
        engine.create_collection(ENV, each.name)
        for index in each.indexes:
            engine.create_index(
                ENV,
                each.name,
                index.name,
                list(index.keys),
                unique=index.unique,
                sparse=index.sparse,
                partial=index.partial,
            )
    return engine, EngineAdapter(engine, ENV)


def furnish(adapter: EngineAdapter, phone_hash: str) -> None:
    """Store what the shop begins with."""
    documents = [
        *_goods(),
        *_members(),
        *_former(phone_hash),
        ("plant_templates", _plant()),
        ("business_rules", _rules()),
        *_campaigns(),
        *_practitioner(),
        *_lessons(),
        *_foods(),
    ]
    adapter.run([insert(collection, {**document, **_STAMPS}) for collection, document in documents])


_STAMPS = {"schemaVersion": 1, "createdAt": OPENING - HOUR, "updatedAt": OPENING - HOUR}
_ADDRESS = {
    "addressId": "home",
    "name": "甲",
    "phone": "13800000000",
    "province": "浙江省",
    "city": "杭州市",
    "detail": "竹林路 1 号",
    "isDefault": True,
}


def _goods() -> list[tuple[str, Document]]:
    documents: list[tuple[str, Document]] = []
    for sku_id, units in STOCK.items():
        sku = {"skuId": sku_id, "spec": "一份", "priceFen": PRICES[sku_id], "weightG": WEIGHTS[sku_id]}
        known = {"title": sku_id, "skus": [sku], "minPriceFen": PRICES[sku_id]}
        counters = {"onHand": units, "available": units}
        stock = {**counters, "reserved": 0, "damaged": 0}
        row = {"skuId": sku_id, "reason": "opening", "ref": "opening", "actor": "platform"}
        row |= {"_id": f"{sku_id}:opening:opening", "day": _DAY, "state": "final"}
        documents += [
            ("products", {"_id": f"p-{sku_id}", **_PRODUCT, **known, **_vouched(sku_id)}),
            ("inventory", {"_id": sku_id, "productId": f"p-{sku_id}", **stock}),
            ("stock_ledger", {**row, "deltas": counters}),
            ("product_reviews", _said_before(sku_id)),
        ]
    return documents


_DAY = "2026-11-24"
_PRODUCT = {
    "status": "on_sale",
    "categoryPath": ["豆制品"],
    "carbonGPerUnit": 313,
    "carbonSource": "simulation",
    "rating": {"count": 1, "sum": 4},
}


def _said_before(sku_id: str) -> Document:
    """Return a review that the product's rating has counted."""
    line = {"orderNo": f"before-{sku_id}", "lineId": "L1", "skuId": sku_id, "productId": f"p-{sku_id}"}
    said = {"score": 4, "text": "豆香很浓", "state": "shown", "version": 0}
    return {"_id": f"before-{sku_id}:L1", **line, "userId": "u-before", "nickname": "甲", **said}


def _vouched(sku_id: str) -> Document:
    badge = {"certificationId": "c1", "practitionerId": PRACTITIONER, "name": "甲", "level": "gold"}
    return {"certifications": [badge] if sku_id in VOUCHED else []}


def _practitioner() -> list[tuple[str, Document]]:
    named = {
        "_id": PRACTITIONER,
        "userId": user_id(EARNER),
        "name": "甲",
        "level": "gold",
        "status": "active",
    }
    counters = {**dict.fromkeys(("pendingFen", "paidFen"), 0), **COMMISSION, "recentOps": []}
    row = {"_id": "opening:commission", "practitionerId": PRACTITIONER, "entryId": "e0", "kind": "opening"}
    return [
        ("practitioners", {**named, "commission": counters}),
        ("commission_ledger", {**row, "deltas": COMMISSION, "day": "2026-10-20", "state": "final"}),
    ]


def _members() -> list[tuple[str, Document]]:
    documents = []
    for openid in MEMBERS:
        new = {"greetAt": OPENING} if openid == NEWCOMER else {}
        account = _account(user_id(openid), sum(POINTS), openid=openid, addresses=[_ADDRESS], **new)
        account["points"]["shop"]["available"] = sum(SHOP_POINTS)
        documents.append(("users", account))
        lots = [_lot(user_id(openid), "garden", points, order) for order, points in enumerate(POINTS)]
        lots += [_lot(user_id(openid), "shop", points, order) for order, points in enumerate(SHOP_POINTS)]
        lots[-1]["lot"]["expiresAt"] = OPENING + HOUR // 2
        documents += [("points_ledger", lot) for lot in lots]
    return documents


def _former(phone_hash: str) -> list[tuple[str, Document]]:
    owner = "legacy:7"
    account = _account(owner, 0, phoneHash=phone_hash, legacy={"shopUid": "7"})
    account["points"] = {"shop": {"available": FORMER_POINTS, "pending": 0, "reserved": 0, "debt": 0}}
    return [("users", account), ("points_ledger", _lot(owner, "shop", FORMER_POINTS, 0))]


def _account(key: str, points: int, **fields: Any) -> Document:
    garden = {"available": points, "pending": 0, "debt": 0}
    shop = {"available": 0, "pending": 0, "reserved": 0, "debt": 0}
    facts = {"nickname": "", "roles": [], "status": "active", "tier": "bronze", "consents": [], "version": 0}
    books = {"garden": garden, "shop": shop, "recentOps": []}
    return {"_id": key, **facts, "addresses": [], "points": books, **fields}


def _lot(owner: str, book: str, points: int, order: int) -> Document:
    """One lot; later ones lapse before earlier ones."""
    return {
        "_id": f"opening:{owner}:{book}:{order}",
        "userId": owner,
        "book": book,
        "delta": points,
        "kind": "opening",
        "ref": {"type": "award", "id": "opening"},
        "lot": {"left": points, "expiresAt": OPENING + (400 - order) * 24 * HOUR},
        "state": "final",
        "final": True,
        "rulesVersion": "",
        "day": _DAY,
    }


def _rules() -> Document:
    """Small caps and steps of points, which members meet within a play."""
    caps = {"exchangeDaily": DAILY_CAPS["exchange_out"], "harvestDaily": DAILY_CAPS["harvest"]}
    caps["lessonDaily"] = DAILY_CAPS["lesson"]
    caps["mealDaily"] = DAILY_CAPS["meal"]
    body = {**caps, "exchangeUnit": GARDEN_FOR_SHOP, "redeemCap": REDEEM_CAP}
    facts = {"ruleId": "points", "version": 1, "category": "points", "liveKey": "points", "author": "stage"}
    return {"_id": "points:1", **facts, "state": "live", "body": body}


_FOODS = (("tofu", "豆腐", "豆制品", 3160), ("rice", "大米", "谷物", 4450), ("egg", "鸡蛋", "蛋", 4670))


def _foods() -> list[tuple[str, Document]]:
    documents = []
    for food_id, name, category, factor_g in _FOODS:
        named = {"_id": food_id, "name": name, "nameKey": name, "category": category, "status": "active"}
        factor = {"factorG": factor_g, "factorSource": "simulation", "factorVersion": "simulation"}
        documents.append(("ingredients", {**named, **factor}))
    return documents


def _plant() -> Document:
    plant = {"_id": "mint", "name": "薄荷", "category": "herb", "scene": "balcony", "costPoints": PLANT_COST}
    return {**plant, "growHours": 1, "rewardPoints": PLANT_REWARD}


def _lessons() -> list[tuple[str, Document]]:
    quiz = [{"text": "问", "options": ["甲", "乙", "丙"], "answer": answer} for answer in ANSWERS]
    text: Document = {"kind": "lesson", "title": "课", "body": "文", "source": {"title": "simulation"}}
    text |= {"quiz": quiz, "status": "live"}
    return [
        ("tcm_wisdom", {"_id": key, "key": key[7:], **text, "reward": {"points": points}})
        for key, points in LESSONS.items()
    ]


def _campaigns() -> list[tuple[str, Document]]:
    on = {"state": "live", "startAt": OPENING - HOUR, "endAt": OPENING + 90 * 24 * HOUR, "recentOps": []}
    documents: list[tuple[str, Document]] = []
    for key, template in COUPONS.items():
        channel = "trigger" if "trigger" in template else "code" if key == "plenty" else "center"
        counts = {"total": 40, "issued": 0, "perUser": 1, "validity": {"days": 60}}
        code = {"code": CODE} if key == "plenty" else {}
        documents.append(("coupons", {"_id": key, **on, **counts, "channel": channel, **code, **template}))
    rule = {"name": "满减", "kind": "amount_off", "level": "order", "condition": {"minFen": BONUS_FROM_FEN}}
    worth = {"benefit": {"offFen": BONUS_FEN}, "budget": {"unit": "uses", "limit": BONUS_USES, "used": 0}}
    return [*documents, ("promotions", {"_id": PROMOTION, **on, **rule, **worth})]
