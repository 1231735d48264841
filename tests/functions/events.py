"""Events for every function, made from its request model: valid ones, and ones that were tampered with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import strategies as st

from functions.builders import (
    FREIGHT,
    NOW,
    coupon,
    document,
    enrich,
    garden,
    lesson,
    line,
    lot,
    plant,
    practitioner,
    promotion,
    rule,
    stock_up,
    template,
    user,
)
from gardenshop.cloud import clock
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.http import HttpRequest
from gardenshop.cloud.wechat import WeChatApi
from harness import BOARD_KEYS, LINK_KEYS, PHONE_KEY, ROOT, A, B, Shop, function, open_shop, user_id

NAMES = sorted(path.parent.name for path in (ROOT / "functions").glob("*/index.py"))
MODELLED = [name for name in NAMES if function(name).main.request_type is not HttpRequest]
CALLERS = {"member": A, "operator": "", "timer": "", "http": ""}

CANARY = "canary"
POOL: dict[str, list[Any]] = {
    "skuId": ["tofu-500g", "tea-500g"],
    "productId": ["tofu", "tea"],
    "reviewId": ["elsewhere:L1", "nothing"],
    "target": ["tofu", "mapo"],
    "ingredientId": ["tofu", "nothing"],
    "day": ["2026-11-23", "2026-11-16", "2026-11-15"],
    "amount": ["半块", "2两", "许多"],
    "recipeId": ["mapo", "nothing"],
    "lessonId": ["lesson:five-pungent", "lesson:nothing"],
    "code": ["mint", "sprout"],
    "plantId": ["p1", "p-of-b"],
    "addressId": ["home", "elsewhere"],
    "userCouponId": ["mine", "elsewhere"],
    "couponId": ["c1", "nothing"],
    "promotionId": ["full-20", "nothing"],
    "userId": [user_id(A), user_id(B)],
    "clientToken": ["token-0001", "token-0002", "token-0003"],
    "expectedTotalFen": [2200, 3400],
    "cursor": ["5~tofu", "0~x"],
    "confirmation": ["我确认注销账号", "注销"],
    "practitionerId": ["lin", "bo"],
    "supplierOrderNo": ["PO-7", "PO-8"],
    "supplierId": ["north"],
    "suggestionId": ["tofu-500g:2026-11-23"],
    "expectedVersion": [0, 1],
    "withdrawalId": ["open", f"{user_id(B)}:payout-of-b"],
    "ruleId": ["freight", "flag:shop_migrated", "experiment:home"],
    "liveVersion": [0, 1, 2],
    "body": [{"freeFromFen": 5000}, {"shareBp": 100}, {}],
    "Time": [
        "",
        "2026-11-23T04:00:00Z",
        "2099-12-31T23:59:59Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ],
}
VALID: dict[str, Any] = {
    "login": {},
    "profile_update": {"nickname": "小满", "sex": "female"},
    "privacy_request": {"action": "export", "cursor": "6~"},
    "constitution_assess": {},
    "product_search": {"keyword": "豆腐"},
    "product_detail": {"productId": "tofu"},
    "recommend": {},
    "cart_add": {"skuId": "tofu-500g", "clientToken": "add-00000001"},
    "cart_update": {"changes": [{"skuId": "tea-500g", "quantity": 2}]},
    "cart_view": {},
    "checkout_preview": {"lines": [line()]},
    "checkout": {"lines": [line()], "clientToken": "token-0009", "expectedTotalFen": 2200},
    "coupon_center": {"lines": [line()]},
    "coupon_claim": {"couponId": "c1", "clientToken": "claim-0001"},
    "order_pay": {"orderNo": "of-a"},
    "order_view": {},
    "order_cancel": {"orderNo": "of-a"},
    "order_confirm": {"orderNo": "of-a"},
    "refund_apply": {"orderNo": "of-a", "clientToken": "return-0001"},
    "admin_order_ship": {
        "orderNo": "of-a",
        "clientToken": "parcel-0001",
        "action": "reprice",
        "goodsFen": 1000,
        "freightFen": 0,
        "reason": "老客户优惠",
    },
    "admin_campaign_save": {
        "action": "save_coupon",
        "clientToken": "campaign-0001",
        "coupon": {
            "terms": {"kind": "amount", "name": "冬日见面礼", "valueFen": 500, "minFen": 3000},
            "total": 5,
            "validity": {"days": 7},
            "channel": "center",
            "startAt": NOW,
            "endAt": NOW + 7 * DAY,
        },
    },
    "admin_rules_publish": {
        "action": "draft",
        "ruleId": "freight",
        "body": {"freeFromFen": 5000},
        "title": "满 50 元包邮",
        "clientToken": "rules-00001",
    },
    "admin_refund_decide": {
        "orderNo": "of-a",
        "afterSaleNo": "of-a-1",
        "action": "approve",
        "note": "核实无误",
    },
    "admin_review_decide": {
        "reviewId": "elsewhere:L1",
        "action": "reply",
        "text": "谢谢您",
        "note": "按惯例回复",
    },
    "admin_product_save": {
        "action": "save",
        "clientToken": "save-00001",
        "productId": "tofu",
        "expectedVersion": 0,
        "product": {"title": "老豆腐", "keywords": ["卤水"]},
    },
    "admin_stock_adjust": {
        "action": "receive",
        "clientToken": "stock-0001",
        "skuId": "tofu-500g",
        "supplierOrderNo": "PO-7",
        "quantity": 6,
    },
    "points_statement": {},
    "points_exchange": {"points": 100, "clientToken": "exchange-0001"},
    "meal_record": {"action": "record", "text": "半块豆腐", "clientToken": "meal-00001"},
    "carbon_report": {},
    "review_add": {"orderNo": "former", "lineId": "L1", "score": 5, "text": "豆香很浓"},
    "review_list": {"productId": "tofu"},
    "product_certify": {"productId": "tofu", "testimony": "去过作坊，当天点当天卖"},
    "recipe_buy": {"recipeId": "mapo", "mode": "add", "clientToken": "recipe-0001"},
    "points_award": {
        "userId": user_id(A),
        "book": "garden",
        "points": 5,
        "reason": "感谢反馈",
        "clientToken": "award-0001",
    },
    "garden_tend": {"action": "plant", "code": "mint", "clientToken": "plant-0001"},
    "commission_account": {"action": "withdraw", "amountFen": 1500, "clientToken": "payout-0001"},
    "admin_commission_pay": {
        "action": "paid",
        "practitionerId": "bo",
        "withdrawalId": f"{user_id(B)}:payout-of-b",
        "payoutNo": "P20261123",
        "note": "已转账",
    },
    "knowledge_feed": {},
    "lesson_complete": {"lessonId": "lesson:five-pungent", "answers": [1]},
    "events_track": {
        "sentAt": NOW,
        "events": [{"eventId": "event-0001", "type": "view", "at": NOW, "productId": "tofu"}],
    },
    "practitioner_view": {},
    "outbox_pump": {},
    "order_timeout": {},
    "restock_check": {},
    "admin_data": {"action": "backup"},
    "nightly_close": {},
    "solar_term_campaign": {},
    "pay_notify": {"httpMethod": "POST", "headers": {}, "body": "{}"},
    "dashboard": {"httpMethod": "GET", "path": "/dashboard", "headers": {}},
}


def furnish(shop: Shop) -> None:
    """A small shop where most ids of `POOL` lead somewhere; nothing in it needs WeChat."""
    shop.add("business_rules", rule("freight", FREIGHT))
    shop.add("plant_templates", template())
    shop.add("coupons", coupon())
    shop.add("promotions", promotion(condition={"minFen": 900_000}))
    for name in ("tofu", "tea"):
        stock_up(shop, name)
    for openid, points in ((A, 100), (B, 100)):
        balance = {"garden": {"available": points}, "shop": {"available": 0}}
        shop.add("users", user(openid, points=balance))
        shop.add("points_ledger", lot(f"award:{openid}", points, openid=openid))
    shop.add("gardens", garden(plant("p1")))
    shop.add("gardens", garden(plant("p-of-b"), openid=B))
    lines = [{**line("tea-500g"), "productId": "tea", "addedAt": NOW}]
    shop.add("shopping_cart", document("shopping_cart", id=user_id(A), lines=lines))
    shop.add("practitioners", practitioner())
    enrich(shop, settledFen=5000)
    shop.add("practitioners", practitioner(B, "bo"))
    enrich(shop, "bo", settledFen=5000)
    shop.ok("commission_account", {**VALID["commission_account"], "clientToken": "payout-of-b"}, openid=B)
    shop.add("orders", former_order())
    shop.add("product_reviews", former_review())
    shop.add("ingredients", tofu())
    shop.add("tcm_wisdom", lesson())
    items = [{"ingredientId": "tofu", "name": "豆腐", "grams": 400}]
    dish = {"title": "素麻婆豆腐", "category": "热菜", "servings": 2, "items": items, "steps": []}
    shop.add("recipes", document("recipes", id="mapo", carbonG=900, **dish))


def tofu() -> dict[str, Any]:
    """The ingredient of which the SKU tofu-500g holds 500 g."""
    factor = {"factorG": 1000, "factorSource": "测试数据", "factorVersion": "test"}
    links = [{"skuId": "tofu-500g", "gramsPerUnit": 500}]
    named = {"name": "豆腐", "nameKey": "豆腐", "category": "豆制品"}
    return document("ingredients", id="tofu", **named, **factor, skuLinks=links)


def former_order() -> dict[str, Any]:
    """An order of the former shop that A has received; it cost nothing."""
    snapshot = {"title": "北豆腐", "spec": "500g", "priceFen": 0, "weightG": 500}
    named = {"lineId": "L1", "skuId": "tofu-500g", "productId": "tofu", "quantity": 1}
    return document(
        "orders",
        id="former",
        userId=user_id(A),
        clientToken="former",
        status="completed",
        lines=[{**named, "listFen": 0, "paidFen": 0, "snapshot": snapshot}],
        totals={"goodsFen": 0, "payableFen": 0},
        rulesVersion="legacy",
    )


def former_review() -> dict[str, Any]:
    """What B said of what she bought."""
    named = {"productId": "tofu", "skuId": "tofu-500g", "userId": user_id(B), "nickname": "素心"}
    said = {"score": 4, "text": "豆香很浓", "state": "pending"}
    return document("product_reviews", id="elsewhere:L1", orderNo="elsewhere", lineId="L1", **named, **said)


@contextmanager
def furnished() -> Iterator[Shop]:
    with pytest.MonkeyPatch.context() as patch, open_shop() as shop:
        patch.setenv("PHONE_HASH_KEY", PHONE_KEY)
        patch.setenv("SHARE_LINK_KEYS", LINK_KEYS)
        patch.setenv("BOARD_KEYS", BOARD_KEYS)
        patch.setattr(clock, "now_ms", lambda: NOW)
        patch.setattr(WeChatApi, "_post", lambda *_: {"errcode": 40029})
        furnish(shop)
        yield shop


def valid(schema: dict[str, Any], defs: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Return values that *schema* allows, where *name* says so from `POOL`."""
    if "$ref" in schema:
        return valid(defs[schema["$ref"].rsplit("/", 1)[1]], defs, name)
    if "anyOf" in schema:
        return st.one_of(*(valid(each, defs, name) for each in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    if name in POOL:
        return st.sampled_from(POOL[name])
    made: st.SearchStrategy[Any] = _BY_TYPE[schema["type"]](schema, defs)
    return made


def _objects(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" not in schema and "additionalProperties" in schema:
        keys = st.from_regex(schema.get("propertyNames", {}).get("pattern", "^[a-z]{1,3}$"), fullmatch=True)
        return st.dictionaries(keys, valid(schema["additionalProperties"], defs), max_size=3)
    properties = schema.get("properties", {})
    required = {name: valid(properties[name], defs, name) for name in schema.get("required", ())}
    optional = {name: valid(each, defs, name) for name, each in properties.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


def _arrays(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    low = schema.get("minItems", 0)
    return st.lists(valid(schema["items"], defs), min_size=low, max_size=max(low, 3))


def _strings(schema: dict[str, Any], _: dict[str, Any]) -> st.SearchStrategy[Any]:
    low, high = schema.get("minLength", 0), schema.get("maxLength", 40)
    if "pattern" in schema:
        found = st.from_regex(schema["pattern"], fullmatch=True)
        return found.filter(lambda text: low <= len(text) <= high)
    return st.text("豆腐薄荷abc 1", min_size=low, max_size=min(high, 20))


def _integers(schema: dict[str, Any], _: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.integers(schema.get("minimum", 0), schema.get("maximum", 10**6))


_BY_TYPE: dict[str, Any] = {
    "object": _objects,
    "array": _arrays,
    "string": _strings,
    "integer": _integers,
    "boolean": lambda *_: st.booleans(),
    "null": lambda *_: st.none(),
}

NASTY: list[Any] = [
    None, True, False, -1, 0, 1, 10**12, 2**63, 10**400, 0.5, 1.0, -0.0, 1e308, float("nan"), float("inf"),
    "", " ", "\u200b", "\u3164", f"{CANARY}\x00", f"{CANARY}\x1b[31m", f"{CANARY}\n", f"{CANARY}\u202e",
    f"\u2066{CANARY}", f"{CANARY}\ud800", f"\ufeff{CANARY}", f"{CANARY}\u2028", "１２３", "٣", "👩‍🌾" * 9,
    f"{CANARY}'; DROP TABLE users; --", f"<script>{CANARY}</script>", CANARY * 20_000, CANARY * 500,
    {"$ne": None}, {"$gt": ""}, {"$where": CANARY}, {"$regex": f".*{CANARY}"}, {"$in": [CANARY]},
    {"a.b": CANARY}, [], {}, [[]], [None], [{"$ne": None}], {"__proto__": CANARY}, [0] * 5_000,
]  # fmt: skip
KEYS = [
    "$where",
    "$ne",
    "a.b",
    "",
    "_id",
    "userId",
    "_openid",
    "openid",
    "__class__",
    "unknown",
    "\u202e",
    "\x00",
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside *value*."""
    yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def put(event: Any, path: Sequence[Any], value: Any) -> Any:
    if not path:
        return value
    inside = event
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return event


@st.composite
def broken(draw: st.DrawFn, events: st.SearchStrategy[Any]) -> Any:
    """An event with up to three values replaced, dropped, wrapped or added."""
    event = deepcopy(draw(events))
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(places(event))))
        kind = draw(st.sampled_from(["replace", "drop", "wrap", "add"]))
        inside = event
        for key in path:
            inside = inside[key]
        if kind == "replace":
            event = put(event, path, deepcopy(draw(st.sampled_from(NASTY))))
        elif kind == "wrap":
            event = put(event, path, draw(st.sampled_from([{"$ne": inside}, {"$in": [inside]}, [inside]])))
        elif kind == "drop" and path and isinstance(path[-1], str):
            holder = event
            for key in path[:-1]:
                holder = holder[key]
            del holder[path[-1]]
        elif kind == "add" and isinstance(inside, dict):
            inside[draw(st.sampled_from(KEYS))] = deepcopy(draw(st.sampled_from(NASTY)))
    return event


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = function(name).main.request_type.model_json_schema()
    return schema
