"""The commands import and rollback: taking the predecessor's documents in, and taking that back."""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from dataio import access, documents, journal, keeping, undoing
from dataio.archive import archive as open_archive
from dataio.cloudapi import CloudApi
from dataio.documents import Record, Written
from dataio.journal import Journal
from dataio.keeping import Add
from dataio.output import Output
from dataio.port import Port
from dataio.predecessor import files
from dataio.predecessor.files import Names
from dataio.predecessor.sheets import LAYOUTS
from dataio.predecessor.source import Outcome
from dataio.report import Report, Taken
from gardenshop.cloud.clock import now_ms
from gardenshop.cloud.database import Database


def add_commands(add: Add) -> None:
    """Add the two commands to the command line."""
    take_in = add(
        "import", _import, "take in the former shop's documents: a dry run, unless --apply is given"
    )
    take_in.add_argument("source", type=Path, metavar="DIR", help="the folder of its JSON, CSV or XLSX files")
    take_in.add_argument(
        "--layouts", type=Path, default=LAYOUTS, metavar="DIR", help="what the columns of its tables are"
    )
    take_in.add_argument(
        "--apply", action="store_true", help="make a backup, store what the dry run shows, read it back"
    )
    back = add("rollback", _rollback, "take an import back and keep what was written since: a dry run, too")
    back.add_argument("id", metavar="ID", help=f"as `import` names it, or {journal.LATEST}")
    back.add_argument("--apply", action="store_true", help="do what the dry run shows")
    keeping.add_folder(take_in)
    for parser in (take_in, back):
        parser.add_argument(
            "--errors", type=Path, metavar="FILE", help="write each record that is not as it was"
        )
        access.add_options(parser)


def _import(options: argparse.Namespace, output: Output) -> int:
    cloud, exported = _cloud_if_any(options), files.files(options.source)
    stored = files.stored_names(cloud)
    sums = journal.sha256(exported)
    noted = journal.of_files(_environment(options) if cloud else "", sums)
    facts: dict[str, Any] = {"import": noted.id, "sha256": sums}
    with _errors(options.errors) as errors:
        report = Report(errors)
        records = report.records(_outcomes(options, stored))
        if cloud and options.apply:
            facts["backup"] = _backup(options, output, cloud, noted)
            _count(output, documents.store(cloud, records, announce=noted.announce), report)
            found = documents.check(cloud, _records(_outcomes(options, stored)))
            for record, state in output.progress(found, None, "reading back"):
                report.checked(record, state)
            noted.note(endedAt=now_ms())
        else:
            fates = documents.store(cloud, records, dry_run=True) if cloud else records
            _count(output, fates, report)
    output.imported(report, facts)
    return 1 if report.refused or report.verified is False else 0


def _rollback(options: argparse.Namespace, output: Output) -> int:
    cloud = CloudApi(access.access(options))
    db, noted = Database(Port(cloud)), journal.named(_environment(options), options.id)
    with _errors(options.errors) as errors:
        taken = Taken(errors)
        for step in output.progress(undoing.steps(db, noted, dry=not options.apply), None, "taking back"):
            taken.step(undoing.take(step) if options.apply else step)
    output.rolled_back(noted.id, taken, applied=options.apply)
    return 1 if taken.left else 0


def _backup(options: argparse.Namespace, output: Output, cloud: CloudApi, noted: Journal) -> str:
    """Make a backup and begin the journal; a run that goes on has both."""
    begun = noted.facts
    if "backup" in begun and not begun["endedAt"]:
        return str(begun["backup"])
    manifest = keeping.back_up(Database(Port(cloud)), open_archive(options.folder), output)
    noted.note(backup=manifest.id, startedAt=now_ms(), endedAt=None)
    return manifest.id


def _count(output: Output, passing: Iterable[Written | Record], report: Report) -> None:
    for one in output.progress(passing, None, "importing"):
        if isinstance(one, Written):
            report.written(one)


def _outcomes(options: argparse.Namespace, stored: Names) -> Iterator[Outcome]:
    key = access.phone_hash_key()
    return files.convert(options.source, stored, layouts=options.layouts, phone_hash_key=key)


def _records(outcomes: Iterable[Outcome]) -> Iterator[Record]:
    return (record for outcome in outcomes for record in outcome.records)


def _environment(options: argparse.Namespace) -> str:
    return access.access(options).env_id


@contextmanager
def _errors(path: Path | None) -> Iterator[TextIO | None]:
    """Open the error file, as spreadsheets read it, if there is to be one."""
    if path is None:
        yield None
        return
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        yield file


def _cloud_if_any(options: argparse.Namespace) -> CloudApi | None:
    """Return the environment; a dry run does without one."""
    try:
        return CloudApi(access.access(options))
    except access.NoLocalCloud:
        if options.apply:
            raise
        return None
