"""The night's learning: from the orders that count, told to every product, once, wherever it breaks off."""

from functools import partial
from typing import Any

import pytest

from functions.builders import NOW, die_everywhere, edit, rule, user
from functions.past_orders import GOODS, HEALTH, C, assessed, bought, furnish, past_order
from gardenshop.cloud.clock import DAY
from gardenshop.cloud.database import Database
from gardenshop.flows import preparation
from gardenshop.flows.pages import pages
from gardenshop.flows.preparation import prepare
from gardenshop.flows.purchases import purchases_of
from gardenshop.rules.lookback import prepare as learn
from gardenshop.rules.prepared import goods_of, learnt_of
from gardenshop.rules.ranking import DEFAULT_WEIGHTS
from harness import A, B, Shop, open_shop, user_id

DAY_OF_NOW = "2026-11-23"


@pytest.fixture(name="shop")
def _shop() -> Any:
    with open_shop() as shop:
        furnish(shop)
        yield shop


def run(shop: Shop, now: int = NOW) -> int:
    return prepare(Database(shop.adapter), now)


def learnt(shop: Shop) -> dict[str, Any]:
    return {each["_id"]: each.get("learnt") for each in shop.documents("products")}


def test_every_product_is_told_what_the_orders_teach(shop: Shop) -> None:
    orders, goods = (
        sorted(shop.documents(name), key=lambda each: each["_id"]) for name in ("orders", "products")
    )
    taught = learn(purchases_of(orders), [goods_of(each) for each in goods])

    assert run(shop) == len(GOODS)

    assert learnt(shop) == {each: {"day": DAY_OF_NOW, **learnt_of(each, taught)} for each in GOODS}
    assert learnt(shop)["rice"]["near"].startswith("tea ")
    (model,) = shop.documents("data_dashboard")
    assert (model["_id"], model["kind"], model["day"]) == ("recommend:2026-11-23", "recommend", DAY_OF_NOW)
    told = {name: each for name, each in model["metrics"].items() if name != "worth"}
    assert told == {"weights": taught["weights"], "popular": taught["popular"]}


def test_pages_of_any_size_teach_the_same(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run(shop)
    whole = learnt(shop)
    monkeypatch.setattr(preparation, "pages", partial(pages, size=3))
    monkeypatch.setattr(preparation, "_TOLD_AT_ONCE", 3)
    for key in GOODS:
        edit(shop, "products", key, {"learnt": {**whole[key], "day": "2026-11-22"}})

    assert run(shop) == len(GOODS)
    assert learnt(shop) == whole


def test_a_second_run_of_a_night_changes_nothing(shop: Shop) -> None:
    run(shop)
    before = shop.dump()

    assert run(shop, NOW + 1) == 0
    assert shop.dump() == before


def test_the_next_night_tells_every_product_anew(shop: Shop) -> None:
    run(shop)

    assert run(shop, NOW + DAY) == len(GOODS)
    assert {each["day"] for each in learnt(shop).values()} == {"2026-11-24"}
    assert len(shop.documents("data_dashboard")) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "cancelled"},
        {"status": "refunded"},
        {"status": "pending_payment"},
        {"createdAt": NOW - 12 * 60 * 60 * 1000},
        {"createdAt": NOW - 401 * DAY},
    ],
    ids=["cancelled", "refunded", "unpaid", "of the day itself", "long ago"],
)
def test_orders_that_do_not_count_teach_nothing(shop: Shop, changes: dict[str, Any]) -> None:
    run(shop)
    before = learnt(shop)
    shop.add("orders", past_order(1, bought("jam"), bought("rice"), **changes))

    run(shop, NOW + 1)
    for key in GOODS:
        edit(shop, "products", key, {"learnt.day": "2026-11-22"})
    run(shop)

    assert learnt(shop) == before


def test_only_what_a_member_paid_for_and_kept_is_her_purchase() -> None:
    order = past_order(
        3,
        bought("rice", 3, refundedQuantity=1, refundedFen=900),
        bought("tea", 1, refundedQuantity=1, refundedFen=1000),
        bought("jam", 1, gift=True, listFen=0, paidFen=0),
    )

    given_back = past_order(2, bought("tea", 1, refundedQuantity=1, refundedFen=1000))

    assert purchases_of([order, given_back]) == [
        {
            "user_id": user_id(A),
            "date": "2026-11-20",
            "items": [{"product_id": "rice", "quantity": 2, "paid_cents": 2100}],
        }
    ]


@pytest.mark.parametrize(
    ("collection", "bad"),
    [
        ("orders", {"status": "completed", "createdAt": NOW - 2 * DAY, "lines": [{"productId": "rice"}]}),
        ("products", {"status": "on_sale", "title": "米"}),
        ("products", {"categoryPath": ["粮油"], "minPriceFen": "十二元"}),
        ("users", {"consents": [{}]}),
        ("user_profiles_extended", {"constitution": {"primary": "balanced", "results": [{}]}}),
    ],
)
def test_what_is_malformed_is_told_of_and_the_rest_teaches(
    shop: Shop, collection: str, bad: dict[str, Any]
) -> None:
    run(shop)
    wanted = learnt(shop)
    for key in GOODS:
        edit(shop, "products", key, {"learnt.day": "2026-11-22"})
    shop.add("users", {**user(consents=[HEALTH]), "_id": "malformed"})
    shop.add("user_profiles_extended", {**assessed(A, "balanced"), "_id": "malformed"})
    if collection in {"users", "user_profiles_extended"}:
        edit(shop, collection, "malformed", bad)
    else:
        shop.add(collection, {"_id": "malformed", **bad})

    assert (run(shop), run(shop)) == (len(GOODS), 0)

    assert {key: learnt(shop)[key] for key in GOODS} == wanted
    (breach,) = shop.documents("sync_tasks", {"topic": "reconcile.breach"})
    assert (breach["state"], breach["payload"]["id"]) == ("dead", "malformed")


def test_a_night_broken_off_anywhere_is_ended_by_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "_TOLD_AT_ONCE", 1)
    with open_shop() as whole:
        furnish(whole)
        run(whole)
        wanted = learnt(whole)

    def act(shop: Shop) -> None:
        shop.call("nightly_close", {"Type": "Timer", "Time": "2026-11-23T04:00:00Z"})

    def verify(shop: Shop) -> None:
        assert learnt(shop) == wanted
        assert len(shop.documents("data_dashboard", {"kind": "recommend"})) == 1

    assert die_everywhere(furnish, act, verify) > len(GOODS)


class TestSegments:
    @pytest.fixture(autouse=True)
    def _members(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        """A and B have one type, C another; only a segment of two or more is counted."""
        monkeypatch.setattr(preparation, "FEWEST", 2)
        for openid, code in ((A, "damp_heat"), (B, "damp_heat"), (C, "balanced")):
            shop.add("users", user(openid, consents=[HEALTH]))
            shop.add("user_profiles_extended", assessed(openid, code))

    def test_who_bought_what_lately_is_counted_by_type_where_enough_have_it(self, shop: Shop) -> None:
        run(shop)

        buyers = {key: each["buyers"] for key, each in learnt(shop).items()}
        assert buyers == {"rice": "damp_heat 2", "tea": "damp_heat 1", "millet": "damp_heat 1", "jam": ""}

    @pytest.mark.parametrize(
        ("collection", "changes"),
        [
            ("users", {"consents": []}),
            ("users", {"consents": [{**HEALTH, "withdrawnAt": NOW - DAY}]}),
            ("user_profiles_extended", {"personalised": False}),
        ],
        ids=["never agreed", "withdrawn", "not personalised"],
    )
    def test_nobody_is_counted_who_did_not_agree(
        self, shop: Shop, collection: str, changes: dict[str, Any]
    ) -> None:
        edit(shop, collection, user_id(B), changes)

        run(shop)

        assert {each["buyers"] for each in learnt(shop).values()} == {""}


def test_a_shop_without_an_order_starts_from_what_other_shops_taught() -> None:
    with open_shop() as shop:
        furnish(shop)
        run(shop, NOW - 200 * DAY)

        assert all(learnt(shop).values())
        assert shop.documents("data_dashboard")[0]["metrics"]["weights"]["bought"]


class TestWorth:
    def worth(self, shop: Shop) -> Any:
        run(shop)
        (model,) = shop.documents("data_dashboard")
        return model["metrics"].get("worth")

    def test_the_weights_are_learnt_from_the_rules_of_the_night_and_stored_with_them(
        self, shop: Shop
    ) -> None:
        shop.add("business_rules", rule("recommend", {"weights": {"term": 900}}))

        worth = self.worth(shop)

        assert worth["usual"] == {**DEFAULT_WEIGHTS, "term": 900}
        for learnt in (worth["regulars"], worth["newcomers"]):
            assert learnt.keys() == worth["usual"].keys()
            assert sum(learnt.values()) == pytest.approx(10_000, abs=len(DEFAULT_WEIGHTS))

    def test_what_members_buy_together_gains_weight(self, shop: Shop) -> None:
        """B and C always take tea with their rice, and A takes nothing with hers."""
        worth = self.worth(shop)

        assert worth["regulars"]["copurchase"] > worth["usual"]["copurchase"]

    def test_a_rule_turns_it_off(self, shop: Shop) -> None:
        shop.add("business_rules", rule("recommend", {"learns": False}))

        assert self.worth(shop) is None
