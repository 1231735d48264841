"""checkout: one order a token, whatever happens on the way, and never a unit that is not there."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from functions.builders import (
    FREIGHT,
    HOME,
    NOW,
    assert_lawful,
    badge,
    die_everywhere,
    document,
    led_by_link,
    line,
    place_order,
    practitioner,
    rule,
    sell_out,
    sku,
    stock_up,
    user,
)
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.cloud.database import Command
from harness import A, B, Shop, user_id

EVENT = {"lines": [line("tofu-500g", 2)], "clientToken": "token-0001", "expectedTotalFen": 3400}


def prepare(shop: Shop) -> None:
    shop.add("business_rules", rule("freight", {**FREIGHT, "noDelivery": ["台湾省"]}))
    shop.add("users", user())
    shop.add("users", user(B))
    stock_up(shop)


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def stock(shop: Shop, sku_id: str = "tofu-500g") -> tuple[int, int, int]:
    stored = shop.one("inventory", sku_id)
    return stored["onHand"], stored["available"], stored["reserved"]


def sell_out_at_insert(shop: Shop, commands: Sequence[Command]) -> None:
    """Let the tea go to somebody else while the order is written."""
    if any("insert" in command for command in commands):
        shop.adapter.before = lambda _: None
        sell_out(shop, "tea-500g")


def test_the_order_is_complete_and_holds_its_units(shop: Shop) -> None:
    placed = shop.ok("checkout", {**EVENT, "remark": "请放门口"}, openid=A)

    order_no = placed["orderNo"]
    assert placed == {
        "orderNo": order_no,
        "status": "pending_payment",
        "payableFen": 3400,
        "payBy": NOW + 30 * MINUTE,
    }
    assert order_no.startswith("20261123")
    assert shop.adapter.trips == 4
    assert stock(shop) == (10, 8, 2)
    order = shop.one("orders", order_no)
    assert order["lines"] == [
        {
            "lineId": "L1",
            "skuId": "tofu-500g",
            "productId": "tofu",
            "quantity": 2,
            "gift": False,
            "listFen": 2400,
            "promoFen": 0,
            "couponFen": 0,
            "pointsFen": 0,
            "pointsUsed": 0,
            "freightFen": 1000,
            "paidFen": 2400,
            "reserved": 2,
            "shipped": 0,
            "returned": 0,
            "refundedQuantity": 0,
            "refundedFen": 0,
            "carbonG": 1000,
            "commissionBp": 0,
            "promotionIds": [],
            "snapshot": {
                "title": "北豆腐",
                "spec": "500g",
                "priceFen": 1200,
                "weightG": 500,
                "fresh": False,
                "noReasonReturn": True,
            },
        }
    ]
    assert (order["status"], order["remark"], order["address"]) == ("pending_payment", "请放门口", HOME)
    assert [(step["event"], step["to"]) for step in order["history"]] == [
        ("create", "creating"),
        ("held", "pending_payment"),
    ]
    held = shop.one("stock_ledger", f"tofu-500g:hold:{order_no}")
    assert (held["state"], held["deltas"]) == ("final", {"available": -2, "reserved": 2})
    assert_lawful(shop)


def test_a_used_token_gives_its_order_again(shop: Shop) -> None:
    first = shop.ok("checkout", EVENT, openid=A)
    before = shop.dump()

    assert shop.ok("checkout", EVENT, openid=A) == first
    assert (
        shop.ok("checkout", {**EVENT, "expectedTotalFen": 1, "lines": [line("tofu-500g", 9)]}, openid=A)
        == first
    )
    assert shop.dump() == before


def test_one_token_of_two_members_makes_two_orders(shop: Shop) -> None:
    numbers = {shop.ok("checkout", EVENT, openid=openid)["orderNo"] for openid in (A, B)}

    assert len(numbers) == 2
    assert stock(shop) == (10, 6, 4)


def test_the_token_is_good_on_the_next_day_too(shop: Shop, clock: Any) -> None:
    first = shop.ok("checkout", EVENT, openid=A)
    clock.now += 24 * 60 * MINUTE

    assert shop.ok("checkout", EVENT, openid=A) == first


def test_the_last_unit_goes_to_exactly_one(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    stock_up(shop, "rare", 1)
    event = {"lines": [line("rare-500g")], "clientToken": "rare-0001", "expectedTotalFen": 2200}

    replies = at_once(*(("checkout", event, openid) for openid in (A, B)))

    assert sorted(reply["code"] for reply in replies) == [0, 40901]
    assert stock(shop, "rare-500g") == (1, 0, 1)
    assert_lawful(shop)


def test_one_token_at_once_makes_one_order(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("checkout", EVENT, A)] * 6)

    assert {reply["code"] for reply in replies} <= {0, 50301}
    assert len({reply["data"]["orderNo"] for reply in replies if reply["code"] == 0}) == 1
    assert len(shop.documents("orders")) == 1
    assert stock(shop) == (10, 8, 2)
    assert_lawful(shop)


def test_ten_units_go_to_ten_of_twelve(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    calls = [
        ("checkout", {"lines": [line()], "clientToken": f"many-{i:04}", "expectedTotalFen": 2200}, A)
        for i in range(12)
    ]

    replies = at_once(*calls)

    assert sorted(reply["code"] for reply in replies) == [0] * 10 + [40901] * 2
    assert stock(shop) == (10, 0, 10)
    assert_lawful(shop)


def test_what_is_bought_leaves_the_cart(shop: Shop) -> None:
    stock_up(shop, "tea")
    for name in ("tofu", "tea"):
        shop.ok("cart_add", {"skuId": f"{name}-500g", "quantity": 2}, openid=A)
    shop.ok("cart_update", {"changes": [{"skuId": "tea-500g", "selected": False}]}, openid=A)

    shop.ok("checkout", {"clientToken": "token-0001", "expectedTotalFen": 3400}, openid=A)

    assert [each["skuId"] for each in shop.one("shopping_cart", user_id(A))["lines"]] == ["tea-500g"]


def test_what_is_bought_directly_leaves_the_cart_alone(shop: Shop) -> None:
    shop.ok("cart_add", {"skuId": "tofu-500g", "quantity": 2}, openid=A)
    before = shop.one("shopping_cart", user_id(A))

    shop.ok("checkout", EVENT, openid=A)

    assert shop.one("shopping_cart", user_id(A)) == before


def test_a_line_remembers_what_led_to_it_and_that_she_agreed(shop: Shop) -> None:
    stock_up(shop, "salad", skus=[sku("salad-500g", noReasonReturn=False)])
    origin = {"scene": "home", "exposureId": "e1-1"}
    shop.ok("cart_add", {"skuId": "salad-500g", "origin": origin}, openid=A)
    event = {"clientToken": "token-0001", "expectedTotalFen": 2200, "noReturnConsent": ["salad-500g"]}

    (stored,) = shop.one("orders", shop.ok("checkout", event, openid=A)["orderNo"])["lines"]

    assert (stored["from"], stored["returnConsentAt"]) == (origin, NOW)


def test_a_total_she_did_not_see_is_refused_with_the_one_of_now(shop: Shop) -> None:
    reply = shop.refused("checkout", {**EVENT, "expectedTotalFen": 3399}, openid=A)

    assert (reply["code"], reply["error"]) == (40902, "TOTAL_CHANGED")
    assert reply["details"]["preview"] == shop.ok("checkout_preview", {"lines": EVENT["lines"]}, openid=A)


@pytest.mark.parametrize(
    ("event", "code", "error"),
    [
        ({"lines": [line("tofu-500g", 11)]}, 40901, "OUT_OF_STOCK"),
        ({"lines": [line("tofu-500g", 6), line("tofu-500g", 5)]}, 40901, "OUT_OF_STOCK"),
        ({"lines": [line("tofu-500g", 999), line("tofu-500g", 999)]}, 40904, "NOTHING_TO_BUY"),
        ({"lines": [line("gone-500g")]}, 40904, "NOTHING_TO_BUY"),
        ({}, 40904, "NOTHING_TO_BUY"),
        ({"lines": [line()], "addressId": "elsewhere"}, 40400, "NOT_FOUND"),
    ],
    ids=["short", "short together", "too many together", "gone", "empty cart", "unknown address"],
)
def test_what_cannot_be_bought_is_refused(shop: Shop, event: dict[str, Any], code: int, error: str) -> None:
    reply = shop.refused(
        "checkout", {"clientToken": "token-0001", "expectedTotalFen": 2200, **event}, openid=A
    )

    assert (reply["code"], reply["error"]) == (code, error)


@pytest.mark.parametrize(
    ("addresses", "code"),
    [([], 40900), ([{**HOME, "province": "台湾省"}], 40904)],
    ids=["no address", "far away"],
)
def test_an_order_needs_a_place_to_go_to(shop: Shop, addresses: list[Any], code: int) -> None:
    shop.add("users", user("openid-c", addresses=addresses))

    assert shop.refused("checkout", EVENT, openid="openid-c")["code"] == code


def test_without_an_account_there_is_no_order(shop: Shop) -> None:
    assert shop.refused("checkout", EVENT, openid="openid-stranger")["error"] == "NOT_FOUND"


def test_a_shortage_found_while_holding_is_undone_and_remembered(shop: Shop) -> None:
    stock_up(shop, "tea", 1)
    event = {
        "lines": [line("tofu-500g"), line("tea-500g")],
        "clientToken": "token-0001",
        "expectedTotalFen": 3400,
    }

    shop.adapter.before = lambda commands: sell_out_at_insert(shop, commands)
    reply = shop.call("checkout", event, openid=A)

    assert (reply["error"], reply["details"]) == (
        "OUT_OF_STOCK",
        {"problems": {"short_of_stock": ["tea-500g"]}},
    )
    assert stock(shop) == (10, 10, 0)
    assert stock(shop, "tea-500g") == (0, 0, 0)
    again = shop.refused("checkout", event, openid=A)
    assert {**again, "requestId": ""} == {**reply, "requestId": ""}
    assert_lawful(shop)


def test_an_order_broken_off_anywhere_is_finished_by_the_same_call() -> None:
    def verify(shop: Shop) -> None:
        (order,) = shop.documents("orders")
        assert order["status"] == "pending_payment"
        assert stock(shop) == (10, 8, 2)
        assert_lawful(shop)

    assert die_everywhere(prepare, lambda shop: shop.call("checkout", EVENT, openid=A), verify) == 5


def test_a_shortage_broken_off_anywhere_leaves_no_hold(clock: Any) -> None:
    def short(shop: Shop) -> None:
        prepare(shop)
        stock_up(shop, "tea", 1)
        shop.adapter.before = lambda commands: sell_out_at_insert(shop, commands)

    event = {"lines": [line(), line("tea-500g")], "clientToken": "token-0001", "expectedTotalFen": 3400}

    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        assert stock(shop) == (10, 10, 0)
        assert stock(shop, "tea-500g") == (0, 0, 0)

    assert die_everywhere(short, lambda shop: shop.call("checkout", event, openid=A), verify) > 8


def test_an_order_never_come_back_for_is_closed_by_the_pump(clock: Any) -> None:
    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        on_hand, available, reserved = stock(shop)
        assert (on_hand, available + reserved) == (10, 10)

    def checkout(shop: Shop) -> None:
        shop.call("checkout", EVENT, openid=A)

    assert die_everywhere(prepare, checkout, verify, again=False) == 5


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("checkout", EVENT)["error"] == "FORBIDDEN"


def test_a_cart_line_changed_meanwhile_stays_in_the_cart(shop: Shop) -> None:
    shop.ok("cart_add", {"skuId": "tofu-500g", "quantity": 2}, openid=A)

    def add_one(commands: Any) -> None:
        if any("insert" in command for command in commands):
            shop.adapter.before = lambda _: None
            shop.ok("cart_add", {"skuId": "tofu-500g"}, openid=A)

    shop.adapter.before = add_one
    shop.ok("checkout", {"clientToken": "token-0001", "expectedTotalFen": 3400}, openid=A)

    assert [each["quantity"] for each in shop.one("shopping_cart", user_id(A))["lines"]] == [3]


def test_the_stored_order_is_written_before_anything_is_held(shop: Shop) -> None:
    seen: list[tuple[str, ...]] = []
    shop.adapter.before = lambda commands: seen.append(tuple(next(iter(c.values())) for c in commands))

    shop.ok("checkout", EVENT, openid=A)

    assert seen[1:3] == [("orders",), ("stock_ledger", "inventory")]


def test_a_document_of_an_order_is_of_its_model_and_holds_nothing_that_comes_later(shop: Shop) -> None:
    order = place_order(shop)

    later: dict[str, Any] = {
        each: [] for each in ("attempts", "payLog", "shipments", "afterSales", "refunds")
    }
    whole = document("orders", id=order["_id"], **{k: v for k, v in order.items() if k != "_id"})
    assert whole == {**later, **order}
    assert not later.keys() & order.keys()


SHARE = led_by_link(at=NOW - MINUTE)


def with_practitioner(shop: Shop) -> None:
    """B is a practitioner who vouches for tea and has written a recipe."""
    shop.add("practitioners", practitioner(B))
    stock_up(shop, "tea", certifications=[badge()])
    dish = {"title": "茶汤", "category": "饮品", "servings": 1, "steps": [], "carbonG": 1}
    items = [{"name": "茶", "grams": 5}]
    recipe = document("recipes", id="broth", items=items, authorPractitionerId="lin", **dish)
    shop.add("recipes", recipe)


def credited(shop: Shop, order_no: str) -> list[tuple[Any, Any, int]]:
    lines = shop.one("orders", order_no)["lines"]
    return [(line.get("practitionerId"), line.get("via"), line["commissionBp"]) for line in lines]


def test_each_line_is_credited_to_who_caused_its_sale_in_no_more_trips(shop: Shop) -> None:
    with_practitioner(shop)
    stock_up(shop, "rice")
    stock_up(shop, "yuba")
    recipe = {"scene": "recipe", "recipeId": "broth"}
    lines = [
        {**line("tofu-500g"), "origin": SHARE},
        {**line("rice-500g"), "origin": recipe},
        line("tea-500g"),
        line("yuba-500g"),
    ]

    order_no = place_order(shop, lines=lines)["_id"]

    assert shop.adapter.trips == 4
    assert credited(shop, order_no) == [
        ("lin", "share", 500),
        ("lin", "recipe", 300),
        ("lin", "certification", 200),
        (None, None, 0),
    ]


def test_the_lines_of_a_cart_are_credited_alike(shop: Shop) -> None:
    with_practitioner(shop)
    for added in ({"skuId": "tofu-500g", "origin": SHARE}, {"skuId": "tea-500g"}):
        shop.ok("cart_add", added, openid=A)
    total = shop.ok("checkout_preview", openid=A)["payableFen"]

    placed = shop.ok("checkout", {"clientToken": "token-0001", "expectedTotalFen": total}, openid=A)

    assert shop.adapter.trips == 4
    assert credited(shop, placed["orderNo"]) == [("lin", "share", 500), ("lin", "certification", 200)]


def test_the_last_link_to_a_sku_counts(shop: Shop) -> None:
    with_practitioner(shop)
    lines = [{**line(), "origin": {"scene": "home"}}, {**line(), "origin": SHARE}, line()]

    order = place_order(shop, lines=lines)

    assert credited(shop, order["_id"]) == [("lin", "share", 500)]
    assert (order["lines"][0]["quantity"], order["lines"][0]["from"]) == (
        3,
        {"scene": "share", "practitionerId": "lin", "sharedAt": NOW - MINUTE},
    )


@pytest.mark.parametrize(
    "origin",
    [
        {**SHARE, "link": SHARE["link"].replace("lin", "bo")},
        {**SHARE, "link": SHARE["link"][:-1] + "~"},
        led_by_link(at=NOW - 7 * DAY),
        led_by_link(at=NOW + MINUTE),
    ],
    ids=["another's name", "no signature", "too old", "to come"],
)
def test_a_link_that_does_not_count_credits_nobody_and_hinders_nobody(
    shop: Shop, origin: dict[str, Any]
) -> None:
    with_practitioner(shop)

    order = place_order(shop, lines=[{**line(), "origin": origin}])

    assert credited(shop, order["_id"]) == [(None, None, 0)]
    assert order["lines"][0]["from"] == {"scene": "share"}


@pytest.mark.parametrize("claim", [{"practitionerId": "lin"}, {"sharedAt": NOW}], ids=str)
def test_nobody_says_herself_whom_to_credit(shop: Shop, claim: dict[str, Any]) -> None:
    with_practitioner(shop)
    origin = {"scene": "share", **claim}

    for name, event in (
        ("cart_add", {"skuId": "tofu-500g", "origin": origin}),
        ("checkout_preview", {"lines": [{**line(), "origin": origin}]}),
    ):
        assert shop.refused(name, event, openid=A)["error"] == "INVALID_REQUEST"


@pytest.mark.parametrize("status", ["applied", "suspended", "left"])
def test_only_an_active_practitioner_is_credited(shop: Shop, status: str) -> None:
    shop.add("practitioners", practitioner(B, status=status))

    order = place_order(shop, lines=[{**line(), "origin": SHARE}])

    assert credited(shop, order["_id"]) == [(None, None, 0)]


def test_a_practitioners_own_rate_is_frozen_on_the_line(shop: Shop) -> None:
    shop.add("practitioners", practitioner(B, commissionBp=740))

    order = place_order(shop, lines=[{**line(), "origin": SHARE}])

    assert credited(shop, order["_id"]) == [("lin", "share", 740)]
