"""The restock check over few SKUs and over ten times as many: time a SKU and memory must stay the same.

Every SKU has a year of sales and too little on its shelf, so each is learnt, proposed and written, in a run
that begins anew on a day of its own and takes as many ticks of the timer as it needs.
"""

from contextlib import closing
from statistics import median
from typing import NamedTuple

from budgets.rows import Row
from budgets.stage import Stage, Surprise, metered, open_stage
from gardenshop.cloud.clock import DAY, MINUTE, day_of, now_ms, rfc3339
from gardenshop.cloud.database import Document
from localcloud.engine import Engine
from localcloud.functions import TIMER

FEW, MANY = 400, 4_000
RATIO_BUDGET = 1.3
MEMORY_BUDGET_MB = 128
"""Half of what the function may use."""

_FUNCTION = "restock_check"
_HISTORY_DAYS = 365
_BATCH = 500
_MS = 1000


class Check(NamedTuple):
    """One run over all SKUs: how many a second, its ticks, and the memory of the instance after it."""

    per_second: float
    ticks: int
    memory_mb: float


def rows(runs: int, *, few: int = FEW, many: int = MANY) -> list[Row]:
    """Return what checking *many* SKUs takes, and what it takes over *few*."""
    with metered() as meter, open_stage(meter) as small, open_stage(meter) as large:
        for stage, skus in ((small, few), (large, many)):
            _furnish(stage, skus)
            _check(stage, 0)
        pairs = [(_check(small, number), _check(large, number)) for number in range(1, runs + 1)]
    time = median(less.per_second / more.per_second for less, more in pairs)
    memory = median(more.memory_mb / less.memory_mb for less, more in pairs)
    ten_times = f"{many // few} × SKUs"
    return [
        Row("restock check: SKUs", median(more.per_second for _, more in pairs), None, "a second"),
        Row(f"restock check: ticks, {many:,} SKUs", max(more.ticks for _, more in pairs), None, ""),
        Row(f"restock check: time a SKU, {ten_times}", time, RATIO_BUDGET, "×"),
        Row(f"restock check: memory, {ten_times}", memory, RATIO_BUDGET, "×"),
        Row("restock check: memory", max(more.memory_mb for _, more in pairs), MEMORY_BUDGET_MB, "MB"),
    ]


def _check(stage: Stage, number: int) -> Check:
    """Let the run of the day that is *number* days ahead go over all SKUs."""
    now, ticks, spent_ms = now_ms() + number * DAY + MINUTE, 0, 0.0
    while True:
        tick = stage.host.invoke(_FUNCTION, {"Type": "Timer", "Time": rfc3339(now)}, TIMER)
        if tick.failure is not None or tick.reply["code"]:
            raise Surprise(f"{_FUNCTION}: {tick.failure or tick.payload.decode()[:300]}")
        ticks, spent_ms = ticks + 1, spent_ms + tick.duration_ms
        if "nextAfter" not in tick.reply["data"]:
            return Check(tick.reply["data"]["checked"] * _MS / spent_ms, ticks, tick.memory_mb)


def _furnish(stage: Stage, skus: int) -> None:
    """Store *skus* SKUs instead of those of the sample."""
    with closing(Engine(stage.file)) as engine:
        engine.run(stage.cloud.env, {"delete": "inventory", "deletes": [{"q": {}, "limit": 0}]})
        for start in range(0, skus, _BATCH):
            batch = [_stock(place) for place in range(start, min(start + _BATCH, skus))]
            engine.run(stage.cloud.env, {"insert": "inventory", "documents": batch})


def _stock(place: int) -> Document:
    now = now_ms()
    return {
        "_id": f"bench-{place:06}",
        "productId": "jujube",
        "onHand": 1,
        "available": 1,
        "reserved": 0,
        "damaged": 0,
        "dailySales": {day_of(now - ago * DAY): 1 + (ago + place) % 5 for ago in range(1, _HISTORY_DAYS + 1)},
        "supplier": {"supplierId": f"s-{place % 10}", "name": "供应商", "costFen": 500},
        "schemaVersion": 1,
        "createdAt": now,
        "updatedAt": now,
    }
