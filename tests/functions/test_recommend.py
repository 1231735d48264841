"""recommend: ranked for her, with reasons, never what she cannot have."""

from typing import Any, ClassVar

import pytest
from cachetools import TTLCache

from functions.builders import (
    NOW,
    Document,
    document,
    edit,
    promotion,
    rule,
    stock_up,
    user,
)
from functions.past_orders import HEALTH, assessed, bought, past_order
from gardenshop.cloud.clock import DAY
from gardenshop.flows import storefront
from gardenshop.rules.ranking import DEFAULT_WEIGHTS
from gardenshop.rules.recommend import PRIOR
from harness import A, B, Shop, user_id


@pytest.fixture(autouse=True)
def _shelf(shop: Shop, clock: object) -> None:
    del clock
    stock_up(shop, "tofu", allergens=["soy"], sales30D=50)
    tea = ["茶饮", "花草茶"]
    stock_up(shop, "mint", title="薄荷茶", categoryPath=tea, terms=["xiaoxue"], sales30D=10)
    badge = {"certificationId": "c1", "practitionerId": "pr1", "name": "周晚梅", "level": "gold"}
    stock_up(shop, "rice", title="大米", certifications=[badge])


def shown(shop: Shop, openid: str = A, **event: Any) -> list[str]:
    return [each["productId"] for each in shop.ok("recommend", event, openid=openid)["items"]]


def profile(shop: Shop, **changes: Any) -> None:
    shop.add("user_profiles_extended", document("user_profiles_extended", id=user_id(A), **changes))


def test_every_item_says_why_and_can_be_traced(shop: Shop) -> None:
    advice = shop.ok("recommend", openid=A)

    assert (advice["term"], advice["personalised"], advice["label"]) == ("小雪", True, "推荐")
    by_id = {each["productId"]: each for each in advice["items"]}
    assert set(by_id) == {"tofu", "mint", "rice"}
    assert by_id["mint"]["reasons"][0]["feature"] == "term"
    assert any("周晚梅" in each["text"] for each in by_id["rice"]["reasons"])
    exposures = [each["exposureId"] for each in advice["items"]]
    assert [each.rpartition("-")[2] for each in exposures] == ["1", "2", "3"]
    assert len({each.rpartition("-")[0] for each in exposures}) == 1


def test_cold_and_warm_it_takes_one_trip(shop: Shop) -> None:
    sizes: list[int] = []
    shop.adapter.before = lambda commands: sizes.append(len(commands))

    for _ in range(2):
        shop.ok("recommend", openid=A)

    assert sizes == [10, 9]


def test_what_she_cannot_eat_is_never_shown(shop: Shop) -> None:
    profile(shop, allergens=["soy"], personalised=False)

    assert "tofu" not in shown(shop)
    assert "tofu" in shown(shop, B)


def test_what_is_sold_out_disappears_at_once_from_a_warm_list(shop: Shop) -> None:
    assert "tofu" in shown(shop)

    edit(shop, "inventory", "tofu-500g", {"available": 0, "onHand": 0})

    assert "tofu" not in shown(shop)


@pytest.mark.parametrize("change", [{"status": "off_sale"}, {"offAt": NOW}, {"onAt": NOW + 1}], ids=str)
def test_what_leaves_the_shelf_disappears_at_once_from_a_warm_list(
    shop: Shop, change: dict[str, Any]
) -> None:
    assert "tofu" in shown(shop)

    edit(shop, "products", "tofu", change)

    assert "tofu" not in shown(shop)


def test_what_is_kept_of_the_products_ends_after_a_minute_however_often_it_is_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    kept: TTLCache[str, Any] = TTLCache(maxsize=1, ttl=60, timer=lambda: now[0])
    monkeypatch.setattr(storefront._catalogue, "_cache", kept)
    shown(shop)
    stock_up(shop, "yam", title="山药")
    now[0] = 59
    assert "yam" not in shown(shop)

    now[0] = 61
    assert "yam" in shown(shop)


@pytest.mark.parametrize("change", [{"offAt": NOW}, {"onAt": NOW + 1}, {"status": "draft"}], ids=str)
def test_what_is_not_on_the_shelf_is_not_shown(shop: Shop, change: dict[str, Any]) -> None:
    stock_up(shop, "hidden", **change)

    assert "hidden" not in shown(shop)


def test_what_is_at_hand_is_not_shown_again(shop: Shop) -> None:
    shop.ok("cart_add", {"skuId": "mint-500g"}, openid=A)

    assert shown(shop, scene="product", productId="rice") == ["tofu"]


def test_the_list_is_as_long_as_asked_for(shop: Shop) -> None:
    assert len(shown(shop, limit=2)) == 2


class TestConstitution:
    @pytest.fixture(autouse=True)
    def _yam(self, shop: Shop) -> None:
        stock_up(shop, "yam", title="山药", fit={"suits": ["qi_deficiency"], "source": "ZYYXH/T157-2009"})
        stock_up(shop, "ice", title="冰粉", fit={"avoid": ["qi_deficiency"], "source": "ZYYXH/T157-2009"})
        shop.add("users", user(consents=[HEALTH]))
        shop.add("user_profiles_extended", assessed(A, "qi_deficiency"))

    def features(self, shop: Shop) -> set[str]:
        items = shop.ok("recommend", openid=A)["items"]
        (yam,) = (each for each in items if each["productId"] == "yam")
        return {each["feature"] for each in yam["reasons"]}

    def test_it_counts_when_she_lets_it(self, shop: Shop) -> None:
        assert "constitution" in self.features(shop)
        assert "ice" not in shown(shop)

    @pytest.mark.parametrize("consents", [[], [{**HEALTH, "withdrawnAt": NOW}]], ids=["never", "withdrawn"])
    def test_without_her_consent_it_is_neither_used_nor_told(
        self, shop: Shop, consents: list[Document]
    ) -> None:
        edit(shop, "users", user_id(A), {"consents": consents})

        assert "constitution" not in self.features(shop)
        assert "ice" in shown(shop)

    def test_without_personalisation_it_is_not_used(self, shop: Shop) -> None:
        edit(shop, "user_profiles_extended", user_id(A), {"personalised": False})

        assert "constitution" not in self.features(shop)
        assert shop.ok("recommend", openid=A)["personalised"] is False

    def test_what_members_of_her_type_buy_is_popular_with_her_alone(self, shop: Shop) -> None:
        buyers = {"yam": 1, "tofu": 2, "rice": 9}
        for key, count in buyers.items():
            learnt = {"day": "2026-11-22", "figure": FIGURE, "buyers": f"qi_deficiency {count}"}
            edit(shop, "products", key, {"learnt": learnt})

        assert reasons(shop, "rice")["popularity"] == "和您同体质的会员常买"
        assert "popularity" not in reasons(shop, "mint")
        assert reasons(shop, "mint", openid=B)["popularity"] == "近30天售出10件"


FIGURE = "-20000 -20000 -20000 -20000 -20000 -10000 -20000 -20000 300000"


def reasons(shop: Shop, product_id: str, *, openid: str = A, **event: Any) -> dict[str, str]:
    """Return why a product is shown, by feature."""
    items = shop.ok("recommend", event, openid=openid)["items"]
    (item,) = (each for each in items if each["productId"] == product_id)
    return {each["feature"]: each["text"] for each in item["reasons"]}


class TestHistory:
    @pytest.fixture(autouse=True)
    def _past(self, shop: Shop) -> None:
        """A bought rice every twelfth day, others rice with mint; all of it was learnt last night."""
        for days_ago in (8, 20, 32):
            shop.add("orders", past_order(days_ago, bought("rice")))
            shop.add("orders", past_order(days_ago, bought("rice"), bought("mint"), openid=B))
        shop.ok("nightly_close", {"Type": "Timer", "Time": "2026-11-22T20:00:00Z"})

    def test_what_she_buys_again_and_again_is_told_in_days(self, shop: Shop) -> None:
        assert reasons(shop, "rice")["history"] == "您大约每12天买一次，上次是8天前"

    def test_what_goes_with_what_she_bought_names_it(self, shop: Shop) -> None:
        assert reasons(shop, "mint")["history"] == "常和您买过的大米一起买"

    def test_one_without_a_past_is_told_nothing_of_it(self, shop: Shop) -> None:
        items = shop.ok("recommend", openid="openid-member-c")["items"]

        assert {each["productId"] for each in items} == {"tofu", "mint", "rice"}
        assert "history" not in {reason["feature"] for each in items for reason in each["reasons"]}

    def test_without_personalisation_her_past_is_not_used(self, shop: Shop) -> None:
        profile(shop, personalised=False)

        assert "history" not in reasons(shop, "rice")

    def test_an_order_that_was_cancelled_is_no_past(self, shop: Shop) -> None:
        for order in shop.documents("orders", {"userId": user_id(A)}):
            edit(shop, "orders", order["_id"], {"status": "refunded"})

        assert "history" not in reasons(shop, "rice")

    def test_another_trip_is_not_needed_for_it(self, shop: Shop) -> None:
        shop.ok("recommend", openid=A)

        assert shop.adapter.trips == 1

    def test_beside_a_product_what_is_bought_with_it_is_named(self, shop: Shop) -> None:
        event = {"scene": "product", "productId": "rice"}

        assert reasons(shop, "mint", openid="openid-member-c", **event)["copurchase"] == "常和大米一起买"

    def test_after_paying_what_goes_with_the_order_is_shown_without_it(self, shop: Shop) -> None:
        number = past_order(8, bought("rice"))["_id"]
        event = {"scene": "after_pay", "orderNo": number}

        assert reasons(shop, "mint", **event)["copurchase"] == "常和大米一起买"
        assert "rice" not in shown(shop, **event)

    def test_the_order_of_another_is_not_found(self, shop: Shop) -> None:
        event = {"scene": "after_pay", "orderNo": past_order(8, bought("rice"), openid=B)["_id"]}

        assert shop.refused("recommend", event, openid=A)["error"] == "NOT_FOUND"

    def test_beside_a_recipe_what_goes_with_its_goods_is_shown_without_them(self, shop: Shop) -> None:
        link = {"skuId": "rice-500g", "gramsPerUnit": 500}
        food = {"name": "大米", "nameKey": "大米", "category": "谷物", "factorG": 1, "factorVersion": "1"}
        shop.add(
            "ingredients", document("ingredients", id="rice", factorSource="本店", skuLinks=[link], **food)
        )
        dish = {"title": "白粥", "category": "粥", "servings": 2, "steps": [], "carbonG": 1}
        needed = [{"ingredientId": "rice", "name": "大米", "grams": 100}]
        shop.add("recipes", document("recipes", id="congee", items=needed, **dish))
        event = {"scene": "recipe", "recipeId": "congee"}

        assert reasons(shop, "mint", **event)["copurchase"] == "常和大米一起买"
        assert "rice" not in shown(shop, **event)
        edit(shop, "recipes", "congee", {"status": "hidden"})
        assert shop.refused("recommend", event, openid=A)["error"] == "NOT_FOUND"

    def test_in_the_cart_what_goes_with_it_is_shown(self, shop: Shop) -> None:
        shop.ok("cart_add", {"skuId": "rice-500g"}, openid=A)

        assert reasons(shop, "mint", scene="cart")["copurchase"] == "常和大米一起买"
        assert "copurchase" not in reasons(shop, "mint", scene="home")
        assert "rice" not in shown(shop, scene="home")


class TestCampaign:
    @pytest.mark.parametrize(
        ("scope", "goods"),
        [
            ({"productIds": ["mint"]}, ["mint"]),
            ({"skuIds": ["rice-500g", "tofu-500g"]}, ["rice", "tofu"]),
            ({"excludedProductIds": ["rice"]}, ["mint", "tofu"]),
        ],
        ids=str,
    )
    def test_only_goods_of_the_campaign_are_shown(
        self, shop: Shop, scope: dict[str, Any], goods: list[str]
    ) -> None:
        shop.add("promotions", promotion("winter", scope=scope))

        assert sorted(shown(shop, scene="campaign", promotionId="winter")) == goods

    @pytest.mark.parametrize("change", [{"state": "paused"}, {"endAt": NOW}, {"startAt": NOW + 1}], ids=str)
    def test_a_campaign_that_is_not_on_shows_nothing(self, shop: Shop, change: dict[str, Any]) -> None:
        shop.add("promotions", promotion("winter", **{"endAt": NOW + DAY, **change}))

        assert shown(shop, scene="campaign", promotionId="winter") == []


@pytest.mark.parametrize(
    "event",
    [
        {"scene": "product"},
        {"scene": "home", "productId": "rice"},
        {"scene": "recipe", "productId": "rice"},
        {"scene": "campaign", "promotionId": "winter", "productId": "rice"},
    ],
    ids=str,
)
def test_a_scene_names_what_it_is_about_and_nothing_else(shop: Shop, event: dict[str, Any]) -> None:
    assert shop.refused("recommend", event, openid=A)["error"] == "INVALID_REQUEST"


@pytest.mark.parametrize(
    "event",
    [
        {"scene": "product", "productId": "nothing"},
        {"scene": "recipe", "recipeId": "nothing"},
        {"scene": "after_pay", "orderNo": "nothing"},
        {"scene": "campaign", "promotionId": "nothing"},
    ],
    ids=str,
)
def test_what_a_scene_is_about_must_be_there(shop: Shop, event: dict[str, Any]) -> None:
    assert shop.refused("recommend", event, openid=A)["error"] == "NOT_FOUND"


def test_more_never_shows_again_what_was_shown(shop: Shop) -> None:
    seen: list[str] = []
    for left in (2, 1, 0):
        page = shop.ok("recommend", {"limit": 1, "exclude": seen}, openid=A)
        seen += [each["productId"] for each in page["items"]]
        assert page["more"] is (left > 0)

    assert sorted(seen) == ["mint", "rice", "tofu"]
    assert shown(shop, exclude=seen) == []


def test_stock_is_known_beyond_a_page_of_skus(shop: Shop) -> None:
    for number in range(1001):
        sku_id = f"a{number:04}-500g"
        shop.add("inventory", document("inventory", id=sku_id, productId="elsewhere", onHand=1, available=1))

    assert set(shown(shop)) == {"tofu", "mint", "rice"}


@pytest.mark.parametrize(("born", "sees"), [(2007, True), (2008, False), (2015, False), (None, True)])
def test_minors_are_shown_no_alcohol(shop: Shop, born: int | None, *, sees: bool) -> None:
    stock_up(shop, "wine", title="米酒", contains=["alcohol"])
    profile(shop, **({"birthYear": born} if born else {}))

    assert ("wine" in shown(shop)) is sees


def test_whatever_is_allowed_is_shown_to_one_of_whom_nothing_is_known(shop: Shop) -> None:
    for key in ("tofu", "mint", "rice"):
        edit(shop, "products", key, {"sales30D": 0, "terms": [], "certifications": []})

    advice = shop.ok("recommend", openid=B)

    assert {each["productId"] for each in advice["items"]} == {"tofu", "mint", "rice"}
    assert all(each["reasons"] for each in advice["items"])


class TestExperiment:
    @pytest.fixture(autouse=True)
    def _rule(self, shop: Shop) -> None:
        variants = [
            {"name": "sales", "shareBp": 10_000, "weights": {"term": 0, "endorsement": 0}},
            {"name": "rest", "shareBp": 0},
        ]
        body = {"variants": variants}
        shop.add("business_rules", rule("experiment:plain", body, category="experiment"))

    def test_her_variant_is_told_and_decides(self, shop: Shop) -> None:
        advice = shop.ok("recommend", openid=A)

        assert advice["variant"] == "plain:sales"
        assert advice["items"][0]["productId"] == "tofu"

    def test_it_can_be_kept_with_her_events(self, shop: Shop) -> None:
        consent = {"purpose": "events", "version": "v1", "grantedAt": NOW - DAY}
        shop.add("users", user(consents=[consent]))
        advice = shop.ok("recommend", openid=A)
        step = {"eventId": "event-0001", "type": "exposure", "at": NOW, "scene": "home", "position": 0}
        seen = {name: advice["items"][0][name] for name in ("exposureId", "productId")}

        shop.ok(
            "events_track",
            {"sentAt": NOW, "events": [{**step, **seen, "variant": advice["variant"]}]},
            openid=A,
        )

        (event,) = shop.documents("user_events")
        assert (event["variant"], event["exposureId"]) == ("plain:sales", seen["exposureId"])


def test_without_an_experiment_there_is_no_variant(shop: Shop) -> None:
    assert "variant" not in shop.ok("recommend", openid=A)


class TestLearntWeights:
    """The night learnt, from the usual weights, that nothing but sales counts here."""

    SALES_ONLY: ClassVar = {**dict.fromkeys(DEFAULT_WEIGHTS, 0), "popularity": 10_000}

    @pytest.fixture(autouse=True)
    def _night(self, shop: Shop) -> None:
        season_only = {**dict.fromkeys(DEFAULT_WEIGHTS, 0), "term": 10_000}
        worth = {"usual": DEFAULT_WEIGHTS, "newcomers": self.SALES_ONLY, "regulars": season_only}
        models = {name: [*weights] for name, weights in PRIOR.items()}
        metrics = {"weights": models, "popular": [], "worth": worth}
        night = {"kind": "recommend", "day": "2026-11-23", "metrics": metrics, "final": True}
        shop.add("data_dashboard", document("data_dashboard", id="recommend:2026-11-23", **night))

    def features(self, shop: Shop) -> set[str]:
        items = shop.ok("recommend", openid=A)["items"]
        return {reason["feature"] for each in items for reason in each["reasons"]} - {"variety"}

    def test_they_take_the_place_of_those_they_were_learnt_from(self, shop: Shop) -> None:
        assert self.features(shop) == {"popularity"}

    @pytest.mark.parametrize(
        "body", [{"weights": {"term": 601}}, {"learns": False}], ids=["weights", "learns"]
    )
    def test_a_rule_published_since_is_followed_as_it_stands(self, shop: Shop, body: Document) -> None:
        shop.add("business_rules", rule("recommend", body))

        assert self.features(shop) == {"popularity", "term", "endorsement"}

    def test_a_variant_changes_only_what_it_names(self, shop: Shop) -> None:
        variants = [
            {"name": "season", "shareBp": 10_000, "weights": {"term": 500}},
            {"name": "rest", "shareBp": 0},
        ]
        shop.add("business_rules", rule("experiment:plain", {"variants": variants}, category="experiment"))

        assert self.features(shop) == {"popularity", "term"}


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("recommend")["error"] == "FORBIDDEN"
