"""What lies on a plate: foods read from words and amounts, with their carbon, as they are stored."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gardenshop.cloud.database import Command, Document, find
from gardenshop.cloud.errors import InvalidRequest, NotFound
from gardenshop.rules.carbon import Baseline, Estimate, Food, Helping, meal, protein_of
from gardenshop.rules.food_match import Named, Part, grams_of, read
from gardenshop.rules.larder import Larder
from gardenshop.rules.meal_notes import earned_g
from gardenshop.rules.policies.carbon import CarbonPolicy

MOST_ITEMS = 40
_FIELDS = ("name", "aliases", "category", "factorG", "factorSource", "factorVersion")
_SURE = 10_000


class Wish(NamedTuple):
    """A food by its id, with its grams or an amount such as 半块; a portion when there is neither."""

    food_id: str
    grams: int | None
    amount: str | None


class Plate(NamedTuple):
    """The items, as they are stored, and what of a text is no food that is known, or is meat."""

    items: list[Document]
    uncounted: list[str]
    with_meat: bool
    versions: frozenset[str]


def foods_read(wishes: Sequence[Wish], text: str | None) -> Command:
    """Return the read of the foods wished for, or of all of them when there is a *text* to read."""
    named = {} if text else {"_id": {"$in": sorted({wish.food_id for wish in wishes})}}
    return find("ingredients", {**named, "status": "active"}, fields=_FIELDS)


def plate_of(wishes: Sequence[Wish], text: str | None, foods: Sequence[Document], larder: Larder) -> Plate:
    """Return what *wishes* and *text* put on the plate. Raises NotFound, or InvalidRequest.

    What the *larder* holds of a main protein is marked as earned by the purchases it comes from.
    """
    known = {food["_id"]: food for food in foods}
    named = {key: _named(food) for key, food in known.items()}
    reading = read(text or "", list(named.values()))
    parts = _joined([*(_wished(wish, named, place) for place, wish in enumerate(wishes)), *reading.parts])
    if len(parts) > MOST_ITEMS:
        raise InvalidRequest(f"一餐最多记录 {MOST_ITEMS} 种食物", fields=[{"field": "items"}])
    items = [_item(part, known[part.food_id], larder) for part in parts]
    versions = frozenset(known[part.food_id]["factorVersion"] for part in parts)
    uncounted = [*reading.unknown, *reading.meat]
    return Plate(items, uncounted, bool(reading.meat), versions)


def estimate_of(items: Iterable[Document], *, portions: int, baseline: Baseline) -> Estimate:
    """Estimate the meal of *items*."""
    helpings = [
        Helping(Food(item["grams"], item["factorG"]), item.get("protein"), earned_g(item)) for item in items
    ]
    return meal(helpings, portions=portions, baseline=baseline)


def portions_of(policy: CarbonPolicy, *, kind: str, with_meat: bool) -> int:
    """Return how many portions of the baseline a meal of *kind* replaces at most."""
    return 0 if kind == "snack" or with_meat else policy.meal_portions


def baseline_of(policy: CarbonPolicy, meats: Sequence[Document]) -> Baseline:
    """Return the baseline that the rules name, or a portion of another meat that the member chose."""
    if not meats or meats[0]["_id"] == policy.baseline_code:
        return Baseline(policy.baseline_code, policy.baseline_g)
    meat = meats[0]
    named = meat["name"], meat["carbonGPerKg"]
    return Baseline(meat["_id"], policy.baseline_g, named, meat["factorVersion"])


def _named(food: Document) -> Named:
    return Named(food["_id"], food["name"], tuple(food.get("aliases") or ()), food["category"])


def _wished(wish: Wish, foods: Mapping[str, Named], place: int) -> Part:
    food = foods.get(wish.food_id)
    if food is None:
        raise NotFound("没有这种食材", ingredientId=wish.food_id)
    if wish.grams is not None:
        return Part(food.id, wish.grams, _SURE, "")
    weighed = grams_of(wish.amount or "1份", food)
    if weighed is None:
        raise InvalidRequest(
            "看不懂这个份量，可以写成“一碗”“半块”“200克”",
            fields=[{"field": f"items.{place}.amount", "problem": "not an amount"}],
        )
    return Part(food.id, *weighed, wish.amount or "")


def _joined(parts: Iterable[Part]) -> list[Part]:
    """Return *parts* with those of one food added up; the sum is as sure as the least sure of them."""
    joined: dict[str, Part] = {}
    for part in parts:
        before = joined.get(part.food_id, part._replace(grams=0))
        sure = min(before.confidence_bp, part.confidence_bp)
        joined[part.food_id] = before._replace(grams=before.grams + part.grams, confidence_bp=sure)
    return list(joined.values())


def _item(part: Part, food: Document, larder: Larder) -> Document:
    protein = protein_of((food["category"], food["name"]))
    item = {
        "name": food["name"],
        "ingredientId": food["_id"],
        "grams": part.grams,
        "factorG": food["factorG"],
        "factorSource": food["factorSource"],
        "carbonG": Food(part.grams, food["factorG"]).carbon_g,
        "confidenceBp": part.confidence_bp,
    }
    if protein is None:
        return item
    earned = [{"mealId": each.meal_id, "grams": each.grams} for each in larder.take(protein, part.grams)]
    return {**item, "protein": protein, "earned": earned}
