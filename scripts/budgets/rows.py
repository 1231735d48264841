"""One measured value beside its budget, and how a list of them is shown."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Column, Table


@dataclass(frozen=True)
class Row:
    """*what* was *measured*, in *unit*; it may be at most *budget*, or must be *at_least* that.

    Without a budget it is only told.
    """

    what: str
    measured: float
    budget: float | None
    unit: str
    at_least: bool = False

    @property
    def ok(self) -> bool:
        """Whether the budget holds."""
        if self.budget is None:
            return True
        return self.measured >= self.budget if self.at_least else self.measured <= self.budget

    @property
    def limit(self) -> str:
        """The budget for people."""
        return "" if self.budget is None else f"{'≥' if self.at_least else '≤'} {self.budget:g} {self.unit}"


def show(rows: Sequence[Row], *, as_json: bool, console: Console | None = None) -> None:
    """Print *rows*: a table for people, a list for programs."""
    if as_json:
        print(json.dumps([_as_json(row) for row in rows], ensure_ascii=False, indent=2))
        return
    table = Table(Column("what"), Column("measured", justify="right"), Column("budget", justify="right"), "")
    for row in rows:
        mark = "" if row.budget is None else "[green]ok[/]" if row.ok else "[bold red]broken[/]"
        table.add_row(row.what, f"{_rounded(row.measured):g} {row.unit}", row.limit, mark)
    (console or Console(highlight=False)).print(table)


def _as_json(row: Row) -> dict[str, str | float | bool | None]:
    bound = None if row.budget is None else "at least" if row.at_least else "at most"
    return {
        "what": row.what,
        "measured": _rounded(row.measured),
        "unit": row.unit,
        "budget": row.budget,
        "bound": bound,
        "ok": row.ok,
    }


def _rounded(value: float) -> float:
    return round(value, 2)
