"""The base of every document and the value types that all documents share.

Python names are snake_case, stored names camelCase; `Model` maps one to the other.
Money is integer fen, points and grams are integers, rates are basis points,
instants are UTC epoch milliseconds and days are ``YYYY-MM-DD`` in fixed UTC+8.

Whole documents go through `Model.model_validate` and `dump`. A read that projects a
few fields yields a part of a document, which no model describes: such code works on
the plain dict with the stored (camelCase) names, or validates the nested value it
needs, e.g. ``PointsBalance.model_validate(found["points"])``.
"""

import re
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

Fen = Annotated[int, Field(strict=True, ge=0, le=10**11)]
"""Money, in fen (1/100 yuan)."""

SignedFen = Annotated[int, Field(strict=True, ge=-(10**11), le=10**11)]
"""A change of money, in fen."""

Points = Annotated[int, Field(strict=True, ge=0, le=10**11)]
"""Points of one book (garden or shop)."""

SignedPoints = Annotated[int, Field(strict=True, ge=-(10**11), le=10**11)]
"""A change of points."""

Grams = Annotated[int, Field(strict=True, ge=0, le=10**12)]
"""Weight in grams, or carbon in grams CO2e."""

SignedGrams = Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)]
"""A change of grams."""

Count = Annotated[int, Field(strict=True, ge=0, le=10**9)]
"""How many units."""

SignedCount = Annotated[int, Field(strict=True, ge=-(10**9), le=10**9)]
"""A change of a number of units."""

MOST_UNITS = 999
Quantity = Annotated[int, Field(strict=True, ge=1, le=MOST_UNITS)]
"""Units of one SKU that a member asks for, and that one line of an order can hold."""

Bp = Annotated[int, Field(strict=True, ge=0, le=10_000)]
"""A rate in basis points (1/10,000)."""

Instant = Annotated[int, Field(strict=True, ge=0, le=253_402_300_799_999)]
"""UTC epoch milliseconds."""

Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""A calendar day in fixed UTC+8."""

Month = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
"""A calendar month in fixed UTC+8."""

Key = Annotated[str, Field(min_length=1, max_length=160, pattern=r"^[A-Za-z0-9_:.\-]+$")]
"""A document id or a part of one."""

SkuId = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.\-]+$")]
"""The id of one stock-keeping unit, unique over all products."""

UserId = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_:.\-]+$")]
"""``u`` + 24 hex digits, or ``legacy:<shopUid>`` until that account is merged."""

OrderNo = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9_\-]+$")]
"""The natural key of an order; WeChat Pay takes at most 32 of these characters."""

LineId = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9_\-]+$")]
"""The id of a line within its order."""

RulesVersion = Annotated[str, Field(max_length=200)]
"""The live rules of a moment, each with its version: ``freight1.order1.points2``."""

ClientToken = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_\-]+$")]
"""Made by the client once per intent and sent again with every retry, so that it counts once."""

_UNSEEN = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]"
_BLANK = "[\\s\u00ad\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u2800\u3164\uffa0]*"


def _line(text: str) -> str:
    if re.search(_UNSEEN, text):
        raise PydanticCustomError("unseen_character", "holds a character that cannot be seen")
    return text


def _words(text: str) -> str:
    if re.fullmatch(_BLANK, text):
        raise PydanticCustomError("blank", "there is nothing to see in it")
    return _line(text)


Line = Annotated[str, AfterValidator(_line)]
"""One line as a person types it: no control characters, line breaks or marks that turn text around."""

Words = Annotated[str, Field(min_length=1), AfterValidator(_words)]
"""A `Line` in which there is something to see."""

ShortText = Annotated[str, Field(max_length=200)]
LongText = Annotated[str, Field(max_length=20_000)]


class Model(BaseModel):
    """A value inside a document: frozen, camelCase when stored, unknown fields refused."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="forbid",
        frozen=True,
        defer_build=True,
    )


class Operation(Model):
    """One operation that a balance document has already taken in."""

    key: Key
    at: Instant


RING_SIZE = 256
"""How many operations a balance document remembers; older ones are settled in its ledger."""

Ring = Annotated[tuple[Operation, ...], Field(max_length=RING_SIZE)]
"""The operations applied last, newest at the end."""


class Document(Model):
    """A stored document of one collection."""

    id: Key = Field(alias="_id")
    schema_version: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1
    created_at: Instant
    updated_at: Instant


ModelT = TypeVar("ModelT", bound=Model)


def dump(model: Model) -> dict[str, Any]:
    """Return *model* as it is stored: camelCase, JSON types, absent optional values left out."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
