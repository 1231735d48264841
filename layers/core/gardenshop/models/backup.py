"""The manifest of a backup: its parts in the order in which they are read, and how far it has come.

It lies beside the parts and in no collection. What is in it that could tell of a person are the ids of
documents, which are derived and not spoken names.
"""

from typing import Annotated

from pydantic import Field

from gardenshop.models.base import Count, Instant, Model

BackupId = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}(T\d{6})?$")]
"""The day of a backup in UTC+8, or the day and the second."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(Model):
    """Documents of one collection that follow each other by id, up to *last*.

    `sha256` is of the bytes that are stored, `content_sha256` of the documents with their fields sorted.
    """

    name: str
    collection: str
    documents: Count
    stored_bytes: Count
    sha256: Sha256
    content_sha256: Sha256
    last: str


class Manifest(Model):
    """A backup, whole once it says when it ended.

    `sha256` is of the parts in all; `mark` proves the manifest itself where there is a key.
    """

    id: BackupId
    version: int = 1
    code: str
    started_at: Instant
    ended_at: Instant | None = None
    encrypted: bool
    collections: tuple[str, ...]
    done: Count = 0
    parts: tuple[Part, ...] = ()
    schema_versions: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    sha256: Sha256 | None = None
    mark: str | None = None

    def of(self, collection: str) -> tuple[Part, ...]:
        """Return the parts of *collection*."""
        return tuple(part for part in self.parts if part.collection == collection)

    @property
    def documents(self) -> int:
        """How many documents it holds so far."""
        return sum(part.documents for part in self.parts)
