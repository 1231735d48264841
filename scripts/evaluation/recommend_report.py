"""The results for people, for programs, and as a picture."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from rich.console import Console
from rich.table import Column, Table

from evaluation.recommend_judging import Ahead, Result
from evaluation.recommend_scores import Gain

_ROW, _LEFT, _WIDE, _HIGH = 26, 220, 420, 14


def show(
    results: Sequence[Result],
    leads: Sequence[Ahead],
    *,
    as_json: bool,
    plot: Path | None = None,
    console: Console | None = None,
) -> None:
    """Print *results* and *leads*, as a table or as JSON, and draw the results into the file *plot*."""
    if plot is not None:
        plot.write_text(picture(results), "utf-8")
    if as_json:
        told = {"results": [_plain(each) for each in results], "ahead": [_plain_lead(each) for each in leads]}
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    console = console or Console(highlight=False)
    console.print(_table(results))
    for each in leads:
        console.print(f"{each.task}, {each.measure}: ahead of {each.rival} by {interval(each.gain)}")


def interval(gain: Gain) -> str:
    """Return *gain* in words."""
    return f"{gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"


def _table(results: Sequence[Result]) -> Table:
    right = ("cases", "NDCG@10", "recall@10", "hit@10", "prepare", "ask", "stored")
    table = Table("task", "rival", *(Column(name, justify="right") for name in right))
    for each in results:
        mean = each.summary.mean
        table.add_row(
            each.task,
            each.rival,
            str(each.summary.cases),
            f"{mean.ndcg:.4f} ± {each.summary.ndcg_within:.4f}",
            f"{mean.recall:.4f} ± {each.summary.recall_within:.4f}",
            f"{mean.hit:.3f}",
            f"{each.prepare_seconds:.1f} s",
            f"{each.ask_ms:.2f} ms",
            f"{each.stored_kb} kB",
        )
    return table


def picture(results: Sequence[Result]) -> str:
    """Return an SVG: a bar of NDCG for each result, with its interval."""
    most = max((each.summary.mean.ndcg + each.summary.ndcg_within for each in results), default=0.0) or 1.0
    height = _ROW * (len(results) + 1)
    bars = [_bar(each, (place + 1) * _ROW, _WIDE / most) for place, each in enumerate(results)]
    size = f'width="{_LEFT + _WIDE + 80}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
            f'<text x="{_LEFT}" y="14">NDCG@10, with 95 % intervals over members</text>',
            *bars,
            "</svg>\n",
        ]
    )


def _bar(each: Result, top: int, scale: float) -> str:
    value, within = each.summary.mean.ndcg, each.summary.ndcg_within
    end, low, high = (_LEFT + scale * part for part in (value, max(0.0, value - within), value + within))
    middle, name = top + _HIGH / 2, escape(f"{each.task}: {each.rival}")
    return (
        f'<text x="{_LEFT - 8}" y="{middle + 4}" text-anchor="end">{name}</text>'
        f'<rect x="{_LEFT}" y="{top}" width="{end - _LEFT:.1f}" height="{_HIGH}" fill="#7a9e7e"/>'
        f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="#2f4f34" stroke-width="2"/>'
        f'<text x="{high + 6:.1f}" y="{middle + 4}">{value:.3f}</text>'
    )


def _plain(each: Result) -> dict[str, Any]:
    return {
        "rival": each.rival,
        "task": each.task,
        "cases": each.summary.cases,
        "ndcg": round(each.summary.mean.ndcg, 4),
        "ndcgWithin": round(each.summary.ndcg_within, 4),
        "recall": round(each.summary.mean.recall, 4),
        "recallWithin": round(each.summary.recall_within, 4),
        "hit": round(each.summary.mean.hit, 4),
        "prepareSeconds": round(each.prepare_seconds, 2),
        "askMs": round(each.ask_ms, 3),
        "storedKb": each.stored_kb,
    }


def _plain_lead(each: Ahead) -> dict[str, Any]:
    ends = {name: round(value, 4) for name, value in each.gain._asdict().items()}
    return {"task": each.task, "measure": each.measure, "rival": each.rival, **ends}
