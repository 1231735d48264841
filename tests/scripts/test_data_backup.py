"""scripts/data.py backup, backups, verify, restore: on a local cloud, into a folder and onto COS."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dataio import keeping
from dataio.archive import Folder
from dataio.cli import run
from dataio.cloudapi import CloudApi
from functions.builders import document, product
from gardenshop.cloud.cos import Cos, CosSettings
from gardenshop.cloud.database import Document, find, insert, update
from gardenshop.models.registry import COLLECTIONS as ALL
from localcloud.cos import CosStandIn

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcfromtimestamp:DeprecationWarning")

Command = Callable[..., tuple[int, Any]]
COLLECTIONS = (*ALL, "friends")
DAY = 86_400_000
NOW = 1_795_900_000_000
KEY = "0f" * 32


@pytest.fixture(autouse=True)
def _shop(api: CloudApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two products, a garden, and a collection that the shop does not know."""
    api.run([{"delete": name, "deletes": [{"q": {}, "limit": 0}]} for name in COLLECTIONS])
    garden = document("gardens", id="u1")
    api.run([*(insert("products", product(name)) for name in ("p1", "p2")), insert("gardens", garden)])
    api.run([insert("friends", {"_id": "f1"})])
    monkeypatch.setattr(keeping, "now_ms", lambda: NOW)
    monkeypatch.delenv("BACKUP_KEY", raising=False)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command with --json and return its exit code and what it printed."""

    def call(*arguments: str) -> tuple[int, Any]:
        code = run([*arguments, "--json"], description="")
        captured = capsys.readouterr()
        return code, json.loads(captured.out) if captured.out else captured.err.strip()

    return call


def stored(api: CloudApi) -> dict[str, list[Document]]:
    found = api.run([find(name, {}, sort={"_id": 1}) for name in COLLECTIONS])
    return {name: documents for name, documents in zip(COLLECTIONS, found, strict=True) if documents}


def folder_of(tmp_path: Path) -> tuple[str, str]:
    return "--folder", str(tmp_path / "backups")


def test_what_was_written_is_verified_listed_and_comes_back(
    api: CloudApi, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, before = folder_of(tmp_path), stored(api)
    monkeypatch.setenv("BACKUP_KEY", KEY)
    code, told = command("backup", *place)
    assert (code, told["faults"], told["documents"]) == (0, [], 3)
    assert told["collections"] == {"products": 2, "gardens": 1}
    assert command("verify", told["id"], *place)[0] == 0
    assert [(one["id"], one["state"]) for one in command("backups", *place)[1]["backups"]] == [
        ("2026-11-29T050640", "whole")
    ]
    new, changes = product("p3", updatedAt=NOW + 1), {"$set": {"title": "新", "updatedAt": NOW + 1}}
    api.run([update("products", {"_id": "p1"}, changes), insert("products", new)])
    after = stored(api)

    code, shown = command("restore", "latest", *place)
    assert (code, shown["found"]["products"]) == (0, {"changed": 1, "new": 1, "writtenSince": 2})
    assert stored(api) == after

    code, done = command("restore", "latest", *place, "--apply")
    assert (code, done["restored"]["products"]) == (0, {"changed": 1, "new": 1})
    assert stored(api) == before
    (kept,) = api.run([find("products__kept_20261129T050640", {}, sort={"_id": 1})])
    assert [each["document"] for each in kept] == [after["products"][0], after["products"][2]]


def test_one_collection_alone_is_brought_back(api: CloudApi, command: Command, tmp_path: Path) -> None:
    place = folder_of(tmp_path)
    command("backup", *place)
    api.run([update(name, {}, {"$set": {"x": 1}}) for name in ("products", "gardens")])
    garden = stored(api)["gardens"]

    code, done = command("restore", "latest", *place, "--collection", "products", "--apply")

    assert (code, done["restored"]) == (0, {"products": {"changed": 1}})
    assert stored(api)["gardens"] == garden


def test_a_damaged_backup_is_told_of_and_never_brought_back(
    api: CloudApi, command: Command, tmp_path: Path
) -> None:
    place = folder_of(tmp_path)
    _, told = command("backup", *place)
    (part,) = (tmp_path / "backups").rglob("products/*.gz")
    part.write_bytes(part.read_bytes()[:-1])
    before = stored(api)

    assert command("verify", told["id"], *place)[0] == 1
    code, said = command("restore", told["id"], *place, "--apply")

    assert (code, "was changed" in said) == (2, True)
    assert stored(api) == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "2026-01-01"), "no backup 2026-01-01"),
        (("verify", "latest"), "no backup latest"),
    ],
    ids=["named", "latest"],
)
def test_a_backup_that_is_not_there_is_told_of(
    command: Command, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    code, said = command(*arguments, *folder_of(tmp_path))

    assert (code, says in said) == (2, True)


def test_it_must_be_said_where_backups_lie_and_a_key_must_be_one(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COS_BUCKET", raising=False)
    assert command("backups")[0] == 2
    monkeypatch.setenv("BACKUP_KEY", "secret")
    assert command("backups", *folder_of(tmp_path))[0] == 2


def test_a_run_that_broke_off_is_gone_on_with_for_a_day_and_begun_anew_after_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder_of(tmp_path)
    put, files = Folder.put, iter(range(3))

    def dying(self: Folder, name: str, data: bytes) -> None:
        if next(files, None) is None:
            raise KeyboardInterrupt
        put(self, name, data)

    monkeypatch.setattr(Folder, "put", dying)
    with pytest.raises(KeyboardInterrupt):
        command("backup", *place)
    monkeypatch.setattr(Folder, "put", put)
    assert command("backups", *place)[1]["backups"][0]["state"] == "broken off"
    monkeypatch.setattr(keeping, "now_ms", lambda: NOW + DAY - 1)

    assert command("backup", *place)[1]["id"] == "2026-11-29T050640"

    assert [one["state"] for one in command("backups", *place)[1]["backups"]] == ["whole"]
    assert command("backup", *place)[1]["id"] == "2026-11-30T050639"


def test_old_ones_go_when_a_new_one_was_read_back(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder_of(tmp_path)
    for day in range(3):
        monkeypatch.setattr(keeping, "now_ms", lambda day=day: NOW + day * DAY)
        _, told = command("backup", *place, "--keep", "2,0,0")

    assert told["deleted"] == ["2026-11-29T050640"]
    assert [one["id"] for one in command("backups", *place)[1]["backups"]] == [
        "2026-11-30T050640",
        "2026-12-01T050640",
    ]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cos]:
    """A bucket of a COS on this machine, named in the environment."""
    standin = CosStandIn()
    environ = {"COS_BUCKET": "garden-1250000000", "COS_ENDPOINT": standin.start()}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    settings = CosSettings.read({**environ, "TENCENTCLOUD_SECRETID": "i", "TENCENTCLOUD_SECRETKEY": "k"})
    assert settings
    cos = Cos(settings, "")
    region = {"LocationConstraint": "ap-shanghai"}
    cos.client.create_bucket(Bucket=settings.bucket, CreateBucketConfiguration=region)
    yield cos
    standin.stop()


def test_the_same_goes_to_cos_and_comes_back(api: CloudApi, command: Command, bucket: Cos) -> None:
    before = stored(api)
    code, told = command("backup")
    assert (code, told["faults"]) == (0, [])
    assert all(name.startswith("backups/2026-11-29T050640/") for name in bucket.names())
    api.run([{"delete": "products", "deletes": [{"q": {}, "limit": 0}]}])

    assert command("restore", "latest", "--apply")[1]["restored"]["products"] == {"missing": 2}
    assert stored(api) == before


def test_people_are_told_in_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder_of(tmp_path)
    for arguments in (["backup"], ["backups"], ["verify", "latest"], ["restore", "latest"]):
        assert run([*arguments, *place], description="") == 0

    assert capsys.readouterr().out.splitlines() == [
        "Backup 2026-11-29T050640: 3 documents, 2 parts; read back, every part as it was written.",
        "2026-11-29T050640: whole, 3 documents",
        "1 backups.",
        "Backup 2026-11-29T050640: 3 documents, 2 parts; read back, every part as it was written.",
        "Backup 2026-11-29T050640. Nothing was changed.",
    ]
