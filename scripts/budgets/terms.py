"""Looking up a solar term: what it costs beside reading the date that is asked about.

The yardstick is making a `date` of the three numbers of a day's text, within a microsecond of an idle core.
"""

import time
from collections.abc import Callable, Sequence
from datetime import date
from statistics import median
from typing import Any

from budgets.rows import Row
from gardenshop.cloud.clock import DAY, start_of
from gardenshop.rules.solar_terms import position, term_at, term_of_day

BUDGET = 1
INSTANT_BUDGET = 2
LONG_BUDGET = 8
_DAYS = [date.fromordinal(date(2020, 1, 1).toordinal() + place).isoformat() for place in range(4_000)]
_INSTANTS = [start_of("2020-01-01") + place * DAY for place in range(4_000)]


def rows(runs: int) -> list[Row]:
    """Return the cost of each way to ask over that of the yardstick, and the first in microseconds."""
    cases: Sequence[tuple[str, Callable[[Any], Any], Sequence[Any], float]] = (
        ("term of a day", term_of_day, _DAYS, BUDGET),
        ("term at an instant", term_at, _INSTANTS, INSTANT_BUDGET),
        ("position at an instant", position, _INSTANTS, LONG_BUDGET),
    )
    ratios = [
        Row(f"solar terms: {what}, against reading a date", _ratio(asked, of, runs), budget, "×")
        for what, asked, of, budget in cases
    ]
    return [*ratios, Row("solar terms: term of a day", _best_us(term_of_day, _DAYS, runs), None, "µs")]


def _ratio(asked: Callable[[Any], Any], of: Sequence[Any], runs: int) -> float:
    pairs = [(_seconds(asked, of), _seconds(_read_date, _DAYS)) for _ in range(runs)]
    return median(mine / yardstick for mine, yardstick in pairs)


def _best_us(asked: Callable[[Any], Any], of: Sequence[Any], runs: int) -> float:
    return min(_seconds(asked, of) for _ in range(runs)) / len(of) * 1e6


def _seconds(asked: Callable[[Any], Any], of: Sequence[Any]) -> float:
    started = time.perf_counter()
    for each in of:
        asked(each)
    return time.perf_counter() - started


def _read_date(day: str) -> date:
    return date(int(day[:4]), int(day[5:7]), int(day[8:10]))
