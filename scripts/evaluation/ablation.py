"""Show what each feature of the ranking adds where it has an effect, and costs where it has none."""

import argparse
from pathlib import Path
from typing import Any

from evaluation.ablation_judging import SHOPS, judge
from evaluation.ablation_report import show


def add_parser(kinds: Any) -> None:
    """Add the command to the sub-parsers *kinds*."""
    parser = kinds.add_parser(
        "ablation", help="the ranking's features, on made-up shops", description=__doc__
    )
    parser.add_argument("--members", type=_some, default=480, metavar="N", help="of all shops (480)")
    parser.add_argument("--shops", type=_some, default=SHOPS, metavar="N", help=f"of each world ({SHOPS})")
    parser.add_argument("--plot", type=Path, metavar="F", help="draw the leads as SVG")
    parser.add_argument("--seed", type=int, default=1, help="of the shops and the resampling (1)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge, and show."""
    results = judge(members=options.members, shops=options.shops, seed=options.seed, quiet=options.json)
    show(results, as_json=options.json, plot=options.plot)
    return 0


def _some(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
