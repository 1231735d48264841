"""What became of old records: counts and sums, and one line for each that was not simply taken in."""

import csv
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TextIO

from dataio.documents import Fate, Found, Record, Written
from dataio.predecessor.source import Outcome, Status
from dataio.undoing import Step

SHOWN = 20
"""Of each file so many records are shown; the others are in the error file."""

HEAD = ("file", "record", "what", "why")

SUMS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], int]]] = {
    "priceFen": ("products", lambda document: sum(sku["priceFen"] for sku in document["skus"])),
    "onHand": ("inventory", lambda document: document["onHand"]),
    "points": ("points_ledger", lambda document: document["delta"]),
    "paidFen": ("orders", lambda document: document["totals"]["paidFen"]),
}
"""What is added up of which collection: prices, stock, points, and money that was paid."""


class Line(NamedTuple):
    """A record that was repaired, refused or left as it is."""

    file: str
    name: str
    what: str
    why: str


class Lines:
    """Keeps the first lines of each file to be shown; all of them go to *errors*."""

    def __init__(self, errors: TextIO | None) -> None:
        self.shown: list[Line] = []
        self.unshown: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._errors = csv.writer(errors) if errors else None
        if self._errors:
            self._errors.writerow(HEAD)

    def add(self, line: Line) -> None:
        """Keep *line*."""
        if self._errors:
            self._errors.writerow(line)
        self._counts[line.file] += 1
        if self._counts[line.file] <= SHOWN:
            self.shown.append(line)
        else:
            self.unshown[line.file] += 1

    def plain(self) -> dict[str, Any]:
        """Return them for JSON."""
        return {"lines": [line._asdict() for line in self.shown], "unshown": self.unshown}


class Report:
    """Counts what passes through it."""

    def __init__(self, errors: TextIO | None = None) -> None:
        self.files: dict[str, Counter[Status]] = defaultdict(Counter)
        self.left: dict[str, Counter[str]] = defaultdict(Counter)
        self.fates: dict[str, Counter[Fate]] = defaultdict(Counter)
        self.found: dict[str, Counter[Found]] = defaultdict(Counter)
        self.sums: Counter[str] = Counter()
        self.lines = Lines(errors)

    def records(self, outcomes: Iterable[Outcome]) -> Iterator[Record]:
        """Pass the documents of *outcomes* on."""
        for outcome in outcomes:
            self.files[outcome.file][outcome.status] += 1
            self.left[outcome.file].update(outcome.left)
            if outcome.status != "accepted":
                why = outcome.refusal or "; ".join(outcome.notes)
                self.lines.add(Line(outcome.file, outcome.name, outcome.status, why))
            for record in outcome.records:
                self._add_up(record)
                yield record

    def written(self, one: Written) -> None:
        """Count what became of a document."""
        collection, key = one.record.collection, one.record.key
        self.fates[collection][one.fate] += 1
        if one.fate == "refused":
            self.lines.add(Line(collection, key, "refused by the database", one.reason))
        elif one.fate == "kept":
            self.lines.add(Line(collection, key, "kept", "what is stored is newer, or the shop's own"))

    def checked(self, record: Record, found: Found) -> None:
        """Count how a document was found when it was read back."""
        self.found[record.collection][found] += 1
        if found in {"otherwise", "missing"}:
            self.lines.add(Line(record.collection, record.key, found, "as read back after the import"))

    @property
    def refused(self) -> int:
        """How many records, or documents of theirs, were not taken in."""
        records = sum(counts["refused"] for counts in self.files.values())
        return records + sum(counts["refused"] for counts in self.fates.values())

    @property
    def verified(self) -> bool | None:
        """Whether everything that was not refused was read back as it should be; None when nothing was."""
        if not self.found:
            return None
        wrong = sum(counts["otherwise"] + counts["missing"] for counts in self.found.values())
        return wrong == sum(counts["refused"] for counts in self.fates.values())

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "files": self.files,
            "documents": self.fates,
            "stored": self.found,
            "sums": self.sums,
            "leftBehind": {file: left for file, left in self.left.items() if left},
            "verified": self.verified,
            **self.lines.plain(),
        }

    def _add_up(self, record: Record) -> None:
        for name, (collection, amount) in SUMS.items():
            if record.collection == collection:
                self.sums[name] += amount(record.document)


class Taken:
    """Counts what taking an import back comes to."""

    def __init__(self, errors: TextIO | None = None) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.lines = Lines(errors)

    def step(self, step: Step) -> None:
        """Count what became of a document."""
        self.counts[step.collection][step.outcome] += 1
        if step.reason:
            self.lines.add(Line(step.collection, step.key, step.outcome, step.reason))

    @property
    def left(self) -> int:
        """How many documents are to be tried again."""
        return sum(counts["left"] for counts in self.counts.values())

    def plain(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"outcomes": self.counts, **self.lines.plain()}
