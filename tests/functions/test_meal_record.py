"""meal_record: recorded once, taken back once; what was bought in the shop saves its carbon once."""

from collections.abc import Callable
from typing import Any

import pytest

from functions.builders import (
    Document,
    assert_lawful,
    die_everywhere,
    document,
    edit,
    garden,
    plant,
    rule,
    template,
    user,
)
from functions.conftest import Clock
from gardenshop.cloud.clock import DAY, MINUTE
from harness import A, B, Shop, user_id

TODAY = "2026-11-23"
TOFU = {"ingredientId": "tofu", "grams": 100}
MEAL = {"action": "record", "items": [TOFU], "clientToken": "meal-00001"}
FULL = "记餐的积分每天最多 10 分，今天已经到了。"
UNDO = {"action": "undo", "clientToken": "meal-00001"}
MEAL_ID = f"{user_id(A)}:meal-00001"
FOODS = {
    "tofu": ("豆腐", "豆制品", 3160, ["老豆腐"]),
    "rice": ("大米", "谷物", 4450, ["白米"]),
    "egg": ("鸡蛋", "蛋", 4670, []),
    "tomato": ("番茄", "蔬菜", 2090, ["西红柿"]),
    "soymilk": ("豆浆", "豆制品", 980, []),
}


def ingredient(food_id: str, **changes: Any) -> Document:
    name, category, factor_g, aliases = FOODS[food_id]
    named = {"name": name, "nameKey": name, "aliases": aliases, "category": category}
    factor = {"factorG": factor_g, "factorSource": "测试数据", "factorVersion": "test-1"}
    return document("ingredients", id=food_id, **named, **factor, **changes)


def meat(code: str = "beef", **changes: Any) -> Document:
    fields: Document = {"name": "牛肉", "category": "畜肉", "group": "牛", "carbonGPerKg": 99_480}
    fields |= {"source": "测试数据", "factorVersion": "meat-1"}
    return document("meat_products", id=code, **fields | changes)


def bought(
    grams: int = 500, *, day: str = "2026-11-20", key: str = "shop:o1:L1", openid: str = A, **changes: Any
) -> Document:
    """The row of a purchase of tofu: *grams* as it was shipped, nine tenths of them food."""
    item = {
        "name": "北豆腐",
        "grams": grams,
        "factorG": 3160,
        "carbonG": grams * 3160 // 1000,
        "protein": "soy",
    }
    fields: Document = {
        "userId": user_id(openid),
        "day": day,
        "type": "purchase",
        "items": [item],
        "carbonG": grams * 3160 // 1000,
        "baselineG": grams * 8,
        "savedG": grams * 8 - grams * 3160 // 1000,
        "baseline": "pork75",
        "factorVersion": "test-1",
        "source": "shop",
        **changes,
    }
    return document("meals", id=key, **fields)


def prepare(shop: Shop) -> None:
    shop.add("users", user())
    for food_id in FOODS:
        shop.add("ingredients", ingredient(food_id))
    shop.add("meat_products", meat())


@pytest.fixture(autouse=True)
def _open(shop: Shop, clock: object) -> None:
    del clock
    prepare(shop)


def points(shop: Shop) -> dict[str, int]:
    found: dict[str, int] = shop.one("users", user_id(A))["points"]["garden"]
    return found


def sums(shop: Shop, day: str = TODAY) -> tuple[int, ...]:
    names = ("meals", "eaten", "mealCarbonG", "mealBaselineG", "mealSavedG", "savedG", "pointsEarned")
    found = shop.one("daily_stats", f"{user_id(A)}:{day}")
    return tuple(found.get(name, 0) for name in names)


def test_a_look_shows_the_estimate_and_writes_nothing(shop: Shop) -> None:
    before = shop.dump()

    seen = shop.ok("meal_record", {"text": "番茄炒蛋一盘、米饭一碗、半块豆腐、披萨两块"}, openid=A)

    assert (shop.adapter.trips, shop.dump() == before) == (1, True)
    shown = [(each["name"], each["grams"], each["carbonG"], each["confidenceBp"]) for each in seen["items"]]
    assert shown == [
        ("番茄", 150, 314, 5600),
        ("鸡蛋", 150, 701, 5600),
        ("大米", 80, 356, 9000),
        ("豆腐", 175, 553, 9000),
    ]
    assert (seen["uncounted"], seen["recorded"], seen["day"]) == (["披萨两块"], False, TODAY)
    assert (seen["carbonG"], seen["savedG"] > 0, "mealId" in seen) == (1923, True, False)
    assert "估算" in seen["method"]
    assert "Poore & Nemecek" in seen["method"]


def test_a_meal_is_stored_with_its_factors_and_counted(shop: Shop) -> None:
    meal = {**MEAL, "photoId": "cloud://env/plate.jpg", "type": "dinner"}

    seen = shop.ok("meal_record", meal, openid=A)

    assert shop.adapter.trips == 4
    assert seen == {
        "mealId": MEAL_ID,
        "day": TODAY,
        "type": "dinner",
        "items": [
            {
                "ingredientId": "tofu",
                "name": "豆腐",
                "grams": 100,
                "carbonG": 316,
                "earnedG": 0,
                "confidenceBp": 10_000,
            }
        ],
        "uncounted": [],
        "carbonG": 316,
        "baselineG": 923,
        "savedG": 607,
        "points": 6,
        "notes": [],
        "method": seen["method"],
        "factorVersion": "pn2018-mean+test-1",
        "recorded": True,
        "undone": False,
    }
    row = shop.one("meals", MEAL_ID)
    assert (row["baseline"], row["source"], row["photoId"]) == ("pork75", "member", "cloud://env/plate.jpg")
    assert (row["items"][0]["factorG"], row["items"][0]["factorSource"]) == (3160, "测试数据")
    assert "bookingDueAt" not in row
    assert sums(shop) == (1, 1, 316, 923, 607, 607, 6)
    assert points(shop)["available"] == 6
    entry = shop.one("points_ledger", f"earn:meal:{MEAL_ID}")
    assert (entry["kind"], entry["ref"], entry["state"]) == ("meal", {"type": "meal", "id": MEAL_ID}, "final")
    assert_lawful(shop)


def test_the_same_token_is_the_same_meal(shop: Shop) -> None:
    first = shop.ok("meal_record", MEAL, openid=A)
    before = shop.dump()

    assert shop.ok("meal_record", {**MEAL, "items": [{**TOFU, "grams": 900}]}, openid=A) == first
    assert shop.dump() == before


def test_one_token_at_once_is_one_meal(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    replies = at_once(*[("meal_record", {**MEAL, "items": [{**TOFU, "grams": 50 + n}]}, A) for n in range(5)])

    assert {reply["code"] for reply in replies} == {0}
    (row,) = shop.documents("meals")
    assert sums(shop)[5] == row["savedG"]
    assert points(shop)["available"] == row["points"]
    assert_lawful(shop)


def test_of_two_meals_with_one_token_the_one_stored_first_counts(shop: Shop) -> None:
    def before(commands: Any) -> None:
        if commands[0].get("update") == "meals":
            shop.adapter.before = lambda _: None
            shop.call("meal_record", {**MEAL, "items": [{**TOFU, "grams": 200}]}, openid=A)

    shop.adapter.before = before
    seen = shop.ok("meal_record", MEAL, openid=A)

    assert (seen["items"][0]["grams"], seen["savedG"], sums(shop)[5]) == (200, 1215, 1215)
    assert_lawful(shop)


def test_a_meal_broken_off_anywhere_is_booked_once(clock: Clock) -> None:
    def with_garden(shop: Shop) -> None:
        prepare(shop)
        shop.add("plant_templates", template())
        shop.add("gardens", garden(plant()))

    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert (sums(shop), points(shop)["available"]) == ((1, 1, 316, 923, 607, 607, 6), 6)
        assert shop.one("gardens", user_id(A))["plants"][0]["growth"] == 36

    assert die_everywhere(with_garden, lambda shop: shop.call("meal_record", MEAL, openid=A), verify) == 9


def test_the_pump_books_what_was_left_alone(clock: Clock) -> None:
    def nobody_comes_back(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert all("bookingDueAt" not in row for row in shop.documents("meals"))

    assert die_everywhere(
        prepare, lambda shop: shop.call("meal_record", MEAL, openid=A), nobody_comes_back, again=False
    )


def test_a_meal_is_taken_back_on_its_day(shop: Shop, clock: Clock) -> None:
    shop.ok("meal_record", {**MEAL, "day": "2026-11-21"}, openid=A)
    clock.now += DAY

    back = shop.ok("meal_record", UNDO, openid=A)

    assert (back["undone"], back["mealId"]) == (True, MEAL_ID)
    assert sums(shop, "2026-11-21") == (0, 0, 0, 0, 0, 0, 0)
    assert points(shop)["available"] == 0
    row = shop.one("meals", f"{MEAL_ID}:undo")
    assert (row["reverses"], row["savedG"], row["points"], row["day"]) == (MEAL_ID, -607, -6, "2026-11-21")
    assert shop.one("meals", MEAL_ID)["savedG"] == 607
    assert_lawful(shop)


def test_taking_back_twice_is_taking_back_once(shop: Shop, at_once: Callable[..., list[Any]]) -> None:
    shop.ok("meal_record", MEAL, openid=A)
    shop.ok("meal_record", {**MEAL, "clientToken": "meal-00002"}, openid=A)

    replies = at_once(*[("meal_record", UNDO, A)] * 4)

    assert 0 in {reply["code"] for reply in replies} <= {0, 50301}
    assert shop.ok("meal_record", UNDO, openid=A)["undone"]
    assert shop.ok("meal_record", MEAL, openid=A)["undone"]
    assert (sums(shop)[5], points(shop)["available"]) == (607, 6)
    assert_lawful(shop)


def test_a_way_back_broken_off_anywhere_is_walked_once(clock: Clock) -> None:
    def eaten(shop: Shop) -> None:
        prepare(shop)
        shop.ok("meal_record", MEAL, openid=A)

    def verify(shop: Shop) -> None:
        clock.now += 3 * MINUTE
        assert_lawful(shop)
        clock.now -= 3 * MINUTE
        assert (sums(shop), points(shop)["available"]) == ((0,) * 7, 0)

    assert die_everywhere(eaten, lambda shop: shop.call("meal_record", UNDO, openid=A), verify) == 10


def test_points_spent_before_a_meal_is_taken_back_are_owed(shop: Shop) -> None:
    shop.add("plant_templates", template(costPoints=5))
    shop.ok("meal_record", MEAL, openid=A)
    shop.ok("garden_tend", {"action": "plant", "code": "mint", "clientToken": "plant-0001"}, openid=A)

    shop.ok("meal_record", UNDO, openid=A)

    assert (points(shop)["available"], points(shop)["debt"]) == (1, 6)
    assert_lawful(shop)


def test_a_day_pays_for_meals_up_to_its_cap(shop: Shop, clock: Clock) -> None:
    shop.add("business_rules", rule("points", {"mealDaily": 10}))

    seen = [shop.ok("meal_record", {**MEAL, "clientToken": f"meal-{n:05}"}, openid=A) for n in range(3)]

    assert [each["points"] for each in seen] == [6, 4, 0]
    assert [each["notes"] for each in seen] == [[], [FULL], [FULL]]
    assert (points(shop)["available"], sums(shop)[6]) == (10, 10)
    clock.now += DAY
    assert shop.ok("meal_record", {**MEAL, "clientToken": "meal-00009"}, openid=A)["points"] == 6
    assert_lawful(shop)


def meanwhile(shop: Shop, used: int) -> None:
    """Let other meals of the day have earned *used* points just before the next one is booked."""

    def before(commands: Any) -> None:
        if any(each.get("update") == "daily_stats" for each in commands):
            shop.adapter.before = lambda _: None
            today = {"day": TODAY, "exchange": 0, "harvest": 0, "meal": used}
            edit(shop, "users", user_id(A), {"points.today": today})

    shop.adapter.before = before


def test_a_meal_whose_points_others_have_used_up_is_booked_without(shop: Shop) -> None:
    meanwhile(shop, used=57)

    shop.ok("meal_record", MEAL, openid=A)

    assert (sums(shop)[:6], points(shop)["available"]) == ((1, 1, 316, 923, 607, 607), 0)
    assert shop.one("points_ledger", f"earn:meal:{MEAL_ID}")["state"] == "refused"
    assert_lawful(shop)
    shop.ok("meal_record", UNDO, openid=A)
    assert (points(shop)["available"], points(shop)["debt"]) == (0, 0)
    assert_lawful(shop)


def test_a_meal_that_meets_another_of_the_day_is_busy_and_booked_by_the_same_call(shop: Shop) -> None:
    meanwhile(shop, used=20)

    assert shop.call("meal_record", MEAL, openid=A)["error"] == "BUSY"
    assert shop.ok("meal_record", MEAL, openid=A)["points"] == 6
    assert points(shop)["available"] == 6
    assert shop.one("users", user_id(A))["points"]["today"]["meal"] == 26
    assert_lawful(shop)


def test_what_was_bought_in_the_shop_has_saved_its_carbon_there(shop: Shop) -> None:
    shop.add("meals", bought(100))

    seen = shop.ok("meal_record", {**MEAL, "items": [{**TOFU, "grams": 150}]}, openid=A)

    assert (seen["items"][0]["earnedG"], seen["savedG"], seen["baselineG"]) == (90, 364, 838)
    assert seen["notes"] == ["其中 90 克是近 30 天在商城买的，购买时已经计过减碳，这里不再重复计。"]
    earned = shop.one("meals", MEAL_ID)["items"][0]["earned"]
    assert earned == [{"mealId": "shop:o1:L1", "grams": 90}]
    again = shop.ok("meal_record", {**MEAL, "clientToken": "meal-00002"}, openid=A)
    assert (again["items"][0]["earnedG"], again["savedG"]) == (0, 607)


def test_a_meal_taken_back_gives_its_purchase_back(shop: Shop) -> None:
    shop.add("meals", bought(100))
    shop.ok("meal_record", MEAL, openid=A)
    shop.ok("meal_record", UNDO, openid=A)

    seen = shop.ok("meal_record", {**MEAL, "clientToken": "meal-00002"}, openid=A)

    assert seen["items"][0]["earnedG"] == 90


@pytest.mark.parametrize(
    "other",
    [
        bought(day="2026-10-23"),
        bought(openid=B),
        bought(day="2026-11-23", items=[{"name": "米", "grams": 500, "factorG": 1, "carbonG": 0}]),
    ],
    ids=["31 days ago", "by another", "of rice"],
)
def test_what_does_not_concern_the_meal_is_left_out(shop: Shop, other: Document) -> None:
    shop.add("meals", other)

    assert shop.ok("meal_record", MEAL, openid=A)["items"][0]["earnedG"] == 0


def test_a_meal_before_the_purchase_was_not_cooked_from_it(shop: Shop) -> None:
    shop.add("meals", bought(day="2026-11-20"))

    assert shop.ok("meal_record", {**MEAL, "day": "2026-11-19"}, openid=A)["items"][0]["earnedG"] == 0


def test_a_baseline_of_choice_shows_but_pays_no_more(shop: Shop) -> None:
    seen = shop.ok("meal_record", {**MEAL, "baseline": "beef"}, openid=A)

    assert (seen["baselineG"], seen["savedG"], seen["points"]) == (7461, 7145, 6)
    assert seen["notes"] == ["积分和花园按平台的默认基准计：607 克。"]
    row = shop.one("meals", MEAL_ID)
    assert (row["baseline"], row["creditedG"], "牛肉" in row["method"]) == ("beef75", 607, True)
    assert (
        shop.refused("meal_record", {**MEAL, "baseline": "whale", "clientToken": "meal-00002"}, openid=A)[
            "code"
        ]
        == 40400
    )


def test_the_rules_may_name_another_baseline(shop: Shop) -> None:
    shop.add("business_rules", rule("carbon", {"baselineCode": "poultry", "baselineG": 100}))

    assert shop.ok("meal_record", MEAL, openid=A)["baselineG"] == 987


def test_the_meat_that_the_rules_name_has_one_factor_however_it_is_chosen(shop: Shop) -> None:
    shop.add("meat_products", meat("pork", name="猪肉", carbonGPerKg=99))

    seen = shop.ok("meal_record", {**MEAL, "baseline": "pork"}, openid=A)

    assert (seen["baselineG"], seen["factorVersion"]) == (923, "pn2018-mean+test-1")


def test_a_meal_names_the_version_of_every_factor(shop: Shop) -> None:
    edit(shop, "ingredients", "rice", {"factorVersion": "test-2"})
    items = [TOFU, {"ingredientId": "rice", "grams": 10}]

    seen = shop.ok("meal_record", {**MEAL, "items": items, "baseline": "beef"}, openid=A)

    assert seen["factorVersion"] == "meat-1+test-1+test-2"


def test_a_snack_and_a_meal_with_meat_save_nothing(shop: Shop) -> None:
    snack = shop.ok("meal_record", {"items": [TOFU], "type": "snack"}, openid=A)
    mixed = shop.ok("meal_record", {"text": "豆腐100克、红烧牛肉一盘"}, openid=A)

    assert (snack["savedG"], snack["notes"]) == (0, ["加餐不替代正餐里的肉，不计减碳。"])
    assert (mixed["savedG"], mixed["uncounted"]) == (0, ["红烧牛肉一盘"])
    assert mixed["notes"] == ["这一餐里有肉或鱼，不计减碳。"]


def test_amounts_in_words_are_weighed(shop: Shop) -> None:
    items = [
        {"ingredientId": "tofu", "amount": "半块"},
        {"ingredientId": "soymilk", "amount": "一杯"},
        {"ingredientId": "rice"},
    ]

    seen = shop.ok("meal_record", {"items": items}, openid=A)

    assert [(each["grams"], each["confidenceBp"]) for each in seen["items"]] == [
        (175, 9000),
        (300, 9000),
        (200, 7000),
    ]


def test_a_day_holds_twelve_meals_those_taken_back_among_them(shop: Shop) -> None:
    for n in range(12):
        shop.ok("meal_record", {**MEAL, "clientToken": f"meal-{n:05}"}, openid=A)
    shop.ok("meal_record", UNDO, openid=A)

    reply = shop.refused("meal_record", {**MEAL, "clientToken": "meal-00099"}, openid=A)

    assert (reply["error"], reply["details"]) == ("TOO_MANY_MEALS", {"most": 12})
    shop.ok("meal_record", {**MEAL, "clientToken": "meal-00099", "day": "2026-11-22"}, openid=A)


@pytest.mark.parametrize("day", ["2026-11-15", "2026-11-24", "2026-13-01"])
def test_only_the_last_week_is_recorded(shop: Shop, day: str) -> None:
    reply = shop.refused("meal_record", {**MEAL, "day": day}, openid=A)

    assert reply["details"]["fields"] == [{"field": "day", "problem": "out of range"}]
    assert shop.ok("meal_record", {**MEAL, "day": "2026-11-16"}, openid=A)["day"] == "2026-11-16"


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        ({"action": "record", "items": [TOFU]}, 40000, "clientToken"),
        ({"action": "undo"}, 40000, "clientToken"),
        ({**MEAL, "items": [], "text": "披萨"}, 40000, "text"),
        ({**MEAL, "items": []}, 40000, "text"),
        ({**MEAL, "items": [{"ingredientId": "tofu", "amount": "许多"}]}, 40000, "items.0.amount"),
        ({**MEAL, "items": [{**TOFU, "grams": 0}]}, 40000, "items.0.grams"),
        ({**MEAL, "photoId": "https://elsewhere/plate.jpg"}, 40000, "photoId"),
        ({**MEAL, "items": [{"ingredientId": "nothing", "grams": 5}]}, 40400, None),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    shop: Shop, event: Document, code: int, field: str | None
) -> None:
    reply = shop.refused("meal_record", event, openid=A)

    assert reply["code"] == code
    assert field is None or [each["field"] for each in reply["details"]["fields"]] == [field]


def test_hidden_foods_are_not_found(shop: Shop) -> None:
    edit(shop, "ingredients", "tofu", {"status": "hidden"})

    assert shop.refused("meal_record", MEAL, openid=A)["code"] == 40400


def test_anothers_meal_is_not_found(shop: Shop) -> None:
    shop.add("users", user(B))
    shop.ok("meal_record", MEAL, openid=A)

    reply = shop.refused("meal_record", UNDO, openid=B)

    assert (reply["code"], reply["message"]) == (40400, "没有这条记录")


def test_without_an_account_nothing_is_recorded(shop: Shop) -> None:
    assert shop.refused("meal_record", MEAL, openid=B)["code"] == 40400


def test_nobody_but_a_member_is_served(shop: Shop) -> None:
    assert shop.refused("meal_record")["error"] == "FORBIDDEN"
