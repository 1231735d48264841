"""The wire between a function and what it calls: every command takes time, and much can go wrong.

One *exchange* carries a list of commands, which arrive one after another; between any two of them others may
have their turn. What befalls an exchange is drawn from its instance's own dice and has a name, so that a
single fault can be left out of an otherwise equal run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from gardenshop.cloud.errors import AppError
from simulation.chance import weighted
from simulation.loop import Fiber, Killed, Loop

Work = Callable[[], Any]

CALL_TIMEOUT_MS = 5_000
"""How long a function waits for a reply before it takes the request for lost."""

_KINDS = {"crash": 8, "crash_while_sent": 3, "lost": 4, "refused": 3, "slow": 4}
_HELD_UP = frozenset({"slow", "crash_while_sent"})
_SLOW_MS = ((100, 2_000), (2_000, 20_000), (20_000, 300_000))
"""How long a command may be held up: noticeably, past every timeout, past every grace."""


@dataclass
class Instance:
    """One call of a function while it lasts; *skew* is how far its clock is off."""

    name: str
    dice: Random
    skew: int
    dies_at: int
    fiber: Fiber
    on_end: Callable[[], None]
    exchanges: int = 0
    ended: bool = False

    @property
    def deadline(self) -> int:
        """When it should have stopped working, as the entry reckons."""
        return self.dies_at - 500


@dataclass(frozen=True)
class Fault:
    """What befalls an exchange: *kind*, when *place* of its commands have been carried out."""

    kind: str
    place: int
    delay: int


@dataclass
class Weather:
    """How rough the sea is: *rate* of all exchanges meet a fault, except the *calmed* ones by name."""

    rate: float
    calmed: frozenset[str] = frozenset()
    met: list[str] = field(default_factory=list)

    def strikes(self, name: str, throw: float) -> bool:
        """Say whether the fault *name* happens, and remember it if so."""
        if throw >= self.rate or name in self.calmed:
            return False
        self.met.append(name)
        return True


@dataclass
class Exchange:
    """A list of commands on its way. *lost* is what the caller is told when no reply comes."""

    sender: Instance
    works: Sequence[Work]
    lost: Callable[[], AppError]
    fault: Fault | None
    onward: bool
    """Whether the commands behind one that fails are carried out: the platform does not say."""
    replies: list[Any] = field(default_factory=list)
    error: BaseException | None = None


class Network:
    """Carries exchanges over *loop*; *tell* hears what happens, for the trace."""

    def __init__(self, loop: Loop, weather: Weather, tell: Callable[[str, str], None]) -> None:
        self._loop = loop
        self._weather = weather
        self._tell = tell
        self.running: Instance | None = None
        self.commands = 0

    def exchange(self, works: Sequence[Work], lost: Callable[[], AppError]) -> list[Any]:
        """Send *works*, on the thread of the function that runs, and wait for their replies."""
        me = self.running
        if me is None:
            raise RuntimeError("only a function that runs can send")
        if self._loop.now >= me.deadline:
            raise lost()
        me.exchanges += 1
        self._send(me, works, lost)
        replies: list[Any] = me.fiber.wait()
        return replies

    def resume(self, instance: Instance, value: Any = None, error: BaseException | None = None) -> None:
        """Let *instance* run on, unless it has ended."""
        if instance.ended:
            return
        self.running = instance
        instance.fiber.resume(value, error)
        self.running = None
        if instance.fiber.ended:
            instance.ended = True
            instance.on_end()

    def kill(self, instance: Instance, cause: str) -> None:
        """End *instance* where it is."""
        if not instance.ended:
            self._tell(instance.name, f"dies: {cause}")
            self.resume(instance, error=Killed())

    def _send(self, me: Instance, works: Sequence[Work], lost: Callable[[], AppError]) -> None:
        sent, fault = self._loop.now, self._fault(me, len(works))
        exchange = Exchange(me, works, lost, fault, onward=me.dice.random() < 0.5)  # noqa: PLR2004
        when = sent + me.dice.randint(1, 30)
        gaps = [me.dice.choice((0, 0, 1, 2)) for _ in works]
        for place, work in enumerate(works):
            when = self._befall(me, fault, place, when + gaps[place])
            self._loop.at(when, me.name, partial(self._arrive, exchange, place, work))
        when = self._befall(me, fault, len(works), when)
        back = when + me.dice.randint(1, 30)
        patience = min(sent + CALL_TIMEOUT_MS, me.deadline)
        if back > patience:
            self._loop.at(patience, me.name, lambda: self.resume(me, error=lost()))
        else:
            self._loop.at(back, me.name, lambda: self._reply(exchange))

    def _fault(self, me: Instance, works: int) -> Fault | None:
        throw, kind = me.dice.random(), weighted(me.dice, _KINDS)
        place, delay = me.dice.randint(0, works), me.dice.randint(*me.dice.choice(_SLOW_MS))
        if not self._weather.strikes(f"{me.name}#{me.exchanges}", throw):
            return None
        self._tell(me.name, f"exchange {me.exchanges} meets: {kind} after {place} of {works}")
        return Fault(kind, place, delay)

    def _befall(self, me: Instance, fault: Fault | None, place: int, when: int) -> int:
        """Let *fault* happen if this is its *place*; return when the commands from there on arrive."""
        if fault is None or fault.place != place:
            return when
        if fault.kind.startswith("crash"):
            self._loop.at(when, me.name, lambda: self.kill(me, "crash"))
        return when + (fault.delay if fault.kind in _HELD_UP else 0)

    def _arrive(self, exchange: Exchange, place: int, work: Work) -> None:
        """Carry out the command at *place*, unless what befell the exchange keeps it from arriving."""
        fault = exchange.fault
        if fault and fault.kind in {"crash", "refused"} and place >= fault.place:
            return
        if exchange.error is not None and not exchange.onward:
            return
        self.commands += 1
        try:
            exchange.replies.append(work())
        except AppError as error:
            exchange.error = exchange.error or error

    def _reply(self, exchange: Exchange) -> None:
        fault = exchange.fault
        if fault and fault.kind in {"lost", "refused"}:
            self.resume(exchange.sender, error=exchange.lost())
        elif exchange.error is not None:
            self.resume(exchange.sender, error=exchange.error)
        else:
            self.resume(exchange.sender, exchange.replies)
