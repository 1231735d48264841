"""Every rival at every cutoff: it learns from what was known then, and is asked about the next visit."""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import Progress

from evaluation.recommend_rivals import OURS, RIVALS, Rival
from evaluation.recommend_scores import Gain, K, Score, Scored, Summary, lead, score, summary
from evaluation.recommend_shop import Case, Order, Shop


class Result(NamedTuple):
    """How *rival* did at *task*, and what it costs: to prepare, to ask, to store."""

    rival: str
    task: str
    summary: Summary
    prepare_seconds: float
    ask_ms: float
    stored_kb: int
    scores: Sequence[Scored]
    """Of the same cases in the same order for every rival."""


class Ahead(NamedTuple):
    """What the shop's own rules have over the best *rival* at *task* by *measure*."""

    task: str
    measure: str
    rival: str
    gain: Gain


def ahead(results: Sequence[Result], *, seed: int = 1) -> list[Ahead]:
    """Return what is ahead of what, for each task and measure; nothing where nobody competes."""
    found = []
    for task in dict.fromkeys(each.task for each in results):
        ours, others = _sides([each for each in results if each.task == task])
        for place, measure in enumerate(Score._fields if ours and others else ()):
            best = max(others, key=attrgetter(f"summary.mean.{measure}"))
            found.append(
                Ahead(task, measure, best.rival, lead(ours[0].scores, best.scores, seed=seed)[place])
            )
    return found


def judge(
    shop: Shop,
    tasks: Sequence[str],
    *,
    rivals: Sequence[Rival] = RIVALS,
    limit: int | None = None,
    seed: int = 1,
    quiet: bool = False,
) -> list[Result]:
    """Return a result for each of *rivals* and *tasks*, with at most *limit* cases of each cutoff."""
    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as progress:
        bar = progress.add_task("Judging", total=len(rivals) * len(shop.cutoffs))
        results = list[Result]()
        for rival in rivals:
            trial = _Trial(rival)
            for cutoff in shop.cutoffs:
                trial.at(cutoff, shop, tasks, limit)
                progress.advance(bar)
            results += trial.results(seed)
    return results


def _sides(results: Sequence[Result]) -> tuple[list[Result], list[Result]]:
    return [each for each in results if each.rival == OURS], [each for each in results if each.rival != OURS]


class _Trial:
    """One rival at work."""

    def __init__(self, rival: Rival) -> None:
        self._rival = rival
        self._scores = defaultdict[str, list[Scored]](list)
        self._prepared_in = list[float]()
        self._asked_in = list[float]()
        self._stored = 0

    def at(self, cutoff: str, shop: Shop, tasks: Sequence[str], limit: int | None) -> None:
        orders, mine = shop.known(cutoff)
        start = time.perf_counter()
        prepared = self._rival.prepare(orders, shop.catalogue)
        self._prepared_in.append(time.perf_counter() - start)
        self._stored = max(self._stored, len(json.dumps(prepared)))
        for case in [case for case in shop.cases if case.cutoff == cutoff][:limit]:
            for task in tasks:
                self._ask(task, case, mine[case.user_id], prepared)

    def results(self, seed: int) -> list[Result]:
        """Return one result a task that had cases."""
        return [
            Result(
                self._rival.name,
                task,
                summary(scores, seed=seed),
                statistics.mean(self._prepared_in),
                statistics.median(self._asked_in),
                self._stored // 1024,
                scores,
            )
            for task, scores in self._scores.items()
        ]

    def _ask(self, task: str, case: Case, history: list[Order], prepared: Any) -> None:
        had = {item["product_id"] for order in history for item in order["items"]} if task == "new" else set()
        wanted = case.bought - had
        if not wanted:
            return
        start = time.perf_counter()
        ranked = self._rival.recommend(history, prepared, K + len(had), now=case.day)
        self._asked_in.append((time.perf_counter() - start) * 1000)
        fresh = [product for product in dict.fromkeys(ranked) if product not in had]
        self._scores[task].append((case.user_id, score(fresh, wanted)))
