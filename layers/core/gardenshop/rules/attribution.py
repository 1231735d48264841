"""Whom a line's commission goes to: the one practitioner who directly caused the sale, if she may earn.

What caused it is settled first: her link of the last days, else a recipe, else the best badge of the product.
Whether she may earn is settled second, and where she may not nobody does. If the line then fell to the next
cause, a practitioner who buys for herself would earn for somebody who did not sell it, and choose for whom.

There is one level: nobody earns from what another practitioner sells. Origins and badges are plain stored
documents here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args

from gardenshop.models.vocabulary import BadgeLevel, Via
from gardenshop.rules.policies.commission import CommissionPolicy

Document = Mapping[str, Any]

_LEVELS: Final = get_args(BadgeLevel)
_DAY = 86_400_000


class Person(NamedTuple):
    """What tells that two accounts are one person's; *phones* and *devices* are keyed hashes."""

    user_id: str
    phones: frozenset[str] = frozenset()
    unionid: str = ""
    devices: frozenset[str] = frozenset()


class Earner(NamedTuple):
    """A practitioner: whether she is active, her own rate if she has one, and who she is if that is known."""

    active: bool
    own_bp: int | None
    person: Person | None


class Candidates(NamedTuple):
    """Who buys, the practitioners who may have caused it by id, and the author of each recipe."""

    buyer: Person
    earners: Mapping[str, Earner]
    authors: Mapping[str, str]


class Credit(NamedTuple):
    """The practitioner who caused a line's sale, how, and the rate that it earns her."""

    practitioner_id: str
    via: Via
    bp: int


def credit_of(
    origin: Document | None,
    badges: Sequence[Document],
    *,
    among: Candidates,
    policy: CommissionPolicy,
    now: int,
) -> Credit | None:
    """Return whom the sale of a product with *badges*, led to by *origin*, is credited to, if to anybody."""
    cause = _cause(origin or {}, badges, among.authors, policy, now)
    if cause is None:
        return None
    practitioner_id, via = cause
    earner = among.earners.get(practitioner_id)
    if earner is None or not earner.active or earner.person is None:
        return None
    bp = rate_of(via, earner.own_bp, policy)
    if not bp or same_person(earner.person, among.buyer):
        return None
    return Credit(practitioner_id, via, bp)


def _cause(
    origin: Document,
    badges: Sequence[Document],
    authors: Mapping[str, str],
    policy: CommissionPolicy,
    now: int,
) -> tuple[str, Via] | None:
    if "practitionerId" in origin and 0 <= now - origin.get("sharedAt", now + 1) <= policy.share_days * _DAY:
        return origin["practitionerId"], "share"
    if origin.get("recipeId") in authors:
        return authors[origin["recipeId"]], "recipe"
    valid = [badge for badge in badges if badge.get("until", now + 1) > now]
    if not valid:
        return None
    # Badges stand in the order of their approval, and of equal ones the first counts.
    best = max(valid, key=lambda badge: _LEVELS.index(badge["level"]))
    return best["practitionerId"], "certification"


def rate_of(via: Via, own_bp: int | None, policy: CommissionPolicy) -> int:
    """Return the rate of a sale caused *via* by a practitioner whose own rate is *own_bp*."""
    base = {"share": policy.share_bp, "recipe": policy.recipe_bp, "certification": policy.certification_bp}
    return min(base[via] if own_bp is None else own_bp, policy.cap_bp)


def same_person(one: Person, other: Person) -> bool:
    """Say whether two accounts are one member's, or share a phone, a WeChat identity or a device."""
    return bool(
        one.user_id == other.user_id
        or one.phones & other.phones
        or (one.unionid and one.unionid == other.unionid)
        or one.devices & other.devices
    )
