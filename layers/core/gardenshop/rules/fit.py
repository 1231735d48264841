"""Whether a food suits a member: by tradition for her constitution, and above that by what she does not eat.

Tradition is what a cited source names for a type (`ConstitutionFit`), never a claim about health. Who holds
several types is advised only what suits them **all**, and advised against what any of them limits: the lists
of the types contradict each other. Allergens and diet flags beat suitability; 特禀质, the type of those with
allergies, is advised nothing that holds a known allergen, whatever its list names.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from gardenshop.models.vocabulary import Constitution
from gardenshop.rules.constitution import CODES, NAMES
from gardenshop.rules.diet import Conflict

Verdict = Literal["suits", "neutral", "not_advised"]


class Fit(NamedTuple):
    """How a food fits, and why, in Chinese; a neutral food needs no reason."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


NEUTRAL = Fit("neutral")


def types_of(verdicts: Mapping[str, str]) -> tuple[Constitution, ...]:
    """Return the types to advise for: those that hold, else the tendencies, else 平和 if it holds.

    *verdicts* maps each type to "yes", "tendency" or "no", as a stored assessment does.
    """
    for verdict in ("yes", "tendency"):
        if found := tuple(code for code in CODES[1:] if verdicts.get(code) == verdict):
            return found
    return ("balanced",) if verdicts.get("balanced") == "yes" else ()


def fit(
    types: Sequence[Constitution],
    *,
    suits: Iterable[str] = (),
    avoid: Iterable[str] = (),
    source: str = "",
    allergens: Collection[str] = (),
    conflicts: Sequence[Conflict] = (),
) -> Fit:
    """Say how a food that *source* names for *suits* and against *avoid* fits a member of *types*.

    *conflicts* are why she does not eat it.
    """
    if conflicts:
        return Fit("not_advised", tuple(conflict.text for conflict in conflicts))
    limited = [code for code in types if code in set(avoid)]
    if limited:
        return Fit("not_advised", (_reason(limited, "宜少选", source),))
    risky = allergens and "special_diathesis" in types
    if types and set(types) <= set(suits) and not risky:
        return Fit("suits", (_reason(types, "可常选", source),))
    return NEUTRAL


def _reason(types: Sequence[Constitution], habit: str, source: str) -> str:
    names = "、".join(NAMES[code] for code in types)
    return f"{names}{habit}（{f'{source}，' if source else ''}仅供参考）"
