"""The documents an evaluation is about: of an export, a file of lines a collection, or of an environment."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from dataio.access import access
from dataio.cloudapi import CloudApi
from gardenshop.cloud.database import Filter, find
from gardenshop.cloud.ejson import decode

PAGE = 1000

Document = dict[str, Any]


class Wanted(NamedTuple):
    """What is asked of a collection; a *spare* one may be missing in an export."""

    collection: str
    where: Filter
    fields: tuple[str, ...]
    spare: bool = False


class Missing(Exception):
    """A file that is needed is not there; the message names it."""


def documents(wanted: Wanted, options: argparse.Namespace) -> Iterator[Document]:
    """Yield the documents *wanted*, of the folder or the environment of *options*. Raises Missing."""
    if options.folder is None:
        yield from _stored(wanted, CloudApi(access(options)))
        return
    path: Path = options.folder / f"{wanted.collection}.jsonl"
    if path.is_file():
        with path.open(encoding="utf-8") as lines:
            yield from (decode(line) for line in lines if line.strip())
    elif not wanted.spare:
        raise Missing(f"{path} is missing")


def _stored(wanted: Wanted, cloud: CloudApi) -> Iterator[Document]:
    last = ""
    while True:
        where = {**wanted.where, "_id": {"$gt": last}}
        page = find(wanted.collection, where, fields=wanted.fields, sort={"_id": 1}, limit=PAGE)
        (found,) = cloud.run([page])
        yield from found
        if not found:
            return
        last = found[-1]["_id"]
