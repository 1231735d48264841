"""The command line of scripts/deploy.py: what each command does, its progress, its exit code."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from dataio import access, definitions, tables
from dataio.cloudapi import Access, CloudApi, CloudError
from deploying import doctor, numbers, plan, repository, rollback, verify, watching
from deploying.apply import Deployment
from deploying.doors import Doors
from deploying.environment import Environment
from deploying.errors import NotDeployable
from deploying.journal import Journal
from deploying.output import Output
from deploying.plan import Change, Found, Plan, Wanted
from deploying.service import tcb

ROOT = definitions.ROOT
DIFFERS = 2
"""The exit code of ``plan --exit-code`` when there is something to do."""


def run(arguments: Sequence[str], *, description: str) -> int:
    """Run one command and return its exit code: 0 done, 1 something is wrong, 2 there is something to do."""
    options = _parser(description).parse_args(arguments)
    command: Callable[[argparse.Namespace, Output], int] = options.command
    try:
        return command(options, Output(as_json=options.json))
    except (access.NoAccess, CloudError, NotDeployable) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted: start again, and it goes on.", file=sys.stderr)
        return 130


class _Place(NamedTuple):
    """Where a command works."""

    access: Access
    environment: Environment
    doors: Doors
    journal: Journal


def _parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace, Output], int], text: str) -> Any:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=command)
        added.add_argument("--json", action="store_true", help="print JSON, for programs")
        access.add_options(added)
        return added

    planning = add("plan", _plan, "show how the environment differs from the repository; change nothing")
    planning.add_argument(
        "--exit-code", action="store_true", help=f"exit {DIFFERS} when there is something to do"
    )
    applying = add("apply", _apply, "bring the environment up to date; what is not known here is left alone")
    applying.add_argument(
        "--prune", action="store_true", help="show what is not known here, and ask to delete it"
    )
    applying.add_argument(
        "--write-versions", action="store_true", help="write layer versions to cloudbaserc.json"
    )
    verifying = add("verify", _verify, "ask every function which code and layers it runs")
    verifying.add_argument(
        "--journal", action="store_true", help="compare with the last deployment from here"
    )
    for each in (planning, applying):
        each.add_argument(
            "--no-functions", action="store_true", help="leave functions, timers and routes to another tool"
        )
    for each in (planning, applying, verifying):
        each.add_argument(
            "--settings", type=Path, metavar="FILE", help="values of variables, NAME=value by line"
        )
        each.add_argument(
            "--recreate", action="store_true", help="delete and create functions whose runtime changed"
        )
    going_back = add(
        "rollback", _rollback, "go back to the deployment before: a dry run, unless --apply is given"
    )
    going_back.add_argument("--apply", action="store_true", help="do what the dry run shows")
    logging = add("logs", _logs, "show what functions printed")
    logging.add_argument("--function", metavar="NAME", help="one function alone")
    logging.add_argument("--since", default="15m", metavar="T", help="15m, 2h, 1d (15m)")
    logging.add_argument("--request-id", metavar="ID", help="one invocation alone")
    logging.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    calling = add("invoke", _invoke, "call a function as an operator")
    calling.add_argument("name", metavar="NAME")
    calling.add_argument("--event", default="{}", metavar="JSON", help="the event ({})")
    calling.add_argument("--as", choices=["operator", "timer"], default="operator", dest="caller")
    asking = add(
        "doctor", _doctor, "ask the environment what no document says of it, with a probe deleted after"
    )
    asking.add_argument("--slow", action="store_true", help="wait for a timer, too (two minutes)")
    return parser


def _plan(options: argparse.Namespace, output: Output) -> int:
    place, wanted, found = _compared(options)
    collections = tables.plan(CloudApi(place.access), definitions.load())
    planned = _planned(options, wanted, found)
    output.plan(collections, planned, _notes(wanted, found))
    if planned.problems:
        return 1
    return DIFFERS if options.exit_code and (collections.changes or planned.changes) else 0


def _apply(options: argparse.Namespace, output: Output) -> int:
    place, wanted, found = _compared(options)
    api = CloudApi(place.access)
    collections, planned = tables.plan(api, definitions.load()), _planned(options, wanted, found)
    if planned.problems:
        output.applied([], collections, planned, _notes(wanted, found))
        return 1
    deployment = Deployment(wanted, found, place.environment, place.doors)
    total = len(collections.changes) + len(planned.changes)
    making: Iterator[Change | tables.Change] = chain(
        tables.apply(api, collections.changes),
        deployment.run(planned, None if options.no_functions else place.journal),
    )
    done = list(output.progress(output.done(making), total, "applying"))
    if options.prune and planned.unknown and _confirmed(planned, wanted.env_id):
        for extra in planned.unknown:
            deployment.prune(extra)
            done.append(f"delete {extra.text}")
    if options.write_versions:
        numbers.write(ROOT, deployment.versions)
    output.applied(done, collections, planned, _notes(wanted, found, deployment.versions))
    return 0


def _verify(options: argparse.Namespace, output: Output) -> int:
    place = _place(options)
    expected = _recorded(place.journal) if options.journal else _expected(*_compared(options)[1:])
    asked = verify.verify(place.environment, expected)
    verdicts = list(output.progress(asked, len(expected), "asking"))
    output.verified(verdicts)
    return 1 if any(each.wrong for each in verdicts) else 0


def _rollback(options: argparse.Namespace, output: Output) -> int:
    place = _place(options)
    entry = rollback.target(place.journal.entries())
    steps = list(rollback.steps(entry, place.environment.functions()))
    if lacking := rollback.lacking(entry, steps, place.journal, place.environment):
        raise NotDeployable("\n".join(lacking))
    if options.apply:
        going = rollback.run(entry, steps, place.journal, place.environment)
        steps = list(output.progress(going, len(steps), "going back"))
    output.rolled_back(entry.at, steps, applied=options.apply)
    return 0


def _logs(options: argparse.Namespace, output: Output) -> int:
    place = _place(options)
    names = [options.function] if options.function else sorted(place.environment.functions())
    first = watching.since(options.since, watching.now())
    output.logs(
        watching.logs(place.environment, names, first, request_id=options.request_id, follow=options.follow)
    )
    return 0


def _invoke(options: argparse.Namespace, output: Output) -> int:
    environment = _place(options).environment
    try:
        event = json.loads(options.event)
    except ValueError as error:
        raise NotDeployable(f"--event is not JSON: {error}.") from error
    if options.caller == "timer":
        event = {**watching.timer_event(environment.function(options.name).timers), **event}
    invoked = environment.invoke(options.name, event)
    output.invoked(invoked)
    return 1 if invoked.failure else 0


def _doctor(options: argparse.Namespace, output: Output) -> int:
    place = _place(options)
    asking = doctor.examine(place.environment, CloudApi(place.access), slow=options.slow)
    output.facts(list(output.progress(asking, doctor.TOTAL, "asking")))
    return 0


def _place(options: argparse.Namespace) -> _Place:
    where = access.access(options)
    folder = ROOT / ".local" / "deploy" / where.env_id
    return _Place(where, Environment(where), Doors(tcb(where), where.env_id), Journal(folder))


def _compared(options: argparse.Namespace) -> tuple[_Place, Wanted, Found]:
    place = _place(options)
    wanted = repository.read(ROOT, place.access, file=options.settings, recreate=options.recreate)
    return place, wanted, repository.found(wanted, place.environment, place.doors)


def _planned(options: argparse.Namespace, wanted: Wanted, found: Found) -> Plan:
    planned = plan.plan(wanted, found)
    return plan.without_functions(planned) if options.no_functions else planned


def _expected(wanted: Wanted, found: Found) -> list[verify.Expected]:
    return [
        verify.Expected(
            one.name,
            verify.digest_of(one.files["index.py"]),
            {alias: wanted.layers[alias].digest for alias in one.layers},
            tuple(plan.differences(wanted, found, one, existing))
            if (existing := found.functions.get(one.name))
            else (),
        )
        for one in wanted.functions
    ]


def _recorded(journal: Journal) -> list[verify.Expected]:
    entries = journal.entries()
    if not entries:
        raise NotDeployable("Nothing was deployed from this machine yet.")
    functions = entries[-1].functions
    return [verify.Expected(name, each.file, each.digests) for name, each in functions.items()]


def _notes(wanted: Wanted, found: Found, versions: Mapping[str, int] | None = None) -> list[str]:
    """Return what is worth knowing and changes nothing."""
    bound = {alias: plan.bound_version(wanted, found, alias) for alias in wanted.layers}
    known = versions or {alias: number for alias, number in bound.items() if number is not None}
    stale = numbers.stale(ROOT, known)
    told = ", ".join(f"{alias} {number}" for alias, number in stale.items())
    return (
        [f"cloudbaserc.json has other numbers than this environment: {told} (--write-versions)"]
        if told
        else []
    )


def _confirmed(planned: Plan, env_id: str) -> bool:
    """Ask, on a terminal alone, whether to delete everything that is not known here."""
    for extra in planned.unknown:
        print(f"would delete {extra.text}", file=sys.stderr)
    if not sys.stdin.isatty():
        print("Nothing is deleted without a person who says so.", file=sys.stderr)
        return False
    return input(f"Type {env_id} to delete all of it: ").strip() == env_id
