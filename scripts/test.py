"""Check everything: lint, format, types, and the tests with branch coverage.

Arguments after -- go to pytest:  python3 scripts/test.py --fast -- tests/layers -k points
"""

import bootstrap  # isort: skip  # Before all others: it answers a Python that is too old.

import argparse
import subprocess
import sys
import time

SOURCES = ["functions", "layers/core", "scripts", "tests"]
CHECKS = {
    "ruff check": ["ruff", "check", *SOURCES],
    "ruff format": ["ruff", "format", "--check", *SOURCES],
    "mypy": ["mypy", *SOURCES],
}


PYTEST = ["pytest", "--numprocesses=logical", "--dist=loadgroup"]
"""On all cores; tests of one `xdist_group` run one after the other."""


def main() -> int:
    """Run every check even when one fails; 0 when all passed."""
    options = _parse()
    bootstrap.enter()
    failed = [] if options.fast else [title for title, tool in CHECKS.items() if not _passes(title, tool)]
    coverage = [] if options.fast else ["--cov"]
    if not _passes("pytest", [*PYTEST, *coverage, *options.pytest]):
        failed.append("pytest")
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fast", action="store_true", help="only the tests, without coverage")
    parser.add_argument("pytest", nargs="*", metavar="-- ARGUMENT", help="passed on to pytest")
    return parser.parse_args()


def _passes(title: str, tool: list[str]) -> bool:
    """Run a tool of the environment and print how it went; pytest closes with a better line of its own."""
    print(f"{title} ...", flush=True)
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", *tool], cwd=bootstrap.ROOT, check=False)  # noqa: S603  # Fixed tools.
    outcome = "passed" if done.returncode == 0 else "failed"
    if title != "pytest":
        print(f"{title} {outcome} in {time.monotonic() - started:.1f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
