"""A backup alone: what many documents cost in time and memory, in a process of their own."""

import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from budgets.night import Cost, most_mb
from budgets.rows import Row
from gardenshop.cloud.database import Command, Database, Document
from gardenshop.flows import backups
from gardenshop.flows.backups import Archive

DOCUMENTS, FEW = 100_000, 10_000
MEMORY_BUDGET = 1.25
"""Ten times the documents: the same memory, and a little for the manifest."""
BUDGET = 13.0
"""Ten times the documents: ten times the work, and a little."""

_KEY = bytes(32)


def rows() -> list[Row]:
    """Return the time and the memory of a sealed backup, each over that of a tenth of the documents."""
    few, many = measured(FEW), measured(DOCUMENTS)
    what = f"backup: {DOCUMENTS:,} documents"
    return [
        Row(what, many.seconds, None, "s"),
        Row(f"{what}, over a tenth of them", many.seconds / few.seconds, BUDGET, "×"),
        Row(f"{what}, most memory", many.memory_mb, None, "MB"),
        Row(f"{what}, most memory over a tenth's", many.memory_mb / (few.memory_mb or 1), MEMORY_BUDGET, "×"),
    ]


def measured(documents: int) -> Cost:
    """Return what a backup of *documents* takes in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        return apart.submit(cost, documents).result()


def cost(documents: int) -> Cost:
    """Return what a backup of *documents* takes."""
    archive, db = Archive(_Nowhere(), _KEY), Database(_Ledger(documents))
    manifest = backups.begin(archive, "2026-11-29", now=0, code="")
    started = time.perf_counter()
    while manifest.ended_at is None:
        manifest = backups.advance(db, archive, manifest, now=0)
    return Cost(time.perf_counter() - started, most_mb())


class _Nowhere:
    """A store that keeps nothing."""

    def put(self, name: str, data: bytes) -> None:
        """Forget *data*."""

    def get(self, name: str) -> bytes:
        """Find nothing."""
        raise FileNotFoundError(name)

    def names(self, prefix: str = "") -> list[str]:  # noqa: ARG002  # As stores have it.
        """Name nothing."""
        return []

    def delete(self, name: str) -> None:
        """Delete nothing."""


class _Ledger:
    """A database whose ledger of points has rows enough, made when they are read, and nothing else."""

    def __init__(self, documents: int) -> None:
        self._documents = documents

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        """Answer finds by page."""
        return [self._page(command) for command in commands]

    def _page(self, command: Command) -> list[Document]:
        if command["find"] != "points_ledger":
            return []
        after = int(command["filter"]["_id"]["$gt"] or -1)
        last = min(after + 1 + command["limit"], self._documents)
        return [_row(number) for number in range(after + 1, last)]


def _row(number: int) -> Document:
    return {
        "_id": f"{number:012d}",
        "schemaVersion": 1,
        "createdAt": 1_795_900_000_000 + number,
        "updatedAt": 1_795_900_000_000 + number,
        "userId": f"u{number * 2_654_435_761 % 2**32:08x}",
        "book": "shop",
        "delta": number % 997,
        "kind": "order",
        "ref": {"type": "order", "id": f"2026112900{number:010d}"},
        "lot": {"left": number % 997, "expiresAt": 1_827_400_000_000},
        "state": "final",
        "balanceAfter": number % 99_991,
        "rulesVersion": "points:1",
        "day": "2026-11-29",
    }
