"""Measure the budgets: starts, trips, memory, throughput, sizes, restocking, a rush; exit code 1 when broken.

python3 scripts/bench.py                  everything
python3 scripts/bench.py cold memory      some kinds of rows only
python3 scripts/bench.py --runs 15        more repetitions, on a busy machine
python3 scripts/bench.py restock --runs 1 --skus 100000
                                          the restock check of a large stock, which takes half an hour
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import sys

KINDS = (
    "cold", "memory", "trips", "import", "http", "layers", "engine", "terms", "pricing", "recommend",
    "restock", "prepare", "backup", "rush",
)  # fmt: skip


def main() -> int:
    """Measure what was asked for, show it, and say by the exit code whether every budget holds."""
    options = _parse()
    bootstrap.enter()
    from budgets import Surprise, measure, show  # noqa: PLC0415  # They are importable only from here on.

    try:
        rows = measure(options.kinds or KINDS, runs=options.runs, skus=options.skus)
    except Surprise as surprise:
        sys.exit(f"Nothing can be measured: {surprise}")
    show(rows, as_json=options.json)
    return 0 if all(row.ok for row in rows) else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of rows: {', '.join(KINDS)}")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="repetitions of what is timed (7)")
    parser.add_argument(
        "--skus", type=int, default=4000, metavar="N", help="of the larger restock check (4000)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    options = parser.parse_args()
    unknown = [kind for kind in options.kinds if kind not in KINDS]
    if unknown:
        parser.error(f"no such kind of rows: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    if options.skus < 1000:  # noqa: PLR2004  # Of fewer than two pages nothing is to be seen.
        parser.error("--skus must be at least 1000")
    return options


if __name__ == "__main__":
    sys.exit(main())
