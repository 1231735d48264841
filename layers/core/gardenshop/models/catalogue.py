"""What operators write of a product; what others keep in its document has no place here."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, model_validator
from pydantic.alias_generators import to_camel

from gardenshop.models.base import (
    Count,
    Fen,
    Grams,
    Instant,
    Key,
    Line,
    Model,
    Quantity,
    SkuId,
    Words,
)
from gardenshop.models.product import Nutrition
from gardenshop.models.traits import ConstitutionFit, Media, Tcm
from gardenshop.models.vocabulary import Allergens, Contains, Terms

Label = Annotated[Words, Field(max_length=200)]
_LINES = TypeAdapter(tuple[Line, ...])
_REQUIRED = ("title", "category_path", "skus", "carbon_g_per_unit", "carbon_source")
_SPOKEN = ("title", "subtitle", "brand", "description", "highlights", "origin", "ad_label", "keywords")


class SkuPlan(Model):
    """A SKU as it is to be; its price is said when it is new, and changed by an action of its own."""

    sku_id: SkuId
    spec: Annotated[Words, Field(max_length=80)]
    price_fen: Fen | None = None
    market_fen: Fen | None = None
    weight_g: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    carbon_g_per_unit: Grams | None = None
    barcode: Annotated[str, Field(pattern=r"^[0-9]{8,14}$")] | None = None
    limit_per_user: Quantity | None = None
    no_reason_return: Annotated[bool, Field(strict=True)] = True


class SkuPrice(Model):
    """The price of a SKU, and the one that is struck out beside it, if any."""

    sku_id: SkuId
    price_fen: Fen
    market_fen: Fen | None = None


class ProductPlan(Model):
    """The parts of a product to be saved: what is left out stays, what is null goes."""

    title: Annotated[Words, Field(max_length=80)] | None = None
    title_en: Label | None = None
    subtitle: Annotated[Line, Field(max_length=120)] | None = None
    brand: Annotated[Line, Field(max_length=40)] | None = None
    category_path: Annotated[tuple[Label, ...], Field(min_length=1, max_length=4)] | None = None
    on_at: Instant | None = None
    off_at: Instant | None = None
    skus: Annotated[tuple[SkuPlan, ...], Field(min_length=1, max_length=30)] | None = None
    media: Media | None = None
    description: Annotated[Line, Field(max_length=20_000)] | None = None
    highlights: Annotated[tuple[Label, ...], Field(max_length=10)] | None = None
    origin: Label | None = None
    ad_label: Annotated[Words, Field(max_length=20)] | None = None
    fresh: Annotated[bool, Field(strict=True)] | None = None
    shelf_life_days: Count | None = None
    tcm: Tcm | None = None
    fit: ConstitutionFit | None = None
    terms: Terms | None = None
    contains: Contains | None = None
    allergens: Allergens | None = None
    ingredient_id: Key | None = None
    ingredients: Annotated[tuple[Label, ...], Field(max_length=40)] | None = None
    nutrition: Nutrition | None = None
    carbon_g_per_unit: Grams | None = None
    carbon_source: Label | None = None
    certificates: Annotated[tuple[Label, ...], Field(max_length=10)] | None = None
    keywords: Annotated[tuple[Label, ...], Field(max_length=40)] | None = None

    @model_validator(mode="after")
    def _texts_are_lines(self) -> "ProductPlan":
        _LINES.validate_python(tuple(_texts(self.model_dump())))
        return self

    def lacks(self, *, is_new: bool) -> list[str]:
        """Return what a product cannot be without, and what is null here, or left out though it is new."""
        given = self.model_fields_set
        missing = [name for name in _REQUIRED if getattr(self, name) is None and (is_new or name in given)]
        return [to_camel(name) for name in missing]

    def spoken(self) -> dict[str, list[str]]:
        """Return what members will read, by stored name."""
        plan = self.model_dump(include=set(_SPOKEN), exclude_none=True, by_alias=True)
        return {name: list(_texts(value)) for name, value in plan.items()} | {
            "skus": [sku.spec for sku in self.skus or ()]
        }

    def given(self) -> dict[str, Any]:
        """Return what is to be saved, by stored name, None for what goes; the SKUs are not among it."""
        plan = self.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"skus"})
        return {name: _full(value) for name, value in plan.items()}


def _full(value: Any) -> Any:
    """Return *value* as it is stored: without parts that are None."""
    if not isinstance(value, dict):
        return value
    return {name: each for name, each in value.items() if each is not None}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for each in value.values() for text in _texts(each))
    elif isinstance(value, (list, tuple)):
        yield from (text for each in value for text in _texts(each))
