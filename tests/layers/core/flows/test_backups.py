"""Backups: every document comes back, a broken run goes on, and whatever is changed later is found."""

import gzip
import hashlib
import json
from typing import Any

import pytest

from archives import Shelf
from faults import Killed
from functions.builders import product
from gardenshop.cloud.database import Database, Document, insert, update
from gardenshop.flows import backups
from gardenshop.flows.backups import Archive, Damaged
from gardenshop.models.backup import Manifest
from harness import Shop

KEY, OTHER = bytes(range(32)), bytes(32)
ID, NOW = "2026-11-29", 1_795_900_000_000
KEYS = pytest.mark.parametrize("key", [None, KEY], ids=["plain", "sealed"])


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "PAGE", 2)
    monkeypatch.setattr(backups, "PART_BYTES", 2000)


@pytest.fixture(autouse=True)
def _goods(shop: Shop) -> None:
    for number in range(7):
        shop.add("products", stored_product(f"p{number}"))
    shop.add("gardens", {"_id": "u1", "plants": [], "xp": 1, "rate": 1.5, "empty": {}, "none": None})


def stored_product(product_id: str) -> Document:
    return product(product_id, title=f"{product_id}“豆腐”\n\u2028")


def whole(db: Database, archive: Archive, manifest: Manifest | None = None) -> Manifest:
    """Write a backup to its end, or go on with *manifest*."""
    manifest = manifest or backups.begin(archive, ID, now=NOW, code="c0de")
    while manifest.ended_at is None:
        manifest = backups.advance(db, archive, manifest, now=NOW + 1)
    return manifest


def held(archive: Archive, manifest: Manifest) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {name: [] for name in manifest.collections}
    for part in manifest.parts:
        found[part.collection] += backups.documents_of(archive, manifest, part)
    return found


def texts(found: dict[str, list[Document]]) -> str:
    return json.dumps(found, ensure_ascii=False)


@KEYS
def test_every_document_comes_back_as_it_was_with_its_fields_in_order(
    shop: Shop, db: Database, key: bytes | None
) -> None:
    archive = Archive(Shelf(), key)

    manifest = whole(db, archive)

    assert texts(held(archive, manifest)) == texts(shop.dump())
    assert backups.load(archive, ID) == manifest
    assert list(backups.faults(archive, manifest)) == []
    assert [part.documents for part in manifest.of("products")] == [4, 3]
    assert manifest.documents == 8
    assert manifest.schema_versions == {"products": (1,), "gardens": (1,)}


def test_a_part_is_lines_of_json_that_any_tool_reads(shop: Shop, db: Database) -> None:
    shelf = Shelf()
    part = whole(db, Archive(shelf)).of("gardens")[0]

    lines = gzip.decompress(shelf.files[part.name]).decode().split("\n")

    assert [json.loads(line) for line in lines if line] == shop.documents("gardens")
    assert hashlib.sha256(shelf.files[part.name]).hexdigest() == part.sha256


def test_a_sealed_backup_shows_nothing_of_its_documents(db: Database) -> None:
    shelf = Shelf()

    manifest = whole(db, Archive(shelf, KEY))

    parts = [shelf.files[part.name] for part in manifest.parts]
    assert all(part.startswith(b"GSB1") and b"\x1f\x8b" not in part[20:22] for part in parts)


@KEYS
@pytest.mark.parametrize("lives", range(9))
def test_a_run_that_died_goes_on_from_its_manifest(
    shop: Shop, db: Database, key: bytes | None, lives: int
) -> None:
    shelf = Shelf()
    archive = Archive(shelf, key)
    shelf.lives = lives
    try:
        whole(db, archive)
    except Killed:
        assert backups.fault_of(backups.load(archive, ID) or backups.begin(archive, ID, now=0, code=""))
    shelf.lives = None

    manifest = whole(db, archive, backups.load(archive, ID))

    assert texts(held(archive, manifest)) == texts(shop.dump())
    assert list(backups.faults(archive, manifest)) == []


def test_what_changes_while_it_is_written_is_in_it_or_not_but_nothing_is_twice(db: Database) -> None:
    archive = Archive(Shelf())
    manifest = backups.begin(archive, ID, now=NOW, code="c0de")
    while not manifest.of("products"):
        manifest = backups.advance(db, archive, manifest, now=NOW)
    db.write(
        insert("products", stored_product("p0a")),
        insert("products", stored_product("p9")),
        update("products", {"_id": "p1"}, {"$set": {"title": "新"}}),
    )

    manifest = whole(db, archive, manifest)

    ids = [each["_id"] for each in held(archive, manifest)["products"]]
    assert ids == ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p9"]
    assert list(backups.faults(archive, manifest)) == []


def test_two_runs_at_once_do_not_write_over_each_other(db: Database) -> None:
    shelf = Shelf()
    archive = Archive(shelf)
    first = backups.begin(archive, ID, now=NOW, code="c0de")
    while not first.of("products"):
        first = backups.advance(db, archive, first, now=NOW)
    db.write(update("products", {"_id": "p1"}, {"$set": {"title": "新"}}))

    other = whole(db, archive)
    first = whole(db, archive, first)

    assert list(backups.faults(archive, first)) == list(backups.faults(archive, other)) == []


def _drop(shelf: Shelf, names: list[str]) -> None:
    del shelf.files[names[0]]


def _cut(shelf: Shelf, names: list[str]) -> None:
    shelf.files[names[0]] = shelf.files[names[0]][:-1]


def _turn(shelf: Shelf, names: list[str]) -> None:
    shelf.files[names[0]] = shelf.files[names[0]][:-9] + bytes([shelf.files[names[0]][-9] ^ 1]) + bytes(8)


def _swap(shelf: Shelf, names: list[str]) -> None:
    first, second = names[:2]
    shelf.files[first], shelf.files[second] = shelf.files[second], shelf.files[first]


@KEYS
@pytest.mark.parametrize("harm", [_drop, _cut, _turn, _swap])
def test_a_part_that_is_lost_cut_changed_or_moved_is_found(
    db: Database, key: bytes | None, harm: Any
) -> None:
    shelf = Shelf()
    archive = Archive(shelf, key)
    manifest = whole(db, archive)

    harm(shelf, [part.name for part in manifest.of("products")])

    assert list(backups.faults(archive, manifest))


def test_a_part_is_proved_by_the_key_even_where_the_manifest_was_made_to_fit(db: Database) -> None:
    """A manifest that names the parts in another order, with all hashes right."""
    archive = Archive(Shelf(), KEY)
    manifest = whole(db, archive)
    one, two = manifest.of("products")
    moved = one.model_copy(update={"name": two.name, "sha256": two.sha256})

    with pytest.raises(Damaged, match="does not hold"):
        backups.documents_of(archive, manifest, moved)


def test_a_manifest_that_was_changed_is_found_by_the_key(db: Database) -> None:
    shelf = Shelf()
    archive = Archive(shelf, KEY)
    manifest = whole(db, archive)
    backups.save(Archive(shelf, OTHER), manifest.model_copy(update={"parts": manifest.parts[1:]}))

    with pytest.raises(Damaged, match="manifest was changed"):
        backups.load(archive, ID)


def test_parts_that_are_missing_from_a_manifest_are_found_without_a_key(db: Database) -> None:
    manifest = whole(db, Archive(Shelf()))

    assert "missing" in backups.fault_of(manifest.model_copy(update={"parts": manifest.parts[1:]}))
    assert "order" in backups.fault_of(manifest.model_copy(update={"parts": manifest.parts[::-1]}))


def test_another_key_or_none_opens_nothing(db: Database) -> None:
    shelf = Shelf()
    manifest = whole(db, Archive(shelf, KEY))
    part = manifest.parts[0]

    with pytest.raises(Damaged, match="wrong key"):
        backups.documents_of(Archive(shelf, OTHER), manifest, part)
    with pytest.raises(Damaged, match="key is needed"):
        backups.documents_of(Archive(shelf), manifest, part)
    with pytest.raises(Damaged, match="key is another"):
        backups.load(Archive(shelf, OTHER), ID)


def test_a_manifest_that_cannot_be_read_is_damage_and_none_is_none() -> None:
    shelf = Shelf()
    archive = Archive(shelf)
    assert backups.load(archive, ID) is None

    shelf.files[f"{ID}/manifest.json"] = b"{}"

    with pytest.raises(Damaged):
        backups.load(archive, ID)


@pytest.mark.parametrize("lives", range(4))
def test_a_backup_that_is_half_deleted_passes_for_none(db: Database, lives: int) -> None:
    shelf = Shelf()
    archive = Archive(shelf)
    whole(db, archive)
    shelf.lives = lives
    try:
        backups.remove(archive, ID)
    except Killed:
        assert (backups.load(archive, ID) is None) == (lives > 0)
    shelf.lives = None

    backups.remove(archive, ID)

    assert backups.ids(archive) == []
