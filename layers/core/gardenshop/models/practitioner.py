"""Practitioners, what they certify, and the commission they earn: one level, no ancestor path."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.base import (
    Bp,
    Count,
    Day,
    Document,
    Fen,
    Instant,
    Key,
    LineId,
    LongText,
    Model,
    Month,
    OrderNo,
    Ring,
    RulesVersion,
    ShortText,
    SignedFen,
    UserId,
)
from gardenshop.models.traits import Media
from gardenshop.models.vocabulary import BadgeLevel, DietFlag, RecordState, Via


class CommissionBalance(Model):
    """What a practitioner has earned, by how final it is; `debt_fen` is taken from the next batches.

    `settled_fen` is what she may withdraw; `settled_through` is the last month that is settled.
    """

    pending_fen: Fen = 0
    confirmed_fen: Fen = 0
    settled_fen: Fen = 0
    paid_fen: Fen = 0
    debt_fen: Fen = 0
    settled_through: Month | None = None
    recent_ops: Ring = ()


class Withdrawal(Model):
    """The one open request for a payout; its money stays in `settled_fen` until it is paid."""

    withdrawal_id: Key
    amount_fen: Fen
    at: Instant


class Practitioner(Document):
    """Somebody who lives what the garden teaches; `user_id` is absent until she claims the profile."""

    user_id: UserId | None = None
    name: Annotated[str, Field(min_length=1, max_length=40)]
    region: Annotated[str, Field(max_length=40)] | None = None
    vegan_since: Day | None = None
    avoid: Annotated[tuple[DietFlag, ...], Field(max_length=5)] = ()
    level: BadgeLevel
    status: Literal["applied", "active", "suspended", "left"]
    intro: LongText = ""
    story: LongText = ""
    principles: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    tips: Annotated[tuple[ShortText, ...], Field(max_length=40)] = ()
    specialties: Annotated[tuple[ShortText, ...], Field(max_length=20)] = ()
    media: Media = Field(default_factory=Media)
    certified_at: Instant | None = None
    certified_by: Key | None = None
    commission: CommissionBalance = Field(default_factory=CommissionBalance)
    withdrawal: Withdrawal | None = None
    commission_bp: Bp | None = None


class Certification(Document):
    """A practitioner vouches for something; `_id` is ``practitionerId:targetType:targetId``."""

    practitioner_id: Key
    target_type: Literal["product", "recipe", "ingredient"]
    target: Key
    level: BadgeLevel
    testimony: Annotated[str, Field(max_length=1000)]
    evidence: Annotated[tuple[Annotated[str, Field(max_length=500)], ...], Field(max_length=9)] = ()
    state: Literal["applied", "approved", "refused", "withdrawn", "expired"]
    since: Instant | None = Field(default=None, alias="from")
    until: Instant | None = None
    reviewer: Key | None = None
    review_note: ShortText | None = None
    version: Count = 0
    """Counts the states it has been in."""
    projected: Count = 0
    """The version that the product's badges are known to show; the next state waits for it."""


class CommissionDeltas(Model):
    """How one entry moves the five counters of its practitioner."""

    pending_fen: SignedFen = 0
    confirmed_fen: SignedFen = 0
    settled_fen: SignedFen = 0
    paid_fen: SignedFen = 0
    debt_fen: SignedFen = 0


class CommissionEntry(Document):
    """One change of a practitioner's commission; `_id` is the operation key.

    `ref` is what it is about beside the line: an after-sale, a withdrawal, the month of a batch. `entry_id`
    names it to the practitioner, who is not shown order numbers.
    """

    practitioner_id: Key
    entry_id: Key
    kind: Literal[
        "opening", "accrue", "reverse", "confirm", "carry", "settle", "withdraw", "cancel", "refuse", "pay"
    ]
    deltas: CommissionDeltas
    order_no: OrderNo | None = None
    line_id: LineId | None = None
    via: Via | None = None
    base_fen: Fen | None = None
    bp: Bp | None = None
    rules_version: RulesVersion | None = None
    """The rules by which the order was priced and the rate was fixed."""
    ref: Key | None = None
    amount_fen: Fen | None = None
    """What a withdrawal asks for."""
    payout_no: Key | None = None
    """The number of the transfer that paid a withdrawal."""
    day: Day
    state: RecordState
    due_at: Instant | None = None
    """When the pump should look at a row that is refused."""
    actor: Key | None = None
    note: ShortText | None = None
