"""The commands backup, backups, verify and restore: what they ask for, what they do, their exit codes."""

import argparse
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from dataio import access, forgotten, restoring
from dataio.archive import archive as open_archive
from dataio.cloudapi import CloudApi
from dataio.definitions import ROOT
from dataio.forgotten import Wishes
from dataio.output import Output
from dataio.port import Port
from gardenshop.cloud.clock import CHINA, DAY, now_ms
from gardenshop.cloud.database import Database
from gardenshop.flows import backups
from gardenshop.flows.backups import Archive, Damaged
from gardenshop.models.backup import Manifest
from gardenshop.models.registry import COLLECTIONS
from gardenshop.rules.backup_retention import Keep

LATEST = "latest"
_SAID = {
    "erased": "were erased since; the next run of outbox_pump erases them again.",
    "asked": "asked since to be erased; their wishes stand.",
}

Command = Callable[[argparse.Namespace, Output], int]
Add = Callable[[str, Command, str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the four commands to the command line."""
    write = add("backup", _backup, "write every collection to a folder or to COS; a broken run goes on")
    write.add_argument(
        "--keep",
        type=_keep,
        metavar="D,W,M",
        help="delete what is not the newest of D days, W weeks, M months",
    )
    listing = add("backups", _backups, "list the backups there are")
    check = add("verify", _verify, "read a backup back and prove every part of it")
    bring = add("restore", _restore, "show what changed since a backup; bring it back with --apply")
    bring.add_argument("--apply", action="store_true", help="bring back what the dry run shows")
    bring.add_argument(
        "--collection",
        action="append",
        choices=COLLECTIONS,
        metavar="NAME",
        help="one alone; may be repeated",
    )
    for parser in (check, bring):
        parser.add_argument("id", metavar="ID", help=f"as `backups` lists it, or {LATEST}")
    for parser in (write, listing, check, bring):
        add_folder(parser)
    for parser in (write, bring):
        access.add_options(parser)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add the option that names where backups lie."""
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where backups lie, instead of COS")


def _backup(options: argparse.Namespace, output: Output) -> int:
    archive = open_archive(options.folder)
    manifest = back_up(Database(Port(CloudApi(access.access(options)))), archive, output)
    faults = list(backups.faults(archive, manifest))
    deleted = backups.thin_out(archive, options.keep) if options.keep and not faults else []
    output.told(
        {**_summary(manifest), "faults": faults, "deleted": deleted},
        [*faults, *(f"deleted: {backup_id}" for backup_id in deleted), _verdict(manifest, faults)],
    )
    return 1 if faults else 0


def back_up(db: Database, archive: Archive, output: Output) -> Manifest:
    """Write a whole backup, or the rest of one that was broken off, and return its manifest."""
    now = now_ms()
    manifest = _unfinished(archive, now) or backups.begin(archive, _id_at(now), now=now, code=_code())
    for written in output.progress(_parts(db, archive, manifest), len(COLLECTIONS), "writing"):
        manifest = written
    return manifest


def _backups(options: argparse.Namespace, output: Output) -> int:
    archive = open_archive(options.folder)
    found = [_listed(archive, backup_id) for backup_id in backups.ids(archive)]
    lines = [f"{one['id']}: {one['state']}, {one['documents']} documents" for one in found]
    output.told({"backups": found}, [*lines, f"{len(found)} backups."])
    return 0


def _verify(options: argparse.Namespace, output: Output) -> int:
    archive = open_archive(options.folder)
    manifest = _named(archive, options.id)
    faults = list(backups.faults(archive, manifest))
    output.told({**_summary(manifest), "faults": faults}, [*faults, _verdict(manifest, faults)])
    return 1 if faults else 0


def _restore(options: argparse.Namespace, output: Output) -> int:
    archive = open_archive(options.folder)
    cloud = CloudApi(access.access(options))
    db, manifest = Database(Port(cloud)), _named(archive, options.id)
    for fault in list(backups.faults(archive, manifest)):
        raise Damaged(fault)
    names = options.collection or manifest.collections
    wishes = forgotten.wishes(db, archive, manifest, names, key=access.phone_hash_key())
    found = {name: _differences(db, archive, manifest, name, wishes) for name in names}
    if not options.apply:
        _show(output, manifest, wishes, {"found": found})
        return 0
    for name in names:
        restoring.fill(cloud, db, archive, manifest, name)
    done = _swapped(cloud, db, manifest, names, wishes)
    left = any(counts["left"] for counts in done.values())
    for name in () if left else names:
        restoring.clear(db, manifest, name)
    _show(output, manifest, wishes, {"found": found, "restored": done})
    return 1 if left else 0


def _swapped(
    cloud: CloudApi, db: Database, manifest: Manifest, names: Sequence[str], wishes: Wishes
) -> dict[str, Counter[str]]:
    """Bring the collections *names* back, accounts last, after the tasks that erase some of them again."""
    done = {}
    for name in sorted(names, key=lambda name: name == forgotten.USERS):
        if name == forgotten.USERS:
            db.write(*wishes.tasks(now_ms()))
        done[name] = restoring.swap(cloud, db, manifest, name, now=now_ms(), care=wishes.care(name))
    if forgotten.USERS not in names:
        db.write(*wishes.tasks(now_ms()))
    return done


def _parts(db: Database, archive: Archive, manifest: Manifest) -> Iterator[Manifest]:
    """Write *manifest* to its end, yielding it whenever another collection is done."""
    while manifest.ended_at is None:
        before = manifest.done
        manifest = backups.advance(db, archive, manifest, now=now_ms())
        if manifest.done > before or manifest.ended_at:
            yield manifest


def _unfinished(archive: Archive, now: int) -> Manifest | None:
    """Return the newest backup if it was broken off less than a day ago."""
    found = backups.ids(archive)
    manifest = backups.load(archive, found[-1]) if found else None
    if manifest is None or manifest.ended_at is not None or manifest.encrypted != bool(archive.key):
        return None
    return manifest if manifest.started_at > now - DAY else None


def _named(archive: Archive, name: str) -> Manifest:
    """Return the manifest of the backup *name*, or of the newest whole one."""
    for backup_id in reversed(backups.ids(archive)) if name == LATEST else [name]:
        manifest = backups.load(archive, backup_id)
        if manifest and (name != LATEST or not backups.fault_of(manifest)):
            return manifest
    raise Damaged(f"There is no backup {name}.")


def _listed(archive: Archive, backup_id: str) -> dict[str, Any]:
    try:
        manifest = backups.load(archive, backup_id)
    except Damaged:
        manifest = None
    if manifest is None:
        return {"id": backup_id, "state": "without a manifest", "documents": 0}
    return {**_summary(manifest), "state": "broken off" if backups.fault_of(manifest) else "whole"}


def _summary(manifest: Manifest) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for part in manifest.parts:
        counts[part.collection] += part.documents
    return {
        "id": manifest.id,
        "startedAt": manifest.started_at,
        "endedAt": manifest.ended_at,
        "code": manifest.code,
        "encrypted": manifest.encrypted,
        "documents": manifest.documents,
        "storedBytes": sum(part.stored_bytes for part in manifest.parts),
        "parts": len(manifest.parts),
        "collections": counts,
        "sha256": manifest.sha256,
    }


def _verdict(manifest: Manifest, faults: Sequence[str]) -> str:
    told = f"{len(faults)} faults" if faults else "read back, every part as it was written"
    return f"Backup {manifest.id}: {manifest.documents} documents, {len(manifest.parts)} parts; {told}."


def _differences(
    db: Database, archive: Archive, manifest: Manifest, name: str, wishes: Wishes
) -> Counter[str]:
    due = map(wishes.care(name).amend, restoring.stored(archive, manifest, name))
    return restoring.count(restoring.differences(restoring.live(db, name), due), manifest.started_at)


def _show(
    output: Output, manifest: Manifest, wishes: Wishes, steps: Mapping[str, Mapping[str, Counter[str]]]
) -> None:
    lines = [
        f"{title} {name}: {', '.join(f'{number} {kind}' for kind, number in sorted(counts.items()))}"
        for title, found in steps.items()
        for name, counts in found.items()
        if counts
    ]
    asked = {"erased": wishes.erased, "asked": len(wishes.standing) - wishes.erased}
    lines += [f"{asked[name]} members {said}" for name, said in _SAID.items() if asked[name]]
    verdict = "Restored; what was there is kept aside." if "restored" in steps else "Nothing was changed."
    output.told({"id": manifest.id, **asked, **steps}, [*lines, f"Backup {manifest.id}. {verdict}"])


def _keep(text: str) -> Keep:
    """Read ``7,5,12``."""
    numbers = [int(part) for part in text.split(",")]
    if len(numbers) != len(Keep._fields) or min(numbers) < 0:
        raise argparse.ArgumentTypeError("three numbers, of days, weeks and months: 7,5,12")
    return Keep(*numbers)


def _id_at(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, CHINA).strftime("%Y-%m-%dT%H%M%S")


def _code() -> str:
    """Return the commit of the code that writes the backup, as far as git knows it."""
    try:
        asked = ("git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD")
        return subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
