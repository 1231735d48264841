"""What the functions print, kept in a file and, for readers, in a bounded memory of the latest lines."""

import itertools
import json
import logging
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

_REMEMBERED = 10_000
_REPORTS = 1000
_FILE_BYTES = 10_000_000
WELL = "OK"
"""The outcome of an invocation that the function answered."""


@dataclass(frozen=True)
class Line:
    """One line: `kind` is "output" for what the function printed, "report" for the host's own summary."""

    number: int
    at: datetime
    function: str
    request_id: str
    kind: str
    text: str

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(timespec="milliseconds"),
            "function": self.function,
            "requestId": self.request_id,
            "kind": self.kind,
            "text": self.text,
        }


@dataclass(frozen=True)
class Report:
    """The host's summary of one invocation."""

    at: datetime
    function: str
    request_id: str
    outcome: str
    start: str
    duration_ms: float
    memory_mb: float

    @property
    def well(self) -> bool:
        """Whether the function answered."""
        return self.outcome == WELL

    @property
    def text(self) -> str:
        """The summary as a line of the log."""
        return f"{self.outcome} {self.start} {self.duration_ms:.1f} ms {self.memory_mb:.1f} MB"


class Log:
    """All lines of all functions; safe to write from many threads."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = RotatingFileHandler(
            file, maxBytes=_FILE_BYTES, backupCount=1, encoding="utf-8", delay=True
        )
        self._lines: deque[Line] = deque(maxlen=_REMEMBERED)
        self._reports: deque[Report] = deque(maxlen=_REPORTS)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._closed = False

    def write(self, function: str, request_id: str, text: str, *, kind: str = "output") -> None:
        """Add one line."""
        with self._lock:
            now = datetime.now(timezone.utc)
            line = Line(next(self._numbers), now, function, request_id, kind, text)
            self._lines.append(line)
            if not self._closed:
                text = json.dumps(line.to_json(), ensure_ascii=False)
                self._file.emit(logging.makeLogRecord({"msg": text}))

    def report(self, report: Report) -> None:
        """Add the summary of one invocation."""
        with self._lock:
            self._reports.append(report)
        self.write(report.function, report.request_id, report.text, kind="report")

    def reports(self, *, function: str = "") -> list[Report]:
        """Return the remembered summaries, the oldest first; an empty filter lets all through."""
        with self._lock:
            return [one for one in self._reports if function in ("", one.function)]

    def lines(self, *, after: int = 0, function: str = "", request_id: str = "") -> list[Line]:
        """Return the remembered lines with a number above *after*; empty filters let all through."""
        with self._lock:
            newest_first: Iterable[Line] = itertools.takewhile(
                lambda line: line.number > after, reversed(self._lines)
            )
            found = [one for one in newest_first if function in ("", one.function)]
        return [one for one in reversed(found) if request_id in ("", one.request_id)]

    def close(self) -> None:
        """Close the file; lines written later are remembered only."""
        with self._lock:
            self._closed = True
            self._file.close()
