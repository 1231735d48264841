"""What the shop's plan promises, beside what members do today; an export, or an environment, is read."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dataio.access import NoAccess, add_options
from dataio.cloudapi import CloudError
from evaluation.claims_figures import Claim, Past, claims
from evaluation.records import Missing, Wanted, documents

_READ = (
    Wanted("users", {"openid": {"$exists": True}}, ("createdAt",)),
    Wanted("orders", {}, ("userId", "status", "createdAt", "lines.productId", "lines.gift")),
    Wanted("meals", {"source": "member"}, ("userId", "source", "createdAt")),
    Wanted("user_events", {}, ("userId", "type", "productId", "at")),
)


def add_parser(kinds: Any) -> None:
    """Add the command to the sub-parsers *kinds*."""
    parser = kinds.add_parser("claims", help="the plan's claims beside today's figures", description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", metavar="DIR", help="of users, orders, meals and user_events .jsonl"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read the past, and show; 2 when it cannot be read."""
    try:
        past = Past(*(list(documents(each, options)) for each in _READ))
    except (Missing, NoAccess, CloudError) as problem:
        print(problem, file=sys.stderr)
        return 2
    show(claims(past), as_json=options.json)
    return 0


def show(found: Sequence[Claim], *, as_json: bool, console: Console | None = None) -> None:
    """Print each claim with its figure of today."""
    if as_json:
        print(json.dumps([{**each._asdict(), "verdict": each.verdict} for each in found], indent=1))
        return
    table = Table("claim", "plan", "today", "n", "", "of")
    for each in found:
        table.add_row(each.name, _plan(each), _today(each), str(each.n), each.verdict, each.of)
    (console or Console(highlight=False)).print(table)


def _plan(claim: Claim) -> str:
    return "–" if claim.goal is None else f"{claim.start:.0%} → {claim.goal:.0%}"


def _today(claim: Claim) -> str:
    if claim.value is None:
        return "–"
    return f"{claim.value:.1%} [{claim.low:.1%}, {claim.high:.1%}]"
