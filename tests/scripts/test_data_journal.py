"""What an import writes is written down before, and known again whatever happened to the run."""

from pathlib import Path

import pytest

from dataio import journal
from dataio.documents import Intent, Record
from dataio.journal import Journal, NoImport, named, of_files, sha256

STAMPS = {"createdAt": 1, "updatedAt": 2}


@pytest.fixture(autouse=True)
def _top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "TOP", tmp_path / "imports")


def begun(tmp_path: Path, content: str, *, at: int = 1) -> Journal:
    file = tmp_path / "members.csv"
    file.write_text(content, "utf-8")
    found = of_files("shop", sha256([file]))
    found.note(startedAt=at)
    return found


def record(key: str) -> Record:
    return Record("meat_products", {"_id": key, **STAMPS}, {"_id": key, "updatedAt": 2})


def test_the_same_files_are_the_same_import_and_others_another(tmp_path: Path) -> None:
    first, again, other = (begun(tmp_path, content) for content in ("a", "a", "b"))

    assert first.id == again.id != other.id


def test_the_import_begun_last_is_found_and_others_by_their_names(tmp_path: Path) -> None:
    late, early = begun(tmp_path, "a", at=9), begun(tmp_path, "b", at=5)

    assert named("shop", "latest").id == late.id
    assert named("shop", early.id).id == early.id
    with pytest.raises(NoImport, match=f"There are: {early.id}, {late.id}"):
        named("shop", "nothing")
    with pytest.raises(NoImport, match="There are: none"):
        named("another", late.id)


def test_what_is_created_and_what_is_refreshed_are_told_apart(tmp_path: Path) -> None:
    found = begun(tmp_path, "a")
    former = {"_id": "beef", "name": "牛肉", "updatedAt": 1, "createdAt": 1}
    found.announce([Intent(record("pork"), None), Intent(record("beef"), former)])

    pork, beef = found.entries("meat_products")

    assert (pork.kind, pork.is_as_created({"_id": "pork", **STAMPS})) == ("created", True)
    assert not pork.is_as_created({"_id": "pork", **STAMPS, "name": "猪肉"})
    assert (beef.kind, beef.before, beef.after) == ("refreshed", {"updatedAt": 1}, {"updatedAt": 2})
    assert list(found.entries("recipes")) == []


def test_half_a_line_of_a_run_that_died_hides_nothing(tmp_path: Path) -> None:
    found = begun(tmp_path, "a")
    found.announce([Intent(record("pork"), None)])
    (writes,) = tmp_path.glob("imports/shop/*/meat_products.jsonl")
    with writes.open("ab") as file:
        file.write(b'\n{"collection": "meat_pro')

    found.announce([Intent(record("beef"), None)])

    assert [entry.key for entry in found.entries("meat_products")] == ["pork", "beef"]
