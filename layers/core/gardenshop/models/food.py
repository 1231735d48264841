"""Food knowledge: ingredients with their carbon factors, recipes, and meat baselines."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import Count, Document, Grams, Key, LongText, Model, ShortText, SkuId
from gardenshop.models.product import Nutrition
from gardenshop.models.traits import ConstitutionFit, Media, Tcm
from gardenshop.models.vocabulary import Allergens, Contains, Terms

FoodStatus = Literal["active", "hidden"]


class SkuLink(Model):
    """A SKU that provides an ingredient."""

    sku_id: SkuId
    grams_per_unit: Annotated[int, Field(strict=True, ge=1, le=100_000)]


class Ingredient(Document):
    """A food; `name_key` is its normalised name and unique."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    name_key: Annotated[str, Field(min_length=1, max_length=40)]
    name_en: ShortText | None = None
    aliases: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    category: Annotated[str, Field(max_length=40)]
    factor_g: Grams
    """Grams CO2e per kg (per litre for liquids)."""
    factor_source: ShortText
    factor_version: Annotated[str, Field(max_length=60)]
    factor_confidence: Literal["ok", "proxy", "low"] = "ok"
    tcm: Tcm | None = None
    fit: ConstitutionFit | None = None
    terms: Terms = ()
    contains: Contains = ()
    allergens: Allergens = ()
    nutrition: Nutrition | None = None
    sku_links: Annotated[tuple[SkuLink, ...], Field(max_length=30)] = ()
    substitutes: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    status: FoodStatus = "active"


class RecipeItem(Model):
    """Some grams of one ingredient; `ingredient_id` is absent while the food is not known."""

    ingredient_id: Key | None = None
    name: Annotated[str, Field(min_length=1, max_length=40)]
    grams: Annotated[int, Field(strict=True, ge=0, le=100_000)]
    amount: Annotated[str, Field(max_length=40)] | None = None
    """How a cook says it (2个, 40ml), when that is not grams."""
    optional: bool = False


class MeatVersion(Model):
    """The meat dish that a recipe is compared with, and its carbon for the same servings."""

    title: ShortText
    carbon_g: Grams


class Recipe(Document):
    """A dish; amounts and `carbon_g` are for all its servings together."""

    title: Annotated[str, Field(min_length=1, max_length=60)]
    title_en: ShortText | None = None
    category: Annotated[str, Field(max_length=40)]
    cuisine: Annotated[str, Field(max_length=40)] | None = None
    difficulty: Literal["easy", "medium", "hard"] = "easy"
    method: Annotated[str, Field(max_length=20)] | None = None
    minutes: Annotated[int, Field(strict=True, ge=0, le=1440)] = 0
    servings: Annotated[int, Field(strict=True, ge=1, le=50)]
    items: Annotated[tuple[RecipeItem, ...], Field(min_length=1, max_length=60)]
    steps: Annotated[tuple[LongText, ...], Field(max_length=40)]
    carbon_g: Grams
    carbon_source: ShortText | None = None
    compared_with: MeatVersion | None = None
    terms: Terms = ()
    fit: ConstitutionFit | None = None
    contains: Contains = ()
    allergens: Allergens = ()
    tags: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    highlight: ShortText = ""
    tips: LongText = ""
    media: Media = Field(default_factory=Media)
    author_practitioner_id: Key | None = None
    status: Literal["draft", "active", "hidden"] = "active"
    cooked: Count = 0


class MeatProduct(Document):
    """A meat, fish or meat product to compare with; `_id` is its code."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    name_en: ShortText | None = None
    category: Annotated[str, Field(max_length=40)]
    group: Annotated[str, Field(max_length=40)]
    carbon_g_per_kg: Grams
    source: ShortText
    factor_version: Annotated[str, Field(min_length=1, max_length=60)]
    production: Annotated[str, Field(max_length=40)] | None = None
    region: Annotated[str, Field(max_length=40)] | None = None
    nutrition: Nutrition | None = None
    alternatives: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    status: FoodStatus = "active"
