"""The local cloud's own time: set by whoever asks, seen by functions, and the computer's again."""

import json
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from freezegun import freeze_time

from localcloud.clock import Clock
from localcloud.server import LocalCloud

SNOW = "2026-12-07T09:00:00+08:00"
MINUTE = 60
FUNCTION = """
import os, time
def main(event, context):
    return {"now": time.time(), "pid": os.getpid()}
"""


@pytest.fixture
def http(tmp_path: Path) -> Iterator[httpx.Client]:
    """A cloud with one function, which tells its time and its process."""
    folder = tmp_path / "functions" / "look"
    folder.mkdir(parents=True)
    (folder / "index.py").write_text(FUNCTION, encoding="utf-8")
    (tmp_path / "cloudbaserc.json").write_text(
        json.dumps({"functions": [{"name": "look"}]}), encoding="utf-8"
    )
    with (
        LocalCloud(tmp_path, data=None) as cloud,
        httpx.Client(base_url=cloud.url, trust_env=False, timeout=30) as client,
    ):
        yield client


def look(http: httpx.Client) -> Any:
    return http.post("/functions/look", json={}).json()


def test_functions_see_the_time_that_was_set_and_it_goes_on(http: httpx.Client) -> None:
    told = http.post("/_clock", json={"at": SNOW}).json()
    first, second = look(http), look(http)

    due = datetime.fromisoformat(SNOW).timestamp()
    assert datetime.fromisoformat(told["now"]).timestamp() == pytest.approx(due, abs=MINUTE)
    assert due <= first["now"] < second["now"] < due + MINUTE
    assert first["pid"] == second["pid"]
    assert http.get("/_clock").json()["aheadSeconds"] == told["aheadSeconds"]


def test_without_an_instant_it_is_the_computers_time_again(http: httpx.Client) -> None:
    http.post("/_clock", json={"at": SNOW})
    before = look(http)
    told = http.post("/_clock").json()
    after = look(http)

    assert told["aheadSeconds"] == 0
    assert after["now"] == pytest.approx(time.time(), abs=MINUTE)
    assert after["pid"] != before["pid"]


@pytest.mark.parametrize("body", [{"at": "2026-12-07T09:00:00"}, {"at": "soon"}, {"to": SNOW}, []])
def test_what_is_no_instant_is_refused_and_changes_nothing(http: httpx.Client, body: Any) -> None:
    http.post("/_clock", json={"at": SNOW})
    before = http.get("/_clock").json()["aheadSeconds"]

    assert http.post("/_clock", json=body).status_code == 400
    assert http.get("/_clock").json()["aheadSeconds"] == before


@freeze_time("2026-11-28T00:00:00Z", tick=False)
def test_a_clock_is_the_computers_until_it_is_set() -> None:
    clock = Clock()

    assert clock.now() == datetime(2026, 11, 28, tzinfo=timezone.utc).timestamp()
    clock.set(datetime.fromisoformat(SNOW))
    assert clock.utc() == datetime(2026, 12, 7, 1, tzinfo=timezone.utc)
    clock.set(None)
    assert clock.utc() == datetime(2026, 11, 28, tzinfo=timezone.utc)
