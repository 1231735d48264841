"""Who comes back: segments by recency, frequency and money, repurchase, retention, cohorts by first purchase.

Days count back from the instant at which it is asked; a month is a calendar month of fixed UTC+8.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from gardenshop.rules.money import FULL_BP

DAY_MS = 86_400_000
RECENT, LATELY, LAPSED = 30, 60, 180
"""Days since the last purchase."""
OFTEN = 4
REPEAT_DAYS = 90
COHORTS = 12
"""Months of first purchases that are followed."""

SEGMENTS = ("champion", "loyal", "new", "promising", "at_risk", "lost")


class Purchase(NamedTuple):
    """One paid order: when, in which month, and what of its money was kept."""

    at: int
    month: str
    kept_fen: int


class Standing(NamedTuple):
    """Recency, frequency and money of one buyer, and the segment they put her into."""

    recency_days: int
    frequency: int
    monetary_fen: int
    segment: str


def standing_of(purchases: Sequence[Purchase], now: int) -> Standing:
    """Return how the buyer of *purchases* stands at *now*."""
    recency = (now - max(each.at for each in purchases)) // DAY_MS
    frequency = len(purchases)
    return Standing(
        recency, frequency, sum(each.kept_fen for each in purchases), _segment(recency, frequency)
    )


def _segment(recency: int, frequency: int) -> str:
    if recency > LAPSED:
        return "lost"
    if frequency == 1:
        return "new" if recency <= RECENT else "promising" if recency <= LATELY else "at_risk"
    if recency > LATELY:
        return "at_risk"
    return "champion" if frequency >= OFTEN and recency <= RECENT else "loyal"


class Loyalty:
    """A fold over buyers, one after the other; it keeps counts only."""

    def __init__(self, now: int, months: Sequence[str]) -> None:
        """Begin at *now*; *months* are the calendar months to follow, oldest first."""
        self._now, self._months = now, list(months)
        self._segments = Counter[str]()
        self._counts = Counter[str]()
        self._cohorts = {month: _Cohort() for month in months}

    def add(self, purchases: Sequence[Purchase]) -> Standing:
        """Count the buyer of *purchases*, oldest first, and return how she stands."""
        standing = standing_of(purchases, self._now)
        self._segments[standing.segment] += 1
        self._counts["buyers"] += 1
        self._counts["keptFen"] += standing.monetary_fen
        self._count_back(purchases)
        cohort = self._cohorts.get(purchases[0].month)
        if cohort is not None:
            cohort.add(purchases, self._months)
        return standing

    def _count_back(self, purchases: Sequence[Purchase]) -> None:
        ages = [(self._now - each.at) // DAY_MS for each in purchases]
        lately = sum(age < REPEAT_DAYS for age in ages)
        self._counts["active"] += lately > 0
        self._counts["repeated"] += lately > 1
        before = any(RECENT <= age < 2 * RECENT for age in ages)
        self._counts["before"] += before
        self._counts["stayed"] += before and any(age < RECENT for age in ages)

    def figures(self) -> dict[str, Any]:
        """Return the counts, and the rates that are made of them; a rate of nobody is left out."""
        counts = self._counts
        rates = {
            "repurchaseBp": _rate(counts["repeated"], counts["active"]),
            "retentionBp": _rate(counts["stayed"], counts["before"]),
        }
        return {
            "buyers": counts["buyers"],
            "valueFen": counts["keptFen"] // counts["buyers"] if counts["buyers"] else 0,
            **{name: counts[name] for name in ("active", "repeated", "before", "stayed")},
            **{name: rate for name, rate in rates.items() if rate is not None},
            "segments": {name: self._segments[name] for name in SEGMENTS},
        }

    def cohorts(self) -> dict[str, Any]:
        """Return each month's first buyers: how many, came again, were active by month, and their worth."""
        return {month: cohort.figures() for month, cohort in self._cohorts.items() if cohort.buyers}


class _Cohort:
    def __init__(self) -> None:
        self.buyers = 0
        self._repeated = 0
        self._kept_fen = 0
        self._active = Counter[int]()

    def add(self, purchases: Sequence[Purchase], months: Sequence[str]) -> None:
        self.buyers += 1
        self._repeated += len(purchases) > 1
        self._kept_fen += sum(each.kept_fen for each in purchases)
        first = months.index(purchases[0].month)
        later = {months.index(each.month) - first for each in purchases if each.month in months}
        self._active.update(later)

    def figures(self) -> dict[str, Any]:
        last = max(self._active)
        return {
            "buyers": self.buyers,
            "repeated": self._repeated,
            "valueFen": self._kept_fen // self.buyers,
            "active": [self._active[offset] for offset in range(last + 1)],
        }


def _rate(part: int, whole: int) -> int | None:
    return part * FULL_BP // whole if whole else None


def months_until(month: str, count: int = COHORTS) -> list[str]:
    """Return *count* calendar months, the last of them *month*."""
    last = int(month[:4]) * 12 + int(month[5:]) - 1
    return [f"{at // 12:04d}-{at % 12 + 1:02d}" for at in range(last - count + 1, last + 1)]
