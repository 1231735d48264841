"""The instances of one function: the warmest idle one serves, a new one starts under load, the rest queue."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .failures import ConcurrencyExceeded, StatusAbnormal
from .instance import Instance
from .launch import Launch

Start = Callable[[Launch], Instance]


class Pool:
    """At most *limit* instances; a call waits *queue_seconds* for one before it is refused."""

    def __init__(self, start: Start, *, limit: int, queue_seconds: float) -> None:
        self._start = start
        self._limit = limit
        self._queue_seconds = queue_seconds
        self._idle: list[Instance] = []
        self._busy: list[Instance] = []
        self._starting = 0
        self._closed = False
        self._changed = threading.Condition()

    @property
    def size(self) -> int:
        """How many instances there are."""
        with self._changed:
            return len(self._idle) + len(self._busy) + self._starting

    @contextmanager
    def instance(self, launch: Launch) -> Iterator[Instance]:
        """Lend an instance made of *launch*. Raises ConcurrencyExceeded when all stay busy."""
        instance = self._take(launch) or self._add(launch)
        try:
            yield instance
        finally:
            self._give_back(instance)

    def inspect(self, now: float) -> None:
        """Hold the busy instances to their limits; *now* is monotonic."""
        with self._changed:
            busy = list(self._busy)
        for instance in busy:
            instance.inspect(now)

    def retire(self, before: float) -> None:
        """End the instances that have been idle since *before*, a monotonic instant."""
        with self._changed:
            retired = [one for one in self._idle if one.idle_since <= before]
            self._idle = [one for one in self._idle if one not in retired]
        for instance in retired:
            instance.close()

    def close(self) -> None:
        """End all instances; calls under way fail, later ones are refused."""
        with self._changed:
            self._closed = True
            instances = self._idle + self._busy
            self._idle = []
            self._changed.notify_all()
        for instance in instances:
            instance.close()

    def _take(self, launch: Launch) -> Instance | None:
        """Return an idle instance, or None after reserving the place for a new one."""
        deadline = time.monotonic() + self._queue_seconds
        with self._changed:
            while True:
                if self._closed:
                    raise StatusAbnormal("The function host is closed")
                self._drop_unfit(launch)
                if self._idle:
                    self._busy.append(self._idle.pop())
                    return self._busy[-1]
                if len(self._busy) + self._starting < self._limit:
                    self._starting += 1
                    return None
                if not self._changed.wait(deadline - time.monotonic()):
                    raise ConcurrencyExceeded(
                        f"Function concurrency exceeded its limit of {self._limit} instances"
                    )

    def _drop_unfit(self, launch: Launch) -> None:
        """Close idle instances that died or run former code."""
        unfit = [one for one in self._idle if one.launch != launch or not one.fit]
        self._idle = [one for one in self._idle if one not in unfit]
        for instance in unfit:
            instance.close()

    def _add(self, launch: Launch) -> Instance:
        instance: Instance | None = None
        try:
            instance = self._start(launch)
            return instance
        finally:
            with self._changed:
                self._starting -= 1
                if instance is not None:
                    self._busy.append(instance)
                self._changed.notify()

    def _give_back(self, instance: Instance) -> None:
        fit = instance.fit
        with self._changed:
            fit = fit and not self._closed
            self._busy.remove(instance)
            if fit:
                self._idle.append(instance)
            self._changed.notify()
        if not fit:
            instance.close()
