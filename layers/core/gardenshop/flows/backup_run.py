"""The backup of the day inside functions: as much as there is time for, told by a row of `data_dashboard`.

Where it stands is in its manifest on COS, so any call goes on with it. Two calls at once write the same twice
and harm nothing.
"""

from gardenshop.cloud.cos import Cos, CosSettings
from gardenshop.cloud.database import Command, Document, find, put, update
from gardenshop.cloud.entry import Context
from gardenshop.cloud.errors import BackupDamaged
from gardenshop.cloud.sealing import Unsealable, key_of
from gardenshop.flows import backups
from gardenshop.flows.backups import PREFIX, Archive, Damaged
from gardenshop.models.backup import Manifest
from gardenshop.rules.backup_retention import Keep

COLLECTION = "data_dashboard"
KIND = "backup"
CODE = "cloud"
"""What wrote it: the functions as they are deployed, which know no commit."""


def archive_of(ctx: Context) -> Archive | None:
    """Return where the environment keeps its backups, sealed where BACKUP_KEY is set; None without a bucket.

    Raises BackupDamaged when BACKUP_KEY is no key.
    """
    settings = CosSettings.read(ctx.settings.environ)
    if settings is None:
        return None
    keys = ctx.credentials
    mine = settings._replace(secret_id=keys.secret_id, secret_key=keys.secret_key, token=keys.token)
    text = ctx.settings.environ.get("BACKUP_KEY", "")
    try:
        return Archive(Cos(mine, PREFIX), key_of(text) if text else None)
    except Unsealable as error:
        raise BackupDamaged from error


def newest() -> Command:
    """Return the read of the row of the newest backup."""
    return find(COLLECTION, {"kind": KIND}, sort={"day": -1}, limit=1)


def load(archive: Archive, day: str) -> Manifest | None:
    """Return the manifest of *day*; None where none was written. Raises BackupDamaged."""
    try:
        return backups.load(archive, day)
    except Damaged as error:
        raise BackupDamaged from error


def go_on(ctx: Context, archive: Archive, *, until: float) -> Manifest:
    """Write the day's backup until it is whole, or only *until* seconds are left. Raises BackupDamaged."""
    manifest = load(archive, ctx.day) or backups.begin(archive, ctx.day, now=ctx.now, code=CODE)
    while manifest.ended_at is None and ctx.seconds_left() > until:
        manifest = backups.advance(ctx.db, archive, manifest, now=ctx.now)
    return manifest


def told(ctx: Context, manifest: Manifest) -> list[Command]:
    """Return the writes that tell how *manifest* stands; one that is whole stays so."""
    key = f"{KIND}:{manifest.id}"
    stamps = {"schemaVersion": 1, "createdAt": ctx.now, "updatedAt": ctx.now}
    blank = {"_id": key, "kind": KIND, "day": manifest.id, "metrics": {}, "inputs": {}, "final": False}
    metrics = {
        "documents": manifest.documents,
        "parts": len(manifest.parts),
        "storedBytes": sum(part.stored_bytes for part in manifest.parts),
    }
    change = {"metrics": metrics, "final": manifest.ended_at is not None, "updatedAt": ctx.now}
    return [
        put(COLLECTION, {**blank, **stamps}),
        update(COLLECTION, {"_id": key, "final": False}, {"$set": change}),
    ]


def prove(ctx: Context, archive: Archive, manifest: Manifest) -> int:
    """Read *manifest* back, tell how many faults it has, and return that."""
    faults = sum(1 for _ in backups.faults(archive, manifest))
    ctx.db.write(_proved(ctx, manifest, faults))
    return faults


def thin_out(archive: Archive) -> list[str]:
    """Delete what the newest of seven days, five weeks and twelve months make needless."""
    return backups.thin_out(archive, Keep())


def _proved(ctx: Context, manifest: Manifest, faults: int) -> Command:
    change: Document = {"metrics.faults": faults, "metrics.provedAt": ctx.now, "updatedAt": ctx.now}
    return update(COLLECTION, {"_id": f"{KIND}:{manifest.id}"}, {"$set": change})
