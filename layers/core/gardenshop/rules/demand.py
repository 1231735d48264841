"""What a SKU will sell in the days ahead: a mean and a variance, learnt day by day from what it sold.

The mean of a day is level times weekday times event. Each is a ratio of units sold to units expected, which
fades with age and begins at a prior that weighs as much as some expected days: little history stays near the
prior, much speaks for itself. An event is a code of a day that is known ahead, a flyer say; the three weeks
after one are an event, too. Where the shelf ran empty, sales are a lower bound and count as no less than
what was expected.

The variance grows with the mean, by the SKU's own errors, and with its square, because the level drifts.
Errors are drawn to the usual ones on a log scale: one large order says little about the next.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

AFTER = "after"
"""The event of an ordinary day in the three weeks after another event."""
LIFTS: Mapping[str, float] = MappingProxyType(
    {AFTER: 1.2, "A": 1.9, "C": 1.8, "D": 3.0, "F": 2.3, "H": 2.3, "J": 1.8, "L": 2.3, "X": 1.0}
)
"""Usual lifts; of a flyer's inner pages, its lines, front, back, wrapper, coupon, the wrapper's back."""
USUAL_LIFT = 1.5
"""That of any other event."""

_AFTER_DAYS = 21
_LEAST_LEVEL = 0.02
_LEAST_FIRST = 0.3
_LEAST_EVENT_LEVEL = 0.05
_LEAST_MEAN = 0.1
_SILENT_DAYS, _SILENT_UNITS = 28, 5.0


class Pace(NamedTuple):
    """How fast what was learnt fades, a day, and how many days each prior weighs; from back-tests."""

    level_fade: float = 0.993
    shape_fade: float = 0.995
    """Of weekdays and events."""
    error_fade: float = 0.97
    level_days: float = 2.0
    weekday_days: float = 6.0
    code_days: float = 16.0
    """Of a code's lift, against what all events did to this SKU."""
    event_days: float = 40.0
    """Of all events together, against the usual lifts."""
    error_days: float = 20.0
    event_share: float = 0.6
    """Of an event day's say in the level."""
    error: float = 2.4
    """Usual variance of a day over its mean."""
    event_error: float = 4.0
    own_error: float = 0.6
    """Share of a SKU's own distance from `error`, on a log scale, that is believed."""
    most_error: float = 50.0
    """How many times the square of the usual error one day counts at most."""
    drift: float = 0.2
    """Usual deviation of the level from what was learnt, as a share of it."""
    event_drift: float = 0.3
    own_drift: float = 0.75
    """How the square of `drift` grows with a SKU's errors, as a power."""
    most_drift: float = 1.2
    tail: float = 1.5
    """How much wider, at most, the demand of a SKU with wild days is than its mean and errors tell."""


PACE = Pace()


class Day(NamedTuple):
    """A day: its weekday from Monday, the code of its event if any, and a lift known from elsewhere."""

    weekday: int
    event: str = ""
    lift: float = 1.0


class Units(NamedTuple):
    """Demand of some days together."""

    mean: float
    variance: float


class Learner:
    """Learns the demand of one SKU from its days, given oldest first."""

    __slots__ = ("_age", "_codes", "_errors", "_events", "_expected", "_pace", "_plain", "_plain_days",
                 "_quiet", "_silence", "_sold", "_usual", "_weekdays", "days", "level",
                 "weekday")  # fmt: skip

    def __init__(self, pace: Pace = PACE, *, usual_lift: float = USUAL_LIFT) -> None:
        """Begin to learn; *usual_lift* is that of codes which `LIFTS` does not know."""
        self._pace = pace
        self._usual = usual_lift
        self._sold = self._expected = self._plain = 0.0
        self.days = self._plain_days = 0
        self._weekdays = [[0.0, 0.0] for _ in range(7)]
        self._codes: dict[str, list[float]] = {}
        self._events = [0.0, 0.0]
        self._errors = ([0.0, 0.0], [0.0, 0.0])
        self._age = 1.0
        self._quiet = _AFTER_DAYS
        self._silence = math.inf
        self.level = 0.0
        self.weekday = [1.0] * 7

    def learn(self, units: int, weekday: int, event: str = "", *, sold_out: bool = False) -> None:
        """Learn that *units* were sold on a day, at whose end the shelf was empty if *sold_out*."""
        kind, self._quiet = _kind(event, self._quiet)
        self.level = self.level or max(units, _LEAST_FIRST)
        lift, rhythm = self.lift(kind) if kind else 1.0, self.weekday[weekday]
        expected = self.level * rhythm * lift
        seen = expected if sold_out and units < expected else units
        self._learn_error(seen, expected, 1 if event else 0)
        self._learn_shape(seen, weekday, kind, lift)
        self._learn_level(seen, rhythm, lift, special=bool(event))
        self._silence = 0 if units else self._silence + (not sold_out)
        self.days += 1
        if not self.days % 7:
            self._learn_rhythm()

    @property
    def deviation(self) -> float:
        """Standard deviation of an ordinary day's demand."""
        return math.sqrt(self._error(0) * self.level)

    @property
    def sells(self) -> bool:
        """Say whether anything was sold, and not all too long ago for the level."""
        return self._silence < max(_SILENT_DAYS, _SILENT_UNITS / (self.level or 1))

    def lift(self, kind: str) -> float:
        """Return the factor of an event."""
        pace, usual = self._pace, LIFTS.get(kind, self._usual)
        base = max(self.level, _LEAST_EVENT_LEVEL) * self._age
        if kind != AFTER:
            prior = pace.event_days * base
            usual *= (self._events[0] + prior) / (self._events[1] + prior)
        sold, expected = self._codes.get(kind, (0.0, 0.0))
        prior = pace.code_days * base
        return (sold + prior * usual) / (expected + prior)

    def ahead(self, days: Iterable[Day]) -> list[Units]:
        """Return the demand of the first day of *days*, of the first two, and so on."""
        quiet, plain, special, found = self._quiet, 0.0, 0.0, list[Units]()
        for day in days:
            kind, quiet = _kind(day.event, quiet)
            mean = self.level * self.weekday[day.weekday] * day.lift * (self.lift(kind) if kind else 1.0)
            if day.event:
                special += mean
            else:
                plain += mean
            found.append(self._units(plain, special))
        return found

    def _units(self, plain: float, special: float) -> Units:
        pace = self._pace
        error = pace.error * (self._error(0) / pace.error) ** pace.own_error
        drift = min(pace.drift**2 * max(error / pace.error, 1.0) ** pace.own_drift, pace.most_drift**2)
        wobble = error * plain + self._error(1) * special
        variance = wobble + drift * plain**2 + (pace.event_drift * special) ** 2
        wild = max(1 - pace.error / self._error(0), 0.0)
        return Units(plain + special, variance * (1 + pace.tail * wild))

    def _error(self, special: int) -> float:
        """Return the variance of a day over its mean."""
        pace, (total, days) = self._pace, self._errors[special]
        prior = pace.event_error if special else pace.error
        return (total + pace.error_days * prior) / (days + pace.error_days)

    def _learn_error(self, seen: float, expected: float, special: int) -> None:
        errors, pace = self._errors[special], self._pace
        error = (seen - expected) ** 2 / max(expected, _LEAST_MEAN)
        if error > pace.most_error:
            error = min(error, pace.most_error * self._error(special))
        errors[0] = pace.error_fade * errors[0] + error
        errors[1] = pace.error_fade * errors[1] + 1

    def _learn_shape(self, seen: float, weekday: int, kind: str, lift: float) -> None:
        """Let what is new weigh more, instead of all that is old less."""
        self._age /= self._pace.shape_fade
        sold, base, sums = seen * self._age, self.level * self._age, self._weekdays[weekday]
        sums[0] += sold / lift
        sums[1] += base
        if kind:
            base *= self.weekday[weekday]
            code = self._codes.setdefault(kind, [0.0, 0.0])
            code[0] += sold
            code[1] += base
            if kind != AFTER:
                self._events[0] += sold
                self._events[1] += base * LIFTS.get(kind, self._usual)

    def _learn_level(self, seen: float, rhythm: float, lift: float, *, special: bool) -> None:
        pace = self._pace
        weight = pace.event_share / lift if special else 1.0
        self._sold = sold = pace.level_fade * self._sold + weight * seen
        self._expected = expected = pace.level_fade * self._expected + weight * rhythm * lift
        if not special:
            self._plain += seen
            self._plain_days += 1
        usual = self._plain / (self._plain_days or 1)
        self.level = max((sold + pace.level_days * usual) / (expected + pace.level_days), _LEAST_LEVEL)

    def _learn_rhythm(self) -> None:
        prior = self._pace.weekday_days * self.level * self._age
        raw = [(sold + prior) / (expected + prior) for sold, expected in self._weekdays]
        scale = 7 / sum(raw)
        self.weekday = [each * scale for each in raw]


def by_day(ahead: Sequence[Units], day: int) -> Units:
    """Return the demand of the first *day* days; after those of *ahead* it goes on like them."""
    if day <= len(ahead):
        return ahead[day - 1]
    share, last = day / len(ahead), ahead[-1]
    return Units(last.mean * share, last.variance * share**2)


def _kind(event: str, quiet: int) -> tuple[str, int]:
    """Return what a day with *event* is, *quiet* days after the last one, and how quiet it leaves things."""
    if event:
        return event, 0
    return ("" if quiet >= _AFTER_DAYS else AFTER), quiet + 1
