"""cart_update: set quantities, select or remove lines of the caller's cart."""

from typing import Annotated

from pydantic import Field

from gardenshop.cloud.database import Command, update
from gardenshop.cloud.entry import MEMBER, Context, Request, cloud_function
from gardenshop.flows.cart import CartView, read_cart
from gardenshop.models.base import SkuId
from gardenshop.models.cart import MAX_LINES


class LineChange(Request):
    """What becomes of one line: quantity 0 removes it; a field left out stays as it is."""

    sku_id: SkuId
    quantity: Annotated[int, Field(strict=True, ge=0, le=999)] | None = None
    selected: Annotated[bool, Field(strict=True)] | None = None


class CartUpdate(Request):
    """Every change says what shall be, so it may be sent twice; a line that is gone is passed over."""

    changes: Annotated[list[LineChange], Field(min_length=1, max_length=MAX_LINES)]


@cloud_function(caller=MEMBER)
def main(request: CartUpdate, ctx: Context) -> CartView:
    """Apply the changes in one trip and return the cart as it is then."""
    ctx.db.write(*(command for change in request.changes for command in _commands(change, ctx)))
    return read_cart(ctx)


def _commands(change: LineChange, ctx: Context) -> list[Command]:
    where = {"_id": ctx.user_id, "lines.skuId": change.sku_id}
    touched = {"$inc": {"version": 1}}
    if change.quantity == 0:
        pull = {"$pull": {"lines": {"skuId": change.sku_id}}, "$set": {"updatedAt": ctx.now}, **touched}
        return [update("shopping_cart", where, pull)]
    values = {"quantity": change.quantity, "selected": change.selected}
    fields = {f"lines.$.{name}": value for name, value in values.items() if value is not None}
    if not fields:
        return []
    return [update("shopping_cart", where, {"$set": {**fields, "updatedAt": ctx.now}, **touched})]
