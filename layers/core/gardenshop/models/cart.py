"""The cart: what a member means to buy; it keeps no price of record."""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Count, Document, Instant, Key, Model, Operation, Quantity, SkuId
from gardenshop.models.vocabulary import Origin

MAX_LINES = 100
RECENT = 32
"""How many additions a cart remembers, so that one repeated after a lost reply counts once."""


class CartItem(Model):
    """Some units of one SKU; `origin` is stored as ``from``."""

    sku_id: SkuId
    product_id: Key
    quantity: Quantity
    selected: bool = True
    added_at: Instant
    origin: Origin | None = Field(default=None, alias="from")


class Cart(Document):
    """A member's cart; `_id` is the user id, `version` guards every change."""

    lines: Annotated[tuple[CartItem, ...], Field(max_length=MAX_LINES)] = ()
    version: Count = 0
    recent_ops: Annotated[tuple[Operation, ...], Field(max_length=RECENT)] = ()
