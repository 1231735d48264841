"""One action while it is played: who acts, with which dice, and how she asks until there is an answer."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from gardenshop.cloud.database import Document
from gardenshop.cloud.identity import user_id
from simulation.chance import dice
from simulation.world import Call, Script, Wait, World

AGAIN = 50_300
"""Replies from this code on ask the caller to try again."""

_TRIES = (1, 3, 3)
"""How often somebody tries before she gives up."""

Asking = Generator[Wait | Call, Any, Any]


@dataclass(frozen=True)
class Play:
    """One action while it is played: by *openid*, with its own *dice*; *name* is its own too."""

    world: World
    name: str
    openid: str
    dice: Random
    twins: Iterator[int] = field(default_factory=count)
    tokens: Iterator[int] = field(default_factory=count)

    @property
    def user(self) -> str:
        return user_id(self.openid)

    def happens(self, share: float) -> bool:
        """Throw: true in *share* of all cases."""
        return self.dice.random() < share

    def another(self, name: str, openid: str) -> "Play":
        """Return a play of its own, begun by this one."""
        return Play(self.world, name, openid, dice(self.world.seed, "step", name))

    def ask(self, function: str, event: Document, openid: str | None = None) -> Asking:
        """Call as a client does: again while there is no answer; sometimes twice at once."""
        call = Call(function, event, self.openid if openid is None else openid)
        if self.happens(0.1):
            twin = f"{self.name}+{next(self.twins)}"
            self.world.play(twin, _once(self.dice.randint(0, 300), call), self.world.loop.now)
        reply: Any = None
        for _ in range(self.dice.choice(_TRIES)):
            reply = yield call
            if reply is not None and reply["code"] < AGAIN:
                return reply
            yield Wait(self.dice.randint(100, 4000))
        return reply

    def some_order(self, *statuses: str) -> Document | None:
        """Choose one of the member's orders as they are stored now, mostly one of *statuses*."""
        mine = sorted(self.world.read("orders", {"userId": self.user}), key=lambda order: str(order["_id"]))
        fitting = [order for order in mine if order["status"] in statuses]
        choice = fitting if fitting and self.happens(0.9) else mine
        return self.dice.choice(choice) if choice else None

    def told(self, kind: str, **facts: Any) -> None:
        """Remember what the member was told; it must be true in the end."""
        self.world.told.append((kind, self.user, facts))


def _once(wait: int, call: Call) -> Script:
    yield Wait(wait)
    yield call
