"""Reading an old record: typed access that remembers what was read, and what became of the record."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from dataio.documents import Record

Documents = list[tuple[str, dict[str, Any]]]
"""What a record becomes: documents with the names of their collections."""

Status = Literal["accepted", "repaired", "refused"]


class Refused(Exception):
    """An old record cannot be taken in; the message says why."""


class Source:
    """One old record, or a part of it; *notes* collects what had to be repaired."""

    def __init__(self, raw: Mapping[str, Any], notes: list[str] | None = None, path: str = "") -> None:
        self._raw = raw
        self._path = path
        self._taken: set[str] = set()
        self._parts: list[Source] = []
        self.notes: list[str] = [] if notes is None else notes

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text without the white space around it; refuses when it is missing without a *default*."""
        value = self._take(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not (value.strip() or default is not None):
            raise Refused(f"{self._path}{name} is not a text")
        return value.strip()

    def number(self, name: str, default: int | None = None) -> Decimal:
        """Return a number exactly as it was written."""
        value = self._take(name)
        if value is None and default is not None:
            return Decimal(default)
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
            raise Refused(f"{self._path}{name} is not a number")
        return Decimal(value)

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; none when it is missing."""
        value = self._take(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Refused(f"{self._path}{name} is not a list of texts")
        return [item.strip() for item in value if item.strip()]

    def part(self, name: str) -> "Source":
        """Return a part of the record; an empty one when it is missing."""
        return self._child(self._take(name) or {}, f"{self._path}{name}.")

    def parts(self, name: str) -> list["Source"]:
        """Return the parts in a list; none when it is missing."""
        value = self._take(name) or []
        if not isinstance(value, list):
            raise Refused(f"{self._path}{name} is not a list")
        return [self._child(item, f"{self._path}{name}.") for item in value]

    def left(self) -> list[str]:
        """Return the fields that hold something and were not read, in order, each once."""
        own = [
            f"{self._path}{name}"
            for name, value in self._raw.items()
            if name not in self._taken and value not in (None, "", [], {})
        ]
        return list(dict.fromkeys([*own, *(name for part in self._parts for name in part.left())]))

    def __bool__(self) -> bool:
        return bool(self._raw)

    def _take(self, name: str) -> Any:
        self._taken.add(name)
        return self._raw.get(name)

    def _child(self, raw: Any, path: str) -> "Source":
        if not isinstance(raw, dict):
            raise Refused(f"{path.removesuffix('.')} is not an object")
        part = Source(raw, self.notes, path)
        self._parts.append(part)
        return part


class Outcome(NamedTuple):
    """What one old record became: its documents, repairs, fields left behind, or why it was refused."""

    file: str
    name: str
    records: Sequence[Record] = ()
    notes: Sequence[str] = ()
    left: Sequence[str] = ()
    refusal: str = ""

    @property
    def status(self) -> Status:
        """Accepted as it was, repaired, or refused."""
        if self.refusal:
            return "refused"
        return "repaired" if self.notes else "accepted"
