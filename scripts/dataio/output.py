"""What the commands print: tables for people, one JSON object for programs."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress
from rich.table import Column, Table

from dataio.documents import Written
from dataio.sample import Invalid
from dataio.tables import Change, Plan

T = TypeVar("T")


class Output:
    """Prints results to *console*; progress goes to the error stream, and only to a terminal."""

    def __init__(self, *, as_json: bool, console: Console | None = None) -> None:
        self.as_json = as_json
        self.console = console or Console(highlight=False)

    def progress(self, items: Iterable[T], total: int, title: str) -> Iterator[T]:
        """Pass *items* on, showing how far they have come."""
        terminal = Console(stderr=True)
        hidden = self.as_json or not terminal.is_terminal
        with Progress(console=terminal, transient=True, disable=hidden) as bar:
            yield from bar.track(items, total=total, description=title)

    def plan(self, plan: Plan) -> None:
        """Show what `apply` would do."""
        if self.as_json:
            self.json({"changes": [change.text for change in plan.changes], **_differences(plan)})
            return
        self._lines("would", plan.changes)
        self._differences(plan)
        if not plan.changes:
            self.console.print("Nothing to do: every collection and index is there.")

    def applied(self, done: Sequence[Change], plan: Plan) -> None:
        """Show what `apply` did."""
        if self.as_json:
            self.json({"applied": [change.text for change in done], **_differences(plan)})
            return
        self._lines("done:", done)
        self._differences(plan)
        self.console.print(f"{len(done)} changes made.")

    def loaded(self, written: Sequence[Written], invalid: Sequence[Invalid], *, round_trips: int) -> None:
        """Show what became of each document, by collection."""
        fates: dict[str, Counter[str]] = defaultdict(Counter)
        for one in written:
            fates[one.record.collection][one.fate] += 1
        refused = [f"{one.record.collection} {one.record.key}: {one.reason}" for one in written if one.reason]
        refused += [f"{place}: {reason}" for place, reason in invalid]
        if self.as_json:
            self.json({"collections": fates, "refused": refused, "roundTrips": round_trips})
            return
        columns = ("created", "refreshed", "unchanged", "kept", "refused")
        table = Table(
            Column("collection", no_wrap=True), *(Column(name, justify="right") for name in columns)
        )
        for name, counts in sorted(fates.items()):
            table.add_row(name, *(str(counts[column] or "") for column in columns))
        self.console.print(table)
        for line in refused:
            self.console.print(f"refused {line}", markup=False)
        self.console.print(f"{len(written)} documents in {round_trips} round trips.")

    def schemas(self, names: Sequence[str], *, wrote: bool) -> None:
        """Show which definitions were out of date."""
        if self.as_json:
            self.json({"written" if wrote else "stale": list(names)})
            return
        for name in names:
            self.console.print(f"{'written' if wrote else 'out of date'}: collections/{name}.json")
        if not names:
            self.console.print("Every definition agrees with its model.")

    def json(self, value: Any) -> None:
        """Print *value* as JSON."""
        print(json.dumps(value, ensure_ascii=False, indent=2))

    def _lines(self, verb: str, changes: Sequence[Change]) -> None:
        for change in changes:
            self.console.print(f"{verb} {change.text}", markup=False)

    def _differences(self, plan: Plan) -> None:
        for line in plan.drift:
            self.console.print(f"differs, left as it is: {line}", markup=False)
        if plan.unknown:
            self.console.print(f"not defined here, left untouched: {', '.join(plan.unknown)}", markup=False)


def _differences(plan: Plan) -> dict[str, Any]:
    return {"drift": list(plan.drift), "unknown": list(plan.unknown)}
