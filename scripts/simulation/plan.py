"""What a seed stands for: a list of steps, each with its instant, its action and its actor.

Steps draw nothing from each other, so any of them can be left out and the rest happens as before as far as it
does not depend on them. That is what makes a failing history short.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from random import Random

from gardenshop.cloud.clock import MINUTE
from simulation import stage
from simulation.actors import ACTIONS, ORDERS
from simulation.chance import dice, weighted
from simulation.world import timers

TIMER = "timer "
_RATES = (0.0, 0.02, 0.05, 0.1, 0.3)
_GAPS = (1, 1, 2, 3, 5, 15, 60)
"""Minutes between two runs of a timer, one of which may have been missed."""


@dataclass(frozen=True)
class Step:
    """An action that begins *at* ms after the opening."""

    number: int
    at: int
    action: str
    openid: str

    @property
    def name(self) -> str:
        """What its dice and its calls are named by."""
        return f"{self.number:03d}"


@dataclass(frozen=True)
class Plan:
    """The steps of *seed*; *rate* of all exchanges meet a fault, but for those *calmed*."""

    seed: int
    rate: float
    steps: tuple[Step, ...]
    calmed: frozenset[str] = frozenset()

    def with_steps(self, steps: Iterable[Step]) -> "Plan":
        """Return the plan with these steps alone."""
        return replace(self, steps=tuple(steps))

    def without_faults(self, names: Iterable[str]) -> "Plan":
        """Return the plan in which the faults *names* do not happen either."""
        return replace(self, calmed=self.calmed | frozenset(names))


def draw(seed: int, about: Collection[str] | None = None) -> Plan:
    """Draw the plan of *seed*. Each has its own mix of actions, so that rare ones are frequent in some.

    Beside orders they are *about* these subjects alone, or about everything.
    """
    chance = dice(seed, "plan")
    weights = {
        name: each.weight * chance.choice((0, 0, 1, 2, 8))
        for name, each in ACTIONS.items()
        if about is None or each.about == ORDERS or each.about in about
    }
    weights["order"] += 8
    span = chance.choice((10, 45, 90)) * MINUTE
    moments = [chance.randint(0, span) for _ in range(chance.choice((1, 3, 6)))]
    crowd = chance.choice((40, 400, 4_000))
    acts = [
        (_when(chance, span, moments, crowd), weighted(chance, weights), chance.choice(stage.MEMBERS))
        for _ in range(chance.randint(4, 24))
    ]
    ticks = [(when, TIMER + name, "") for name in timers() for when in _ticks(chance, span)]
    steps = [Step(number, *each) for number, each in enumerate(acts + ticks)]
    return Plan(seed, chance.choice(_RATES), tuple(sorted(steps, key=lambda step: step.at)))


def _when(chance: Random, span: int, moments: list[int], crowd: int) -> int:
    """Draw an instant: mostly within *crowd* ms of a moment at which others act too."""
    if chance.random() < 0.7:  # noqa: PLR2004
        return chance.choice(moments) + chance.randint(0, crowd)
    return chance.randint(0, span)


def _ticks(chance: Random, span: int) -> list[int]:
    """Draw when a timer runs: on the minute, a little late, some runs missed, some twice."""
    minute, ticks = 0, []
    while minute * MINUTE < span:
        late = chance.choice((0, 0, 40, 3_000))
        ticks += [minute * MINUTE + late + copy * 30 for copy in range(chance.choice((1, 1, 1, 1, 2)))]
        minute += chance.choice(_GAPS)
    return ticks
