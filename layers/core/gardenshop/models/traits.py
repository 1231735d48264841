"""What is said and shown of foods, products, recipes and people."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Model, ShortText
from gardenshop.models.vocabulary import Channel, Constitutions, Flavour, Nature


class Tcm(Model):
    """性味归经 of a food as a cited source records it."""

    nature: Nature
    flavours: Annotated[tuple[Flavour, ...], Field(max_length=7)] = ()
    channels: Annotated[tuple[Channel, ...], Field(max_length=12)] = ()
    source: ShortText
    evidence: ShortText | None = None


class ConstitutionFit(Model):
    """For whom a food is traditionally named as suitable or to be limited, and by whom."""

    suits: Constitutions = ()
    avoid: Constitutions = ()
    source: ShortText


class Media(Model):
    """Addresses of pictures and clips (cloud file ids or https)."""

    cover: Annotated[str, Field(max_length=500)] | None = None
    images: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=20)] = ()
    video: Annotated[str, Field(max_length=500)] | None = None
