"""Orders: a new order, and the life of the whole."""

from typing import Annotated

from pydantic import Field, JsonValue

from gardenshop.models.base import Instant, Model, ShortText
from gardenshop.models.fulfilment import AfterSale, Attempt, PayEntry, Refund, Shipment
from gardenshop.models.new_order import NewOrder


class Failure(Model):
    """Why an order could not be created; the same client token gets it again."""

    error: Annotated[str, Field(max_length=40)]
    message: ShortText
    details: Annotated[dict[str, JsonValue], Field(max_length=40)] = Field(default_factory=dict)


class Order(NewOrder):
    """An order; `_id` is its number, and it is the write-ahead record of all its effects."""

    attempts: Annotated[tuple[Attempt, ...], Field(max_length=20)] = ()
    pay_log: Annotated[tuple[PayEntry, ...], Field(max_length=20)] = ()
    shipments: Annotated[tuple[Shipment, ...], Field(max_length=50)] = ()
    after_sales: Annotated[tuple[AfterSale, ...], Field(max_length=50)] = ()
    refunds: Annotated[tuple[Refund, ...], Field(max_length=50)] = ()
    failure: Failure | None = None
    paid_at: Instant | None = None
    auto_confirm_at: Instant | None = None
    close_at: Instant | None = None
    outbox_at: Instant | None = None
    """Set with the payment, unset when every task it calls for is known to be stored."""
