"""How large the layers are that every function carries, unpacked and with their bytecode."""

import tempfile
from pathlib import Path

from bootstrap import ROOT
from budgets.rows import Row
from localcloud.functions import Layers

BUDGET_MB = 25
LAYERS = ("core", "vendor")

_MB = 1024 * 1024


def rows() -> list[Row]:
    """Return the size of the shared and the vendor layer together."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        layers = Layers(ROOT, Path(work))
        size = sum(size_mb(layers.path(name)) for name in LAYERS)
    return [Row("layers core and vendor, unpacked", size, BUDGET_MB, "MB")]


def size_mb(folder: Path) -> float:
    """Return the size of all files below *folder* in MB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / _MB
