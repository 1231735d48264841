"""Zips that were uploaded, by their SHA-256, and the folders they are unpacked into when they are needed.

A function's zip makes its folder; the zips of its layers are unpacked one over the other into one folder,
as into the platform's /opt.
"""

import hashlib
import shutil
import threading
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

_MB = 1024 * 1024
MAX_UNPACKED = 500 * _MB
"""What a function and its layers may come to: cloud.tencent.com/document/product/583/11637."""


class BadPackage(ValueError):
    """The uploaded bytes are no zip that can be unpacked; the message says why."""


class Package(NamedTuple):
    """An uploaded zip."""

    digest: str
    size: int


class Packages:
    """The zips kept in *folder*; what they were unpacked into goes at every start, or it would only grow."""

    def __init__(self, folder: Path) -> None:
        self._zips, self._unpacked = folder / "zips", folder / "unpacked"
        self._lock = threading.Lock()
        self._zips.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._unpacked, ignore_errors=True)

    def keep(self, content: bytes) -> Package:
        """Keep a zip. Raises BadPackage."""
        _check(content)
        digest = hashlib.sha256(content).hexdigest()
        file = self._zip(digest)
        if not file.exists():
            draft = file.with_suffix(".new")
            draft.write_bytes(content)
            draft.replace(file)
        return Package(digest, len(content))

    def unpacked(self, digests: Sequence[str]) -> Path:
        """Return the folder that holds the zips *digests*, each unpacked over those before it."""
        name = hashlib.sha256(" ".join(digests).encode()).hexdigest()[:16]
        folder, draft = self._unpacked / name, self._unpacked / f"{name}.new"
        with self._lock:
            if not folder.exists():
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(parents=True)
                for digest in digests:
                    with zipfile.ZipFile(self._zip(digest)) as opened:
                        opened.extractall(draft)
                draft.rename(folder)
        return folder

    def _zip(self, digest: str) -> Path:
        return self._zips / f"{digest}.zip"


def _check(content: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as opened:
            entries = opened.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise BadPackage(f"it is not a zip file: {error}") from error
    if not any(not entry.is_dir() for entry in entries):
        raise BadPackage("it holds no file")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise BadPackage(f"it holds more than {MAX_UNPACKED // _MB} MB")
