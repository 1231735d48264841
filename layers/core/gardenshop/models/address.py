"""Where a member has goods sent: kept with her account, and copied into her orders."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Key, Line, Model, Words


class Address(Model):
    """A delivery address; orders keep a copy of it."""

    address_id: Key
    name: Annotated[Words, Field(max_length=40)]
    phone: Annotated[str, Field(pattern=r"^\+?[0-9\-]{6,20}$")]
    province: Annotated[Words, Field(max_length=40)]
    city: Annotated[Words, Field(max_length=40)]
    district: Annotated[Line, Field(max_length=40)] = ""
    detail: Annotated[Words, Field(max_length=200)]
    is_default: Annotated[bool, Field(strict=True)] = False
