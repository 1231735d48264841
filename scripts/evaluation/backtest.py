"""Compare the restock policy with what people ordered, in the past of a cloud's shop or of an export's."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from dataio import access
from dataio.cloudapi import CloudApi, CloudError
from evaluation import restock_plot
from evaluation.backtest_history import Document, History, Past, Source, history
from evaluation.restock_figures import Figures, Interval, figures, interval
from evaluation.restock_policies import CONTENDERS, learnt
from evaluation.restock_shelf import Policy, Result, replay
from gardenshop.cloud.database import find

_PAGE = 500
_PLOT = "backtest.svg"

Row = dict[str, Interval]
Value = Callable[[Sequence[int]], float]


def add_parser(kinds: Any) -> None:
    """Add the command to the sub-parsers *kinds*."""
    parser = kinds.add_parser(
        "backtest", help="the restock policy, on the shop's own past", description=__doc__
    )
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIR", help="of exported collections")
    parser.add_argument("--since", type=date.fromisoformat, metavar="DAY", help="count from it on (the half)")
    parser.add_argument("--plot", type=Path, metavar="F", help=f"draw the frontier, e.g. to {_PLOT}")
    parser.add_argument("--seed", type=int, default=1, help="of the resampling (1)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    access.add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Replay, and show; 2 when there is no past to replay."""
    try:
        source = _exported(options.folder) if options.folder else _stored(CloudApi(access.access(options)))
        past = history(source, counts_from=options.since)
    except (access.NoAccess, CloudError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    if past is None or not past.pasts:
        print(
            "The stock ledger is too short: eight weeks are the least, four before any count.",
            file=sys.stderr,
        )
        return 2
    ours = _replay(past, None)
    rows = _rows(past, ours, options.seed)
    if options.plot:
        options.plot.write_text(restock_plot.svg("Against what people did", _lines(past)), "utf-8")
    _show(past, rows, as_json=options.json)
    return 0


def _exported(folder: Path) -> Source:
    """Read a collection's file: a document a line, as CloudBase exports them, or a JSON array."""

    def documents(name: str) -> list[Document]:
        text = (folder / f"{name}.json").read_text("utf-8")
        found: list[Document] = (
            json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
        )
        return found

    return documents


def _stored(cloud: CloudApi) -> Source:
    def documents(name: str) -> Iterator[Document]:
        last = ""
        while True:
            (page,) = cloud.run([find(name, {"_id": {"$gt": last}}, sort={"_id": 1}, limit=_PAGE)])
            yield from page
            if len(page) < _PAGE:
                return
            last = page[-1]["_id"]

    return documents


def _replay(past: History, service: float | None) -> list[Result]:
    return [
        replay(past.window, each.product, _packed(learnt(service), each), each.life) for each in past.pasts
    ]


def _packed(policy: Policy, past: Past) -> Policy:
    """Let *policy* order whole packs, and no fewer than the least."""

    def packed(state: Mapping[str, Any]) -> int:
        units = policy(state)
        return -(-max(units, past.min_order) // past.pack) * past.pack if units else 0

    return packed


def _rows(past: History, ours: list[Result], seed: int) -> dict[str, Row]:
    theirs = [each.people for each in past.pasts]
    people, policy = _values(past, theirs), _values(past, ours)
    differences = {name: _less(policy[name], people[name]) for name in people}
    sides = {"people": people, "policy": policy, "difference": differences}
    count = len(past.pasts)
    return {
        side: {name: interval(value, count, seed=seed) for name, value in values.items()}
        for side, values in sides.items()
    }


def _less(ours: Value, theirs: Value) -> Value:
    return lambda chosen: ours(chosen) - theirs(chosen)


def _values(past: History, results: list[Result]) -> dict[str, Value]:
    def of(name: str) -> Value:
        return lambda chosen: float(getattr(_of(results, chosen), name))

    def lost(chosen: Sequence[int]) -> float:
        return float(sum(results[number].demand - results[number].sold for number in chosen))

    def bound(chosen: Sequence[int]) -> float:
        return sum(results[n].kept / results[n].days * past.pasts[n].unit_cost for n in chosen)

    return {
        **{name: of(name) for name in ("fill", "waste", "cover", "profit")},
        "lost units": lost,
        "money bound": bound,
    }


def _of(results: Sequence[Result], chosen: Sequence[int]) -> Figures:
    return figures([results[number] for number in chosen])


def _lines(past: History) -> dict[str, list[Figures]]:
    """Return what the policy comes to at each service level, and the one point of people."""
    swept = [figures(_replay(past, service)) for service in CONTENDERS[0].sweep]
    return {"policy": swept, "people": [figures([each.people for each in past.pasts])]}


def _show(past: History, rows: dict[str, Row], *, as_json: bool) -> None:
    first = past.window.date(past.window.counts_from)
    if as_json:
        plain = {side: {name: each.plain() for name, each in row.items()} for side, row in rows.items()}
        told = {"countsFrom": first, "skus": len(past.pasts), "late": past.late, **plain}
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    table = Table("", *(Column(name, justify="right") for name in rows["people"]))
    for side, row in rows.items():
        table.add_row(side, *(_cell(name, each) for name, each in row.items()))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{len(past.pasts)} SKUs from {first} on; {past.late} came too late to count.")


def _cell(name: str, each: Interval) -> str:
    if each.value is None:
        return "–"
    scale = 100 if name in ("fill", "waste", "profit") else 1
    spread = "" if each.low is None or each.high is None else f" ±{(each.high - each.low) / 2 * scale:.1f}"
    return f"{each.value * scale:.1f}{spread}"
