"""A cheap fingerprint of a source tree, taken before every dispatch so that edits need no restart."""

import os
from contextlib import suppress
from pathlib import Path

Signature = tuple[tuple[str, int, int], ...]
"""Path, mtime in ns and size of every file."""


def signature(root: Path) -> Signature:
    """Return the fingerprint of all files below *root* but bytecode; empty when there is no such folder."""
    files: list[tuple[str, int, int]] = []
    folders = [str(root)]
    while folders:
        with (
            suppress(FileNotFoundError),
            os.scandir(folders.pop()) as entries,
        ):  # Editors replace what we look at.
            for entry in entries:
                if not entry.is_dir():
                    found = entry.stat()
                    files.append((entry.path, found.st_mtime_ns, found.st_size))
                elif entry.name != "__pycache__":
                    folders.append(entry.path)
    return tuple(sorted(files))


def stamp(file: Path) -> tuple[int, int]:
    """Return mtime in ns and size of one *file*; zeros when it is absent."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
