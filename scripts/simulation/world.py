"""Everything together: the functions, the engine, WeChat, time; and the calls that people and timers make."""

import contextlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

from gardenshop.cloud import cache as layer_cache
from gardenshop.cloud import clock, context, entry, log
from gardenshop.cloud.database import Command, Document, delete, find
from gardenshop.cloud.errors import DatabaseUnavailable, UpstreamUnavailable
from gardenshop.cloud.wechat import WeChatApi
from gardenshop.cloud.wechatpay import PaySettings, WeChatPay
from gardenshop.flows.accounts import phone_hash
from gardenshop.flows.share_links import SETTING
from gardenshop.models.registry import COLLECTIONS
from localcloud.adapter import EngineAdapter
from simulation import stage
from simulation.chance import dice
from simulation.loop import Fiber, Loop
from simulation.network import Instance, Network, Weather
from simulation.till import SETTINGS, Till

ROOT = Path(__file__).resolve().parents[2]
PHONE_KEY = "the phone key of simulations"
_SKEW_MS = 2_000
_COLD_ONE_IN = 3
_LONGEST = 600


class Wait(NamedTuple):
    """What a script yields to let *ms* pass."""

    ms: int


class Call(NamedTuple):
    """What a script yields to call a function; it is sent the reply, or None when none came."""

    function: str
    event: Mapping[str, Any]
    openid: str = ""


Script = Generator[Wait | Call, Any, None]


@cache
def functions() -> dict[str, ModuleType]:
    """Load every function, each under a name of its own."""
    return {path.parent.name: _load(path) for path in sorted((ROOT / "functions").glob("*/index.py"))}


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"function_{path.parent.name}", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def configured() -> dict[str, Document]:
    """Return the functions of cloudbaserc.json by name."""
    config = json.loads((ROOT / "cloudbaserc.json").read_text("utf-8"))
    return {each["name"]: each for each in config["functions"]}


def timers() -> list[str]:
    """Return the functions that a timer calls."""
    return [name for name, each in configured().items() if each.get("triggers") and name in functions()]


@cache
def _engine() -> EngineAdapter:
    return stage.open_engine()[1]


class World:
    """One play. *tell* hears everything that happens; *faults* answers which faults may strike."""

    def __init__(self, seed: int, weather: Weather, tell: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self.loop = Loop(stage.OPENING)
        self.weather = weather
        self.tracing = tell is not None
        self._tell = tell or (lambda _: None)
        self.network = Network(self.loop, weather, self.tell)
        self.till = Till(self.network, lambda: self.loop.now)
        self.jump = 0
        self.alive: dict[str, Instance] = {}
        self.breaches: list[str] = []
        self.told: list[tuple[str, str, Document]] = []
        self.witness: Callable[[Command, list[Document]], None] = lambda *_: None
        self.calls = 0
        self._adapter = _engine()

    def tell(self, who: str, what: str) -> None:
        """Say in the trace that *who* does *what* now."""
        if self.tracing:
            self._tell(f"{clock_text(self.loop.now)}  {who:<24}  {what}")

    def breach(self, text: str) -> None:
        """Note that something is wrong."""
        self.breaches.append(text)
        self.tell("BREACH", text)

    def read(self, collection: str, where: Mapping[str, Any] | None = None) -> list[Document]:
        """Return raw documents, past network and functions."""
        (found,) = self._adapter.run([find(collection, where or {})])
        return found

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Take the place of the cloud: inside, functions live in this world."""
        self._adapter.run([delete(name, {}, limit=0) for name in COLLECTIONS])
        stage.furnish(self._adapter, phone_hash(stage.PHONE, PHONE_KEY))
        layer_cache.forget_all()
        functions()
        time = SimpleNamespace(time=lambda: self._wall() / 1000, monotonic=lambda: self.loop.now / 1000)
        with contextlib.ExitStack() as patches:
            for module in (clock, context, entry):
                patches.enter_context(mock.patch.object(module, "time", time))
            patches.enter_context(mock.patch.object(entry, "adapter_factory", return_value=self))
            patches.enter_context(mock.patch.object(log, "emit", self._log))
            patches.enter_context(mock.patch.object(WeChatPay, "__init__", return_value=None))
            for name, method in self.till.doorway().items():
                patches.enter_context(mock.patch.object(WeChatPay, name, method))
            patches.enter_context(mock.patch.object(PaySettings, "from_env", return_value=SETTINGS))
            patches.enter_context(mock.patch.object(WeChatApi, "phone_number", self._phone_number))
            keys = {"PHONE_HASH_KEY": PHONE_KEY, SETTING: stage.LINK_KEYS}
            patches.enter_context(mock.patch.dict(os.environ, keys))
            yield

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        """Be the database adapter of the function that runs."""
        return self.network.exchange([self._command(each) for each in commands], DatabaseUnavailable)

    def play(self, name: str, script: Script, when: int = 0) -> None:
        """Let *script* begin at *when*; *name* orders it among others and seeds what befalls it."""
        self.loop.at(when, name, lambda: self._advance(name, script, None, 1))

    def call(self, name: str, call: Call, answer: Callable[[Any], None]) -> None:
        """Call a function now and give its reply to *answer*, or None when the instance died."""
        chance = dice(self.seed, name)
        limit = int(configured().get(call.function, {}).get("timeout", 10)) * 1000
        skew = chance.randint(-_SKEW_MS, _SKEW_MS)
        if chance.randrange(_COLD_ONE_IN) == 0:
            layer_cache.forget_all()
        self.calls += 1
        self.tell(name, f"{call.function} {_short(call.event)}")
        replies: list[Any] = []
        main = functions()[call.function].main
        fiber = Fiber(lambda: replies.append(main(dict(call.event), _context(call, name, limit))))
        me = Instance(
            name, chance, skew, self.loop.now + limit, fiber, lambda: self._ended(name, replies, answer)
        )
        self.alive[name] = me
        self.loop.at(self.loop.now, name, lambda: self.network.resume(me))
        self.loop.at(me.dies_at, name, lambda: self.network.kill(me, "time limit"))

    def _ended(self, name: str, replies: list[Any], answer: Callable[[Any], None]) -> None:
        del self.alive[name]
        if replies:
            self.tell(name, f"replies {_short(replies[0])}")
        answer(replies[0] if replies else None)

    def _advance(self, name: str, script: Script, value: Any, turn: int) -> None:
        try:
            wish = script.send(value)
        except StopIteration:
            return
        if isinstance(wish, Wait):
            self.loop.at(self.loop.now + wish.ms, name, lambda: self._advance(name, script, None, turn + 1))
        else:
            self.call(f"{name}.{turn}", wish, lambda reply: self._hear(name, script, reply, turn))

    def _hear(self, name: str, script: Script, reply: Any, turn: int) -> None:
        """Let the caller hear the reply, which may be lost on the way to her."""
        chance = dice(self.seed, name, turn)
        delay = chance.randint(1, 40)
        if self.weather.strikes(f"{name}.{turn}?", chance.random() * 2):
            self.tell(name, "does not hear the reply")
            reply = None
        self.loop.at(self.loop.now + delay, name, lambda: self._advance(name, script, reply, turn + 1))

    def _command(self, command: Command) -> Callable[[], list[Document]]:
        def work() -> list[Document]:
            (reply,) = self._adapter.run([command])
            self.witness(command, reply)
            if self.tracing:
                self.tell("  database", f"{_short(command)} → {_short(reply)}")
            return reply

        return work

    def _wall(self) -> int:
        running = self.network.running
        return self.loop.now + self.jump + (running.skew if running else 0)

    def _log(self, event: str, **fields: Any) -> None:
        if fields.get("error") == "INTERNAL" or str(fields.get("code", "")).startswith("500"):
            self.breach(f"{event} failed inside: {_short(fields)}")

    def _phone_number(self, *_: Any, **__: Any) -> str:
        return str(self.network.exchange([lambda: stage.PHONE], UpstreamUnavailable)[0])


def _context(call: Call, name: str, limit: int) -> Document:
    environment = {"TCB_ENV": stage.ENV, "SCF_NAMESPACE": stage.ENV, "TENCENTCLOUD_SECRETID": "id"}
    if call.openid:
        environment |= {"WX_OPENID": call.openid, "WX_APPID": "wx0", "TCB_SOURCE": "wx_client"}
    return {
        "request_id": name,
        "function_name": call.function,
        "time_limit_in_ms": limit,
        "environment": json.dumps(environment),
    }


def clock_text(instant: int) -> str:
    """Return *instant* as the time since the play began: hours, minutes, seconds, thousandths."""
    seconds, ms = divmod(instant - stage.OPENING, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


__all__ = ["Call", "Random", "Script", "Wait", "World", "clock_text", "functions", "timers"]
