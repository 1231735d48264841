"""Compare the variants of an experiment by what their members did; an export, or an environment, is read."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from dataio.access import NoAccess, add_options
from dataio.cloudapi import CloudError
from evaluation.records import Document, Missing, Wanted, documents
from evaluation.uplift_checks import SUSPECT, Balance, adjusted, balance, shares_of
from evaluation.uplift_figures import MEASURES, MONEY, Estimate, Outcome, outcomes
from evaluation.uplift_members import experiments_in, members_of

_EVENTS = Wanted(
    "user_events",
    {"type": {"$in": ["exposure", "click", "variant"]}, "variant": {"$exists": True}},
    ("userId", "type", "variant", "exposureId", "at"),
)
_ORDERS = Wanted(
    "orders",
    {},
    ("userId", "status", "createdAt", "totals.paidFen", "lines.from.exposureId", "lines.refundedFen"),
)
_RULES = Wanted(
    "business_rules", {"category": "experiment"}, ("ruleId", "version", "state", "body"), spare=True
)


class Unusable(Exception):
    """There is nothing to compare; the message says why."""


def add_parser(kinds: Any) -> None:
    """Add the command to the sub-parsers *kinds*."""
    parser = kinds.add_parser("uplift", help="the variants of an experiment", description=__doc__)
    parser.add_argument(
        "folder",
        type=Path,
        nargs="?",
        metavar="DIR",
        help="of user_events.jsonl, orders.jsonl and business_rules.jsonl",
    )
    parser.add_argument("--experiment", metavar="NAME", help="where there are several")
    parser.add_argument("--control", metavar="NAME", help="the variant to compare with (control, else first)")
    parser.add_argument("--seed", type=int, default=1, help="of the resampling (1)")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compare, and show; 2 when there is nothing to compare."""
    try:
        events, orders, rules = (list(documents(each, options)) for each in (_EVENTS, _ORDERS, _RULES))
        experiment = _experiment(events, options.experiment)
        members, mixed = members_of(experiment, events, orders)
        control = _control(sorted({member.variant for member in members}), options.control)
    except (Unusable, Missing, NoAccess, CloudError) as problem:
        print(problem, file=sys.stderr)
        return 2
    found = outcomes(adjusted(members), control, seed=options.seed)
    show(found, mixed, balance(members, shares_of(experiment, rules)), as_json=options.json)
    return 0


def show(
    found: Sequence[Outcome],
    mixed: int,
    drawn: Balance | None,
    *,
    as_json: bool,
    console: Console | None = None,
) -> None:
    """Print what was *found*, how many were shown several variants, and how the rest were *drawn*."""
    if as_json:
        told = {"mixed": mixed, "mismatch": drawn and drawn._asdict(), "variants": [*map(_plain, found)]}
        print(json.dumps(told, indent=1))
        return
    table = Table("", *(Column(each.variant, justify="right") for each in found))
    table.add_row("members", *(str(each.members) for each in found))
    table.add_row("exposures", *(str(each.exposures) for each in found))
    for measure in MEASURES:
        table.add_row(measure, *(_cell(each, measure) for each in found))
    console = console or Console(highlight=False)
    console.print(table)
    if mixed:
        console.print(f"{mixed} members were shown several variants and do not count.")
    if drawn:
        console.print(_judged(drawn))


def _experiment(events: Sequence[Document], wanted: str | None) -> str:
    names = experiments_in(events)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted not in names:
        known = ", ".join(names) or "none"
        raise Unusable(f"Which experiment? Name one with --experiment; the events tell of: {known}")
    return str(wanted)


def _control(variants: Sequence[str], wanted: str | None) -> str:
    if not variants:
        raise Unusable("Nobody was shown anything.")
    if wanted is None:
        return "control" if "control" in variants else variants[0]
    if wanted not in variants:
        raise Unusable(f"There is no variant {wanted}; there are: {', '.join(variants)}")
    return wanted


def _cell(found: Outcome, measure: str) -> str:
    scale, unit = (0.01, "¥") if measure in MONEY else (100, "%")
    text = _text(found.measures[measure], scale, unit)
    difference = found.differences.get(measure)
    return text if difference is None else f"{text}\n{_text(difference, scale, unit, signed=True)}"


def _judged(drawn: Balance) -> str:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in drawn.shares.items())
    told = f"Drawn for {shares}: chance comes as far from it with p = {drawn.p:.4f}"
    trusted = drawn.p >= SUSPECT
    return f"{told}." if trusted else f"{told}. The members are not those that were drawn: trust no figure."


def _text(estimate: Estimate, scale: float, unit: str, *, signed: bool = False) -> str:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return "–"
    value, low, high = (
        f"{scale * part:{'+' if signed else ''}.2f}" for part in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} {unit} [{low}, {high}]"


def _plain(found: Outcome) -> dict[str, Any]:
    return {
        "variant": found.variant,
        "members": found.members,
        "exposures": found.exposures,
        "measures": {name: each._asdict() for name, each in found.measures.items()},
        "differences": {name: each._asdict() for name, each in found.differences.items()},
    }
