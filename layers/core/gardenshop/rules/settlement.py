"""What a practitioner's commission of a month comes to once the month is over."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Batch(NamedTuple):
    """The commission up to the end of *month*: *debt_fen* of *confirmed_fen* repay what was carried."""

    month: str
    confirmed_fen: int
    debt_fen: int

    @property
    def deltas(self) -> dict[str, int]:
        """How it moves the counters."""
        settled = self.confirmed_fen - self.debt_fen
        return {"confirmedFen": -self.confirmed_fen, "debtFen": -self.debt_fen, "settledFen": settled}


def month_before(day: str) -> str:
    """Return the last month, ``YYYY-MM``, that is over on *day*."""
    year, month = int(day[:4]), int(day[5:7])
    return f"{year - 1:04d}-12" if month == 1 else f"{year:04d}-{month - 1:02d}"


def batch_of(counters: Mapping[str, Any], confirmed: Mapping[str, int], *, last: str) -> Batch:
    """Return the batch of the first month up to *last* that is not settled.

    *counters* are the practitioner's; *confirmed* is what was confirmed in each month since the last settled
    one. What is confirmed and not of a later month is the batch's, so that what was booked too late for its
    own month is not forgotten. More debt than that stays debt.
    """
    month = min((each for each in confirmed if each <= last), default=last)
    later = sum(fen for each, fen in confirmed.items() if each > month)
    fen = max(counters["confirmedFen"] - later, 0)
    return Batch(month, fen, min(fen, counters.get("debtFen", 0)))
