"""The sample documents of ``collections/sample``: read, validated, ready to be stored.

Each file is ``{"collection": …, "documents": […]}``. Accounts of the former shop carry a plain ``phone``,
which is stored only as the keyed hash that `login` looks for.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from dataio.definitions import FOLDER
from dataio.documents import Record, record_of
from dataio.moving import moved
from gardenshop.flows.accounts import masked, phone_hash

SAMPLE = FOLDER / "sample"


class Invalid(NamedTuple):
    """A document that is not one of its collection's: where it is and why."""

    place: str
    reason: str


class Sample(NamedTuple):
    """What the files hold."""

    records: list[Record]
    invalid: list[Invalid]


def read(folder: Path = SAMPLE, *, phone_hash_key: str | None, today: str | None = None) -> Sample:
    """Read and validate every file of *folder*, in the order of their names, as seen from *today*.

    Without *today* the documents are as they were written.
    """
    records: list[Record] = []
    invalid: list[Invalid] = []
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for raw in content["documents"]:
            place = f"{path.name} {raw.get('_id')}"
            if "phone" in raw and not phone_hash_key:
                invalid.append(Invalid(place, "its phone cannot be hashed: PHONE_HASH_KEY is not set"))
                continue
            try:
                document = _hashed(raw, phone_hash_key)
                if today is not None:
                    document = moved(content["collection"], document, today)
                records.append(record_of(content["collection"], document))
            except ValidationError as error:
                invalid.append(Invalid(place, reason(error)))
    return Sample(records, invalid)


def reason(error: ValidationError) -> str:
    """Return what is wrong, field by field, without echoing values."""
    return "; ".join(_lines(error))


def _lines(error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_input=False, include_url=False):
        field = ".".join(str(part) for part in item["loc"]) or "document"
        yield f"{field}: {item['msg']}"


def _hashed(raw: dict[str, Any], key: str | None) -> dict[str, Any]:
    if "phone" not in raw or not key:
        return raw
    kept = {name: value for name, value in raw.items() if name != "phone"}
    phone = raw["phone"]
    return {**kept, "phoneHash": phone_hash(phone, key), "phoneMasked": masked(phone)}
