"""The chain that audit rows make: whoever edits, removes, adds or reorders one breaks it.

A row is sealed with its number, the hash of the row before, and the hash of all of this. Who can write to
the database could still seal every later row anew, or cut the end off: only a head that was noted elsewhere
shows that.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Row = Mapping[str, Any]


class Head(NamedTuple):
    """The last row of a chain, by number and hash; 0 and nothing before the first."""

    seq: int = 0
    hash: str = ""


class Flaw(NamedTuple):
    """What is wrong at the row *key* with the number *seq*."""

    seq: int
    key: str
    problem: str


def digest(row: Row) -> str:
    """Return the hash of all that *row* says but of its `hash`: of its JSON, names sorted, no blanks."""
    said = {name: value for name, value in row.items() if name != "hash"}
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(row: Row, head: Head) -> dict[str, Any]:
    """Return *row* as the one that follows *head*."""
    link = {"previousHash": head.hash} if head.seq else {}
    numbered = {**row, "seq": head.seq + 1, **link}
    return {**numbered, "hash": digest(numbered)}


class Chain:
    """Reads rows by ascending number and says what is wrong with each; *noted* is a head known before."""

    def __init__(self, noted: Head | None = None) -> None:
        self.head = Head()
        self._noted = noted

    def add(self, row: Row) -> list[Flaw]:
        """Take *row* in and return its flaws."""
        seq = row.get("seq")
        if not isinstance(seq, int) or seq < 1:
            return [Flaw(0, row["_id"], "is not part of the chain")]
        problems = list(self._problems(row, seq))
        self.head = Head(seq, str(row.get("hash", "")))
        return [Flaw(seq, row["_id"], problem) for problem in problems]

    def end(self) -> list[Flaw]:
        """Return what only shows when all rows are read."""
        if self._noted is None or self._noted.seq <= self.head.seq:
            return []
        return [Flaw(self._noted.seq, "", f"is missing: the chain ends at {self.head.seq}")]

    def _problems(self, row: Row, seq: int) -> Iterable[str]:
        if seq <= self.head.seq:
            yield "has a number that another row has"
        elif seq > self.head.seq + 1:
            yield f"follows {self.head.seq}: rows between are missing"
        elif row.get("previousHash", "") != self.head.hash:
            yield "does not follow the row before it"
        if row.get("hash") != digest(row):
            yield "is not as it was written"
        if self._noted is not None and self._noted.seq == seq and self._noted.hash != row.get("hash"):
            yield "is not the one that was noted"


_HIDDEN = frozenset(
    {
        "address", "addresses", "avatar", "birthYear", "detail", "deviceHashes", "nickname", "openid",
        "phone", "phoneHash", "phoneMasked", "unionid",
    }
)  # fmt: skip
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


def masked(value: Any) -> Any:
    """Return *value* without what is personal: such fields hidden, phone numbers in texts shortened."""
    if isinstance(value, Mapping):
        return {name: "***" if name in _HIDDEN else masked(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(each) for each in value]
    return _PHONE.sub(r"\1****\2", value) if isinstance(value, str) else value
