"""Making a failing history short: steps and faults are left out as long as it still fails in the same way."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from simulation.plan import Plan
from simulation.play import Result, play

T = TypeVar("T")


def law_of(breach: str) -> str:
    """Return what two breaches of one kind have in common: their words without names and numbers."""
    return " ".join(word for word in breach.split() if word.strip(".,:;").isalpha())


def shrink(plan: Plan, result: Result, *, plays: int) -> tuple[Plan, Result]:
    """Return the shortest plan found within *plays* plays that breaks a law which *plan* breaks."""
    best, kinds, left = (plan, result), {law_of(each) for each in result.breaches}, [plays]

    def fails(candidate: Plan) -> bool:
        nonlocal best
        left[0] -= 1
        found = play(candidate)
        if kinds.isdisjoint(law_of(each) for each in found.breaches):
            return False
        best = candidate, found
        return True

    _leave_out(plan.steps, lambda steps: left[0] > 0 and fails(best[0].with_steps(steps)))
    plan, faults = best[0], best[1].faults
    _leave_out(faults, lambda kept: left[0] > 0 and fails(plan.without_faults(set(faults) - set(kept))))
    return best


def _leave_out(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> None:
    """Leave out ever smaller parts of *items* while the rest still *fails* (Zeller's delta debugging)."""
    parts = 1
    while items:
        size = -(-len(items) // parts)
        for start in range(0, len(items), size):
            rest = [*items[:start], *items[start + size :]]
            if fails(rest):
                items, parts = rest, max(parts - 1, 1)
                break
        else:
            if size == 1:
                return
            parts = min(2 * parts, len(items))
