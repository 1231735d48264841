"""Zips that come out the same from the same files, wherever and whenever they are made."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

Files = Mapping[str, bytes]
"""Contents by their paths in the zip, with slashes."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16
_UNIX = 3


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of *folder*, but for hidden ones and bytecode."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not _is_left_out(path.relative_to(folder).parts)
    }


def digest(files: Files) -> str:
    """Return what tells *files* from any others: names and contents, and nothing of a zip."""
    told = hashlib.sha256()
    for name in sorted(files):
        told.update(f"{name}\0{hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return told.hexdigest()[:16]


def archive(files: Files) -> bytes:
    """Return the zip of *files*: in fixed order, with fixed times and modes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        for name in sorted(files):
            opened.writestr(_entry(name), files[name], zipfile.ZIP_DEFLATED, compresslevel=9)
    return target.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = _UNIX
    entry.external_attr = _READABLE
    return entry


def _is_left_out(parts: Iterable[str]) -> bool:
    return any(part.startswith(".") or part == "__pycache__" or part.endswith(".pyc") for part in parts)
