"""Fires the timer triggers of the functions, and repeats a failed run as the platform's async calls do."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Protocol

from .callers import TIMER, Caller
from .cron import next_fire
from .failures import Failure, StatusAbnormal
from .project import Function, Project, Trigger

_LONGEST_WAIT = 1.0
_AT_ONCE = 8


class Outcome(Protocol):
    """What a timer needs to know of an invocation."""

    failure: Failure | None


Invoke = Callable[[str, Any, Caller], Outcome]


@dataclass(frozen=True)
class Retry:
    """How often and how far apart a failed run is repeated: cloud.tencent.com/document/product/583/41138."""

    times: int = 2
    seconds: float = 60.0


def timer_event(trigger: Trigger, at: datetime, message: str = "") -> dict[str, str]:
    """Return what the platform sends; Time is the instant the timer was due, in UTC."""
    time = at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"Type": "Timer", "TriggerName": trigger.name, "Time": time, "Message": message}


class Timers:
    """The scheduler; an instant that passes while the machine sleeps is not made up for."""

    def __init__(
        self,
        project: Callable[[], Project],
        invoke: Invoke,
        *,
        clock: Callable[[], datetime],
        wait: Callable[[float], bool] | None = None,
        retry: Retry,
    ) -> None:
        self._project = project
        self._invoke = invoke
        self._clock = clock
        self._stopped = threading.Event()
        self._wait = wait or self._stopped.wait
        self._retry = retry
        self._due: dict[tuple[str, Trigger], datetime | None] = {}
        self._trouble = ""
        self._thread: threading.Thread | None = None
        self._runs = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="timer")

    def start(self) -> None:
        """Run the schedule in a thread of its own; a second start does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self.run, name="timers", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop the schedule; runs under way end with their instances."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self._runs.shutdown(wait=False, cancel_futures=True)

    def run(self) -> None:
        """Fire what is due until `wait` says stop."""
        while True:
            for function, trigger, at in self.due(self._clock()):
                self._runs.submit(self.fire, function, timer_event(trigger, at, trigger.message))
            if self._wait(self._pause()):
                return

    def due(self, now: datetime) -> list[tuple[str, Trigger, datetime]]:
        """Return the timers whose instant has come and reckon their next; edits of the schedule count."""
        fired = []
        known, self._due = self._due, {}
        for name, trigger in self._triggers():
            key = name, trigger
            at = known[key] if key in known else next_fire(trigger.config, now)
            if at is not None and at <= now:
                fired.append((name, trigger, at))
                at = next_fire(trigger.config, now)
            self._due[key] = at
        return fired

    def fire(self, function: str, event: dict[str, str]) -> None:
        """Run *function* until it succeeds, at most once and `Retry.times` more."""
        for left in range(self._retry.times, -1, -1):
            if self._invoke(function, event, TIMER).failure is None:
                return
            if left == 0 or self._wait(self._retry.seconds):
                return

    def _triggers(self) -> list[tuple[str, Trigger]]:
        try:
            functions: tuple[Function, ...] = self._project().functions
        except StatusAbnormal as error:
            if self._trouble != str(error):
                self._trouble = str(error)
                logging.getLogger(__name__).warning("the timers rest: %s", error)
            return []
        return [(one.name, trigger) for one in functions for trigger in one.triggers]

    def _pause(self) -> float:
        """Return the seconds until the next timer, no more than what keeps edits of the schedule lively."""
        times = [at for at in self._due.values() if at is not None]
        left = min(((at - self._clock()).total_seconds() for at in times), default=_LONGEST_WAIT)
        return min(max(left, 0.0), _LONGEST_WAIT)
