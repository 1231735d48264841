"""Ways for a process and its database connection to fail between any two writes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gardenshop.cloud.database import Adapter, Command, Document
from gardenshop.cloud.errors import DatabaseUnavailable

WRITES = frozenset({"insert", "update", "delete"})


class Killed(BaseException):
    """The process died here; no code of ours can catch it."""


class Fragile:
    """An adapter whose process dies, or whose connection breaks, when *lives* writes have been made.

    Commands go to *inner* one by one, so death comes between the writes of one trip too: a list is not
    atomic. What it raises then is made by *death*; with `Killed` the process is gone, with
    `DatabaseUnavailable` it lives on and is told that the database did not answer.
    """

    def __init__(
        self, inner: Adapter, *, lives: int | None = None, death: Callable[[], BaseException] = Killed
    ) -> None:
        self.inner = inner
        self.lives = lives
        self.death = death
        self.writes = 0
        self.deaths = 0

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        """Run *commands* until the last life is spent."""
        replies = []
        for command in commands:
            writing = not WRITES.isdisjoint(command)
            if writing:
                self._breathe()
            replies += self.inner.run([command])
            self.writes += writing
        if not all(WRITES.isdisjoint(command) for command in commands):
            self._breathe()
        return replies

    def doom(self, lives: int, death: Callable[[], BaseException] = Killed) -> None:
        """Grant *lives* writes from now on, then *death*."""
        self.lives, self.death, self.deaths = self.writes + lives, death, 0

    def heal(self) -> None:
        """Start a new process: it does not die."""
        self.lives = None

    @contextmanager
    def immortal(self) -> Iterator[None]:
        """Let others write meanwhile, without dying and at no cost of lives."""
        lives, writes, self.lives = self.lives, self.writes, None
        yield
        self.lives, self.writes = lives, writes

    def _breathe(self) -> None:
        if self.lives is None or self.writes < self.lives:
            return
        self.deaths += 1
        if self.death is not Killed:
            self.lives = None
        raise self.death()


def lost_reply(inner: Adapter, *, lives: int) -> Fragile:
    """Return a connection that breaks once, after *lives* writes, and works again afterwards."""
    return Fragile(inner, lives=lives, death=DatabaseUnavailable)
