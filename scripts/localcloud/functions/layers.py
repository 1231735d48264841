"""Where the layers named in cloudbaserc.json lie on this machine.

``<alias>_<environment>`` names a layer. One whose sources are in ``layers/<alias>`` is copied, with bytecode,
into the work folder, because on the platform it is precompiled and read-only; one that has a requirements.txt
there was installed by the setup into ``.local/layers/<alias>-<cpXY>``.
"""

import compileall
import hashlib
import py_compile
import shutil
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

from .failures import StatusAbnormal
from .signature import Signature, signature

TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"
_KEPT_GENERATIONS = 2


class LayerMissing(StatusAbnormal):
    """A layer that a function needs is not on this machine."""


class Layers:
    """The unpacked layers of the project in *root*."""

    def __init__(self, root: Path, work_dir: Path, installed: Path | None = None) -> None:
        self._sources = root / "layers"
        self._compiled = work_dir / "layers"
        self._installed = installed or root / ".local" / "layers"
        self._current: dict[str, tuple[Signature, Path]] = {}
        self._lock = threading.Lock()

    def paths(self, aliases: Iterable[str]) -> list[Path]:
        """Return the layers' folders in the order of `sys.path`: a later layer overrides an earlier one."""
        return [self.path(alias) for alias in reversed(list(aliases))]

    def path(self, alias: str) -> Path:
        """Return the folder of one layer. Raises LayerMissing."""
        source = self._sources / alias
        if (source / "requirements.txt").exists() or not source.is_dir():
            return self._installed_path(alias)
        with self._lock:
            return self._compiled_path(alias, source)

    def _installed_path(self, alias: str) -> Path:
        path = self._installed / f"{alias}-{TAG}"
        if not path.is_dir():
            raise LayerMissing(f"the layer {alias} is not installed ({path}): run scripts/dev.py once")
        return path

    def _compiled_path(self, alias: str, source: Path) -> Path:
        found = signature(source)
        known = self._current.get(alias)
        if known is None or known[0] != found:
            try:
                known = found, _compile(source, self._compiled / alias, found)
            except OSError as error:  # An editor may be just at work in it.
                raise StatusAbnormal(f"the layer {alias} cannot be copied: {error}") from error
            self._current[alias] = known
        return known[1]


def _compile(source: Path, target: Path, found: Signature) -> Path:
    """Copy *source* with bytecode into a folder of *target* named after its signature.

    A folder is complete once it has its name, and instances that still run keep theirs, also on Windows.
    """
    name = hashlib.sha256(repr((TAG, found)).encode()).hexdigest()[:16]
    finished, draft = target / name, target / f"{name}.new"
    if not finished.exists():
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source, draft, ignore=shutil.ignore_patterns("__pycache__"))
        unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(draft, quiet=2, invalidation_mode=unchecked)
        draft.rename(finished)
    finished.touch()
    _forget_old(target, finished)
    return finished


def _forget_old(target: Path, finished: Path) -> None:
    folders = sorted(target.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in [one for one in folders if one != finished][_KEPT_GENERATIONS - 1 :]:
        shutil.rmtree(old, ignore_errors=True)
