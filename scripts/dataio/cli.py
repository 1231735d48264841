"""The command line of scripts/data.py: what each command does, its progress, its exit code."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dataio import (
    access,
    auditing,
    carbon,
    definitions,
    dictionary,
    documents,
    importing,
    keeping,
    points,
    sample,
    signing_in,
    supplying,
    tables,
)
from dataio.archive import NoArchive
from dataio.cloudapi import CloudApi, CloudError
from dataio.journal import NoImport
from dataio.output import Output
from dataio.predecessor.sheets import Unreadable
from gardenshop.cloud.clock import day_of, now_ms, start_of
from gardenshop.cloud.database import Database
from gardenshop.cloud.sealing import Unsealable
from gardenshop.flows.backups import Damaged
from gardenshop.flows.supplying import supplier_orders


def run(arguments: Sequence[str], *, description: str) -> int:
    """Run one command and return its exit code: 0 done, 1 something was refused, 2 it could not begin."""
    options = _parser(description).parse_args(arguments)
    output = Output(as_json=options.json)
    command: Callable[[argparse.Namespace, Output], int] = options.command
    try:
        return command(options, output)
    except (access.NoAccess, CloudError, Damaged, NoArchive, Unsealable, NoImport, Unreadable) as error:
        print(error, file=sys.stderr)
        return 2


def _parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, command: Callable[[argparse.Namespace, Output], int], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=command)
        added.add_argument("--json", action="store_true", help="print JSON, for programs")
        return added

    for name, command, text in (
        ("plan", _plan, "show how an environment differs from the definitions; change nothing"),
        ("apply", _apply, "create missing collections and indexes, set permissions; drop nothing"),
        ("load", _load, "store the sample documents; nothing newer is overwritten"),
    ):
        access.add_options(add(name, command, text))
    importing.add_commands(add)
    balances = add(
        "points",
        _points,
        "compare the counters of points with the ledger; set wrong ones with --apply",
    )
    balances.add_argument("--user", metavar="ID", help="one member alone")
    balances.add_argument("--apply", action="store_true", help="set counters that are wrong")
    access.add_options(balances)
    revised = add(
        "carbon",
        _carbon,
        "compare meals with what they come to by the factors of now; store revisions with --apply",
    )
    revised.add_argument("--user", metavar="ID", help="one member alone")
    revised.add_argument("--apply", action="store_true", help="store a revision of each that is stale")
    access.add_options(revised)
    orders = add("restock", _restock, "gather the open suggestions into an order for each supplier")
    orders.add_argument("--csv", type=Path, metavar="F", help="write the lines to a file, for a spreadsheet")
    access.add_options(orders)
    keeping.add_commands(add)
    trail = add("audit", _audit, "show what operators did, and with --verify whether the trail is whole")
    trail.add_argument("--target", metavar="ID", help="what was done to one thing")
    trail.add_argument("--actor", metavar="ID", help="what one operator did")
    trail.add_argument("--since", metavar="DAY", type=start_of, default=0, help="from a day on, YYYY-MM-DD")
    trail.add_argument("--verify", action="store_true", help="exit 1 when a row was edited, removed or added")
    trail.add_argument(
        "--head",
        metavar="SEQ:HASH",
        type=auditing.parse_head,
        help="a head noted before, which must still stand",
    )
    access.add_options(trail)
    signin = add("signin", _signin, "make a code for an operator to sign in to the dashboard with, once")
    signin.add_argument("user", metavar="ID", help="whose it is: a member with the role operator or admin")
    access.add_options(signin)
    schema = add("schema", _schema, "compare the schemas and the README in collections/ with the models")
    choice = schema.add_mutually_exclusive_group(required=True)
    choice.add_argument("--check", action="store_true", help="exit 1 when a file is out of date")
    choice.add_argument("--write", action="store_true", help="bring the files up to date")
    return parser


def _plan(options: argparse.Namespace, output: Output) -> int:
    cloud = CloudApi(access.access(options))
    output.plan(tables.plan(cloud, definitions.load()))
    return 0


def _apply(options: argparse.Namespace, output: Output) -> int:
    cloud = CloudApi(access.access(options))
    plan = tables.plan(cloud, definitions.load())
    done = list(output.progress(tables.apply(cloud, plan.changes), len(plan.changes), "applying"))
    output.applied(done, plan)
    return 0


def _load(options: argparse.Namespace, output: Output) -> int:
    cloud = CloudApi(access.access(options))
    found = sample.read(phone_hash_key=access.phone_hash_key(), today=day_of(now_ms()))
    before = cloud.calls
    written = list(output.progress(documents.store(cloud, found.records), len(found.records), "loading"))
    output.loaded(written, found.invalid, round_trips=cloud.calls - before)
    return 1 if found.invalid or any(one.fate == "refused" for one in written) else 0


def _points(options: argparse.Namespace, output: Output) -> int:
    cloud = CloudApi(access.access(options))
    count, wrong, repaired = 0, [], []
    for member in points.members(cloud, options.user):
        count += 1
        if not member.differences:
            continue
        done = options.apply and bool(member.wrong) and points.repair(cloud, member)
        repaired += member.wrong if done else []
        wrong += [each for each in member.differences if not (done and each in member.wrong)]
    output.points(count, wrong, repaired)
    return 1 if wrong else 0


def _carbon(options: argparse.Namespace, output: Output) -> int:
    cloud = CloudApi(access.access(options))
    tally, unbooked = carbon.Tally(), 0
    pages = -(-carbon.total(cloud, options.user) // carbon.PAGE)
    for page in output.progress(carbon.pages(cloud, options.user), pages, "comparing"):
        stale = tally.add(page)
        if stale and options.apply and not carbon.store(cloud, stale):
            unbooked += len(stale)
    output.carbon(tally, carbon.purchases(cloud, options.user), applied=options.apply, unbooked=unbooked)
    return 1 if tally.states["unknown"] or unbooked or (tally.shifts and not options.apply) else 0


def _restock(options: argparse.Namespace, output: Output) -> int:
    orders = supplier_orders(Database(CloudApi(access.access(options))))
    if options.csv:
        supplying.write_csv(options.csv, orders)
    output.orders(orders)
    return 0


def _audit(options: argparse.Namespace, output: Output) -> int:
    wanted = auditing.Wanted(options.target, options.actor, options.since)
    db = Database(CloudApi(access.access(options)))
    verify = options.verify or options.head is not None
    audit = auditing.read(db, wanted, verify=verify, noted=options.head)
    output.audit(audit)
    return 1 if audit.flaws else 0


def _signin(options: argparse.Namespace, output: Output) -> int:
    cloud = CloudApi(access.access(options))
    code = signing_in.code_for(cloud, options.user)
    output.signin(code)
    return 0 if code else 1


def _schema(options: argparse.Namespace, output: Output) -> int:
    names = [f"{name}.json" for name in (definitions.write() if options.write else definitions.stale())]
    if dictionary.stale():
        names.append(dictionary.PAGE)
    if options.write:
        dictionary.write()
    output.schemas(names, wrote=options.write)
    return 1 if names and options.check else 0
