"""The ledger of both points books: every change, and the lots that earnings are spent from."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import (
    Day,
    Document,
    Instant,
    Key,
    Model,
    Points,
    RulesVersion,
    ShortText,
    SignedPoints,
    UserId,
)
from gardenshop.models.limits import MAX_TAKERS
from gardenshop.models.vocabulary import RecordState

Book = Literal["garden", "shop"]


class PointsReference(Model):
    """What caused a change."""

    type: Literal["meal", "order", "after_sale", "lesson", "plant", "exchange", "lot", "award", "account"]
    id: Key


class Lot(Model):
    """Points earned together: how many are left, and when they lapse."""

    left: Points
    expires_at: Instant
    taken_by: Annotated[tuple[Key, ...], Field(max_length=MAX_TAKERS)] = ()
    """The operations that took from it or gave back to it, so that each does so once."""


class LotUse(Model):
    """Points taken from, or given back to, one lot."""

    lot_id: Key
    points: Points


class PointsEntry(Document):
    """One change of one book; `_id` is the operation key, so the same operation counts once."""

    user_id: UserId
    book: Book
    delta: SignedPoints
    kind: Literal[
        "meal",
        "order",
        "lesson",
        "harvest",
        "plant",
        "award",
        "hold",
        "spend",
        "release",
        "refund_back",
        "claw_back",
        "repay",
        "exchange_out",
        "exchange_in",
        "expire",
        "opening",
        "merge",
    ]
    ref: PointsReference
    lot: Lot | None = None
    lots_used: Annotated[tuple[LotUse, ...], Field(max_length=200)] = ()
    debt_delta: SignedPoints = 0
    reserved_delta: SignedPoints = 0
    """How many points this holds for an order, or gives back from being held."""
    twin_delta: SignedPoints | None = None
    """What the other row of an exchange says of the other book; each of the two tells the whole."""
    state: RecordState
    final: bool = True
    """False while an earning still waits for its order to complete (counted in `pending`)."""
    due_at: Instant | None = None
    """When the pump should look at a row that is not settled."""
    balance_after: Points | None = None
    rules_version: RulesVersion
    day: Day
    note: ShortText | None = None
    actor: Key | None = None
