"""What the delivery of an order costs."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Fen, Grams, Model
from gardenshop.rules.policies import Name


class FreightRegion(Model):
    """The tariff of some *provinces*: a first weight, then steps."""

    provinces: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
    first_fen: Fen
    first_g: Grams = 1000
    next_fen: Fen = 0
    next_g: Grams = Field(default=1000, ge=1)


class FreightPolicy(Model):
    """Freight by region and weight, free above a threshold; no delivery to some areas."""

    free_from_fen: Fen = 9900
    default: FreightRegion = Field(default_factory=lambda: FreightRegion(first_fen=1000, next_fen=200))
    regions: Annotated[tuple[FreightRegion, ...], Field(max_length=40)] = ()
    no_delivery: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
