"""Every old record becomes documents of this shop, repaired where needed, or is refused with a reason."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dataio.predecessor.diet import diet_of, meats
from dataio.predecessor.files import FILES, Names, convert
from dataio.predecessor.sheets import Unreadable
from dataio.predecessor.source import Outcome, Refused, Source
from dataio.predecessor.values import EXPORTED_AT, clean, instant, key_of, whole
from dataio.report import Report

REAL = Path(__file__).parents[3] / "shared" / "predecessor-data"
NOTHING = Names({}, {}, {}, {})
SHOP = Names({"豆腐": "tofu", "大蒜": "garlic"}, {"豆腐": "tofu", "大蒜": "garlic", "老豆腐": "tofu"}, {}, {})

NUTRITION = {"calories": 84, "protein": 8.1, "carbs": 4.2, "fat": 3.7}
INGREDIENT: dict[str, Any] = {
    "name": "豆腐",
    "nameEn": "Tofu",
    "category": "beans",
    "carbonFootprint": 3.16,
    "nutrition": NUTRITION,
    "platformMappings": {},
    "status": "active",
}
MEAT: dict[str, Any] = {
    "name": "猪肉（排骨）",
    "nameEn": "Pork Ribs",
    "category": "red_meat",
    "subcategory": "pork",
    "carbonFootprint": 7.8,
    "comparisonGroup": "pork",
    "sources": ["FAO 2021", "OWID"],
    "veganAlternatives": ["素排骨"],
}
PLANT: dict[str, Any] = {
    "plantId": "tree_006",
    "name": "桃树",
    "category": "tree",
    "rarity": "rare",
    "unlockRequirements": {"userLevel": "gold", "totalPoints": 500, "totalCarbon": 50},
    "growthStages": [
        {"stage": 1, "name": "种子", "duration": 2, "requiredCarbon": 3},
        {"stage": 2, "name": "发芽", "duration": 4, "requiredCarbon": 6},
        {"stage": 3, "name": "开花", "duration": 3, "requiredCarbon": 6, "specialEffect": "pink_bloom"},
    ],
    "symbolism": {"meaning": "桃李满天下", "story": "春天的云"},
    "pointsPerDay": 9,
    "carbonAbsorption": 0.05,
}
RECIPE: dict[str, Any] = {
    "recipeId": "r_1",
    "name": "烧豆腐",
    "category": "chinese_vegan",
    "cuisine": "sichuan",
    "difficulty": "easy",
    "cookingTime": 20,
    "servings": 2,
    "ingredients": [
        {"name": "老豆腐", "amount": 400, "unit": "g"},
        {"name": "蒜", "amount": 10, "unit": "g"},
        {"name": "植物油", "amount": 25, "unit": "ml"},
        {"name": "艾草", "amount": 5, "unit": "g"},
    ],
    "cookingMethod": "烧",
    "cookingSteps": ["豆腐切块", "下锅同烧"],
    "tags": ["川菜", "冬至"],
    "carbonComparison": {
        "meatVersion": "烧肉",
        "meatCarbon": 2.8,
        "veganCarbon": 0.6,
        "savingsPercent": 78.6,
    },
    "season": "winter",
    "nutritionHighlight": "高蛋白",
    "tips": "小火慢烧，滋补暖胃，趁热吃",
    "status": "active",
}
PRODUCT: dict[str, Any] = {
    "productId": "JY-009",
    "name": "九悦有机糙米",
    "category": "干货",
    "subcategory": "谷物",
    "brand": "九悦自营",
    "description": "五常糙米,低GI值,适合控糖人群,米香浓",
    "highlights": ["有机认证", "低GI"],
    "certifications": ["有机认证"],
    "specs": [
        {
            "specId": "spec-2kg",
            "name": "2kg装",
            "price": 38.8,
            "marketPrice": 48.8,
            "stock": 300,
            "barcode": "6901234567892",
        }
    ],
    "linkedData": {
        "ingredientId": None,
        "carbonFootprint": 0.8,
        "carbonCalculationMethod": "FAO标准",
        "certifiedByPractitioners": [],
        "tcmProperties": {"nature": "平", "suitableBodyTypes": ["平和", "气虚"]},
    },
    "recommendTags": {"scenarios": ["主食"], "bodyTypes": ["平和", "痰湿"], "solarTerms": ["谷雨", "小满"]},
    "media": {"mainImage": "https://example.com/rice.jpg"},
    "salesData": {"totalSales": 2150, "monthSales": 320, "rating": 4.9, "reviewCount": 156},
    "shipping": {"weight": 2100},
    "status": "on_sale",
}
PRACTITIONER: dict[str, Any] = {
    "practitionerId": "practitioner_001",
    "profile": {
        "realName": "李明",
        "age": 35,
        "gender": "male",
        "occupation": "IT工程师",
        "location": "北京",
    },
    "veganJourney": {
        "startDate": "2015-02-01",
        "veganType": "pure_vegan",
        "story": {"trigger": "从那天起吃素"},
    },
    "healthChanges": {"medicalReports": [{"type": "before", "data": {"bloodPressure": "140/90"}}]},
    "uniqueWisdom": {"corePhilosophy": "素食是自由", "uniqueSecrets": ["立秋吃百合，滋阴"]},
    "certification": {"level": "diamond", "certifiedAt": "2025-10-14", "certifiedBy": "admin"},
    "status": "active",
}


def import_one(tmp_path: Path, file: str, raw: Any, stored: Names = NOTHING) -> Outcome:
    (tmp_path / f"{file}.json").write_text(json.dumps([raw], ensure_ascii=False), encoding="utf-8")
    (outcome,) = convert(tmp_path, stored)
    return outcome


def document(outcome: Outcome, position: int = 0) -> dict[str, Any]:
    assert outcome.refusal == ""
    return outcome.records[position].document


def test_an_ingredient_gets_grams_a_key_and_what_its_name_says(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "ingredients", INGREDIENT)

    found = document(outcome)
    assert found["_id"] == key_of("豆腐", "Tofu") == "tofu-4fc10d"
    assert (found["factorG"], found["factorConfidence"]) == (3160, "low")
    assert found["nutrition"] == {"energyKcal": 84, "proteinMg": 8100, "carbsMg": 4200, "fatMg": 3700}
    assert (found["createdAt"], found["updatedAt"]) == (EXPORTED_AT, EXPORTED_AT)
    assert found["allergens"] == ["soy"]
    assert outcome.notes == ["allergens soy: added from the name"]


def test_two_foods_of_one_english_name_get_two_keys() -> None:
    assert key_of("生菜", "Lettuce") != key_of("莴苣", "Lettuce")
    assert key_of(" 生菜", "Lettuce") == key_of("生菜", "Lettuce")


def test_a_food_that_the_shop_knows_keeps_the_shops_key(tmp_path: Path) -> None:
    assert document(import_one(tmp_path, "ingredients", INGREDIENT, SHOP))["_id"] == "tofu"


def test_another_name_of_a_food_that_the_shop_knows_is_not_imported_again(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "ingredients", {**INGREDIENT, "name": "老豆腐"}, SHOP)

    assert outcome.records == []
    assert outcome.notes == ["not imported again: another name of tofu, which the shop has"]


def test_a_plant_drink_is_not_dairy(tmp_path: Path) -> None:
    found = document(
        import_one(tmp_path, "ingredients", {**INGREDIENT, "name": "杏仁奶", "category": "dairy"})
    )

    assert (found["category"], found["contains"], found["allergens"]) == ("饮品", [], ["tree_nut"])


def test_nutrients_that_outweigh_the_food_are_left_out(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "ingredients", {**INGREDIENT, "nutrition": {**NUTRITION, "carbs": 90}})

    assert "nutrition" not in document(outcome)
    assert "nutrition left out: its parts weigh more than 100 g" in outcome.notes


def test_a_meat_product_keeps_its_sources(tmp_path: Path) -> None:
    found = document(import_one(tmp_path, "meat_products", MEAT))

    assert (found["carbonGPerKg"], found["group"], found["source"]) == (7800, "猪", "FAO 2021；OWID")
    assert found["factorVersion"] == "garden-v2"


def test_a_baseline_without_a_source_is_refused(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "meat_products", {**MEAT, "sources": []})

    assert (outcome.status, outcome.refusal) == ("refused", "sources are missing: a baseline needs one")


def test_a_plant_keeps_its_thresholds_and_pays_for_its_days(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "plant_templates", PLANT)

    found = document(outcome)
    assert found["growHours"] == 9 * 24
    assert found["rewardPoints"] == 9 * 9
    assert found["unlock"] == {"tier": "gold", "points": 500, "savedG": 50_000, "plantCodes": []}
    assert found["stages"][2] == {"name": "开花", "hours": 72, "needsG": 6000, "effect": "pink_bloom"}
    assert outcome.status == "accepted"
    assert outcome.left == ["carbonAbsorption"]


def test_nameless_stages_get_the_usual_names_and_plants_are_found_by_name(tmp_path: Path) -> None:
    stages = [{**stage, "name": ""} for stage in PLANT["growthStages"]]
    orchid = {
        **PLANT,
        "plantId": "rare_1",
        "name": "蝴蝶兰",
        "growthStages": stages,
        "unlockRequirements": {**PLANT["unlockRequirements"], "prerequisitePlants": ["桃树", "无名草"]},
    }
    (tmp_path / "plant_templates.json").write_text(json.dumps([PLANT, orchid]), encoding="utf-8")

    found = document(list(convert(tmp_path, NOTHING))[1])

    assert [stage["name"] for stage in found["stages"]] == ["种子", "发芽", "成熟"]
    assert found["unlock"]["plantCodes"] == ["tree_006"]


def test_a_recipe_is_linked_weighed_flagged_and_stripped_of_claims(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "recipes", RECIPE, SHOP)

    found = document(outcome)
    assert found["items"] == [
        {"ingredientId": "tofu", "name": "老豆腐", "grams": 400, "optional": False},
        {"ingredientId": "garlic", "name": "蒜", "grams": 10, "optional": False},
        {"name": "植物油", "grams": 23, "amount": "25ml", "optional": False},
        {"name": "艾草", "grams": 5, "optional": False},
    ]
    assert (found["carbonG"], found["comparedWith"]) == (600, {"title": "烧肉", "carbonG": 2800})
    assert (found["contains"], found["allergens"]) == (["fivePungent"], ["soy"])
    assert (found["terms"], found["tips"]) == (["dongzhi"], "小火慢烧，趁热吃")
    assert outcome.notes == [
        "植物油 25ml weighed as 23 g",
        "unknown ingredients, kept by their names: 植物油、艾草",
        "contains fivePungent, allergens soy: added from the ingredients' names",
        "tips: taken out what says 滋补、暖胃",
    ]


def test_a_season_stands_for_its_six_solar_terms(tmp_path: Path) -> None:
    found = document(import_one(tmp_path, "recipes", {**RECIPE, "tags": [], "season": "winter,all"}))

    assert found["terms"] == ["lidong", "xiaoxue", "daxue", "dongzhi", "xiaohan", "dahan"]


def test_what_only_the_title_or_the_steps_speak_of_is_flagged_too(tmp_path: Path) -> None:
    changed = {**RECIPE, "name": "鸡蛋烧豆腐", "cookingSteps": ["淋上香油和蜂蜜"]}

    outcome = import_one(tmp_path, "recipes", changed)

    assert document(outcome)["contains"] == ["egg", "honey", "fivePungent"]
    speak = "added because title or steps speak of it, though no ingredient does"
    assert f"contains egg、honey, allergens egg: {speak}" in outcome.notes


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ingredients": [{"name": "猪肉", "amount": 1, "unit": "g"}]}, "not vegetarian: 猪肉"),
        (
            {"ingredients": [{"name": "奇果", "amount": 1, "unit": "个"}]},
            "how much one 个 of 奇果 weighs is not known",
        ),
        ({"ingredients": [{"name": "豆", "amount": 1, "unit": "把"}]}, "ingredients.unit “把” is unknown"),
        ({"servings": "2"}, "servings is not a number"),
        ({"servings": True}, "servings is not a number"),
        ({"servings": -1}, "servings is negative"),
        ({"name": "  "}, "name is not a text"),
        ({"difficulty": "insane"}, "difficulty: Input should be 'easy', 'medium' or 'hard'"),
        ({"recipeId": {"$ne": None}}, "recipeId is not a text"),
        (
            {"carbonComparison": {"meatVersion": "x", "meatCarbon": 1, "veganCarbon": 2}},
            "carbonComparison: the dish saves nothing against the meat dish",
        ),
    ],
)
def test_a_recipe_that_cannot_be_repaired_is_refused(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    outcome = import_one(tmp_path, "recipes", {**RECIPE, **change})

    assert (outcome.status, outcome.refusal, outcome.records) == ("refused", reason, ())


def test_a_percentage_that_does_not_follow_is_left_out_with_a_note(tmp_path: Path) -> None:
    wrong = {**RECIPE["carbonComparison"], "savingsPercent": 90}

    outcome = import_one(tmp_path, "recipes", {**RECIPE, "carbonComparison": wrong})

    assert "savingsPercent 90 does not follow from the figures and is left out" in outcome.notes


def test_a_product_comes_with_its_stock_and_the_entry_that_explains_it(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "products", PRODUCT, Names({}, {"糙米": "brown-rice"}, {}, {}))

    found = document(outcome)
    (sku,) = found["skus"]
    assert sku == {
        "skuId": "JY-009-2kg",
        "spec": "2kg装",
        "priceFen": 3880,
        "marketFen": 4880,
        "weightG": 2100,
        "barcode": "6901234567892",
        "noReasonReturn": True,
        "retired": False,
    }
    assert (found["minPriceFen"], found["carbonGPerUnit"], found["sales"]) == (3880, 800, 2150)
    assert (found["description"], found["highlights"]) == ("五常糙米，米香浓", ["有机认证"])
    assert (found["ingredientId"], found["terms"]) == ("brown-rice", ["guyu", "xiaoman"])
    assert found["fit"]["suits"] == ["balanced"]
    assert found["media"] == {"images": []}
    assert found["rating"] == {"count": 0, "sum": 0}
    assert [record.collection for record in outcome.records] == ["products", "inventory", "stock_ledger"]
    assert document(outcome, 1)["onHand"] == document(outcome, 1)["available"] == 300
    assert document(outcome, 2)["_id"] == "JY-009-2kg:opening:import"
    assert document(outcome, 2)["deltas"]["onHand"] == 300


def test_a_wrong_barcode_and_an_upside_down_market_price_are_left_out(tmp_path: Path) -> None:
    spec = {**PRODUCT["specs"][0], "barcode": "6901234567891", "marketPrice": 30}

    outcome = import_one(tmp_path, "products", {**PRODUCT, "specs": [spec]})

    (sku,) = document(outcome)["skus"]
    assert "barcode" not in sku
    assert "marketFen" not in sku
    assert {
        "barcode 6901234567891 left out: its check digit is wrong",
        "marketPrice is below the price and left out",
    } <= set(outcome.notes)


def test_with_several_specs_each_weighs_what_it_says(tmp_path: Path) -> None:
    one = PRODUCT["specs"][0]
    specs = [one, {**one, "specId": "spec-500g", "name": "500g装", "price": 9.9}]

    found = document(import_one(tmp_path, "products", {**PRODUCT, "specs": specs}))

    assert [sku["weightG"] for sku in found["skus"]] == [2000, 500]
    assert found["minPriceFen"] == 990


def test_a_practitioner_leaves_her_person_behind(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "practitioners", PRACTITIONER)

    found = document(outcome)
    assert (found["name"], found["region"], found["level"]) == ("李老师", "北京", "diamond")
    assert (found["status"], "userId" in found) == ("applied", False)
    assert (found["avoid"], found["veganSince"]) == (["egg", "dairy", "honey"], "2015-02-01")
    assert found["tips"] == ["立秋吃百合"]
    assert found["certifiedAt"] == instant("2025-10-14")
    text = json.dumps(found, ensure_ascii=False)
    assert not any(word in text for word in ("李明", "IT工程师", "140/90", "male"))
    assert outcome.left == ["healthChanges", "profile.age", "profile.gender", "profile.occupation"]


def test_a_practitioner_with_an_account_stays_active(tmp_path: Path) -> None:
    found = document(import_one(tmp_path, "practitioners", {**PRACTITIONER, "userId": "u1"}))

    assert (found["status"], found["userId"]) == ("active", "u1")


def test_a_record_that_is_none_is_refused_by_its_place(tmp_path: Path) -> None:
    outcome = import_one(tmp_path, "recipes", "nonsense")

    assert (outcome.name, outcome.refusal) == ("#1", "not an object")


def test_the_second_record_of_one_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recipes.json").write_text(
        json.dumps([RECIPE, {**RECIPE, "name": "另一道"}]), encoding="utf-8"
    )

    first, second = convert(tmp_path, NOTHING)

    assert first.refusal == ""
    assert second.refusal == "recipes r_1 was in the file before"


def test_a_file_of_an_object_a_line_is_read_as_a_list_of_them(tmp_path: Path) -> None:
    other = {**RECIPE, "recipeId": "r_2", "name": "另一道\u2028"}
    lines = "\r\n".join(json.dumps(each, ensure_ascii=False) for each in (RECIPE, other))
    (tmp_path / "recipes.json").write_text(f"\ufeff{lines}\n\n", encoding="utf-8", newline="")

    found = list(convert(tmp_path, NOTHING))

    (tmp_path / "recipes.json").write_text(json.dumps([RECIPE, other]), encoding="utf-8")
    assert found == list(convert(tmp_path, NOTHING))
    assert [(one.refusal, len(one.records)) for one in found] == [("", 1), ("", 1)]


@pytest.mark.parametrize("text", ["{", "3", '{"a": 1}\n{"b": 2', '{"a": 1} {"b": 2}', "[1", ""])
def test_a_file_that_is_no_list_stops_the_import(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipes.json").write_text(text, encoding="utf-8")

    with pytest.raises(Unreadable, match=r"recipes\.json"):
        list(convert(tmp_path, NOTHING))


def test_money_is_exact_and_rounding_leaves_a_note() -> None:
    notes: list[str] = []

    assert whole(Decimal("38.80"), 100, "price", notes) == 3880
    assert notes == []
    assert whole(Decimal("9.995"), 100, "price", notes) == 1000
    assert notes == ["price 9.995 rounded to 1000/100"]


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), True, "1", None])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match="price is not a number"):
        Source({"price": value}).number("price")


def test_only_the_claiming_clauses_are_taken_out() -> None:
    notes: list[str] = []

    assert clean("米香浓,低GI值,适合控糖人群。", "description", notes) == "米香浓"
    assert notes == ["description: taken out what says 低GI、控糖"]
    assert clean("慢火细炖，汤色清亮", "tips", []) == "慢火细炖，汤色清亮"


@pytest.mark.parametrize(
    ("name", "contains", "allergens"),
    [
        ("椰奶", [], []),
        ("奶酪", ["dairy"], ["milk"]),
        ("小葱", ["fivePungent"], []),
        ("料酒", ["alcohol"], []),
        ("芝麻菜", [], []),
        ("芝麻油", [], ["sesame"]),
        ("鸭蛋", ["egg"], ["egg"]),
        ("蛋白粉", [], []),
        ("荞麦面条", [], ["gluten", "buckwheat"]),
    ],
)
def test_names_of_foods_say_what_they_contain(name: str, contains: list[str], allergens: list[str]) -> None:
    assert diet_of([name]) == (contains, allergens)


def test_vegetables_named_like_meat_are_no_meat() -> None:
    assert meats(["牛油果", "素鸡", "鸡腿菇", "桂圆肉", "鸡蛋", "蚝油", "鸡肉"]) == ["蚝油", "鸡肉"]


@pytest.mark.skipif(not REAL.is_dir(), reason="the predecessor's documents are not on this machine")
def test_every_real_record_is_accounted_for() -> None:
    outcomes, report = list(convert(REAL, NOTHING)), Report()

    records = list(report.records(outcomes))

    real = [name for name in FILES if (REAL / f"{name}.json").exists()]
    totals = {name: len(json.loads((REAL / f"{name}.json").read_text(encoding="utf-8"))) for name in real}
    assert {file: counts.total() for file, counts in report.files.items()} == totals
    assert [outcome.name for outcome in outcomes if outcome.refusal] == []
    assert len(records) == sum(len(outcome.records) for outcome in outcomes if outcome.records)
    assert all(outcome.notes for outcome in outcomes if outcome.status == "repaired")
    assert report.files == {
        "ingredients": {"accepted": 87, "repaired": 40},
        "meat_products": {"accepted": 54},
        "plant_templates": {"accepted": 3, "repaired": 37},
        "practitioners": {"repaired": 1},
        "recipes": {"repaired": 33},
        "products": {"repaired": 3},
    }
