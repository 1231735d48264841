"""Practitioners as they are shown: a card in a list, or one of them whole."""

from typing import Any

from gardenshop.cloud.database import Command, Document, aggregate
from gardenshop.cloud.entry import Response

CARD_FIELDS = ("name", "region", "level", "intro", "specialties", "media.cover", "createdAt")
_WHOLE = (
    *CARD_FIELDS, "status", "veganSince", "story", "principles", "tips", "vouched", "recipes._id",
    "recipes.status", "recipes.title", "recipes.carbonG", "goods._id", "goods.status", "goods.title",
)  # fmt: skip


class Card(Response):
    """A practitioner in a list."""

    practitioner_id: str
    name: str
    region: str | None
    level: str
    intro: str
    specialties: list[str]
    cover: str | None


class Vouched(Response):
    """What she vouches for; `title` is a product's."""

    target_type: str
    target: str
    title: str | None
    level: str
    testimony: str
    until: int | None


class RecipeCard(Response):
    """A dish of hers; `carbon_g` is of all its servings."""

    recipe_id: str
    title: str
    carbon_g: int


class Profile(Card):
    """A practitioner whole. Where goods are shown with it, `label` must be too."""

    status: str
    vegan_since: str | None
    story: str
    principles: list[str]
    tips: list[str]
    certifications: list[Vouched]
    recipes: list[RecipeCard]
    label: str = "推荐"


def whole(where: Document) -> Command:
    """Return the read of one practitioner with what she vouches for, the goods among it, and her recipes."""
    joins = {
        "vouched": ("practitioner_certifications", "practitionerId"),
        "recipes": ("recipes", "authorPractitionerId"),
        "goods": ("products", "certifications.practitionerId"),
    }
    lookups = (
        {"$lookup": {"from": collection, "localField": "_id", "foreignField": field, "as": name}}
        for name, (collection, field) in joins.items()
    )
    return aggregate("practitioners", {"$match": where}, *lookups, {"$project": dict.fromkeys(_WHOLE, 1)})


def card_of(practitioner: Document) -> Card:
    """Show *practitioner* in a list."""
    return Card(**_card(practitioner))


def profile_of(practitioner: Document, now: int) -> Profile:
    """Show *practitioner*, as `whole` reads her, with what of hers stands and can be had at *now*."""
    titles = {each["_id"]: each["title"] for each in practitioner["goods"] if each["status"] == "on_sale"}
    standing = [each for each in practitioner["vouched"] if _stands(each, now)]
    return Profile(
        **_card(practitioner),
        status=practitioner["status"],
        vegan_since=practitioner.get("veganSince"),
        story=practitioner.get("story", ""),
        principles=practitioner.get("principles") or [],
        tips=practitioner.get("tips") or [],
        certifications=[
            _vouched(each, titles)
            for each in standing
            if each["targetType"] != "product" or each["target"] in titles
        ],
        recipes=[
            RecipeCard(recipe_id=each["_id"], title=each["title"], carbon_g=each["carbonG"])
            for each in practitioner["recipes"]
            if each["status"] == "active"
        ],
    )


def _card(practitioner: Document) -> dict[str, Any]:
    return {
        "practitioner_id": practitioner["_id"],
        "name": practitioner["name"],
        "region": practitioner.get("region"),
        "level": practitioner["level"],
        "intro": practitioner.get("intro", ""),
        "specialties": practitioner.get("specialties") or [],
        "cover": (practitioner.get("media") or {}).get("cover"),
    }


def _stands(certification: Document, now: int) -> bool:
    return certification["state"] == "approved" and bool(certification.get("until", now) >= now)


def _vouched(certification: Document, titles: dict[str, str]) -> Vouched:
    return Vouched(
        target_type=certification["targetType"],
        target=certification["target"],
        title=titles.get(certification["target"]),
        level=certification["level"],
        testimony=certification["testimony"],
        until=certification.get("until"),
    )
