"""Backups: every collection as JSON lines, in compressed parts beside a manifest, in a folder or on COS.

A part is stored under a name of its own content before the manifest names it, so a run that dies anywhere
leaves the manifest of the parts before, from which the next run goes on; two runs at once never write over
each other's parts. Collections are read one after the other in the order of ids while the shop works: what is
written meanwhile may be in it or not. Memory does not grow with the shop: one part is held at a time.

Documents of our collections hold what JSON can say and nothing else; the models hold that. The lines are
therefore Extended JSON that any tool of MongoDB reads, with instants as numbers.
"""

import gzip
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from pydantic import ValidationError

from gardenshop.cloud.database import Database, Document, find
from gardenshop.cloud.ejson import decode, encode_bytes, encode_sorted
from gardenshop.cloud.sealing import Unsealable, seal, unseal
from gardenshop.models.backup import Manifest, Part
from gardenshop.models.base import dump
from gardenshop.models.registry import COLLECTIONS
from gardenshop.rules.backup_retention import Held, Keep, to_delete

MANIFEST = "manifest.json"
PREFIX = "backups/"
"""Where backups lie in a bucket."""

PAGE = 500
PART_BYTES = 4 << 20
"""A part ends with the page that brings it to this size, before it is compressed."""

_LEVEL = 6


class Store(Protocol):
    """Where backups lie. `get` raises FileNotFoundError for what is not there."""

    def put(self, name: str, data: bytes) -> None: ...
    def get(self, name: str) -> bytes: ...
    def names(self, prefix: str = "") -> Iterable[str]: ...
    def delete(self, name: str) -> None: ...


class Archive(NamedTuple):
    """Where backups lie, and the key they are sealed with, if any."""

    store: Store
    key: bytes | None = None


class Damaged(Exception):
    """A backup is not as it was written, or the key is another; the message says what is wrong."""


def begin(archive: Archive, backup_id: str, *, now: int, code: str) -> Manifest:
    """Return the manifest of a backup of which nothing is written yet."""
    return Manifest(
        id=backup_id,
        code=code,
        started_at=now,
        encrypted=archive.key is not None,
        collections=tuple(COLLECTIONS),
    )


def ids(archive: Archive) -> list[str]:
    """Return the ids of all backups of which anything is stored, the oldest first."""
    return sorted({name.partition("/")[0] for name in archive.store.names()})


def load(archive: Archive, backup_id: str) -> Manifest | None:
    """Return the manifest of *backup_id*, proved where there is a key; None where none was written.

    Raises:
        Damaged: it cannot be read, or the key does not prove it.
    """
    try:
        found = Manifest.model_validate(decode(archive.store.get(f"{backup_id}/{MANIFEST}")))
    except FileNotFoundError:
        return None
    except (ValueError, ValidationError) as error:
        raise Damaged(f"{backup_id}: the manifest cannot be read") from error
    key = archive.key
    if found.encrypted and key and not hmac.compare_digest(found.mark or "", _mark(found, key)):
        raise Damaged(f"{backup_id}: the key is another, or the manifest was changed")
    return found


def save(archive: Archive, manifest: Manifest) -> Manifest:
    """Store *manifest*, marked where there is a key, and return it."""
    key = archive.key
    marked = manifest.model_copy(update={"mark": _mark(manifest, key)}) if key else manifest
    archive.store.put(f"{manifest.id}/{MANIFEST}", encode_bytes(dump(marked)))
    return marked


def advance(db: Database, archive: Archive, manifest: Manifest, *, now: int) -> Manifest:
    """Write the next part of *manifest*, or end it, and return it as it is stored then.

    What is empty is passed by and stored with the next part.
    """
    if manifest.done == len(manifest.collections):
        ended = {"ended_at": now, "sha256": _in_all(manifest.parts)}
        return save(archive, manifest.model_copy(update=ended))
    collection = manifest.collections[manifest.done]
    before = manifest.of(collection)
    documents, is_last = _read(db, collection, before[-1].last if before else "")
    changes: Document = {"done": manifest.done + is_last}
    if not documents:
        return manifest.model_copy(update=changes)
    part = _write(archive, manifest, collection, documents)
    changes |= {"parts": (*manifest.parts, part)}
    changes |= {"schema_versions": _versions(manifest, collection, documents)}
    return save(archive, manifest.model_copy(update=changes))


def documents_of(archive: Archive, manifest: Manifest, part: Part) -> list[Document]:
    """Return the documents of *part*.

    Raises:
        Damaged: they are not those that were written.
    """
    try:
        stored = archive.store.get(part.name)
    except FileNotFoundError:
        raise Damaged(f"{part.name} is missing") from None
    if hashlib.sha256(stored).hexdigest() != part.sha256:
        raise Damaged(f"{part.name} was changed")
    documents = [decode(line) for line in _opened(stored, manifest, part, archive.key).splitlines()]
    if len(documents) != part.documents or content_of(documents) != part.content_sha256:
        raise Damaged(f"{part.name} does not hold what the manifest says")
    return documents


def faults(archive: Archive, manifest: Manifest) -> Iterator[str]:
    """Read the whole backup back and yield what is wrong with it."""
    yield from filter(None, [fault_of(manifest)])
    yield from filter(None, (_fault(archive, manifest, part) for part in manifest.parts))


def fault_of(manifest: Manifest) -> str:
    """Return what is wrong with *manifest* itself, or nothing: it must be whole and its parts in order."""
    if manifest.ended_at is None:
        return f"{manifest.id} was broken off and is not whole"
    if manifest.sha256 != _in_all(manifest.parts):
        return f"{manifest.id}: parts are missing from the manifest, or not in their order"
    return ""


def content_of(documents: Iterable[Document]) -> str:
    """Return the SHA-256 of *documents*, whatever the order of their fields."""
    found = hashlib.sha256()
    for document in documents:
        found.update(encode_sorted(document) + b"\n")
    return found.hexdigest()


def is_whole(archive: Archive, backup_id: str) -> bool:
    """Say whether the manifest of *backup_id* is there, can be read, and is whole."""
    try:
        manifest = load(archive, backup_id)
    except Damaged:
        return False
    return manifest is not None and not fault_of(manifest)


def thin_out(archive: Archive, keep: Keep) -> list[str]:
    """Delete the backups that *keep* does not need, and return their ids."""
    held = [Held(backup_id, good=is_whole(archive, backup_id)) for backup_id in ids(archive)]
    gone = to_delete(held, keep)
    for backup_id in gone:
        remove(archive, backup_id)
    return gone


def remove(archive: Archive, backup_id: str) -> None:
    """Delete the backup *backup_id*, its manifest first: what is left of it passes for no backup."""
    archive.store.delete(f"{backup_id}/{MANIFEST}")
    for name in list(archive.store.names(f"{backup_id}/")):
        archive.store.delete(name)


def _read(db: Database, collection: str, after: str) -> tuple[list[Document], bool]:
    """Return the documents of the next part, and whether the collection ends with it."""
    documents: list[Document] = []
    size = 0
    while size < PART_BYTES:
        (page,) = db.read(find(collection, {"_id": {"$gt": after}}, sort={"_id": 1}, limit=PAGE))
        documents += page
        if len(page) < PAGE:
            return documents, True
        after = page[-1]["_id"]
        size += sum(len(encode_bytes(document)) for document in page)
    return documents, False


def _write(archive: Archive, manifest: Manifest, collection: str, documents: Sequence[Document]) -> Part:
    content, number, key = content_of(documents), len(manifest.of(collection)) + 1, archive.key
    place = f"{manifest.id}/{collection}/{number:05d}"
    data = gzip.compress(b"".join(encode_bytes(each) + b"\n" for each in documents), _LEVEL, mtime=0)
    if key:
        data = seal(data, key, context=place)
    digest = hashlib.sha256(data).hexdigest()
    part = Part(
        name=f"{place}-{digest[:12]}.jsonl.gz{'.sealed' if key else ''}",
        collection=collection,
        documents=len(documents),
        stored_bytes=len(data),
        sha256=digest,
        content_sha256=content,
        last=documents[-1]["_id"],
    )
    archive.store.put(part.name, data)
    return part


def _fault(archive: Archive, manifest: Manifest, part: Part) -> str:
    try:
        documents_of(archive, manifest, part)
    except Damaged as damaged:
        return str(damaged)
    return ""


def _opened(stored: bytes, manifest: Manifest, part: Part, key: bytes | None) -> bytes:
    if not manifest.encrypted:
        return gzip.decompress(stored)
    if key is None:
        raise Damaged(f"{manifest.id} is encrypted: its key is needed")
    place = part.name.rpartition("/")[0] + "/" + part.name.rpartition("/")[2][:5]
    try:
        return gzip.decompress(unseal(stored, key, context=place))
    except Unsealable as error:
        raise Damaged(str(error)) from None


def _versions(
    manifest: Manifest, collection: str, documents: Sequence[Document]
) -> dict[str, tuple[int, ...]]:
    found = {int(each.get("schemaVersion", 1)) for each in documents}
    known = manifest.schema_versions.get(collection, ())
    return {**manifest.schema_versions, collection: tuple(sorted(found.union(known)))}


def _in_all(parts: Sequence[Part]) -> str:
    return hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()


def _mark(manifest: Manifest, key: bytes) -> str:
    told = dump(manifest.model_copy(update={"mark": None}))
    return hmac.new(key, encode_sorted(told), "sha256").hexdigest()
