"""Restoring: what was written since is kept aside, and a run that died anywhere may be started again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from archives import Shelf
from dataio import restoring
from faults import Fragile, Killed
from functions.builders import product
from gardenshop.cloud.database import Database, Document, delete, insert, update
from gardenshop.flows import backups
from gardenshop.flows.backups import Archive, Damaged
from gardenshop.models.backup import Manifest
from harness import ENV, Shop, open_shop

NOW, LATER = 1_795_900_000_000, 1_795_900_100_000
NAME = "products"


class World:
    """A shop with a backup of it, and what was written since."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.fragile = Fragile(shop.adapter.inner)
        shop.adapter.inner = self.fragile
        self.db = Database(shop.adapter)
        self.archive = Archive(Shelf())
        for number in range(5):
            shop.add(NAME, product(f"p{number}"))
        self.before = shop.documents(NAME)
        manifest = backups.begin(self.archive, "2026-11-29", now=NOW, code="c0de")
        while manifest.ended_at is None:
            manifest = backups.advance(self.db, self.archive, manifest, now=NOW)
        self.manifest: Manifest = manifest
        self.db.write(
            update(
                NAME, {"_id": "p1"}, {"$set": {"title": "新", "updatedAt": LATER}, "$unset": {"skus": ""}}
            ),
            delete(NAME, {"_id": "p2"}),
            update(NAME, {"_id": "p3"}, {"$set": {"schemaVersion": 1.0}}),
            insert(NAME, product("p9", updatedAt=LATER)),
        )
        self.changed = shop.documents(NAME)

    def create_collection(self, name: str, permission: str) -> None:
        assert permission == "ADMINONLY"
        if name not in self.shop.engine.list_collections(ENV):
            self.shop.engine.create_collection(ENV, name)

    def restore(self) -> Any:
        restoring.fill(self, self.db, self.archive, self.manifest, NAME)
        counts = restoring.swap(self, self.db, self.manifest, NAME, now=LATER)
        restoring.clear(self.db, self.manifest, NAME)
        return counts

    def aside(self) -> list[Document]:
        name = restoring.aside_of(NAME, self.manifest)
        return self.shop.documents(name) if name in self.shop.engine.list_collections(ENV) else []

    def shadow(self) -> list[Document]:
        return self.shop.documents(restoring.shadow_of(NAME, self.manifest))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The backup has parts of two documents."""
    monkeypatch.setattr(backups, "PAGE", 2)
    monkeypatch.setattr(backups, "PART_BYTES", 1)
    with open_shop() as shop:
        yield World(shop)


def by_id(documents: list[Document]) -> dict[str, Document]:
    return {each["_id"]: each for each in documents}


def test_a_dry_run_counts_what_differs_and_what_was_written_since(world: World) -> None:
    due = restoring.stored(world.archive, world.manifest, NAME)

    counts = restoring.count(restoring.differences(restoring.live(world.db, NAME), due), NOW)

    assert counts == {"changed": 2, "missing": 1, "new": 1, "writtenSince": 2}
    assert by_id(world.shop.documents(NAME)) == by_id(world.changed)


def test_the_collection_is_as_it_was_and_what_it_was_meanwhile_is_kept_aside(world: World) -> None:
    counts = world.restore()

    assert by_id(world.shop.documents(NAME)) == by_id(world.before)
    assert counts == {"changed": 2, "missing": 1, "new": 1}
    changed = by_id(world.changed)
    assert [each["document"] for each in world.aside()] == [changed["p1"], changed["p3"], changed["p9"]]
    assert world.shadow() == []


def test_a_number_that_was_stored_as_another_kind_comes_back(world: World) -> None:
    world.restore()

    assert type(world.shop.one(NAME, "p3")["schemaVersion"]) is int


def test_doing_it_again_changes_nothing(world: World) -> None:
    world.restore()
    before = world.shop.documents(NAME), world.aside()

    assert world.restore() == {}
    assert (world.shop.documents(NAME), world.aside()) == before


@pytest.mark.parametrize("lives", range(16))
def test_whatever_write_it_dies_after_it_is_started_again(world: World, lives: int) -> None:
    world.fragile.doom(lives)
    with pytest.raises(Killed):
        world.restore()
    kept = {each["document"]["_id"] for each in world.aside()}
    stored = by_id(world.shop.documents(NAME))
    lost = [key for key, one in by_id(world.changed).items() if stored.get(key) != one and key not in kept]
    assert lost == []
    world.fragile.heal()

    world.restore()

    assert by_id(world.shop.documents(NAME)) == by_id(world.before)
    assert {each["document"]["_id"] for each in world.aside()} == {"p1", "p3", "p9"}


@pytest.mark.parametrize("key", ["p1", "p9"], ids=["changed", "new"])
def test_what_is_written_while_it_runs_is_kept_aside_too(
    world: World, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """The shop writes once more after a document was read and kept, and before it is changed or deleted."""
    last = {"$set": {"title": "更新", "updatedAt": LATER + 1}}
    written = meanwhile(monkeypatch, lambda: world.db.write(update(NAME, {"_id": key}, last)))

    world.restore()

    assert written == [True]
    assert by_id(world.shop.documents(NAME)) == by_id(world.before)
    kept = [each["document"] for each in world.aside() if each["_id"].startswith(f"{key}@")]
    assert {each["title"] for each in kept} == {by_id(world.changed)[key]["title"], "更新"}


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> list[bool]:
    """Let *act* happen once, right before documents are changed."""
    done: list[bool] = []
    real = restoring._bring

    def bring(*arguments: Any) -> Any:
        if not done:
            done.append(True)
            act()
        return real(*arguments)

    monkeypatch.setattr(restoring, "_bring", bring)
    return done


def test_a_unique_key_that_went_to_another_document_comes_back(world: World) -> None:
    """The SKU of p2, which was deleted, belongs to p2x now."""
    taken = product("p2")["skus"]
    world.db.write(insert(NAME, {**product("q"), "_id": "p2x", "skus": taken}))

    world.restore()

    assert by_id(world.shop.documents(NAME)) == by_id(world.before)


def test_a_shop_that_never_stops_writing_is_told_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real, number = restoring._bring, iter(range(100))

    def bring(*arguments: Any) -> Any:
        world.db.write(update(NAME, {"_id": "p1"}, {"$set": {"sales": 1000 + next(number)}}))
        return real(*arguments)

    monkeypatch.setattr(restoring, "_bring", bring)
    restoring.fill(world, world.db, world.archive, world.manifest, NAME)

    assert restoring.swap(world, world.db, world.manifest, NAME, now=LATER)["left"] == 1


@pytest.mark.parametrize("harm", ["more", "other"])
def test_a_shadow_that_is_not_the_backup_stops_it_before_anything_changes(world: World, harm: str) -> None:
    shadow = restoring.shadow_of(NAME, world.manifest)
    restoring.fill(world, world.db, world.archive, world.manifest, NAME)
    if harm == "more":
        world.db.write(insert(shadow, product("zz")))
    else:
        world.db.write(update(shadow, {"_id": "p0"}, {"$set": {"title": "别的"}}))

    with pytest.raises(Damaged, match="restore again"):
        world.restore()

    assert by_id(world.shop.documents(NAME)) == by_id(world.changed)
