"""Measure what the shop decides against real histories, beside simpler ways to decide.

python3 scripts/evaluate.py recommend DIR            figures of the recommendations and their rivals
python3 scripts/evaluate.py ablation                 what each feature of the ranking adds, on made-up shops
python3 scripts/evaluate.py restock DIR              figures of the restock policy and its rivals
python3 scripts/evaluate.py restock DIR --frontier   days of cover at equal fill rates, and a plot
python3 scripts/evaluate.py uplift                   the variants of an experiment, from the local CloudBase
python3 scripts/evaluate.py uplift DIR               the same, from an export
python3 scripts/evaluate.py claims [DIR]             what the plan promises, beside what members do today
python3 scripts/evaluate.py backtest [DIR]           the policy beside what people ordered in the shop
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import sys


def main() -> int:
    """Run the evaluation asked for."""
    bootstrap.enter()
    from evaluation import (  # noqa: PLC0415  # Importable only from here on.
        ablation,
        backtest,
        claims,
        recommend,
        restock,
        uplift,
    )

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    recommend.add_parser(kinds)
    ablation.add_parser(kinds)
    restock.add_parser(kinds)
    uplift.add_parser(kinds)
    claims.add_parser(kinds)
    backtest.add_parser(kinds)
    options = parser.parse_args()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
