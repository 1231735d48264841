"""admin_data: the backup of the day, in as many calls as it takes; proved before old ones go."""

from typing import Any

import pytest

from archives import Shelf
from faults import Killed
from functions.builders import NOW, user
from gardenshop.cloud.context import Context
from gardenshop.flows import backup_run, backups
from gardenshop.flows.backups import Archive
from harness import A, B, Shop

KEY = bytes(range(32))
TICK = {"Type": "Timer", "TriggerName": "every_night", "Time": "2026-11-23T04:00:00Z", "Message": ""}
WHOLE = {"state": "whole", "day": "2026-11-23", "provedAt": NOW}


@pytest.fixture
def shelf(shop: Shop, clock: object, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A bucket, sealed, for a shop of two members of whom A is an administrator."""
    del clock
    made = Shelf()
    monkeypatch.setattr(backup_run, "archive_of", lambda _: Archive(made, KEY))
    shop.add("users", user(A, roles=["admin"]))
    shop.add("users", user(B, roles=["operator"]))
    return made


def told(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: reply.get(name) for name in WHOLE}


def rows(shop: Shop) -> list[dict[str, Any]]:
    return shop.documents("data_dashboard", {"kind": "backup"})


def test_without_a_bucket_it_is_off(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COS_BUCKET", raising=False)

    assert shop.ok("admin_data", TICK) == {"state": "off"}
    assert shop.documents("audit_logs") == rows(shop) == []


@pytest.mark.parametrize(("event", "openid"), [(TICK, ""), ({"action": "backup"}, A)], ids=["timer", "admin"])
def test_the_day_is_written_proved_and_told(
    shop: Shop, shelf: Shelf, event: dict[str, Any], openid: str
) -> None:
    assert shop.ok("admin_data", {}, openid=A)["state"] == "none"

    done = shop.ok("admin_data", event, openid=openid)

    assert told(done) == WHOLE
    manifest = backups.load(Archive(shelf, KEY), "2026-11-23")
    assert manifest
    assert list(backups.faults(Archive(shelf, KEY), manifest)) == []
    assert manifest.documents == done["documents"] >= 3
    assert [(row["actor"] == "platform", row["action"]) for row in shop.documents("audit_logs")] == [
        (openid == "", "backup")
    ]
    assert shop.ok("admin_data", {}, openid=A) == done


def test_the_next_tick_of_the_day_reads_and_writes_nothing(
    shop: Shop, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = shop.ok("admin_data", TICK)
    shelf.lives = 0
    monkeypatch.setattr(Shelf, "get", None)

    assert shop.ok("admin_data", TICK) == first


@pytest.mark.usefixtures("shelf")
def test_a_call_that_ran_out_of_time_does_not_untell_what_another_has_ended(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell, left, others = backup_run.told, iter([30.0, 30.0, 1.0]), iter([True])
    monkeypatch.setattr(Context, "seconds_left", lambda _: next(left, 30.0))

    def told_late(*arguments: Any) -> Any:
        if next(others, False):
            assert told(shop.ok("admin_data", TICK)) == WHOLE
        return tell(*arguments)

    monkeypatch.setattr(backup_run, "told", told_late)

    assert told(shop.ok("admin_data", TICK)) == WHOLE


@pytest.mark.usefixtures("shelf")
def test_what_time_does_not_allow_the_next_tick_does(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([30.0, 30.0, 1.0])
    monkeypatch.setattr(Context, "seconds_left", lambda _: next(left, 30.0))

    assert shop.ok("admin_data", TICK)["state"] == "running"
    assert [row["final"] for row in rows(shop)] == [False]
    assert told(shop.ok("admin_data", TICK)) == WHOLE


@pytest.mark.parametrize("lives", range(5))
def test_whatever_file_it_dies_after_the_next_tick_ends_it(shop: Shop, shelf: Shelf, lives: int) -> None:
    shelf.lives = lives
    with pytest.raises(Killed):
        shop.call("admin_data", TICK)
    shelf.lives = None

    assert told(shop.ok("admin_data", TICK)) == WHOLE


def test_old_ones_go_only_when_the_new_one_was_read_back(
    shop: Shop, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {f"2026-10-{day:02d}/manifest.json": b"{}" for day in range(1, 31)}
    shelf.files |= old
    with monkeypatch.context() as patch:
        get = Shelf.get
        patch.setattr(Shelf, "get", lambda self, name: get(self, name) + b" " * name.endswith("sealed"))
        assert shop.ok("admin_data", TICK)["state"] == "damaged"
    assert set(old) < set(shelf.files)

    assert told(shop.ok("admin_data", TICK)) == WHOLE

    assert set(old) & set(shelf.files) == set()


def test_what_is_damaged_later_is_found_when_asked_for(shop: Shop, shelf: Shelf) -> None:
    shop.ok("admin_data", TICK)
    (part,) = [name for name in shelf.files if "/users/" in name]
    shelf.files[part] += b" "

    assert shop.ok("admin_data", {"action": "verify"}, openid=A)["state"] == "damaged"
    assert rows(shop)[0]["metrics"]["faults"] == 1


def test_another_key_than_that_of_the_morning_is_told(
    shop: Shop, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.ok("admin_data", TICK)
    monkeypatch.setattr(backup_run, "archive_of", lambda _: Archive(shelf, bytes(32)))

    assert shop.call("admin_data", {"action": "verify"}, openid=A)["error"] == "BACKUP_DAMAGED"


def test_only_administrators_may(shop: Shop, shelf: Shelf) -> None:
    for event in ({}, {"action": "backup"}):
        assert shop.refused("admin_data", event, openid=B)["code"] == 40300
    assert shelf.files == {}


def test_settings_name_the_bucket_and_the_key(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COS_BUCKET", "garden-1250000000")
    monkeypatch.setenv("BACKUP_KEY", "no key")

    assert shop.refused("admin_data", {})["error"] == "BACKUP_DAMAGED"
