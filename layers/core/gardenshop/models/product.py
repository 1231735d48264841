"""The catalogue: products with their SKUs, and the reviews of bought lines."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from gardenshop.models.base import (
    Count,
    Day,
    Document,
    Fen,
    Grams,
    Instant,
    Key,
    LineId,
    LongText,
    Model,
    OrderNo,
    Quantity,
    Ring,
    ShortText,
    SkuId,
    UserId,
)
from gardenshop.models.traits import ConstitutionFit, Media, Tcm
from gardenshop.models.vocabulary import Allergens, BadgeLevel, Contains, Terms


class Sku(Model):
    """One thing on the shelf: a product in one size."""

    sku_id: SkuId
    spec: Annotated[str, Field(min_length=1, max_length=80)]
    price_fen: Fen
    market_fen: Fen | None = None
    weight_g: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    carbon_g_per_unit: Grams | None = None
    """Grams CO2e of one unit of this SKU; the product's figure when absent."""
    barcode: Annotated[str, Field(pattern=r"^[0-9]{8,14}$")] | None = None
    limit_per_user: Quantity | None = None
    no_reason_return: bool = True
    retired: bool = False
    """Sold no more; what was sold of it, and its stock, still name it."""


class PriceChange(Model):
    """One change of a SKU's price, and who made it."""

    sku_id: SkuId
    from_fen: Fen
    to_fen: Fen
    by: Key
    at: Instant


MOST_PRICE_CHANGES = 100


class CertificationBadge(Model):
    """A practitioner's certification, projected from `practitioner_certifications`."""

    certification_id: Key
    practitioner_id: Key
    name: Annotated[str, Field(max_length=40)]
    level: BadgeLevel
    until: Instant | None = None


class Rating(Model):
    """Number and sum of the shown review scores."""

    count: Count = 0
    sum: Count = 0


class Nutrition(Model):
    """Nutrients of 100 g."""

    energy_kcal: Count
    protein_mg: Grams
    carbs_mg: Grams
    fat_mg: Grams


class Learnt(Model):
    """What the orders of all said about a product on the morning of `day`; see ``rules/prepared.py``."""

    day: Day
    figure: Annotated[str, Field(max_length=200)]
    near: Annotated[str, Field(max_length=6000)] = ""
    """The products that are bought with it; *buyers* counts members by constitution type."""
    factors: Annotated[str, Field(max_length=200)] = ""
    buyers: Annotated[str, Field(max_length=400)] = ""


class Product(Document):
    """A vegetarian product; its SKUs are what can be bought."""

    title: Annotated[str, Field(min_length=1, max_length=80)]
    title_en: ShortText | None = None
    subtitle: Annotated[str, Field(max_length=120)] = ""
    brand: Annotated[str, Field(max_length=40)] = ""
    category_path: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=4)]
    status: Literal["draft", "on_sale", "off_sale", "archived"]
    on_at: Instant | None = None
    off_at: Instant | None = None
    skus: Annotated[tuple[Sku, ...], Field(min_length=1, max_length=30)]
    min_price_fen: Fen
    """The lowest price of a SKU that is sold, kept so that lists can sort and page by it."""
    price_history: Annotated[tuple[PriceChange, ...], Field(max_length=MOST_PRICE_CHANGES)] = ()
    media: Media = Field(default_factory=Media)
    description: LongText = ""
    highlights: Annotated[tuple[ShortText, ...], Field(max_length=10)] = ()
    origin: ShortText | None = None
    ad_label: Annotated[str, Field(max_length=20)] | None = None
    fresh: bool = False
    shelf_life_days: Count | None = None
    tcm: Tcm | None = None
    fit: ConstitutionFit | None = None
    terms: Terms = ()
    contains: Contains = ()
    allergens: Allergens = ()
    ingredient_id: Key | None = None
    ingredients: Annotated[tuple[ShortText, ...], Field(max_length=40)] = ()
    nutrition: Nutrition | None = None
    carbon_g_per_unit: Grams
    """Grams CO2e of one unit of the first SKU."""
    carbon_source: ShortText
    certifications: Annotated[tuple[CertificationBadge, ...], Field(max_length=20)] = ()
    certificates: Annotated[tuple[ShortText, ...], Field(max_length=10)] = ()
    """Labels granted by authorities (有机认证 …), not by practitioners."""
    sales: Count = 0
    sales_30d: Count = 0
    """Units sold in the last 30 days; stored as ``sales30D``."""
    rating: Rating = Field(default_factory=Rating)
    keywords: Annotated[tuple[ShortText, ...], Field(max_length=40)] = ()
    search_keys: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=400)] = ()
    """Lower-cased tokens and bigrams of title, category, ingredient and keywords."""
    learnt: Learnt | None = None
    version: Count = 0
    """Counts what operators have saved."""
    recent_ops: Ring = ()
    """The reviews, certifications and saves that were taken in last."""

    @model_validator(mode="after")
    def _skus_agree(self) -> "Product":
        if len({sku.sku_id for sku in self.skus}) != len(self.skus):
            raise ValueError("a SKU id appears twice in one product")
        sold = [sku.price_fen for sku in self.skus if not sku.retired]
        if not sold:
            raise ValueError("every SKU is retired")
        if self.min_price_fen != min(sold):
            raise ValueError("minPriceFen is not the lowest price of the SKUs")
        return self


ReviewState = Literal["pending", "shown", "hidden"]
"""A text that a person should see first is pending; a hidden one was not let through."""


class ReviewAppend(Model):
    """The one later addition to a review."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    media: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=9)] = ()
    state: ReviewState = "shown"
    at: Instant


class ReviewReply(Model):
    """The shop's answer."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    by: ShortText
    at: Instant


class Review(Document):
    """A member's opinion on one received line; `_id` is ``orderNo:lineId``."""

    product_id: Key
    sku_id: SkuId
    order_no: OrderNo
    line_id: LineId
    user_id: UserId
    nickname: Annotated[str, Field(max_length=40)]
    score: Annotated[int, Field(strict=True, ge=1, le=5)]
    text: Annotated[str, Field(max_length=1000)] = ""
    media: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=9)] = ()
    practitioner_badge: BadgeLevel | None = None
    append: ReviewAppend | None = None
    reply: ReviewReply | None = None
    state: ReviewState
    version: Count = 0
    """Counts what operators have decided about it."""
    rating_due_at: Instant | None = None
    """Set when it comes to be shown or is hidden again, unset when the product's rating has taken that in."""
