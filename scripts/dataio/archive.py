"""Where backups lie: a folder, or COS as the environment names it; and the key they are sealed with."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from gardenshop.cloud.cos import Cos, CosSettings
from gardenshop.cloud.sealing import key_of
from gardenshop.flows.backups import PREFIX, Archive, Store

_PART = ".part"


class NoArchive(Exception):
    """It is not said where backups lie."""


class Folder:
    """Backups in a folder of this machine; a file is whole or not there."""

    def __init__(self, top: Path) -> None:
        self._top = top

    def put(self, name: str, data: bytes) -> None:
        """Store *data* as *name*, in place of what was there."""
        path = self._top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + _PART)
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def get(self, name: str) -> bytes:
        """Return what is stored as *name*; raises FileNotFoundError."""
        return (self._top / name).read_bytes()

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with *prefix*, in order."""
        for path in sorted(self._top.rglob("*")):
            name = path.relative_to(self._top).as_posix()
            if path.is_file() and name.startswith(prefix):
                yield name

    def delete(self, name: str) -> None:
        """Delete *name*, if it is there, and the folders that it leaves empty."""
        path = self._top / name
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self._top or not folder.is_dir() or any(folder.iterdir()):
                return
            folder.rmdir()


def archive(folder: Path | None, environ: Mapping[str, str] = os.environ) -> Archive:
    """Return *folder*, or the bucket that *environ* names, with the key that BACKUP_KEY spells, if it is set.

    Raises:
        NoArchive: neither is given.
        Unsealable: what is given as the key is none.
    """
    text = environ.get("BACKUP_KEY", "")
    return Archive(_store(folder, environ), key_of(text) if text else None)


def _store(folder: Path | None, environ: Mapping[str, str]) -> Store:
    if folder:
        return Folder(folder)
    settings = CosSettings.read(environ)
    if settings is None:
        raise NoArchive("Say where backups lie: --folder DIR, or COS_BUCKET and COS_REGION as variables.")
    return Cos(settings, PREFIX)
