"""The day's run of `restock_check`, in `data_dashboard`: where it stands, so that any tick can go on with it.

A page's writes end with the step that moves the run on from where the page began; only one call can take it.
What is written before may be written again by the next.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gardenshop.cloud.database import Command, Document, get, put, update
from gardenshop.cloud.entry import Context

COLLECTION = "data_dashboard"
COUNTERS = ("checked", "proposed", "withdrawn", "heldBack", "costFen")


class Run(NamedTuple):
    """How far a day's run has come: the SKU *after* which it goes on, what it found, whether it is over."""

    key: str
    after: str
    figures: Mapping[str, int]
    final: bool


def key_of(day: str) -> str:
    """Return the id of the run of *day*."""
    return f"restock:{day}"


def read(day: str) -> Command:
    """Return the read of the run of *day*."""
    return get(COLLECTION, key_of(day))


def run_of(documents: Sequence[Document]) -> Run:
    """Return the run that was read."""
    (found,) = documents
    return Run(found["_id"], found["inputs"]["after"], found["metrics"], found["final"])


def begin(ctx: Context, *, again: bool) -> list[Command]:
    """Return the writes that begin the run of the day, unless it has; *again* begins a run that is over."""
    key, start = key_of(ctx.day), _start(ctx)
    stamps = {"schemaVersion": 1, "createdAt": ctx.now}
    first = put(COLLECTION, {"_id": key, "kind": "restock", "day": ctx.day, **stamps, **start})
    return [first, update(COLLECTION, {"_id": key, "final": True}, {"$set": start})] if again else [first]


def step(ctx: Context, run: Run, last: str, found: Mapping[str, int]) -> Command:
    """Return the write that moves *run* on to the SKU *last* and counts what was *found* up to it."""
    counts = {f"metrics.{name}": number for name, number in found.items()}
    change = {"$set": {"inputs.after": last, "updatedAt": ctx.now}, "$inc": counts}
    return update(COLLECTION, _as_read(run), change)


def end(ctx: Context, run: Run, found: Mapping[str, int]) -> Command:
    """Return the write that ends *run* with what was *found* of all SKUs."""
    figures = {f"metrics.{name}": number for name, number in found.items()}
    return update(COLLECTION, _as_read(run), {"$set": {**figures, "final": True, "updatedAt": ctx.now}})


def _start(ctx: Context) -> Document:
    return {
        "metrics": dict.fromkeys(COUNTERS, 0),
        "inputs": {"after": ""},
        "final": False,
        "updatedAt": ctx.now,
    }


def _as_read(run: Run) -> Document:
    return {"_id": run.key, "inputs.after": run.after, "final": False}
