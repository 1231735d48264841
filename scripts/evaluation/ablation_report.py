"""What the features add, for people, for programs, and as a picture."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from rich.console import Console
from rich.table import Column, Table

from evaluation.ablation_judging import TASKS, Result
from evaluation.recommend_report import interval

TOLERANCE = 0.01
"""So much NDCG may be lost to features by which nobody buys."""

_ROW, _LEFT, _WIDE, _TOP = 18, 300, 420, 30
_COLOURS = {"effects": "#2e7d32", "none": "#8d6e63"}


def show(
    results: Sequence[Result], *, as_json: bool, plot: Path | None = None, console: Console | None = None
) -> None:
    """Print *results*, as tables or as JSON, and draw them into the file *plot*."""
    if plot is not None:
        plot.write_text(picture(results), "utf-8")
    if as_json:
        print(json.dumps([_plain(each) for each in results], indent=1))
        return
    console = console or Console(highlight=False)
    for world in dict.fromkeys(each.world for each in results):
        for task in TASKS:
            console.print(_table(world, task, results))
    for line in verdicts(results):
        console.print(line)


def verdicts(results: Sequence[Result]) -> list[str]:
    """Say what the features beside behaviour add where they have effects, and cost where they have none."""
    found = []
    for each in results:
        if each.name != "behaviour":
            continue
        gain = each.lead.ndcg
        text = (
            f"{each.world}, {each.task}: the {each.family} weights are {interval(gain)} over behaviour alone"
        )
        if each.world == "none":
            text += f"; at most {TOLERANCE} lost: {'yes' if gain.low >= -TOLERANCE else 'not shown'}"
        found.append(text)
    return found


def picture(results: Sequence[Result]) -> str:
    """Return an SVG: what all features have over each choice of them, with its interval."""
    rows = [each for each in results if each.name != "all" and not each.name.startswith("only")]
    most = max((abs(end) for each in rows for end in each.lead.ndcg), default=0.0) or 1.0
    middle, height = _LEFT + _WIDE / 2, _TOP + _ROW * (len(rows) + 1)
    marks = [_mark(each, _TOP + _ROW * place, most) for place, each in enumerate(rows)]
    size = f'width="{_LEFT + _WIDE + 20}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
            f'<text x="{_LEFT}" y="16">NDCG@10 that all features have over, with 95 % intervals</text>',
            f'<path d="M{middle} {_TOP - 8}V{height}" stroke="#bbb"/>',
            *marks,
            "</svg>\n",
        ]
    )


def _table(world: str, task: str, results: Sequence[Result]) -> Table:
    right = ("cases", "NDCG@10", "hit@10", "NDCG: all ahead by", "hit: all ahead by")
    title = f"effects: {'yes' if world == 'effects' else 'none'}; task: {task}"
    table = Table("weights", "features", *(Column(name, justify="right") for name in right), title=title)
    for each in results:
        if (each.world, each.task) == (world, task):
            table.add_row(
                each.family,
                each.name,
                str(each.summary.cases),
                f"{each.summary.mean.ndcg:.4f} ± {each.summary.ndcg_within:.4f}",
                f"{each.summary.mean.hit:.3f}",
                *(interval(gain) if each.name != "all" else "" for gain in (each.lead.ndcg, each.lead.hit)),
            )
    return table


def _mark(each: Result, top: int, most: float) -> str:
    value, low, high = (_LEFT + _WIDE / 2 * (1 + part / most) for part in each.lead.ndcg)
    name = escape(f"{each.world}, {each.task}, {each.family}: {each.name}")
    return (
        f'<text x="{_LEFT - 8}" y="{top + 4}" text-anchor="end">{name}</text>'
        f'<path d="M{low:.1f} {top}H{high:.1f}" stroke="{_COLOURS[each.world]}" stroke-width="2"/>'
        f'<circle cx="{value:.1f}" cy="{top}" r="3.5" fill="{_COLOURS[each.world]}"/>'
    )


def _plain(each: Result) -> dict[str, Any]:
    return {
        "world": each.world,
        "task": each.task,
        "weights": each.family,
        "features": each.name,
        "cases": each.summary.cases,
        **{name: round(value, 4) for name, value in each.summary.mean._asdict().items()},
        "ndcgWithin": round(each.summary.ndcg_within, 4),
        "allAheadBy": {name: [round(end, 4) for end in gain] for name, gain in each.lead._asdict().items()},
    }
