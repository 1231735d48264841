"""Members: the account (`users`) and what it tells about a person (`user_profiles_extended`)."""

from typing import Annotated, Literal

from pydantic import Field

from gardenshop.models.address import Address
from gardenshop.models.base import (
    Bp,
    Count,
    Day,
    Document,
    Fen,
    Instant,
    Key,
    LongText,
    Model,
    Points,
    Ring,
    ShortText,
    UserId,
)
from gardenshop.models.limits import MOST_DEVICES, MOST_LESSONS
from gardenshop.models.vocabulary import Allergens, BadgeLevel, Constitution, Contains, Openid

Role = Literal["admin", "operator", "warehouse", "service", "finance", "editor", "staff"]
Sex = Literal["female", "male"]
PhoneHash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class GardenPoints(Model):
    """The garden book: spendable, not yet final, owed."""

    available: Points = 0
    pending: Points = 0
    debt: Points = 0


class ShopPoints(Model):
    """The shop book; `reserved` is held by unpaid orders and no longer in `available`."""

    available: Points = 0
    pending: Points = 0
    reserved: Points = 0
    debt: Points = 0


class PointsToday(Model):
    """Counted against the caps of one day: points exchanged, harvested, and earned by lessons or meals."""

    day: Day
    exchange: Points = 0
    harvest: Points = 0
    lesson: Points = 0
    meal: Points = 0


class PointsBalance(Model):
    """Both books and the operations already taken in; the books are never summed."""

    garden: GardenPoints = Field(default_factory=GardenPoints)
    shop: ShopPoints = Field(default_factory=ShopPoints)
    today: PointsToday | None = None
    """The last day on which something counted."""
    recent_ops: Ring = ()


class Rfm(Model):
    """Recency, frequency and money of one member, as of `at`."""

    recency_days: Count
    frequency: Count
    monetary_fen: Fen
    segment: Annotated[str, Field(max_length=40)]
    at: Instant


class Referral(Model):
    """Who brought this member here, if anybody; one level, never a path."""

    practitioner_id: Key
    at: Instant
    scene: Annotated[str, Field(max_length=40)] | None = None


class Legacy(Model):
    """The account of the former shop that this one is, or continues; none once it was merged away."""

    shop_uid: Key | None = None
    merged_at: Instant | None = None


class Consent(Model):
    """One purpose a member agreed to, at one version of its text."""

    purpose: Literal["terms", "health_data", "personalisation", "events", "marketing", "religion_diet"]
    version: Annotated[str, Field(max_length=40)]
    granted_at: Instant
    withdrawn_at: Instant | None = None


class Erasure(Model):
    """A member's wish to be forgotten from `due_at` on; `alias` then names what the books keep of her.

    It stays with that. Once she was forgotten, and a restore brought her back, she is forgotten `again`,
    whatever seems to be unsettled by then.
    """

    alias: UserId
    asked_at: Instant
    due_at: Instant
    again: bool = False


class User(Document):
    """One person's account; a shop account waiting to be merged has no `openid`."""

    openid: Openid | None = None
    unionid: Openid | None = None
    phone_hash: PhoneHash | None = None
    phone_masked: Annotated[str, Field(max_length=20)] | None = None
    nickname: Annotated[str, Field(max_length=40)] = ""
    avatar: Annotated[str, Field(max_length=500)] | None = None
    roles: Annotated[tuple[Role, ...], Field(max_length=7)] = ()
    status: Literal["active", "frozen", "closed"] = "active"
    addresses: Annotated[tuple[Address, ...], Field(max_length=20)] = ()
    tier: BadgeLevel = "bronze"
    rfm: Rfm | None = None
    points: PointsBalance = Field(default_factory=PointsBalance)
    referral: Referral | None = None
    legacy: Legacy | None = None
    merged_into: UserId | None = None
    consents: Annotated[tuple[Consent, ...], Field(max_length=50)] = ()
    device_hashes: Annotated[
        tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=MOST_DEVICES)
    ] = ()
    """Keyed hashes of the devices that she logged in with last."""
    version: Count = 0
    order_seq: Count = 0
    """Counts the orders that depend on her other orders, so that two at once do not miss each other."""
    greet_at: Instant | None = None
    """Set with the account, unset when the coupons for new members are known to be on their way."""
    erasure: Erasure | None = None


class TypeScore(Model):
    """The standard's converted score of one constitution type and what it means."""

    code: Constitution
    score: Annotated[int, Field(strict=True, ge=0, le=100)]
    verdict: Literal["yes", "tendency", "no"]


class Assessment(Model):
    """One result of a constitution questionnaire: a reference, not a diagnosis."""

    primary: Constitution | None = None
    results: Annotated[tuple[TypeScore, ...], Field(max_length=9)]
    standard: Annotated[str, Field(max_length=60)]
    at: Instant


class AssessmentDraft(Model):
    """Answers given so far, so that a questionnaire can be resumed."""

    standard: Annotated[str, Field(max_length=60)]
    answers: Annotated[dict[str, Annotated[int, Field(strict=True, ge=1, le=5)]], Field(max_length=80)]
    saved_at: Instant


class Tally(Model):
    """How often one category or brand was bought."""

    name: ShortText
    count: Count


class Cycle(Model):
    """The rhythm in which one SKU is bought again."""

    sku_id: Key
    days: Count
    last_at: Instant
    times: Count


class Shopping(Model):
    """What the orders say about a member's habits."""

    categories: Annotated[tuple[Tally, ...], Field(max_length=30)] = ()
    brands: Annotated[tuple[Tally, ...], Field(max_length=30)] = ()
    average_fen: Fen = 0
    orders: Count = 0
    last_order_at: Instant | None = None
    cycle_days: Annotated[tuple[Cycle, ...], Field(max_length=100)] = ()


class Lesson(Model):
    """A finished lesson, when it was, and the largest share of its quiz that was right since."""

    lesson_id: Key
    at: Instant
    score_bp: Bp


class Learning(Model):
    """Progress through the lessons: `streak` counts the days in a row up to `last_day`."""

    completed: Annotated[tuple[Lesson, ...], Field(max_length=MOST_LESSONS)] = ()
    last_day: Day | None = None
    streak: Count = 0


class PantryItem(Model):
    """Something a member has at home."""

    ingredient_id: Key
    grams: Count


class UserProfile(Document):
    """What a member told or showed about herself; `_id` is the user id."""

    constitution: Assessment | None = None
    history: Annotated[tuple[Assessment, ...], Field(max_length=50)] = ()
    draft: AssessmentDraft | None = None
    sex: Sex | None = None
    birth_year: Annotated[int, Field(strict=True, ge=1900, le=2100)] | None = None
    avoid: Contains = ()
    allergens: Allergens = ()
    goals: Annotated[tuple[ShortText, ...], Field(max_length=10)] = ()
    bio: LongText | None = None
    personalised: bool = True
    shopping: Shopping = Field(default_factory=Shopping)
    favorites: Annotated[tuple[Key, ...], Field(max_length=200)] = ()
    pantry: Annotated[tuple[PantryItem, ...], Field(max_length=200)] = ()
    learning: Learning = Field(default_factory=Learning)
    version: Count = 0
    erasures: Count = 0
    """Counts how often health data were erased, so that none on its way is stored after that."""
