"""Flags: what is opened to the staff first, then to a share of the members that only grows, then to all.

A flag is a live rule ``flag:<name>``. A member is in when the number drawn for her and the flag is below its
share, so whoever is in at 1 % is in at 10 %. A flag that nobody published is closed, and what it opens
stands beside what was there before.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from gardenshop.models.base import Bp, Model
from gardenshop.rules.draws import draw
from gardenshop.rules.live_rules import bodies

SHOP_MIGRATED = "shop_migrated"
"""Whether the entrance of the former shop leads a member into this one."""


class Flag(Model):
    """Whom it is open to: the *staff* (members with a role), and a share of all members."""

    staff: bool = False
    share_bp: Bp = 0


def flags_of(documents: Iterable[Mapping[str, Any]]) -> dict[str, Flag]:
    """Return the flags among the live `business_rules` *documents*, by name."""
    return {name: Flag.model_validate(body) for name, body in bodies(documents, "flag").items()}


def enabled(flags: Mapping[str, Flag], name: str, member: Mapping[str, Any]) -> bool:
    """Say whether flag *name* is open to *member*, of whose `users` document ``_id`` and roles are asked."""
    flag = flags.get(name)
    if flag is None:
        return False
    return draw(f"flag:{name}", member["_id"]) < flag.share_bp or bool(flag.staff and member.get("roles"))


def open_to(flags: Mapping[str, Flag], member: Mapping[str, Any]) -> list[str]:
    """Return the names of all *flags* that are open to *member*."""
    return sorted(name for name in flags if enabled(flags, name, member))
