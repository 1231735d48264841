"""What an import is about to write, written down first, so that it can be taken back.

One folder an import, named by what is imported: the same files again go on where a run broke off.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dataio.definitions import ROOT
from dataio.documents import Intent
from gardenshop.cloud.ejson import encode_sorted

TOP = ROOT / ".local" / "imports"
LATEST = "latest"

_FACTS = "import.json"
_NAME = 12
_MOVED_ON = frozenset({"userId", "updatedAt"})
"""What changes when the owner of an old account claims it."""


class NoImport(Exception):
    """There is no such import; the message says which there are."""


class Entry(NamedTuple):
    """One write of an import.

    What it *created* is known by its digest; of what it refreshed are kept the stated fields, as they were
    *before* (those that were there) and as they are *after*.
    """

    collection: str
    key: str
    kind: Literal["created", "refreshed"]
    digest: str = ""
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}

    def is_as_created(self, live: dict[str, Any]) -> bool:
        """Say whether *live* is what was created, whoever owns it now."""
        return digest_of(live) == self.digest


class Journal:
    """The journal of one import into one environment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def id(self) -> str:
        """The name of the import."""
        return self._folder.name

    @property
    def facts(self) -> dict[str, Any]:
        """What is noted of the import as a whole."""
        try:
            found: dict[str, Any] = json.loads((self._folder / _FACTS).read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def note(self, **facts: Any) -> None:
        """Note *facts* beside those noted before."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{_FACTS}.part"
        draft.write_text(json.dumps({**self.facts, **facts}, ensure_ascii=False, indent=1), "utf-8")
        draft.replace(self._folder / _FACTS)

    def announce(self, intents: Sequence[Intent]) -> None:
        """Write down what is about to be written, to the disk."""
        for collection, group in groupby(intents, key=lambda intent: intent.record.collection):
            with self._writes(collection).open("ab") as file:
                file.writelines(b"\n" + encode_sorted(_entry(each)._asdict()) for each in group)
                file.flush()
                os.fsync(file.fileno())

    def entries(self, collection: str) -> Iterator[Entry]:
        """Yield the writes in *collection*, each once more for every time the import was begun."""
        path = self._writes(collection)
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in file:
                if entry := _read(line):
                    yield entry

    def _writes(self, collection: str) -> Path:
        return self._folder / f"{collection}.jsonl"


def of_files(environment: str, sums: Mapping[str, str]) -> Journal:
    """Return the journal of the import of files with these `sha256` *sums*."""
    whole = hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()
    return Journal(TOP / environment / whole[:_NAME])


def named(environment: str, name: str) -> Journal:
    """Return the journal *name*, or the one begun last. Raises NoImport."""
    known = [Journal(path.parent) for path in (TOP / environment).glob(f"*/{_FACTS}")]
    known.sort(key=lambda journal: int(journal.facts["startedAt"]))
    for journal in reversed(known):
        if name in {journal.id, LATEST}:
            return journal
    there = ", ".join(journal.id for journal in known) or "none"
    raise NoImport(f"No import {name} was made from this machine into {environment}. There are: {there}.")


def sha256(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of *files* by their names."""
    sums = {}
    for path in files:
        found = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
        sums[path.name] = found.hexdigest()
    return sums


def digest_of(document: dict[str, Any]) -> str:
    """Return what *document* is recognised by, whoever owns it."""
    kept = {name: value for name, value in document.items() if name not in _MOVED_ON}
    return hashlib.sha256(encode_sorted(kept)).hexdigest()


def _entry(intent: Intent) -> Entry:
    record, former = intent
    if former is None:
        return Entry(record.collection, record.key, "created", digest_of(record.document))
    stated = {name: value for name, value in record.stated.items() if name not in {"_id", "createdAt"}}
    before = {name: former[name] for name in stated if name in former}
    return Entry(record.collection, record.key, "refreshed", before=before, after=stated)


def _read(line: bytes) -> Entry | None:
    """Return the entry of *line*; none where a run died while it wrote it, and so before its write."""
    try:
        return Entry(**json.loads(line))
    except ValueError:
        return None
