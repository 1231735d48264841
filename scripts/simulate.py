"""Play the whole shop under a scheduler that owns time and chance, and check every law at the end.

python3 scripts/simulate.py --seeds 1000 --jobs 2    play the seeds 0 … 999
python3 scripts/simulate.py --seed 17 --trace        play one again, step by step
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.campaign import Failure, Report

PLAYS = 400


def main() -> int:
    """Play; 1 when a law was broken."""
    options = _parse()
    bootstrap.enter()
    from simulation import campaign  # noqa: PLC0415  # Importable only from here on.

    if options.seed is not None:
        report = campaign.one(options.seed, trace=options.trace, plays=options.plays)
    else:
        seeds = range(options.start, options.start + options.seeds)
        report = campaign.many(seeds, jobs=options.jobs, plays=options.plays, quiet=options.json)
    if options.json:
        print(json.dumps(report.plain(), ensure_ascii=False, indent=1))
    else:
        _show(report)
    return 1 if report.failures else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to play")
    parser.add_argument("--start", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=2, help="processes that play")
    parser.add_argument("--seed", type=int, help="play this one alone")
    parser.add_argument("--trace", action="store_true", help="with --seed: tell every step")
    parser.add_argument("--plays", type=int, default=PLAYS, help="how often to play a failure to shorten it")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    return parser.parse_args()


def _show(report: "Report") -> None:
    for failure in report.failures:
        _show_failure(failure)
    print(
        f"{report.seeds} seeds, {len(report.failures)} broke a law. {report.calls} calls, "
        f"{report.commands} commands, {report.faults} faults in {report.seconds:.1f} s: "
        f"{report.seeds * 60 / max(report.seconds, 0.001):.0f} seeds a minute."
    )


def _show_failure(failure: "Failure") -> None:
    print(f"\nSeed {failure.seed}")
    for breach in failure.breaches:
        print(f"  {breach}")
    print(f"The shortest history found, {len(failure.history)} lines:")
    for line in failure.history:
        print(f"  {line}")
    print(f"Step by step:  python3 scripts/simulate.py --seed {failure.seed} --trace\n")


if __name__ == "__main__":
    sys.exit(main())
