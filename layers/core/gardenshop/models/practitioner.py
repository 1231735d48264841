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
    OrderNo,
    Ring,
    ShortText,
    SignedFen,
    UserId,
)
from gardenshop.models.vocabulary import BadgeLevel, DietFlag, Media


class CommissionBalance(Model):
    """What a practitioner has earned, by how final it is; `debt_fen` is carried forward."""

    pending_fen: Fen = 0
    confirmed_fen: Fen = 0
    paid_fen: Fen = 0
    debt_fen: Fen = 0
    recent_ops: Ring = ()


class Withdrawal(Model):
    """The one open request for a payout."""

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


class CommissionEntry(Document):
    """One change of a practitioner's commission; `_id` names the line and the kind."""

    practitioner_id: Key
    order_no: OrderNo
    line_id: LineId
    kind: Literal["accrue", "confirm", "reverse", "carry", "settle", "pay"]
    via: Literal["share", "recipe", "certification"]
    base_fen: Fen
    bp: Bp
    delta_fen: SignedFen
    state: Literal["pending", "confirmed", "settled", "paid", "reversed"]
    confirm_at: Instant | None = None
    refund_no: Key | None = None
    batch_id: Key | None = None
