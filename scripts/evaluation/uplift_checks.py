"""Whether an experiment can be trusted, and what its members' past explains of what they paid.

When members of the variants are not in the proportions in which they are drawn, something that depends on
the variant lost or added some of them, and its figures say nothing.

What a member paid before she was shown anything cannot depend on her variant, so what it explains is taken
off what she paid after: the difference of the means is estimated as before, by a narrower interval (CUPED:
Deng, Xu, Kohavi and Walker, WSDM 2013).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import erfc, exp, gamma, sqrt
from typing import Any, NamedTuple

from evaluation.uplift_members import Member
from gardenshop.rules.live_rules import newest

SUSPECT = 0.001
"""Chance explains a mismatch this rare once in a thousand experiments."""


class Balance(NamedTuple):
    """The share of the members that each variant should have, and the chance of being as far from it."""

    shares: dict[str, float]
    p: float


def balance(members: Iterable[Member], shares_bp: Mapping[str, int]) -> Balance | None:
    """Compare the variants of *members* with *shares_bp* by a chi-square test; None without two shares."""
    counts = Counter(member.variant for member in members)
    drawn = {name: bp for name, bp in shares_bp.items() if bp}
    total, whole = sum(counts[name] for name in drawn), sum(drawn.values())
    if len(drawn) < 2 or not total:  # noqa: PLR2004  # Two to compare.
        return None
    shares = {name: bp / whole for name, bp in drawn.items()}
    distance = sum((counts[name] - total * share) ** 2 / (total * share) for name, share in shares.items())
    return Balance(shares, _tail(distance, len(shares) - 1))


def shares_of(experiment: str, rules: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the shares of *experiment* by what its rule says; all its versions that ran have the same."""
    found = newest(each for each in rules if each["state"] != "draft").get(f"experiment:{experiment}")
    return {each["name"]: each["shareBp"] for each in found["body"]["variants"]} if found else {}


def adjusted(members: Sequence[Member]) -> list[Member]:
    """Return *members* with what they paid, less what their past explains of it."""
    if not members:
        return []
    mean = sum(each.before_fen for each in members) / len(members)
    paid = sum(each.paid_fen for each in members) / len(members)
    spread = sum((each.before_fen - mean) ** 2 for each in members)
    shared = sum((each.before_fen - mean) * (each.paid_fen - paid) for each in members)
    slope = shared / spread if spread else 0.0
    return [each._replace(adjusted_fen=each.paid_fen - slope * (each.before_fen - mean)) for each in members]


def _tail(distance: float, freedom: int) -> float:
    """Return the chance that a chi-square variable of *freedom* degrees is beyond *distance*."""
    half = distance / 2
    rank, chance = (1.0, exp(-half)) if freedom % 2 == 0 else (0.5, erfc(sqrt(half)))
    while rank < freedom / 2:
        chance += half**rank * exp(-half) / gamma(rank + 1)
        rank += 1
    return chance
