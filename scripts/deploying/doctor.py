"""What no document says of the platform, asked of an environment: by a probe function, and by its database.

Everything that is made for it is called ``doctor_probe…``, and deleted after.
"""

import json
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from dataio.cloudapi import CloudApi, CloudError
from deploying.archives import archive
from deploying.building import RUNTIME
from deploying.environment import Environment, Settings
from deploying.errors import NotDeployable
from deploying.watching import logs, now

_PROBE = Path(__file__).parent / "probe"
_HANDLER = "index.main"
_EVERY_MINUTE = "0 * * * * * *"
_TIMER_SECONDS, _POLL_SECONDS = 150, 5
_BIG, _BIG_ANSWER = 150 * 1024, 1100 * 1024


class Fact(NamedTuple):
    """One question, whether the answer was found, and what was seen."""

    question: str
    found: str
    seen: str


Ask = Callable[["_Patient"], str]


class _Patient(NamedTuple):
    """What the questions are put to: an environment with a probe and a collection."""

    environment: Environment
    api: CloudApi
    function: str
    collection: str
    layer: str


def examine(environment: Environment, api: CloudApi, *, slow: bool) -> Iterator[Fact]:
    """Put every question; one that cannot be answered says why, and the others are put all the same."""
    with _probe(environment, api) as patient:
        for question, ask in QUESTIONS.items():
            yield _fact(question, ask, patient)
        if slow:
            yield _fact(_TIMER, _timer, patient)
        else:
            yield Fact(_TIMER, "not asked", "--slow asks it")


def _fact(question: str, ask: Ask, patient: _Patient) -> Fact:
    try:
        return Fact(question, "yes", ask(patient))
    except CloudError as error:
        return Fact(question, "refused", str(error))
    except _Unanswered as reason:
        return Fact(question, "no", str(reason))


class _Unanswered(Exception):
    """The environment did not tell."""


@contextmanager
def _probe(environment: Environment, api: CloudApi) -> Iterator[_Patient]:
    """Deploy the probe with a layer, make a collection, and delete all of it however the questions end."""
    name = f"doctor_probe_{secrets.token_hex(3)}"
    tc3 = Path(__file__).parents[2] / "layers" / "core" / "gardenshop" / "cloud" / "tc3.py"
    code = archive(
        {"index.py": (_PROBE / "index.py").read_bytes(), "gardenshop/cloud/tc3.py": tc3.read_bytes()}
    )
    try:
        versions = [
            environment.publish_layer(
                name, archive({"probe_mark.py": f"MARK = {number}\n".encode()}), "doctor"
            )
            for number in (1, 2)
        ]
        layers = tuple((name, version) for version in versions)
        environment.create_function(name, RUNTIME, code, Settings(_HANDLER, 20, 128, {}, layers), "doctor")
        api.create_collection(name, "ADMINONLY")
        yield _Patient(environment, api, name, name, name)
    finally:
        _end(name, lambda: environment.delete_function(name))
        for version in environment.layer_versions(name):
            _end(name, partial(environment.delete_layer, name, version.version))
        _end(name, lambda: environment.tcb.call("DeleteTable", EnvId=environment.id, TableName=name))


def _end(name: str, delete: Callable[[], object]) -> None:
    try:
        delete()
    except CloudError as error:
        print(f"{name} could not be deleted, do it in the console: {error}", file=sys.stderr)


def _ask(patient: _Patient, **event: Any) -> dict[str, Any]:
    invoked = patient.environment.invoke(patient.function, event)
    if invoked.failure or not isinstance(invoked.result, dict):
        raise _Unanswered((invoked.failure or str(invoked.result)).strip().splitlines()[-1])
    return invoked.result


def _context_keys(patient: _Patient) -> str:
    told = _ask(patient, ask="context")
    return f"context: {', '.join(told['context'])}; environment: {', '.join(told['environment']) or 'empty'}"


def _source(patient: _Patient) -> str:
    return _ask(patient, ask="context")["source"] or "none for an operator's call"


def _process_environment(patient: _Patient) -> str:
    ours = ("TCB_", "WX_", "SCF_", "TENCENTCLOUD_", "QCLOUD_", "TRIGGER_", "PYTHON", "_SCF", "USER_CODE")
    return ", ".join(name for name in _ask(patient, ask="context")["environ"] if name.startswith(ours))


def _sys_path(patient: _Patient) -> str:
    told = _ask(patient, ask="context")
    return f"Python {told['python']}: {':'.join(told['path'])}"


def _layer_order(patient: _Patient) -> str:
    told = _ask(patient, ask="layers")
    return f"the {'later' if told['mark'] == 2 else 'earlier'} layer wins, at {told['file']}"  # noqa: PLR2004


def _staged_layer(patient: _Patient) -> str:
    content = archive({"probe_mark.py": b"MARK = 3\n"})
    try:
        version = patient.environment.publish_staged(patient.layer, content, "doctor")
    except NotDeployable as error:
        raise _Unanswered(str(error)) from error
    return f"version {version} was published from the temporary bucket"


def _newer_runtime(patient: _Patient) -> str:
    name = f"{patient.function}n"
    settings = Settings(_HANDLER, 5, 128, {}, ())
    code = archive({"index.py": b"def main(event, context):\n    return 1\n"})
    try:
        patient.environment.create_function(name, "Python3.11", code, settings, "doctor")
    except NotDeployable as error:
        raise _Unanswered(str(error)) from error
    patient.environment.delete_function(name)
    return "Python3.11 is accepted"


def _temporary_credentials(patient: _Patient) -> str:
    command = {
        "TableName": patient.collection,
        "CommandType": "QUERY",
        "Command": f'{{"find": "{patient.collection}"}}',
    }
    region = patient.environment.describe().get("Region") or "ap-shanghai"
    told = _ask(patient, ask="database", env=patient.environment.id, region=region, commands=[command])
    kind = "with a session token" if told["temporary"] else "without a session token"
    if told["error"]:
        raise _Unanswered(f"{kind}: {told['error']['Code']}: {told['error']['Message']}")
    return f"they may, {kind}"


def _storage(patient: _Patient) -> str:
    storages = patient.environment.describe().get("Storages") or []
    if not storages:
        raise _Unanswered("the environment has no storage")
    bucket, region = storages[0]["Bucket"], storages[0].get("Region") or "ap-shanghai"
    told = _ask(patient, ask="storage", bucket=bucket, region=region)
    return f"HTTP {told['status']}"


def _big_event(patient: _Patient) -> str:
    told = _ask(patient, ask="size", text="x" * _BIG, answer=_BIG_ANSWER)
    return f"an operator's call of {told['received']} bytes answered with {len(told['text'])}"


def _raw(patient: _Patient, *commands: tuple[str, Mapping[str, Any]]) -> Any:
    """Run commands and return the Data as it comes."""
    mgo = [
        {"TableName": patient.collection, "CommandType": kind, "Command": json.dumps(command)}
        for kind, command in commands
    ]
    return patient.environment.tcb.call("RunCommands", EnvId=patient.environment.id, MgoCommands=mgo).get(
        "Data"
    )


def _insert(patient: _Patient, *keys: str) -> tuple[str, dict[str, Any]]:
    return "INSERT", {"insert": patient.collection, "documents": [{"_id": key} for key in keys]}


def _duplicate(patient: _Patient) -> str:
    _raw(patient, _insert(patient, "twice"))
    return str(_raw(patient, _insert(patient, "twice")))


def _duplicate_in_list(patient: _Patient) -> str:
    _raw(patient, _insert(patient, "listed"))
    try:
        answered = str(
            _raw(patient, _insert(patient, "before"), _insert(patient, "listed"), _insert(patient, "after"))
        )
    except CloudError as error:
        answered = str(error)
    stored = _raw(
        patient, ("QUERY", {"find": patient.collection, "filter": {"_id": {"$in": ["before", "after"]}}})
    )
    return f"{answered}; stored of the others: {stored}"


def _find_limit(patient: _Patient) -> str:
    count = 1200
    for first in range(0, count, 400):
        _raw(patient, _insert(patient, *(f"n{number}" for number in range(first, first + 400))))
    (rows,) = patient.api.run([{"find": patient.collection, "filter": {}, "limit": count}])
    return f"a find with limit {count} returns {len(rows)}"


def _command(kind: str, **command: Any) -> Ask:
    """Return the question of what a command on the collection answers; its first key is its name."""

    def ask(patient: _Patient) -> str:
        name, *_ = command
        value = 1 if command[name] is None else patient.collection
        return str(_raw(patient, (kind, {**command, name: value})))[:300]

    return ask


def _timer(patient: _Patient) -> str:
    """Let a timer start the probe and read what it told the log."""
    environment, first = patient.environment, now()
    environment.create_timer(patient.function, "every_minute", _EVERY_MINUTE)
    for _ in range(_TIMER_SECONDS // _POLL_SECONDS):
        for row in logs(environment, [patient.function], first, request_id=None, follow=False):
            told = [line for line in str(row.get("Log")).splitlines() if line.startswith("probe ")]
            if told:
                return told[0][:600]
        environment.sleep(_POLL_SECONDS)
    raise _Unanswered(f"it was not started within {_TIMER_SECONDS} seconds, or its log is not there yet")


_TIMER = "What a timer's event and context hold, and its clock beside ours"

QUESTIONS: Mapping[str, Ask] = {
    "Which keys the context of an operator's call has": _context_keys,
    "Which source an operator's call names": _source,
    "Which of the platform's variables the process has": _process_environment,
    "Which Python runs, and what is on sys.path": _sys_path,
    "Which of two layers wins a file that both have": _layer_order,
    "Whether a layer may come by the temporary bucket": _staged_layer,
    "Whether Python3.11 functions can be created": _newer_runtime,
    "Whether a function's own credentials may call RunCommands": _temporary_credentials,
    "Whether a function's own credentials reach the storage": _storage,
    "Whether the gateway's limits bind an operator's call": _big_event,
    "How a duplicate key is answered": _duplicate,
    "What a duplicate key in a list of commands does to the others": _duplicate_in_list,
    "How many documents a find returns at most": _find_limit,
    "Which version of MongoDB answers": _command("COMMAND", buildInfo=None),
    "What findAndModify answers": _command(
        "UPDATE", findAndModify="", query={"_id": "twice"}, update={"$set": {"a": 1}}, new=True
    ),
    "Whether updates take arrayFilters": _command(
        "UPDATE",
        update="",
        updates=[{"q": {"_id": "twice"}, "u": {"$set": {"l.$[e].a": 1}}, "arrayFilters": [{"e.a": 0}]}],
    ),
    "Whether an index may expire documents": _command(
        "COMMAND", createIndexes="", indexes=[{"key": {"at": 1}, "name": "at_1", "expireAfterSeconds": 3600}]
    ),
}
TOTAL = len(QUESTIONS) + 1
