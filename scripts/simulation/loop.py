"""Time and turns: events happen one after another at virtual instants, and one function runs at a time.

A function of the shop is plain blocking code, so each call of one has a thread, a *fiber*. A baton is handed
over explicitly: the loop waits while a fiber runs, all fibers wait while the loop runs, so that exactly one
thread is ever runnable and the order of everything is the order of events. Threads and not greenlets: a
hand-over costs microseconds beside a database command's hundreds, and needs no dependency.
"""

import _thread
import heapq
from collections.abc import Callable
from typing import Any


class Killed(BaseException):  # No Exception, so that no code of the shop can catch it.
    """The instance died here."""


class Loop:
    """Events in the order of their instants (milliseconds); at one instant, of their owners' names."""

    def __init__(self, start: int) -> None:
        self.now = start
        self._events: list[tuple[int, str, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, when: int, owner: str, act: Callable[[], None]) -> None:
        """Let *act* happen at *when*. The order depends on *owner* alone, never on who else is there."""
        self._count += 1
        heapq.heappush(self._events, (max(when, self.now), owner, self._count, act))

    def run(self) -> None:
        """Let everything happen that is to happen, and what follows from it."""
        while self._events:
            self.now, _, _, act = heapq.heappop(self._events)
            act()


class Fiber:
    """A call on a thread of its own, which runs only while it holds the baton."""

    def __init__(self, body: Callable[[], None]) -> None:
        self._body = body
        self._mine, self._loops = _thread.allocate_lock(), _thread.allocate_lock()
        self._mine.acquire()
        self._loops.acquire()
        self._value: Any = None
        self._error: BaseException | None = None
        self.ended = False
        _thread.start_new_thread(self._live, ())

    def resume(self, value: Any = None, error: BaseException | None = None) -> None:
        """Let it run until it waits or ends: its wait returns *value* or raises *error*."""
        self._value, self._error = value, error
        self._mine.release()
        self._loops.acquire()
        if self.ended and self._error is not None:
            raise self._error

    def wait(self) -> Any:
        """Give the baton back, from inside, until it is resumed."""
        self._loops.release()
        self._mine.acquire()
        if self._error is not None:
            raise self._error
        return self._value

    def _live(self) -> None:
        self._mine.acquire()
        try:
            if self._error is None:
                self._body()
                self._error = None
        except Killed:
            self._error = None
        except BaseException as error:  # noqa: BLE001  # It is raised again where the baton goes.
            self._error = error
        self.ended = True
        self._loops.release()
