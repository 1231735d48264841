"""admin_product_save: products change in parts, on the version that was seen; what others know stays."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    NOW,
    Document,
    assert_lawful,
    die_everywhere,
    edit,
    line,
    place_order,
    sku,
    stock_up,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud.database import update
from harness import ENV, A, Shop, user_id
from localcloud.adapter import EngineAdapter

EDITOR, OPERATOR = "openid-editor", "openid-operator"
PEEL: Document = {
    "title": "新会陈皮",
    "subtitle": "五年陈",
    "categoryPath": ["调味", "香料"],
    "skus": [
        {"skuId": "peel-100g", "spec": "100g", "priceFen": 6800, "weightG": 100},
        {"skuId": "peel-50g", "spec": "50g", "priceFen": 3600, "marketFen": 4000, "weightG": 50},
    ],
    "carbonGPerUnit": 120,
    "carbonSource": "测试数据",
    "keywords": ["橘皮"],
}
NEW = {"action": "save", "productId": "peel", "product": PEEL}
RENAME = {
    "action": "save",
    "productId": "tofu",
    "expectedVersion": 0,
    "product": {"title": "老豆腐", "keywords": ["卤水"]},
}
PRICE = {
    "action": "price",
    "productId": "tofu",
    "expectedVersion": 0,
    "prices": [{"skuId": "tofu-500g", "priceFen": 990, "marketFen": 1200}],
}
UNSHELF = {"action": "unshelf", "productId": "tofu", "expectedVersion": 0}
LEARNT = {"day": "2026-11-23", "figure": "1", "near": "tea 3"}


def prepare(shop: Shop) -> None:
    """Tofu, of which others know something, and tea."""
    shop.add("users", user())
    shop.add("users", user(EDITOR, roles=["editor"]))
    shop.add("users", user(OPERATOR, roles=["operator"]))
    stock_up(shop)
    stock_up(shop, "tea", skus=[sku("tea-500g"), sku("tea-1kg", priceFen=2000)])
    edit(shop, "products", "tofu", {"learnt": LEARNT, "sales": 7})


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def save(
    shop: Shop, event: Document, token: str = "save-00001", *, openid: str = "", **changes: Any
) -> Document:
    return shop.ok("admin_product_save", {"clientToken": token, **event, **changes}, openid=openid)


def refused(shop: Shop, event: Document, token: str = "save-00001", *, openid: str = "") -> Document:
    """Return the reply to what is refused and leaves nothing behind."""
    return shop.refused("admin_product_save", {"clientToken": token, **event}, openid=openid)


def meanwhile(shop: Shop, act: Callable[[], object], *, trip: int) -> None:
    """Let *act* happen just before round trip number *trip* of the next call."""
    seen = 0

    def before(_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == trip:
            shop.adapter.before = lambda _: None
            act()

    shop.adapter.before = before


def test_a_new_product_is_a_draft_with_stock_to_fill(shop: Shop) -> None:
    assert save(shop, NEW, openid=EDITOR) == {
        "productId": "peel",
        "status": "draft",
        "version": 1,
        "minPriceFen": 3600,
        "skuIds": ["peel-100g", "peel-50g"],
        "repeated": False,
    }

    stored = shop.one("products", "peel")
    assert {name: stored[name] for name in ("title", "minPriceFen", "sales", "rating", "certifications")} == {
        "title": "新会陈皮",
        "minPriceFen": 3600,
        "sales": 0,
        "rating": {"count": 0, "sum": 0},
        "certifications": [],
    }
    assert {"陈皮", "香料", "橘皮"} <= set(stored["searchKeys"])
    stock = shop.one("inventory", "peel-50g")
    assert (stock["productId"], stock["onHand"], stock["available"]) == ("peel", 0, 0)
    (trail,) = shop.documents("audit_logs")
    assert (trail["actor"], trail["role"], trail["target"], trail["diff"]["before"]) == (
        user_id(EDITOR),
        "editor",
        "peel",
        {},
    )
    assert_lawful(shop)


def test_what_is_new_is_found_and_bought_once_it_is_on_the_shelf_and_in_stock(shop: Shop) -> None:
    save(shop, NEW)
    assert shop.ok("product_search", {"keyword": "陈皮"}, openid=A)["products"] == []

    save(shop, {"action": "shelf", "productId": "peel", "expectedVersion": 1}, "save-00002")
    receipt = {"action": "receive", "skuId": "peel-50g", "supplierOrderNo": "PO-1", "quantity": 3}
    shop.ok("admin_stock_adjust", {"clientToken": "stock-0001", **receipt})

    (found,) = shop.ok("product_search", {"keyword": "陈皮"}, openid=A)["products"]
    assert (found["productId"], found["minFen"], found["inStock"]) == ("peel", 3600, True)
    shop.ok("cart_add", {"skuId": "peel-50g", "clientToken": "add-00000001"}, openid=A)
    assert_lawful(shop)


def test_a_part_is_saved_and_the_rest_stays(shop: Shop) -> None:
    before = shop.one("products", "tofu")

    assert save(shop, RENAME)["version"] == 1

    after = shop.one("products", "tofu")
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"title", "keywords", "searchKeys", "version", "recentOps", "updatedAt"}
    assert "卤水" in after["searchKeys"]
    diff = shop.documents("audit_logs")[0]["diff"]
    assert (diff["before"]["title"], diff["after"]["title"]) == ("北豆腐", "老豆腐")


def test_what_is_null_goes(shop: Shop) -> None:
    save(shop, RENAME, product={"adLabel": "新品", "shelfLifeDays": 3})
    save(shop, RENAME, "save-00002", expectedVersion=1, product={"adLabel": None})

    stored = shop.one("products", "tofu")
    assert ("adLabel" in stored, stored["shelfLifeDays"]) == (False, 3)


def test_what_others_keep_survives_a_save_at_the_same_moment(shop: Shop) -> None:
    def others() -> None:
        changes = {"$set": {"learnt": {**LEARNT, "figure": "2"}}, "$inc": {"sales": 1, "rating.count": 0}}
        badge = {"certificationId": "c1", "practitionerId": "lin", "name": "林", "level": "gold"}
        EngineAdapter(shop.engine, ENV).run(
            [update("products", {"_id": "tofu"}, {**changes, "$push": {"certifications": badge}})]
        )

    meanwhile(shop, others, trip=5)
    save(shop, RENAME)

    stored = shop.one("products", "tofu")
    assert (stored["title"], stored["sales"], stored["learnt"]["figure"]) == ("老豆腐", 8, "2")
    assert [each["name"] for each in stored["certifications"]] == ["林"]


def test_two_who_saw_the_same_do_not_overwrite_each_other(shop: Shop) -> None:
    save(shop, RENAME)

    reply = refused(shop, {**RENAME, "product": {"title": "嫩豆腐"}}, "save-00002")

    assert (reply["code"], reply["error"], reply["details"]) == (40941, "OUTDATED", {"version": 1})


def test_of_two_at_the_same_moment_one_is_told(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    events = [{**RENAME, "clientToken": f"save-0000{i}", "product": {"title": f"豆腐{i}"}} for i in range(4)]

    replies = at_once(*(("admin_product_save", event, "") for event in events))

    assert sorted(reply.get("error", "") for reply in replies) == ["", "OUTDATED", "OUTDATED", "OUTDATED"]
    assert shop.one("products", "tofu")["version"] == 1
    assert len(shop.documents("audit_logs")) == 4 - sum(
        reply.get("details") == {"version": 1} for reply in replies
    )


def test_a_save_on_what_somebody_else_saves_meanwhile_is_refused(shop: Shop) -> None:
    meanwhile(shop, lambda: save(shop, RENAME, "save-00002"), trip=5)

    reply = shop.call("admin_product_save", {"clientToken": "save-00001", **PRICE})

    assert reply["error"] == "OUTDATED"
    assert shop.one("products", "tofu")["skus"][0]["priceFen"] == 1200


@pytest.mark.parametrize("event", [NEW, RENAME, PRICE, UNSHELF], ids=["new", "save", "price", "unshelf"])
def test_the_same_token_saves_once(shop: Shop, event: Document) -> None:
    first = save(shop, event)
    before = shop.dump()

    assert save(shop, event) == {**first, "repeated": True}
    assert shop.dump() == before


@pytest.mark.parametrize("event", [NEW, RENAME, PRICE], ids=["new", "save", "price"])
def test_the_same_token_at_once_saves_once(
    shop: Shop, at_once: Callable[..., list[Any]], event: Document
) -> None:
    replies = at_once(*[("admin_product_save", {"clientToken": "save-00001", **event}, "")] * 5)

    assert {reply["code"] for reply in replies} == {0}
    assert shop.one("products", event["productId"])["version"] == 1
    assert len(shop.documents("audit_logs")) == 1


def test_a_product_that_the_same_token_makes_meanwhile_is_the_callers(shop: Shop) -> None:
    meanwhile(shop, lambda: save(shop, NEW), trip=5)

    assert shop.call("admin_product_save", {"clientToken": "save-00001", **NEW})["code"] == 0
    assert len(shop.documents("products")) == 3


def test_a_used_token_is_not_good_for_another_save(shop: Shop) -> None:
    save(shop, RENAME)

    assert refused(shop, {**RENAME, "product": {"title": "嫩豆腐"}})["error"] == "TOKEN_USED"


def test_a_price_leaves_its_history(shop: Shop) -> None:
    assert save(shop, PRICE, openid=OPERATOR)["minPriceFen"] == 990

    stored = shop.one("products", "tofu")
    assert (stored["skus"][0]["priceFen"], stored["skus"][0]["marketFen"]) == (990, 1200)
    assert stored["priceHistory"] == [
        {"skuId": "tofu-500g", "fromFen": 1200, "toFen": 990, "by": user_id(OPERATOR), "at": NOW}
    ]


def test_a_history_keeps_the_last_hundred(shop: Shop) -> None:
    old = {"skuId": "tofu-500g", "fromFen": 1, "toFen": 2, "by": "platform", "at": NOW}
    edit(shop, "products", "tofu", {"priceHistory": [old] * 100})

    save(shop, PRICE)

    history = shop.one("products", "tofu")["priceHistory"]
    assert (len(history), history[-1]["toFen"]) == (100, 990)


def test_a_price_is_changed_by_its_own_action_alone(shop: Shop) -> None:
    skus = [{**sku(), "priceFen": 990}]

    reply = refused(shop, {**RENAME, "product": {"skus": skus}}, openid=EDITOR)

    assert reply["details"]["fields"] == [
        {"field": "product.skus.0.priceFen", "problem": "changed by the action price"}
    ]
    assert refused(shop, PRICE, openid=EDITOR)["error"] == "FORBIDDEN"


def test_a_sku_that_is_left_out_is_retired_and_can_come_back(shop: Shop) -> None:
    small = {"skuId": "tea-500g", "spec": "500g", "weightG": 500}
    large = {"skuId": "tea-1kg", "spec": "1kg", "weightG": 1000}
    without = {"action": "save", "productId": "tea", "expectedVersion": 0, "product": {"skus": [large]}}

    assert save(shop, without)["minPriceFen"] == 2000

    kept = {each["skuId"]: each["retired"] for each in shop.one("products", "tea")["skus"]}
    assert kept == {"tea-1kg": False, "tea-500g": True}
    assert shop.one("inventory", "tea-500g")["onHand"] == 10
    shown = shop.ok("product_detail", {"productId": "tea"}, openid=A)
    assert [each["skuId"] for each in shown["skus"]] == ["tea-1kg"]
    reply = shop.refused("cart_add", {"skuId": "tea-500g", "clientToken": "add-00000001"}, openid=A)
    assert reply["error"] == "NOT_FOUND"

    both = {**without, "expectedVersion": 1, "product": {"skus": [small, large]}}
    assert save(shop, both, "save-00002")["minPriceFen"] == 1200


def test_an_order_of_what_is_retired_lives_on(shop: Shop) -> None:
    order_no = place_order(shop, lines=[line("tea-500g", 2)])["_id"]
    large = {"skuId": "tea-1kg", "spec": "1kg", "weightG": 1000}
    save(shop, {"action": "save", "productId": "tea", "expectedVersion": 0, "product": {"skus": [large]}})

    shop.ok("order_cancel", {"orderNo": order_no}, openid=A)

    assert_lawful(shop)
    assert shop.one("inventory", "tea-500g")["available"] == 10


def test_a_sku_of_another_product_is_not_taken(shop: Shop) -> None:
    taken = {**PEEL, "skus": [{**PEEL["skus"][0], "skuId": "tofu-500g"}]}

    reply = refused(shop, {**NEW, "product": taken})

    assert (reply["code"], reply["error"], reply["details"]) == (
        40944,
        "SKU_TAKEN",
        {"productIds": ["tofu"]},
    )


def test_a_sku_that_another_product_takes_at_that_moment_is_not_taken(shop: Shop) -> None:
    meanwhile(shop, lambda: save(shop, {**NEW, "productId": "twin"}, "save-00002"), trip=4)

    reply = shop.call("admin_product_save", {"clientToken": "save-00001", **NEW})

    assert reply["error"] == "SKU_TAKEN"
    assert shop.documents("products", {"_id": "peel"}) == []
    assert shop.one("inventory", "peel-50g")["productId"] == "twin"


def test_an_id_that_is_used_makes_no_new_product(shop: Shop) -> None:
    fresh = {**PEEL, "skus": [{**PEEL["skus"][0], "skuId": "tofu-1kg"}]}

    assert refused(shop, {**NEW, "productId": "tofu", "product": fresh})["error"] == "OUTDATED"


@pytest.mark.parametrize(
    ("product", "field"),
    [
        ({"title": None}, "product.title"),
        ({"skus": None}, "product.skus"),
        ({"ingredientId": "nothing"}, "product.ingredientId"),
        ({"skus": [{"skuId": "tofu-1kg", "spec": "1kg", "weightG": 1000}]}, "product.skus.0.priceFen"),
        ({"skus": [PEEL["skus"][0], PEEL["skus"][0]]}, "product.skus.1.skuId"),
        ({"learnt": {}}, "product.learnt"),
        ({"sales": 9}, "product.sales"),
        ({"rating": {"count": 1, "sum": 5}}, "product.rating"),
        ({"certifications": []}, "product.certifications"),
        ({"minPriceFen": 1}, "product.minPriceFen"),
        ({"title": "豆\n腐"}, "product.title"),
        ({"media": {"cover": "cloud://a\u202e"}}, "product.0"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_no_part_of_a_product_is_refused_by_name(shop: Shop, product: Document, field: str) -> None:
    reply = refused(shop, {**RENAME, "product": product})

    assert (reply["error"], reply["details"]["fields"][0]["field"]) == ("INVALID_REQUEST", field)


def test_a_new_product_needs_all_that_a_product_is(shop: Shop) -> None:
    reply = refused(shop, {**NEW, "product": {"title": "陈皮"}})

    assert [each["field"] for each in reply["details"]["fields"]] == [
        "product.categoryPath",
        "product.skus",
        "product.carbonGPerUnit",
        "product.carbonSource",
    ]


def test_food_is_not_praised_as_medicine(shop: Shop) -> None:
    reply = refused(shop, {**RENAME, "product": {"description": "能治疗失眠"}})

    assert reply["details"]["fields"] == [{"field": "product.description", "problem": "claim"}]


def test_on_and_off_the_shelf(shop: Shop) -> None:
    assert save(shop, UNSHELF)["status"] == "off_sale"
    assert save(shop, {**UNSHELF, "expectedVersion": 1}, "save-00002")["version"] == 1
    assert save(shop, {**UNSHELF, "action": "shelf", "expectedVersion": 1}, "save-00003") == {
        "productId": "tofu",
        "status": "on_sale",
        "version": 2,
        "minPriceFen": 1200,
        "skuIds": ["tofu-500g"],
        "repeated": False,
    }


@pytest.mark.parametrize(("status", "action"), [("archived", "shelf"), ("draft", "unshelf")])
def test_what_is_archived_or_a_draft_has_no_way_there(shop: Shop, status: str, action: str) -> None:
    edit(shop, "products", "tofu", {"status": status})

    assert refused(shop, {**UNSHELF, "action": action})["error"] == "CONFLICT"


@pytest.mark.parametrize(
    "event",
    [
        {"action": "shelf", "productId": "tofu"},
        {**PRICE, "product": {"title": "豆腐"}},
        {"action": "price", "productId": "tofu", "expectedVersion": 0},
        {**PRICE, "prices": [{"skuId": "tea-500g", "priceFen": 1}]},
    ],
    ids=["no version", "a product and prices", "no prices", "another product's SKU"],
)
def test_an_action_takes_its_own_fields(shop: Shop, event: Document) -> None:
    assert refused(shop, event)["error"] == "INVALID_REQUEST"


def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    assert refused(shop, {**UNSHELF, "productId": "nothing"})["error"] == "NOT_FOUND"


@pytest.mark.parametrize("event", [NEW, RENAME, PRICE], ids=["new", "save", "price"])
def test_wherever_the_process_dies_the_same_token_saves_once(clock: Clock, event: Document) -> None:
    del clock

    def verify(shop: Shop) -> None:
        product = shop.one("products", event["productId"])
        assert (product["version"], len(product.get("priceHistory") or ())) == (1, int(event is PRICE))
        assert len(shop.documents("audit_logs")) == 1
        stocked = {each["_id"] for each in shop.documents("inventory")}
        assert {each["skuId"] for each in product["skus"]} <= stocked
        assert_lawful(shop)

    def act(shop: Shop) -> None:
        shop.call("admin_product_save", {"clientToken": "save-00001", **event})

    assert die_everywhere(prepare, act, verify) >= 3
