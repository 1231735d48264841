"""Which rows belong to which kind, and what they share while they are measured."""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from functools import cached_property

from budgets import (
    cold,
    keeping,
    lookup,
    night,
    pricing,
    recommending,
    restocking,
    rush,
    serving,
    terms,
    trips,
    weight,
)
from budgets.rows import Row
from budgets.stage import Stage, metered, open_stage


class _Run:
    """One run: the stage and the cold starts are made once, when a kind of rows first needs them."""

    def __init__(self, stack: ExitStack, runs: int, skus: int) -> None:
        self._stack = stack
        self.runs = runs
        self.skus = skus

    @cached_property
    def stage(self) -> Stage:
        return self._stack.enter_context(open_stage(self._stack.enter_context(metered())))

    @cached_property
    def starts(self) -> list[cold.Start]:
        return cold.starts(self.stage, self.runs)


KINDS: Mapping[str, Callable[[_Run], list[Row]]] = {
    "cold": lambda run: cold.time_rows(run.starts),
    "memory": lambda run: cold.memory_rows(run.starts),
    "trips": lambda run: trips.function_rows(run.stage),
    "import": lambda run: trips.import_rows(run.stage),
    "http": lambda run: serving.rows(run.stage, run.runs),
    "layers": lambda _: weight.rows(),
    "engine": lambda run: lookup.rows(run.runs),
    "terms": lambda run: terms.rows(run.runs),
    "pricing": lambda run: pricing.rows(run.runs),
    "recommend": lambda run: recommending.rows(run.runs),
    "restock": lambda run: restocking.rows(run.runs, many=run.skus),
    "prepare": lambda _: night.rows(),
    "backup": lambda _: keeping.rows(),
    "rush": lambda _: rush.rows(),
}


def measure(kinds: Collection[str], *, runs: int, skus: int) -> list[Row]:
    """Measure the rows of *kinds*, what is timed *runs* times; a restock check goes over *skus*."""
    with ExitStack() as stack:
        run = _Run(stack, runs, skus)
        return [row for kind, rows in KINDS.items() if kind in kinds for row in rows(run)]
