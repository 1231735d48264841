"""The sample shop holds together: models, references, laws of stock and points, carbon, wording."""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gardenshop.models.base import dump
from gardenshop.models.registry import model_of
from gardenshop.rules.carbon import MEATS, VERSION, Food
from gardenshop.rules.constitution import NAMES
from gardenshop.rules.outlook import stock_of
from gardenshop.rules.policies.restock import RestockPolicy
from gardenshop.rules.policy import policy_of
from gardenshop.rules.ranking import DEFAULT_WEIGHTS
from gardenshop.rules.restock import propose
from gardenshop.rules.search import query_keys, search_keys
from gardenshop.rules.solar_terms import BY_KEY
from gardenshop.rules.wording import find_claims

FOLDER = Path(__file__).resolve().parents[2] / "collections" / "sample"
FILES = sorted(path.stem for path in FOLDER.glob("*.json"))
FOODS = Path(__file__).resolve().parents[3] / "shared" / "domain-data" / "foods_tcm.csv"
LEGACY = "legacy_accounts"
TODAY = "2026-11-01"
"""The day on which the sample shop stands."""

Json = dict[str, Any]


@cache
def load(name: str) -> tuple[Json, ...]:
    return tuple(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["documents"])


def by_id(name: str) -> dict[str, Json]:
    return {document["_id"]: document for document in load(name)}


def skus() -> dict[str, tuple[Json, Json]]:
    return {sku["skuId"]: (product, sku) for product in load("products") for sku in product["skus"]}


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def holds(stored: Any, document: Any) -> bool:
    """Say whether *stored* has everything that *document* says; it may have defaults besides."""
    if isinstance(document, dict):
        return all(key in stored and holds(stored[key], value) for key, value in document.items())
    if isinstance(document, list):
        return len(stored) == len(document) and all(map(holds, stored, document))
    return bool(stored == document)


@pytest.mark.parametrize("name", [name for name in FILES if name != LEGACY])
def test_every_document_is_what_its_model_stores(name: str) -> None:
    model = model_of(name)
    for document in load(name):
        assert holds(dump(model.model_validate(document)), document), document["_id"]


def test_every_file_names_its_collection() -> None:
    for name in FILES:
        collection = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["collection"]
        assert collection == ("users" if name == LEGACY else name)


def test_ids_are_unique_and_the_words_of_an_id_are_its_fields() -> None:
    for name in FILES:
        assert len(by_id(name)) == len(load(name)), name
    for text in load("tcm_wisdom"):
        assert text["_id"] == f"{text['kind']}:{text['key']}"
    for each in load("practitioner_certifications"):
        assert each["_id"] == f"{each['practitionerId']}:{each['targetType']}:{each['target']}"
    for entry in load("stock_ledger"):
        assert entry["_id"] == f"{entry['skuId']}:{entry['reason']}:{entry['ref']}"


def test_the_shop_is_as_large_as_promised() -> None:
    wisdom = Counter(text["kind"] for text in load("tcm_wisdom"))
    assert len(load("products")) >= 120
    assert len(skus()) == sum(len(product["skus"]) for product in load("products")) >= 180
    assert len(load("ingredients")) >= 90
    assert len(load("recipes")) >= 30
    assert wisdom == {"solar_term": 24, "constitution": 9, "lesson": 24, "quote": 30}
    assert len(load("plant_templates")) == 12
    assert 15 <= len(load("meat_products")) <= 20
    assert len(load("practitioners")) == 3
    assert sum("tcm" in product for product in load("products")) >= 100


def test_the_knowledge_covers_every_solar_term_and_constitution() -> None:
    keys = defaultdict(set)
    for text in load("tcm_wisdom"):
        keys[text["kind"]].add(text["key"])
    assert keys["solar_term"] == set(BY_KEY)
    assert keys["constitution"] == set(NAMES)


def test_every_reference_leads_somewhere() -> None:
    products, ingredients, recipes, people = (
        by_id(name) for name in ("products", "ingredients", "recipes", "practitioners")
    )
    staff = {user["_id"] for user in load("users")}
    for product in products.values():
        assert product["ingredientId"] in ingredients
    for ingredient in ingredients.values():
        assert set(ingredient.get("substitutes", ())) <= ingredients.keys() - {ingredient["_id"]}
    for recipe in recipes.values():
        assert {item["ingredientId"] for item in recipe["items"]} <= ingredients.keys()
        assert recipe.get("authorPractitionerId", "lin-qinghe") in people
    for text in load("tcm_wisdom"):
        references = text.get("refs", {})
        assert set(references.get("ingredientIds", ())) <= ingredients.keys(), text["_id"]
        assert set(references.get("productIds", ())) <= products.keys(), text["_id"]
    for each in load("practitioner_certifications"):
        assert each["practitionerId"] in people
        assert each["target"] in {"product": products, "recipe": recipes}[each["targetType"]]
        assert each.get("reviewer") in staff | {None}
    for rule in load("business_rules"):
        assert rule["author"] in staff


def test_every_sku_is_linked_from_the_ingredient_of_its_product() -> None:
    links = {
        link["skuId"]: ingredient["_id"]
        for ingredient in load("ingredients")
        for link in ingredient.get("skuLinks", ())
    }
    assert links == {sku_id: product["ingredientId"] for sku_id, (product, _) in skus().items()}


def test_what_products_show_of_certifications_is_what_was_approved() -> None:
    shown = {
        (product["_id"], badge["certificationId"], badge["name"], badge["level"], badge["until"])
        for product in load("products")
        for badge in product.get("certifications", ())
    }
    names = {person["_id"]: person["name"] for person in load("practitioners")}
    approved = {
        (each["target"], each["_id"], names[each["practitionerId"]], each["level"], each["until"])
        for each in load("practitioner_certifications")
        if each["state"] == "approved" and each["targetType"] == "product"
    }
    assert shown == approved
    assert len({target for target, *_ in approved}) >= 20


def test_prices_fit_and_fresh_goods_exclude_the_return_without_reason() -> None:
    for product, sku in skus().values():
        assert 0 < sku["priceFen"] < sku["marketFen"]
        assert sku["noReasonReturn"] is not product["fresh"]
        assert len(product["categoryPath"]) == 3


def test_products_are_found_by_the_words_of_their_titles_and_categories() -> None:
    ingredients = by_id("ingredients")
    for product in load("products"):
        words = (product["title"], *product["categoryPath"], ingredients[product["ingredientId"]]["name"])
        assert product["searchKeys"] == search_keys(*words, *product["keywords"])
        assert set(query_keys(product["title"])) <= set(product["searchKeys"])


def test_a_product_carries_the_flags_of_its_main_ingredient() -> None:
    ingredients = by_id("ingredients")
    for product in load("products"):
        main = ingredients[product["ingredientId"]]
        assert set(main.get("contains", ())) <= set(product.get("contains", ())), product["_id"]
        assert set(main.get("allergens", ())) <= set(product.get("allergens", ())), product["_id"]
        assert product.get("fit", main.get("fit")) == main.get("fit"), product["_id"]


def test_a_fit_says_who_named_the_food_or_that_it_is_inferred() -> None:
    for ingredient in load("ingredients"):
        if source := ingredient.get("fit", {}).get("source"):
            inferred = f"推断：只据四气为{ingredient['tcm']['nature']}，无文献点名"
            named = source.endswith("点名") and re.search("广东省中医药局|王琦|央广网", source)
            assert source == inferred or named, ingredient["_id"]


@pytest.mark.skipif(not FOODS.exists(), reason="the collected facts are not beside this checkout")
def test_natures_and_named_fits_are_the_collected_facts() -> None:
    checked = 0
    with FOODS.open(encoding="utf-8") as lines:
        foods = {
            name: row for row in csv.DictReader(lines) for name in re.split(r"[()]", row["name"]) if name
        }
    for ingredient in load("ingredients"):
        row = next(
            (foods[name] for name in (ingredient["name"], *ingredient.get("aliases", ())) if name in foods),
            {},
        )
        if row and "tcm" in ingredient:
            assert ingredient["tcm"]["nature"] == row["nature5"], ingredient["_id"]
            if row["suit_sourced"] or row["avoid_sourced"]:
                named = [row["suit_sourced"].split(), row["avoid_sourced"].split()]
                fit = ingredient["fit"]
                assert [[NAMES[code] for code in fit[key]] for key in ("suits", "avoid")] == named
                checked += 1
    assert checked >= 50


def test_a_factor_is_what_its_source_says() -> None:
    for ingredient in load("ingredients"):
        found = re.search(r"： ?.+ (\d+) g/kg(?: × 折鲜 ([\d.]+))?$", ingredient["factorSource"])
        assert found, ingredient["_id"]
        assert ingredient["factorG"] == round(int(found[1]) * float(found[2] or 1))
        assert ingredient["factorVersion"] == VERSION
        if found[2]:
            assert ingredient["factorConfidence"] == "low"


def test_the_carbon_of_a_sku_follows_from_its_main_ingredient() -> None:
    for ingredient in load("ingredients"):
        for link in ingredient.get("skuLinks", ()):
            product, sku = skus()[link["skuId"]]
            assert sku["carbonGPerUnit"] == Food(link["gramsPerUnit"], ingredient["factorG"]).carbon_g
            assert product["carbonGPerUnit"] == product["skus"][0]["carbonGPerUnit"]
            assert link["gramsPerUnit"] <= sku["weightG"]
            assert f"{ingredient['factorG']} g/kg" in product["carbonSource"]


def test_the_carbon_of_a_recipe_is_the_sum_of_its_items() -> None:
    ingredients = by_id("ingredients")
    for recipe in load("recipes"):
        milligrams = sum(
            item["grams"] * ingredients[item["ingredientId"]]["factorG"] for item in recipe["items"]
        )
        assert recipe["carbonG"] == (milligrams + 500) // 1000, recipe["_id"]
        for item in recipe["items"]:
            assert item["name"] == ingredients[item["ingredientId"]]["name"]
        allergens = {
            each
            for item in recipe["items"]
            for each in ingredients[item["ingredientId"]].get("allergens", ())
        }
        assert set(recipe.get("allergens", ())) == allergens


def test_every_baseline_of_the_rules_is_a_meat_product_with_the_same_figure() -> None:
    meats = by_id("meat_products")
    for code, (_, grams_per_kg) in MEATS.items():
        found = meats[code]
        assert (found["carbonGPerKg"], found["factorVersion"]) == (grams_per_kg, VERSION)


def test_every_sku_has_stock_that_its_ledger_explains() -> None:
    counters = ("onHand", "available", "reserved", "damaged", "inbound")
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in load("stock_ledger"):
        sums[entry["skuId"]].update(entry["deltas"])
    stock = by_id("inventory")
    assert stock.keys() == skus().keys() == sums.keys()
    for sku_id, balance in stock.items():
        assert balance["productId"] == skus()[sku_id][0]["_id"]
        assert {name: balance[name] for name in counters} == {name: sums[sku_id][name] for name in counters}
        assert balance["available"] == balance["onHand"] - balance["reserved"] - balance["damaged"]
        assert balance["supplier"]["costFen"] < skus()[sku_id][1]["priceFen"]


def test_sales_cover_sixty_days_and_products_show_the_last_thirty() -> None:
    end = date.fromisoformat(TODAY)
    days = [(end - timedelta(days=ahead)).isoformat() for ahead in range(60, 0, -1)]
    sold: Counter[str] = Counter()
    for balance in load("inventory"):
        assert list(balance["dailySales"]) == days
        assert len(balance["termSales"]) == 24
        sold[balance["productId"]] += sum(balance["dailySales"][day] for day in days[-30:])
    for product in load("products"):
        assert product["sales30D"] == sold[product["_id"]] <= product["sales"]


def test_some_skus_need_a_reorder_and_most_do_not() -> None:
    proposals = {
        balance["_id"]: proposal
        for balance in load("inventory")
        if (proposal := propose(stock_of(balance, RestockPolicy()), TODAY))
    }
    assert {"north-tofu-400g", "kelp-knots-400gx3", "frozen-buns-80gx8"} <= proposals.keys()
    assert 4 <= len(proposals) <= 40


def test_one_sku_is_down_to_its_last_unit() -> None:
    assert by_id("inventory")["tangerine-peel-100g"]["available"] == 1


def test_the_rules_are_read_and_each_is_live_once() -> None:
    policy = policy_of(load("business_rules"))
    assert policy.version == "carbon1.freight1.garden1.order1.points1.recommend1.restock1"
    assert policy.recommend.weights.keys() == DEFAULT_WEIGHTS.keys()
    assert policy.carbon.baseline_code in MEATS
    for rule in load("business_rules"):
        assert (rule["_id"], rule["liveKey"]) == (f"{rule['ruleId']}:{rule['version']}", rule["ruleId"])


def test_a_plant_is_ripe_when_its_stages_have_passed() -> None:
    for plant in load("plant_templates"):
        assert sum(stage["hours"] for stage in plant["stages"]) == plant["growHours"]
        assert plant["rewardPoints"] > plant["costPoints"]


def test_lessons_ask_questions_that_can_be_answered() -> None:
    for lesson in (text for text in load("tcm_wisdom") if text["kind"] == "lesson"):
        assert 2 <= len(lesson["quiz"]) <= 3
        assert lesson["reward"]["points"] > 0
        for question in lesson["quiz"]:
            assert question["answer"] < len(set(question["options"])) == len(question["options"])


def test_former_accounts_are_users_once_their_phone_is_hashed() -> None:
    for account in load(LEGACY):
        stored = {key: value for key, value in account.items() if key != "phone"}
        model_of("users").model_validate(stored | {"phoneHash": "0" * 64})
        assert account["_id"] == f"legacy:{account['legacy']['shopUid']}"
        assert re.fullmatch(r"138000\d{5}", account["phone"])


def test_points_of_former_accounts_are_the_sum_of_their_ledger_and_lots() -> None:
    earned: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for entry in load("points_ledger"):
        earned[entry["userId"]] += entry["delta"]
        left[entry["userId"]] += entry["lot"]["left"]
    for account in load(LEGACY):
        assert earned[account["_id"]] == left[account["_id"]] == account["points"]["shop"]["available"]


def test_past_orders_belong_to_former_accounts_and_were_paid_at_the_prices_of_the_shop() -> None:
    for order in load("orders"):
        assert order["userId"] in by_id(LEGACY)
        assert order["status"] == order["history"][-1]["to"] == "completed"
        assert order["totals"]["paidFen"] == order["totals"]["payableFen"] == order["payLog"][0]["amountFen"]
        for line in order["lines"]:
            product, sku = skus()[line["skuId"]]
            assert line["productId"] == product["_id"]
            assert line["listFen"] == line["quantity"] * sku["priceFen"]
            assert line["carbonG"] == line["quantity"] * sku["carbonGPerUnit"]


def rhythm(instants: list[int]) -> tuple[int, int, int]:
    """Return on how many days something was bought, when last, and the mean days between, rounded."""
    days = sorted({instant // 86_400_000 for instant in instants})
    gaps = len(days) - 1
    return len(days), max(instants), (days[-1] - days[0] + gaps // 2) // gaps


def test_the_rhythm_of_the_profile_is_the_rhythm_of_the_orders() -> None:
    (profile,) = load("user_profiles_extended")
    shopping, orders = profile["shopping"], load("orders")
    bought: dict[str, list[int]] = defaultdict(list)
    for order in orders:
        for line in order["lines"]:
            bought[line["skuId"]].append(order["createdAt"])
    rhythms = {sku_id: rhythm(instants) for sku_id, instants in bought.items() if len(instants) > 1}
    assert {
        each["skuId"]: (each["times"], each["lastAt"], each["days"]) for each in shopping["cycleDays"]
    } == rhythms
    assert shopping["orders"] == len(orders)
    assert shopping["averageFen"] == sum(order["totals"]["paidFen"] for order in orders) // len(orders)


@pytest.mark.parametrize("name", FILES)
def test_no_text_claims_an_effect(name: str) -> None:
    for document in load(name):
        for text in texts(document):
            assert not find_claims(text), (document["_id"], text)


def test_constitutions_are_named_only_by_the_knowledge_texts() -> None:
    words = re.compile("体质|" + "|".join(name.removesuffix("质") for name in NAMES.values()))
    for name in FILES:
        for document in load(name) if name != "tcm_wisdom" else ():
            spoken = {key: value for key, value in document.items() if key not in {"fit", "searchKeys"}}
            assert not [text for text in texts(spoken) if words.search(text)], document["_id"]
