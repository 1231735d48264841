"""A cheap fingerprint of a source tree, taken before every dispatch so that edits need no restart."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

Signature = tuple[tuple[str, int, int], ...]
"""Path, mtime in ns and size of every file."""


def signature(root: Path) -> Signature:
    """Return the fingerprint of all files below *root* but bytecode; empty when there is no such folder."""
    return tuple(_files(str(root)))


def stamp(file: Path) -> tuple[int, int]:
    """Return mtime in ns and size of one *file*; zeros when it is absent."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _files(folder: str) -> Iterator[tuple[str, int, int]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry.path)
            continue
        with suppress(FileNotFoundError):  # Editors replace files while we look.
            found = entry.stat()
            yield entry.path, found.st_mtime_ns, found.st_size
