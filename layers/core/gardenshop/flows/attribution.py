"""Who may have caused a sale, read beside the basket in the same trip, and whom each line is credited to.

Only checkout asks. Of other members it reads what tells persons apart and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gardenshop.cloud.database import Command, Document, aggregate
from gardenshop.cloud.entry import Context
from gardenshop.flows.accounts import phone_hash
from gardenshop.flows.checkout import Quote
from gardenshop.rules.attribution import Candidates, Credit, Earner, Person, credit_of

_PERSON = ("_id", "phoneHash", "unionid", "deviceHashes")
_SHOWN = (
    *_PERSON,
    "goods._id",
    "goods.certifications",
    "recipes._id",
    "recipes.authorPractitionerId",
    "earners._id",
    "earners.status",
    "earners.userId",
    "earners.commissionBp",
    *(f"persons.{name}" for name in _PERSON),
)
_MOBILE = 11
"""Digits of a mobile number in China, as WeChat tells it, without the country's code."""


def candidates(user_id: str, wanted: Sequence[Mapping[str, Any]] | None) -> Command:
    """Return the read of whoever may have caused the sale of *wanted*, or of the cart, and of the buyer."""
    return aggregate(
        "users",
        {"$match": {"_id": user_id}},
        *_basket(wanted),
        _lookup("products", "cart.lines.skuId", "skus.skuId", into="goods"),
        _lookup("recipes", "cart.lines.from.recipeId", "_id", into="recipes"),
        {"$addFields": {"badges": _joined("$goods.certifications")}},
        {"$addFields": {"causes": {"$concatArrays": _CAUSES}}},
        _lookup("practitioners", "causes", "_id", into="earners"),
        _lookup("users", "earners.userId", "_id", into="persons"),
        {"$project": dict.fromkeys(_SHOWN, 1)},
    )


_CAUSES = ["$cart.lines.from.practitionerId", "$recipes.authorPractitionerId", "$badges.practitionerId"]


def _basket(wanted: Sequence[Mapping[str, Any]] | None) -> list[Document]:
    """Return the stages that put the lines to buy into ``cart.lines``."""
    if wanted is None:
        return [_lookup("shopping_cart", "_id", "_id", into="cart"), {"$unwind": "$cart"}]
    lines = {"lines": [dict(line) for line in wanted]}
    return [{"$project": {**dict.fromkeys(_PERSON, 1), "cart": {"$literal": lines}}}]


def _joined(arrays: str) -> Document:
    """Return the expression of the elements of all *arrays*."""
    return {"$reduce": {"input": arrays, "initialValue": [], "in": {"$concatArrays": ["$$value", "$$this"]}}}


def _lookup(collection: str, local: str, foreign: str, *, into: str) -> Document:
    return {"$lookup": {"from": collection, "localField": local, "foreignField": foreign, "as": into}}


def credits_of(found: Sequence[Document], quote: Quote, ctx: Context) -> list[Credit | None]:
    """Return whom each item of *quote* is credited to, from the reply to `candidates`."""
    if not found or not found[0]["earners"]:
        return [None] * len(quote.items)
    people = found[0]
    among = Candidates(
        buyer=_buyer(people, quote, ctx),
        earners=_earners(people),
        authors={
            recipe["_id"]: recipe["authorPractitionerId"]
            for recipe in people["recipes"]
            if "authorPractitionerId" in recipe
        },
    )
    badges = {product["_id"]: product.get("certifications") or () for product in people["goods"]}
    return [
        credit_of(
            item.origin,
            badges.get((item.product or {}).get("_id", ""), ()),
            among=among,
            policy=quote.basket.policy.commission,
            now=ctx.now,
        )
        for item in quote.items
    ]


def _buyer(user: Document, quote: Quote, ctx: Context) -> Person:
    """Return who buys; the phone to which the goods are sent is hers too."""
    buyer = _person(user)
    if not quote.address:
        return buyer
    phone = re.sub(r"\D", "", quote.address["phone"])[-_MOBILE:]
    hashed = phone_hash(phone, ctx.settings.environ.get("PHONE_HASH_KEY", ""))
    return buyer._replace(phones=buyer.phones | {hashed})


def _earners(people: Document) -> dict[str, Earner]:
    persons = {person["_id"]: _person(person) for person in people["persons"]}
    return {
        each["_id"]: Earner(
            each["status"] == "active", each.get("commissionBp"), persons.get(each.get("userId", ""))
        )
        for each in people["earners"]
    }


def _person(user: Document) -> Person:
    phones = frozenset({user["phoneHash"]} if "phoneHash" in user else ())
    return Person(user["_id"], phones, user.get("unionid", ""), frozenset(user.get("deviceHashes") or ()))
