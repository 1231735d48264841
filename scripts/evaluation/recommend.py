"""Ask the rules, and two simple rivals, what members bought next; show how right they were."""

import argparse
import sys
from pathlib import Path
from typing import Any

from evaluation.recommend_judging import ahead, judge
from evaluation.recommend_report import show
from evaluation.recommend_shop import Unusable, read_shop

_TASKS = ("next", "new")


def add_parser(kinds: Any) -> None:
    """Add the command to the sub-parsers *kinds*."""
    parser = kinds.add_parser("recommend", help="recommendations, on past orders", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="of the four tables")
    parser.add_argument("--level", choices=("sku", "type"), default="sku", help="what a product is (sku)")
    parser.add_argument("--tasks", type=_tasks, default=_TASKS, help="next, new or both (next,new)")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N cases of each cutoff")
    parser.add_argument("--plot", type=Path, metavar="F", help="draw the figures as SVG")
    parser.add_argument("--seed", type=int, default=1, help="of the resampling (1)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Judge, and show; 2 when the folder is not what it should be."""
    try:
        shop = read_shop(options.folder, by_type=options.level == "type")
    except Unusable as unusable:
        print(f"{options.folder} cannot be used: {unusable}", file=sys.stderr)
        return 2
    results = judge(shop, options.tasks, limit=options.limit, seed=options.seed, quiet=options.json)
    show(results, ahead(results, seed=options.seed), as_json=options.json, plot=options.plot)
    return 0


def _tasks(text: str) -> tuple[str, ...]:
    tasks = tuple(text.split(","))
    if not set(tasks) <= set(_TASKS):
        raise argparse.ArgumentTypeError(f"there are {' and '.join(_TASKS)}")
    return tasks
