"""Instances: one event at a time each, more of them under load, and their end."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from localcloud.functions import FunctionHost, Limits
from localcloud.functions.failures import ConcurrencyExceeded, ProcessExited, TimeLimitExceeded
from localcloud.functions.instance import Instance
from localcloud.functions.launch import Launch

from .conftest import Workshop

ALONE = """
import os, time
busy = 0
def main(event, context):
    global busy
    busy += 1
    seen = busy
    time.sleep(0.02)
    busy -= 1
    return [os.getpid(), seen]
"""
MEET = """
import os, pathlib, time
def main(event, context):
    folder = pathlib.Path(event["folder"])
    (folder / str(os.getpid())).touch()
    while len(list(folder.iterdir())) < event["wanted"]:
        time.sleep(0.01)
    return os.getpid()
"""
PID = "import os\ndef main(event, context): return os.getpid()"


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def meet(host: FunctionHost, folder: Path, wanted: int) -> Callable[[], int]:
    return lambda: host.invoke("meet", {"folder": str(folder), "wanted": wanted}).reply


def test_one_instance_serves_one_event_at_a_time(workshop: Workshop) -> None:
    workshop.function("alone", ALONE)
    host = workshop.host(Limits(instances=1))
    with ThreadPoolExecutor(4) as threads:
        replies = list(threads.map(lambda _: host.invoke("alone", {}).reply, range(8)))
    assert len({pid for pid, _ in replies}) == 1
    assert {seen for _, seen in replies} == {1}


def test_calls_at_the_same_time_get_instances_of_their_own(workshop: Workshop, tmp_path: Path) -> None:
    workshop.function("meet", MEET)
    host = workshop.host()
    rendezvous = tmp_path / "meet"
    rendezvous.mkdir()
    with ThreadPoolExecutor(3) as threads:
        pids = [one.result() for one in [threads.submit(meet(host, rendezvous, 3)) for _ in range(3)]]
    assert len(set(pids)) == 3
    assert host.instances("meet") == 3


def test_a_call_that_finds_all_instances_busy_is_refused_after_queueing(
    workshop: Workshop, tmp_path: Path
) -> None:
    workshop.function("meet", MEET)
    host = workshop.host(Limits(instances=1, queue_seconds=0.05))
    rendezvous = tmp_path / "meet"
    rendezvous.mkdir()
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(meet(host, rendezvous, 2))
        until(lambda: any(rendezvous.iterdir()))
        failure = host.invoke("meet", {"folder": str(rendezvous), "wanted": 1}).failure
        (rendezvous / "go").touch()
        held.result()
    assert isinstance(failure, ConcurrencyExceeded)
    assert host.invoke("meet", {"folder": str(rendezvous), "wanted": 1}).cold is False


def test_an_invocation_beyond_its_time_limit_is_killed(workshop: Workshop, tmp_path: Path) -> None:
    workshop.function("meet", MEET, timeout=900)
    host = workshop.host()
    rendezvous = tmp_path / "meet"
    rendezvous.mkdir()
    with ThreadPoolExecutor(1) as threads:
        call = {"folder": str(rendezvous), "wanted": 2}
        held = threads.submit(host.invoke, "meet", call)
        until(lambda: any(rendezvous.iterdir()))
        host._pools["meet"].inspect(time.monotonic() + 899)
        assert not held.done()
        host._pools["meet"].inspect(time.monotonic() + 901)
        failure = held.result().failure
    pid = int(next(rendezvous.iterdir()).name)
    assert isinstance(failure, TimeLimitExceeded)
    assert str(failure) == "Invoking task timed out after 900 seconds"
    assert not psutil.pid_exists(pid)
    assert host.instances("meet") == 0


def test_an_idle_instance_retires(workshop: Workshop) -> None:
    workshop.function("pid", PID)
    host = workshop.host(Limits(idle_seconds=0.1))
    process = psutil.Process(host.invoke("pid", {}).reply)
    until(lambda: not process.is_running())
    assert host.instances("pid") == 0
    assert host.invoke("pid", {}).cold is True


def test_an_instance_in_use_is_not_retired(workshop: Workshop) -> None:
    workshop.function("pid", PID)
    host = workshop.host()
    before = time.monotonic()
    pid = host.invoke("pid", {}).reply
    host._pools["pid"].retire(before)
    assert host.invoke("pid", {}).reply == pid
    host.retire("pid")
    assert not psutil.pid_exists(pid)
    assert host.invoke("pid", {}).cold is True


def test_closing_the_host_ends_idle_and_busy_instances(workshop: Workshop, tmp_path: Path) -> None:
    workshop.function("pid", PID)
    workshop.function("meet", MEET)
    host = workshop.host()
    rendezvous = tmp_path / "meet"
    rendezvous.mkdir()
    idle = host.invoke("pid", {}).reply
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(host.invoke, "meet", {"folder": str(rendezvous), "wanted": 2})
        until(lambda: any(rendezvous.iterdir()))
        host.close()
        assert isinstance(held.result().failure, ProcessExited)
    busy = int(next(rendezvous.iterdir()).name)
    assert not psutil.pid_exists(idle)
    assert not psutil.pid_exists(busy)
    assert str(host.invoke("pid", {}).failure) == "The function host is closed"


def test_a_closed_host_starts_nothing(workshop: Workshop) -> None:
    workshop.function("pid", PID)
    host = workshop.host()
    host.close()
    assert str(host.invoke("pid", {}).failure) == "The function host is closed"
    assert host.instances("pid") == 0


def test_an_instance_that_starts_while_the_host_closes_ends_with_its_call(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.function("pid", PID)
    host = workshop.host()
    host.invoke("pid", {})
    host.retire("pid")
    pool = host._pools["pid"]
    start = pool._start

    def start_and_close(launch: Launch) -> Instance:
        instance = start(launch)
        pool.close()
        return instance

    monkeypatch.setattr(pool, "_start", start_and_close)
    pid = host.invoke("pid", {}).reply
    assert not psutil.pid_exists(pid)
    assert str(host.invoke("pid", {}).failure) == "The function host is closed"


def test_a_process_that_cannot_be_started_is_a_clear_failure(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.function("pid", PID)
    host = workshop.host()
    monkeypatch.setattr("localcloud.functions.launcher.OWN", str(workshop.root / "no-such-python"))
    assert "cannot be started" in str(host.invoke("pid", {}).failure)
    monkeypatch.undo()
    assert host.invoke("pid", {}).failure is None
    assert host.instances("pid") == 1


def test_an_instance_that_died_while_idle_is_not_lent_again(workshop: Workshop) -> None:
    workshop.function("pid", PID)
    host = workshop.host()
    process = psutil.Process(host.invoke("pid", {}).reply)
    process.kill()
    until(lambda: process.status() == psutil.STATUS_ZOMBIE)
    again = host.invoke("pid", {})
    assert again.failure is None
    assert again.cold is True


def test_many_callers_share_few_instances_without_a_loss(workshop: Workshop) -> None:
    workshop.function("pid", PID)
    host = workshop.host(Limits(instances=2))
    start = threading.Barrier(8)

    def client(_: int) -> list[int]:
        start.wait()
        return [host.invoke("pid", {}).reply for _ in range(25)]

    with ThreadPoolExecutor(8) as threads:
        pids = [pid for batch in threads.map(client, range(8)) for pid in batch]
    assert len(pids) == 200
    assert len(set(pids)) <= 2
