"""Sample documents are validated before anything is stored, and phones leave no plain trace."""

import json
from pathlib import Path
from typing import Any

import pytest

from dataio import sample
from gardenshop.flows.accounts import phone_hash

KEY = "a key of the tests, long enough"
ACCOUNT = {"_id": "legacy:1", "createdAt": 1, "updatedAt": 2, "legacy": {"shopUid": "1"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, collection: str, *documents: dict[str, Any]) -> None:
    content = {"collection": collection, "documents": documents}
    (folder / f"{collection}.json").write_text(json.dumps(content), encoding="utf-8")


def test_every_shipped_sample_document_is_valid() -> None:
    found = sample.read(phone_hash_key=KEY)

    assert found.invalid == []
    assert len(found.records) > 500


def test_a_phone_is_stored_as_the_hash_that_login_looks_for(folder: Path) -> None:
    write(folder, "users", {**ACCOUNT, "phone": "13800010086"})

    (record,) = sample.read(folder, phone_hash_key=KEY).records

    assert record.document["phoneHash"] == phone_hash("13800010086", KEY)
    assert record.document["phoneMasked"] == "138****0086"
    assert "13800010086" not in json.dumps([record.document, record.stated])


def test_without_the_key_a_phone_is_refused_by_name(folder: Path) -> None:
    write(folder, "users", {**ACCOUNT, "phone": "13800010086"})

    found = sample.read(folder, phone_hash_key=None)

    assert found.records == []
    assert found.invalid == [("users.json legacy:1", "its phone cannot be hashed: PHONE_HASH_KEY is not set")]


def test_an_invalid_document_is_named_with_its_fields_and_not_its_values(folder: Path) -> None:
    write(folder, "users", {**ACCOUNT, "tier": "secret value", "extra": 1}, {**ACCOUNT, "_id": "legacy:2"})

    found = sample.read(folder, phone_hash_key=None)

    assert [record.key for record in found.records] == ["legacy:2"]
    ((place, reason),) = found.invalid
    assert place == "users.json legacy:1"
    assert "tier: " in reason
    assert "extra: Extra inputs are not permitted" in reason
    assert "secret value" not in reason
