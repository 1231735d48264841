"""What was deployed from here, in ``.local/deploy/<environment>``: what to go back to, and the code of it.

The cloud has the last word on what is deployed now. No value of a variable is written here.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

_KEPT = 20


class _Record(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Deployed(_Record):
    """A function as it was deployed: digests of its files, of index.py alone, and of its layers by alias.

    *layers* are names with versions.
    """

    code: str
    file: str
    runtime: str
    handler: str
    timeout: int
    memory_size: int
    layers: tuple[tuple[str, int], ...]
    digests: dict[str, str]


class Entry(_Record):
    """One deployment, *complete* unless it goes on or broke off; it may *restore* the one of an instant."""

    at: str
    complete: bool
    restores: str | None = None
    functions: dict[str, Deployed]


class Journal:
    """The journal of one environment in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "journal.json"

    def entries(self) -> list[Entry]:
        """Return the deployments, the oldest first."""
        if not self._file.exists():
            return []
        return [Entry.model_validate(each) for each in json.loads(self._file.read_text("utf-8"))]

    @property
    def broke_off(self) -> bool:
        """Whether the last deployment was not ended."""
        return any(not each.complete for each in self.entries())

    def begin(self, entry: Entry, packages: Mapping[str, bytes]) -> None:
        """Write a deployment down with its zips of code before it begins, in place of one that broke off."""
        for digest, content in packages.items():
            self._keep(digest, content)
        self._write([each for each in self.entries() if each.complete] + [entry])

    def end(self) -> None:
        """Write down that the deployment under way is complete."""
        *former, last = self.entries()
        self._write([*former, last.model_copy(update={"complete": True})])

    def code(self, digest: str) -> bytes | None:
        """Return the zip of code that was deployed from here."""
        file = self._zip(digest)
        return file.read_bytes() if file.exists() else None

    def _keep(self, digest: str, content: bytes) -> None:
        file = self._zip(digest)
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(".new")
            draft.write_bytes(content)
            draft.replace(file)

    def _write(self, entries: Sequence[Entry]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        kept = entries[-_KEPT:]
        rows: list[Any] = [each.model_dump(mode="json", by_alias=True) for each in kept]
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
        draft.replace(self._file)
        wanted = {function.code for each in kept for function in each.functions.values()}
        for file in self._folder.glob("code/*.zip"):
            if file.stem not in wanted:
                file.unlink()

    def _zip(self, digest: str) -> Path:
        return self._folder / "code" / f"{digest}.zip"
