"""How commands print: lines and tables for people, one JSON object for programs, progress beside both."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import Progress

T = TypeVar("T")


class Printer:
    """Prints results to *console*; progress goes to the error stream, and only to a terminal."""

    def __init__(self, *, as_json: bool, console: Console | None = None) -> None:
        self.as_json = as_json
        self.console = console or Console(highlight=False)

    def progress(self, items: Iterable[T], total: int | None, title: str) -> Iterator[T]:
        """Pass *items* on, showing how far they have come, or that they come."""
        terminal = Console(stderr=True)
        hidden = self.as_json or not terminal.is_terminal
        with Progress(console=terminal, transient=True, disable=hidden) as bar:
            yield from bar.track(items, total=total, description=title)

    def json(self, value: Any) -> None:
        """Print *value* as JSON."""
        print(json.dumps(value, ensure_ascii=False, indent=2))
