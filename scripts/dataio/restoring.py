"""Bringing collections back to a backup: through shadows that are compared first, document by document.

The platform cannot rename a collection, so what is live is brought to the shadow in place. Each document
changes by one write whose filter is all that was read of it, and what it was is kept aside before. A run
that died, at any write, is started again: it finds the differences that are left. Collections that no
backup holds are never touched.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple, Protocol

from dataio.cloudapi import Command
from gardenshop.cloud.database import Database, Document, delete, find, put, update
from gardenshop.cloud.ejson import encode_bytes, encode_sorted
from gardenshop.flows.backups import PAGE, Archive, Damaged, content_of, documents_of
from gardenshop.models.backup import Manifest

PASSES = 5
_BATCH_BYTES = 700_000
_BATCH = 200
_DIGITS = 12

Kind = Literal["changed", "new", "missing"]


class Care(NamedTuple):
    """What is minded about members' documents.

    *amend* returns a document of the backup as it is brought back, and *keeps* says whether what is live is
    kept aside before it changes.
    """

    amend: Callable[[Document], Document] = lambda document: document
    keeps: Callable[[Document], bool] = lambda _: True


NO_CARE = Care()


class Cloud(Protocol):
    """The part of the cloud's API that shadows need."""

    def create_collection(self, name: str, permission: str) -> None: ...


class Difference(NamedTuple):
    """A document that is *live* otherwise than it is *due*: changed, new since the backup, or missing."""

    live: Document | None
    due: Document | None

    @property
    def kind(self) -> Kind:
        """What kind of difference it is."""
        if self.live is None:
            return "missing"
        return "new" if self.due is None else "changed"


def shadow_of(collection: str, manifest: Manifest) -> str:
    """Return the name under which *collection* is restored first."""
    return f"{collection}__restore_{_plain(manifest)}"


def aside_of(collection: str, manifest: Manifest) -> str:
    """Return the name under which is kept what the restore changes or takes away."""
    return f"{collection}__kept_{_plain(manifest)}"


def stored(archive: Archive, manifest: Manifest, collection: str) -> Iterator[Document]:
    """Yield the documents of *collection* in the backup, by id."""
    for part in manifest.of(collection):
        yield from documents_of(archive, manifest, part)


def live(db: Database, collection: str, after: str = "") -> Iterator[Document]:
    """Yield the documents of *collection* in the database, by id."""
    while True:
        (page,) = db.read(find(collection, {"_id": {"$gt": after}}, sort={"_id": 1}, limit=PAGE))
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1]["_id"]


def differences(found: Iterable[Document], due: Iterable[Document]) -> Iterator[Difference]:
    """Compare two streams of documents, both by id, whatever the order of their fields."""
    ours, theirs = iter(found), iter(due)
    one, other = next(ours, None), next(theirs, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one["_id"] < other["_id"]):
            yield Difference(one, None)
            one = next(ours, None)
        elif one is None or other["_id"] < one["_id"]:
            yield Difference(None, other)
            other = next(theirs, None)
        else:
            if _differ(one, other):
                yield Difference(one, other)
            one, other = next(ours, None), next(theirs, None)


def count(found: Iterable[Difference], since: int) -> Counter[str]:
    """Return how many of *found* are of each kind, and how many were written after *since*."""
    counts: Counter[str] = Counter()
    for each in found:
        counts[each.kind] += 1
        if each.live is not None and each.live.get("updatedAt", 0) >= since:
            counts["writtenSince"] += 1
    return counts


def fill(cloud: Cloud, db: Database, archive: Archive, manifest: Manifest, collection: str) -> None:
    """Write the parts that the shadow of *collection* lacks, and compare it with the backup.

    Raises:
        Damaged: the backup is not as it was written, or the shadow is not what the backup holds.
    """
    shadow = shadow_of(collection, manifest)
    cloud.create_collection(shadow, "ADMINONLY")
    before = ""
    for part in manifest.of(collection):
        held = {"count": shadow, "query": {"_id": {"$gt": before, "$lte": part.last}}}
        ((reply,),) = db.read(held)
        if reply["n"] != part.documents:
            documents = documents_of(archive, manifest, part)
            for batch in _batches([put(shadow, each) for each in documents]):
                db.write(*batch)
        before = part.last
    _compare(db, manifest, collection, shadow)


def swap(
    cloud: Cloud,
    db: Database,
    manifest: Manifest,
    collection: str,
    *,
    now: int,
    care: Care = NO_CARE,
) -> Counter[str]:
    """Bring *collection* to its shadow, and return how many documents changed in which way.

    What was live is kept aside first. Where the shop writes meanwhile the guards refuse, and the next
    pass looks again; what still differs after the last pass is counted as ``left``.
    """
    aside, shadow = aside_of(collection, manifest), shadow_of(collection, manifest)
    cloud.create_collection(aside, "ADMINONLY")
    counts: Counter[str] = Counter()
    for _ in range(PASSES):
        found = False
        for group in _groups(differences(live(db, collection), map(care.amend, live(db, shadow)))):
            found = True
            for batch in _batches(
                [_keep(aside, each, now) for each in group if each.live and care.keeps(each.live)]
            ):
                db.write(*batch)
            counts += _bring(db, collection, group)
        if not found:
            return counts
    left = sum(1 for _ in differences(live(db, collection), map(care.amend, live(db, shadow))))
    return counts + Counter(left=left)


def clear(db: Database, manifest: Manifest, collection: str) -> None:
    """Empty the shadow of *collection*; what was kept aside stays."""
    shadow = shadow_of(collection, manifest)
    for part in manifest.of(collection):
        db.write(delete(shadow, {"_id": {"$lte": part.last}}, limit=0))


def _plain(manifest: Manifest) -> str:
    return manifest.id.replace("-", "")


def _compare(db: Database, manifest: Manifest, collection: str, shadow: str) -> None:
    """Compare *shadow* with the manifest, part by part; raises Damaged."""
    documents = live(db, shadow)
    for part in manifest.of(collection):
        if content_of(islice(documents, part.documents)) != part.content_sha256:
            raise Damaged(f"{shadow} is not what {part.name} holds: empty it and restore again")
    if next(documents, None) is not None:
        raise Damaged(f"{shadow} holds more than the backup: empty it and restore again")


def _bring(db: Database, collection: str, group: Sequence[Difference]) -> Counter[str]:
    """Write *group*, and return what happened by kind; a guard that refuses leaves it to the next pass."""
    counts: Counter[str] = Counter()
    left = list(group)
    for batch in _batches([_change(collection, each) for each in group]):
        for result in db.write(*batch):
            each = left.pop(0)
            counts[each.kind] += result.happened
    return counts


def _change(collection: str, found: Difference) -> Command:
    """Return the write that brings a document to what is due, if it still is as it was read."""
    if found.live is None:
        return put(collection, found.due or {})
    if found.due is None:
        return delete(collection, found.live)
    due, was = found.due, found.live
    values = {name: value for name, value in due.items() if name not in was or _differ(was[name], value)}
    gone = dict.fromkeys([name for name in was if name not in due], "")
    changes = {"$set": values, "$unset": gone}
    return update(collection, was, {name: fields for name, fields in changes.items() if fields})


def _differ(one: Any, other: Any) -> bool:
    """Say whether two values are stored otherwise: 1, 1.0 and true are equal only to Python."""
    return encode_sorted(one) != encode_sorted(other)


def _keep(aside: str, found: Difference, now: int) -> Command:
    """Return the write that keeps what is live aside, once for each state in which it was found."""
    document = found.live or {}
    key = f"{document['_id']}@{content_of([document])[:_DIGITS]}"
    return put(aside, {"_id": key, "keptAt": now, "kind": found.kind, "document": document})


def _groups(found: Iterable[Difference]) -> Iterator[list[Difference]]:
    group: list[Difference] = []
    for each in found:
        group.append(each)
        if len(group) == _BATCH:
            yield group
            group = []
    if group:
        yield group


def _batches(commands: Sequence[Command]) -> Iterator[list[Command]]:
    """Yield *commands* in order, as many at a time as a round trip carries."""
    batch: list[Command] = []
    size = 0
    for command in commands:
        length = len(encode_bytes(command))
        if batch and (len(batch) == _BATCH or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(command)
        size += length
    if batch:
        yield batch
