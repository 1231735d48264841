"""Playing a plan to its end and judging what is left."""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from demo import laws as ledgers
from gardenshop.cloud.clock import DAY, MINUTE
from gardenshop.models.registry import COLLECTIONS
from simulation import laws
from simulation.acting import Play
from simulation.actors import ACTIONS
from simulation.chance import dice
from simulation.courier import send_back
from simulation.evidence import Evidence
from simulation.network import Weather
from simulation.plan import TIMER, Plan, Step
from simulation.stage import MEMBERS, OPENING
from simulation.world import Call, Script, World, timers

_ERAS = (3 * MINUTE, 35 * MINUTE, 11 * DAY, 8 * DAY, 31 * DAY)
"""How long after each other the timers run when a play is over: past the graces, the time to pay, the times
after which an order is received and completed by itself, and the end of a month."""

_ROUNDS = (3, 3, 5, 20, 60, 400, 400, 400)
"""Minutes before each round of timers in an era; the last ones wait for what is put off longest."""

_WORK = (
    "orders",
    "sync_tasks",
    "points_ledger",
    "stock_ledger",
    "commission_ledger",
    "user_coupons",
    "meals",
)


@dataclass(frozen=True)
class Result:
    """What became of a play: *breaches* of the laws, the *faults* it met, and how much there was of it."""

    breaches: tuple[str, ...]
    faults: tuple[str, ...]
    calls: int
    commands: int
    digest: str
    """Of everything stored at the end: equal plans have equal digests."""


def play(plan: Plan, tell: Callable[[str], None] | None = None) -> Result:
    """Play *plan* until nothing changes any more; *tell* hears every step."""
    weather = Weather(plan.rate, plan.calmed)
    world = World(plan.seed, weather, tell)
    world.till.on_refund = send_back(world)
    world.witness = laws.witness(world)
    with world.opened():
        for step in plan.steps:
            world.play(step.name, _script(world, step), OPENING + step.at)
        world.loop.run()
        weather.rate = 0
        _rest(world)
        evidence = Evidence(world)
        breaches = [*world.breaches, *ledgers.check(evidence.read), *laws.check(evidence)]
    found, met = tuple(dict.fromkeys(breaches)), tuple(weather.met)
    return Result(found, met, world.calls, world.network.commands, _digest(world))


def _script(world: World, step: Step) -> Script:
    if step.action.startswith(TIMER):
        return _timer(step.action.removeprefix(TIMER), OPENING + step.at // MINUTE * MINUTE)
    play = Play(world, step.name, step.openid, dice(world.seed, "step", step.number))
    return _told(world, step, ACTIONS[step.action].script(play))


def _told(world: World, step: Step, script: Script) -> Script:
    world.tell(step.name, f"— {step.action}, {step.openid} —")
    yield from script


def _timer(name: str, planned: int) -> Script:
    """Run a timer's function, which is told for when the run was planned."""
    moment = datetime.fromtimestamp(planned / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield Call(name, {"Type": "Timer", "TriggerName": "simulation", "Time": moment})


def _log_in(openid: str) -> Script:
    yield Call("login", {}, openid)


def _rest(world: World) -> None:
    """Let the members come back, and time pass until every order has come to its end by itself."""
    for openid in MEMBERS:
        world.play(f"rest.{openid}", _log_in(openid), world.loop.now)
    world.loop.run()
    for number, era in enumerate(_ERAS):
        world.loop.now += era
        _settle(world, f"rest.{number}")


def _settle(world: World, name: str) -> None:
    """Run the timers round by round until a round changes nothing."""
    before = _digest(world, _WORK)
    for number, wait in enumerate(_ROUNDS):
        for timer in timers():
            world.play(f"{name}.{number}.{timer}", _timer(timer, world.loop.now), world.loop.now)
            world.loop.run()
        after = _digest(world, _WORK)
        if after == before and not list(ledgers.work_is_finished(world.read)):
            return
        before = after
        world.loop.now += wait * MINUTE


def _digest(world: World, names: Iterable[str] = COLLECTIONS) -> str:
    parts = (json.dumps([name, world.read(name)], sort_keys=True) for name in names)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
