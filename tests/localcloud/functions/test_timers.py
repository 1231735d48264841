"""Seven-field cron in UTC+8, the scheduler on a clock of its own, and retries."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.functions import TIMER, Caller, Failure, Project, ProjectError, Retry
from localcloud.functions.cron import check, next_fire
from localcloud.functions.failures import FunctionRaised
from localcloud.functions.project import Function, Trigger
from localcloud.functions.timers import Timers, timer_event

START = datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("expression", "after", "fires"),
    [
        ("0 0 2 * * * *", "2026-11-23T12:00:00", "2026-11-23T18:00:00"),
        ("0 */5 * * * * *", "2026-11-23T12:00:00", "2026-11-23T12:05:00"),
        ("*/10 * * * * * *", "2026-11-23T12:00:00", "2026-11-23T12:00:10"),
        ("0 30 9 * * MON *", "2026-11-23T12:00:00", "2026-11-30T01:30:00"),
        ("0 0 0 * * 0 *", "2026-11-23T12:00:00", "2026-11-28T16:00:00"),
        ("0 0 8 1 * SUN *", "2026-11-23T12:00:00", "2026-11-29T00:00:00"),
        ("0 0 8 1 1 * 2028", "2026-11-23T12:00:00", "2028-01-01T00:00:00"),
    ],
)
def test_an_expression_fires_next_in_utc_8(expression: str, after: str, fires: str) -> None:
    at = next_fire(expression, datetime.fromisoformat(after).replace(tzinfo=timezone.utc))
    assert at == datetime.fromisoformat(fires).replace(tzinfo=timezone.utc)


def test_an_expression_whose_years_are_over_never_fires() -> None:
    assert next_fire("0 0 8 1 1 * 2025", START) is None


@pytest.mark.parametrize("expression", ["* * * * *", "0 0 25 * * * *", "0 0 2 * * * * *", "every day"])
def test_an_expression_that_is_not_the_platforms_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"seven fields|out of range"):
        check(expression)


def test_the_event_dates_the_run_in_utc() -> None:
    at = datetime(2026, 11, 24, 2, 0, tzinfo=timezone(timedelta(hours=8)))
    assert timer_event(Trigger(name="nightly", config="0 0 2 * * * *"), at) == {
        "Type": "Timer",
        "TriggerName": "nightly",
        "Time": "2026-11-23T18:00:00Z",
        "Message": "",
    }


class Outcome:
    def __init__(self, failure: Failure | None) -> None:
        self.failure = failure


class World:
    """A clock that only waiting moves, and functions that do as they are told."""

    def __init__(self, *, seconds: float, outcomes: Iterator[Failure | None] | None = None) -> None:
        self.now = START
        self.end = START + timedelta(seconds=seconds)
        self.outcomes = outcomes or iter(lambda: None, 0)
        self.calls: list[tuple[str, str, Caller]] = []
        self.waits: list[float] = []
        self.project = Project()

    def clock(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)
        return self.now > self.end

    def invoke(self, name: str, event: Any, caller: Caller) -> Outcome:
        self.calls.append((name, event["Time"], caller))
        return Outcome(next(self.outcomes))

    def schedule(self, **crons: str) -> None:
        self.project = Project(
            functions=tuple(
                Function(name=name, triggers=(Trigger(name="t", config=cron),))
                for name, cron in crons.items()
            )
        )

    def timers(self, retry: Retry | None = None) -> Timers:
        return Timers(
            lambda: self.project, self.invoke, clock=self.clock, wait=self.wait, retry=retry or Retry()
        )


def test_timers_fire_at_their_instants_and_not_between() -> None:
    world = World(seconds=125)
    world.schedule(minutely="0 * * * * * *", once="30 1 20 23 11 * 2026")
    timers = world.timers()
    timers.run()
    timers._runs.shutdown()
    assert sorted(world.calls) == [
        ("minutely", "2026-11-23T12:01:00Z", TIMER),
        ("minutely", "2026-11-23T12:02:00Z", TIMER),
        ("once", "2026-11-23T12:01:30Z", TIMER),
    ]


def test_instants_that_passed_while_the_machine_slept_fire_once() -> None:
    world = World(seconds=0)
    world.schedule(minutely="0 * * * * * *")
    timers = world.timers()
    timers.due(START)
    assert [at for _, _, at in timers.due(START + timedelta(hours=3))] == [START + timedelta(minutes=1)]
    assert timers.due(START + timedelta(hours=3, seconds=59)) == []


def test_an_edited_schedule_counts_at_once() -> None:
    world = World(seconds=0)
    world.schedule(job="0 0 2 * * * *")
    timers = world.timers()
    timers.due(START)
    world.schedule(job="0 * * * * * *")
    assert timers.due(START + timedelta(seconds=30)) == []
    assert [name for name, _, _ in timers.due(START + timedelta(seconds=60))] == ["job"]


def test_a_failed_run_is_repeated_twice_a_minute_apart_with_the_same_event() -> None:
    world = World(seconds=1000, outcomes=iter([FunctionRaised("no")] * 5))
    event = timer_event(Trigger(name="t", config="0 * * * * * *"), START)
    world.timers().fire("job", event)
    assert world.calls == [("job", "2026-11-23T12:00:00Z", TIMER)] * 3
    assert world.waits == [60.0, 60.0]


def test_a_repeated_run_that_succeeds_is_the_last() -> None:
    world = World(seconds=1000, outcomes=iter([FunctionRaised("no"), None]))
    world.timers(Retry(times=5, seconds=1.5)).fire(
        "job", timer_event(Trigger(name="t", config="0 * * * * * *"), START)
    )
    assert len(world.calls) == 2
    assert world.waits == [1.5]


def test_a_stopped_scheduler_does_not_repeat() -> None:
    world = World(seconds=10, outcomes=iter([FunctionRaised("no")] * 3))
    world.timers().fire("job", timer_event(Trigger(name="t", config="0 * * * * * *"), START))
    assert len(world.calls) == 1


def test_a_slow_function_does_not_hold_up_the_others() -> None:
    world = World(seconds=70)
    world.schedule(one="0 * * * * * *", other="0 * * * * * *")
    together = threading.Barrier(2)

    def invoke(name: str, event: Any, caller: Caller) -> Outcome:
        together.wait(timeout=10)
        return world.invoke(name, event, caller)

    timers = Timers(lambda: world.project, invoke, clock=world.clock, wait=world.wait, retry=Retry())
    timers.run()
    timers._runs.shutdown()
    assert sorted(name for name, _, _ in world.calls) == ["one", "other"]


def test_a_broken_configuration_lets_the_timers_rest_and_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(seconds=0)

    def broken() -> Project:
        raise ProjectError("cloudbaserc.json is wrong")

    timers = Timers(broken, world.invoke, clock=world.clock, wait=world.wait, retry=Retry())
    assert timers.due(START) == timers.due(START + timedelta(days=1)) == []
    assert caplog.messages == ["the timers rest: cloudbaserc.json is wrong"]


def test_a_started_scheduler_stops_when_closed() -> None:
    world = World(seconds=0)
    timers = Timers(lambda: world.project, world.invoke, clock=Clock().utc, retry=Retry())
    timers.start()
    thread = timers._thread
    timers.start()
    timers.close()
    assert thread is not None
    assert timers._thread is thread
    assert not thread.is_alive()
