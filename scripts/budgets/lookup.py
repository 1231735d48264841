"""Point reads of the engine: they must cost the same among many documents as among few."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from budgets.rows import Row
from localcloud.engine import Engine

FEW, MANY = 1_000, 100_000
BUDGET = 2
READS = 1_000

_ENV = "bench"
_COLLECTION = "products"
_BATCH = 5_000


def rows(runs: int) -> list[Row]:
    """Return the cost of point reads among MANY documents over that among FEW."""
    with _engine(FEW) as few, _engine(MANY) as many:
        return [
            _row(f"engine: read by {name}, {MANY // FEW} × documents", field, few, many, runs)
            for name, field in (("_id", "_id"), ("a declared index", "code"))
        ]


def _row(what: str, field: str, few: Engine, many: Engine, runs: int) -> Row:
    pairs = [(_seconds(few, field, FEW), _seconds(many, field, MANY)) for _ in range(runs)]
    return Row(what, median(large / small for small, large in pairs), BUDGET, "×")


@contextmanager
def _engine(documents: int) -> Iterator[Engine]:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        closing(Engine(Path(folder) / "bench.sqlite")) as engine,
    ):
        engine.create_collection(_ENV, _COLLECTION)
        engine.create_index(_ENV, _COLLECTION, "code", [("code", 1)], unique=False)
        for start in range(0, documents, _BATCH):
            batch = [_document(place) for place in range(start, min(start + _BATCH, documents))]
            engine.run(_ENV, {"insert": _COLLECTION, "documents": batch})
        yield engine


def _document(place: int) -> dict[str, Any]:
    return {"_id": f"product-{place:06}", "code": place, "title": "豆腐" * 20, "tags": ["a", "b", "c"]}


def _seconds(engine: Engine, field: str, documents: int) -> float:
    """Return how long READS point reads took, evenly over all documents."""
    keys = [_document(place)[field] for place in range(0, documents, documents // READS)]
    started = time.perf_counter()
    for key in keys:
        (_,) = engine.run(_ENV, {"find": _COLLECTION, "filter": {field: key}})
    return time.perf_counter() - started
