"""Writing validated documents by their natural ``_id``: absent ones are created, older ones refreshed.

A refresh sets the fields that the source states and leaves the others as they are, so it never lays
defaults over counters or balances; only collections of the catalogue are refreshed at all. Nothing newer
or as old is touched. A batch costs two round trips: one reads what is there, one writes, every write
guarded by what was read, so that a run broken off or run twice does no harm.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from dataio import conflicts
from dataio.cloudapi import CloudError
from dataio.port import Commands
from gardenshop.cloud.database import find
from gardenshop.cloud.ejson import encode_bytes, encode_sorted
from gardenshop.models.base import Document, dump
from gardenshop.models.registry import model_of

CATALOGUE = frozenset(
    {
        "business_rules",
        "coupons",
        "ingredients",
        "meat_products",
        "plant_templates",
        "practitioner_certifications",
        "practitioners",
        "products",
        "promotions",
        "recipes",
        "tcm_wisdom",
    }
)
"""Collections that editors write; accounts, stock and ledgers are created once, then belong to the shop."""

BATCH_BYTES = 700_000
BATCH_DOCUMENTS = 500
"""What one round trip carries: under a megabyte, and its reads under a find's limit of 1000."""

Fate = Literal["created", "refreshed", "unchanged", "kept", "refused"]
"""Kept: what is stored is newer, or belongs to the shop."""

Found = Literal["as stated", "newer", "otherwise", "missing"]
"""How a record is stored; what is newer was written since."""


class Record(NamedTuple):
    """A valid document as it is stored, and the part of it that its source states."""

    collection: str
    document: dict[str, Any]
    stated: dict[str, Any]

    @property
    def key(self) -> str:
        """The ``_id``."""
        return str(self.document["_id"])


class Written(NamedTuple):
    """What became of one record; *reason* says why it was refused."""

    record: Record
    fate: Fate
    reason: str = ""


class Intent(NamedTuple):
    """A write that is about to be made: of what is refreshed, *former* is the whole document as it was."""

    record: Record
    former: dict[str, Any] | None


def record_of(collection: str, raw: dict[str, Any]) -> Record:
    """Validate *raw* as a document of *collection*.

    Raises:
        pydantic.ValidationError: it is not one.
    """
    model = model_of(collection).model_validate(raw)
    return Record(collection, dump(model), _stated(model))


def store(
    cloud: Commands,
    records: Iterable[Record],
    *,
    dry_run: bool = False,
    announce: Callable[[Sequence[Intent]], None] | None = None,
) -> Iterator[Written]:
    """Write *records* batch by batch, yielding what became of each, or in a *dry_run* would become.

    Of each batch *announce* is told before it is written.
    """
    for batch in _batches(records):
        known = _read(cloud, batch)
        fates = [(record, _fate(record, known.get((record.collection, record.key)))) for record in batch]
        writes = [record for record, fate in fates if fate in {"created", "refreshed"}]
        if announce and writes:
            announce(_intents(cloud, writes, known))
        refused = conflicts.found(cloud, writes) if dry_run else _write(cloud, writes, known)
        for record, fate in fates:
            reason = refused.get((record.collection, record.key))
            yield Written(record, "refused", reason) if reason else Written(record, fate)


def check(cloud: Commands, records: Iterable[Record]) -> Iterator[tuple[Record, Found]]:
    """Read every one of *records* back and yield how it is stored."""
    for batch in _batches(records):
        stored = _stored(cloud, batch)
        for record in batch:
            yield record, _found(record, stored.get((record.collection, record.key)))


def _found(record: Record, stored: dict[str, Any] | None) -> Found:
    if stored is None:
        return "missing"
    if int(stored.get("updatedAt", 0)) > record.document["updatedAt"]:
        return "newer"
    part = {name: stored.get(name) for name in record.stated}
    same = encode_sorted(stored) == encode_sorted(record.document)
    return "as stated" if same or encode_sorted(part) == encode_sorted(record.stated) else "otherwise"


def _stated(model: Document) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    size = 0
    for record in records:
        length = len(encode_bytes(record.document))
        if batch and (size + length > BATCH_BYTES or len(batch) == BATCH_DOCUMENTS):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += length
    if batch:
        yield batch


def _by_collection(records: Iterable[Record]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.collection].append(record)
    return groups


def _read(cloud: Commands, batch: Sequence[Record]) -> dict[tuple[str, str], int]:
    """Return when each record that is stored already was updated."""
    return {key: int(item.get("updatedAt", 0)) for key, item in _stored(cloud, batch, "updatedAt").items()}


def _stored(cloud: Commands, batch: Sequence[Record], *fields: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return those of *batch* that are stored, as they are, or only *fields* of theirs."""
    groups = _by_collection(batch)
    wanted = {name: {"_id": {"$in": [record.key for record in records]}} for name, records in groups.items()}
    replies = cloud.run(
        [find(name, where, fields=fields, limit=len(groups[name])) for name, where in wanted.items()]
    )
    return {
        (collection, item["_id"]): item
        for collection, items in zip(groups, replies, strict=True)
        for item in items
    }


def _intents(cloud: Commands, writes: Sequence[Record], known: dict[tuple[str, str], int]) -> list[Intent]:
    refreshed = [record for record in writes if (record.collection, record.key) in known]
    former = _stored(cloud, refreshed) if refreshed else {}
    return [Intent(record, former.get((record.collection, record.key))) for record in writes]


def _fate(record: Record, known: int | None) -> Fate:
    updated = record.document["updatedAt"]
    if known is None:
        return "created"
    if known == updated:
        return "unchanged"
    return "kept" if known > updated or record.collection not in CATALOGUE else "refreshed"


def _write(
    cloud: Commands, records: Sequence[Record], known: dict[tuple[str, str], int]
) -> dict[tuple[str, str], str]:
    """Write *records* in one round trip and return, by record, why any was refused.

    Where a unique index stands in the way of one, the cloud does not say how far the batch came, so it is
    run again one by one.
    """
    if not records:
        return {}
    commands = [
        {
            "update": collection,
            "updates": [_update(record, known.get((collection, record.key))) for record in group],
        }
        for collection, group in _by_collection(records).items()
    ]
    try:
        cloud.run(commands)
    except CloudError as error:
        if not error.is_duplicate:
            raise
        if len(records) == 1:
            return {(records[0].collection, records[0].key): str(error)}
        return {key: why for record in records for key, why in _write(cloud, [record], known).items()}
    return {}


def _update(record: Record, known: int | None) -> dict[str, Any]:
    if known is None:
        fields = {name: value for name, value in record.document.items() if name != "_id"}
        return {"q": {"_id": record.key}, "u": {"$setOnInsert": fields}, "upsert": True}
    stated = {name: value for name, value in record.stated.items() if name not in {"_id", "createdAt"}}
    return {"q": {"_id": record.key, "updatedAt": known}, "u": {"$set": stated}}
