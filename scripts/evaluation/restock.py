"""Replay real demand under the restock policy and its rivals; show figures, a table or the frontier."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Column, Table

from evaluation import restock_plot
from evaluation.restock_figures import FILLS, Figures, Interval, cover_at, figures, interval
from evaluation.restock_policies import CONTENDERS, Contender
from evaluation.restock_series import Window, read
from evaluation.restock_shelf import Result, replay

_FRESH_DAYS = 7
_PLOT = "frontier.svg"

Figure = tuple[str, Interval]


class Task(NamedTuple):
    """One policy to replay for all products."""

    contender: Contender
    setting: float | None
    life: int | None


def add_parser(kinds: Any) -> None:
    """Add the command to the sub-parsers *kinds*."""
    parser = kinds.add_parser("restock", help="the restock policy, on daily demand", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="of window.json and the three tables")
    parser.add_argument("--frontier", action="store_true", help="sweep each policy and compare at equal fill")
    parser.add_argument("--plot", type=Path, default=Path(_PLOT), metavar="F", help=f"where ({_PLOT})")
    parser.add_argument("--limit", type=int, metavar="N", help="the first products only")
    parser.add_argument("--seed", type=int, default=1, help="of the resampling (1)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Replay, and show; 2 when there is nothing to replay."""
    if not (options.folder / "window.json").exists():
        print(f"{options.folder} holds no window.json: there is nothing to replay.", file=sys.stderr)
        return 2
    window = read(options.folder, limit=options.limit)
    results = _replay(window, _tasks(sweep=options.frontier), quiet=options.json)
    summary = _frontiers if options.frontier else _usual
    rows = [(name, life, summary(found, options.seed)) for name, life, found in _grouped(results)]
    if options.frontier:
        options.plot.write_text(restock_plot.svg("Goods that keep", _lines(results)), "utf-8")
    _show(rows, as_json=options.json)
    return 0


def _tasks(*, sweep: bool) -> list[Task]:
    return [
        Task(contender, setting, life)
        for life in (None, _FRESH_DAYS)
        for contender in CONTENDERS
        for setting in ((contender.usual, *contender.sweep) if sweep else (contender.usual,))
    ]


def _replay(window: Window, tasks: Sequence[Task], *, quiet: bool) -> dict[Task, list[Result]]:
    console = Console(stderr=True, quiet=quiet)
    return {
        task: [
            replay(window, product, task.contender.make(task.setting), task.life)
            for product in window.products
        ]
        for task in track(tasks, "Replaying", console=console, transient=True)
    }


def _grouped(results: dict[Task, list[Result]]) -> list[tuple[str, int | None, list[list[Result]]]]:
    """Return the replays of each contender and life, in order of its settings, the usual one first."""
    groups: dict[tuple[str, int | None], list[list[Result]]] = {}
    for task, found in results.items():
        groups.setdefault((task.contender.name, task.life), []).append(found)
    return [(name, life, found) for (name, life), found in groups.items()]


def _usual(replays: list[list[Result]], seed: int) -> list[Figure]:
    (results,) = replays
    values: dict[str, Callable[[Sequence[int]], float]] = {
        "fill": lambda chosen: _of(results, chosen).fill,
        "cover": lambda chosen: _of(results, chosen).cover,
        "waste": lambda chosen: _of(results, chosen).waste,
        "profit": lambda chosen: _of(results, chosen).profit,
    }
    return [(name, interval(value, len(results), seed=seed)) for name, value in values.items()]


def _frontiers(replays: list[list[Result]], seed: int) -> list[Figure]:
    def points(chosen: Sequence[int]) -> list[Figures]:
        return [_of(results, chosen) for results in replays]

    def cover(fill: float) -> Interval:
        return interval(lambda chosen: cover_at(fill, points(chosen)), len(replays[0]), seed=seed)

    best = interval(lambda chosen: max(each.profit for each in points(chosen)), len(replays[0]), seed=seed)
    return [*((f"cover at {fill:.0%}", cover(fill)) for fill in FILLS), ("best profit", best)]


def _of(results: Sequence[Result], chosen: Sequence[int]) -> Figures:
    return figures([results[number] for number in chosen])


def _lines(results: dict[Task, list[Result]]) -> dict[str, list[Figures]]:
    return {
        name: [figures(found) for found in replays]
        for name, life, replays in _grouped(results)
        if life is None
    }


def _show(rows: list[tuple[str, int | None, list[Figure]]], *, as_json: bool) -> None:
    if as_json:
        plain = [
            {"policy": name, "shelfLife": life, **{key: each.plain() for key, each in found}}
            for name, life, found in rows
        ]
        print(json.dumps(plain, ensure_ascii=False, indent=1))
        return
    table = Table("policy", "keeps", *(Column(key, justify="right") for key, _ in rows[0][2]))
    for name, life, found in rows:
        table.add_row(name, f"{life} days" if life else "", *(_cell(key, each) for key, each in found))
    Console(highlight=False).print(table)


def _cell(key: str, each: Interval) -> str:
    if each.value is None:
        return "–"
    scale = 1 if key.startswith("cover") else 100
    spread = "" if each.low is None or each.high is None else f" ±{(each.high - each.low) / 2 * scale:.1f}"
    return f"{each.value * scale:.1f}{spread}"
