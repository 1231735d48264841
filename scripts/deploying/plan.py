"""The difference between the repository and an environment, as changes to make in order; a pure comparison.

The digests of functions' code and of layers stand in their descriptions: so the cloud has the last word on
what is deployed, whoever deployed it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from deploying.building import Layer
from deploying.doors import OPEN, Route, Rule
from deploying.environment import Function, LayerVersion, Settings
from deploying.settings import fingerprint
from deploying.wanted import WantedFunction

_CODE = re.compile(r"\bcode ([0-9a-f]{16})\b")
_LAYER = re.compile(r"\blayer ([0-9a-f]{16})\b")
_BYTECODE = "bytecode cp310"

Kind = Literal[
    "publish layer",
    "create function",
    "recreate function",
    "update function",
    "create timer",
    "replace timer",
    "set route",
    "set rule",
]


class Change(NamedTuple):
    """One thing to do; *what* names it, *why* says what differs, and values of variables are never told."""

    kind: Kind
    what: str
    why: tuple[str, ...] = ()
    of: str = ""

    @property
    def text(self) -> str:
        """The change in words."""
        name = f"{self.of}.{self.what}" if self.of else self.what
        return f"{self.kind} {name}" + (f": {', '.join(self.why)}" if self.why else "")


@dataclass(frozen=True)
class Wanted:
    """What the repository wants of *env_id*. *python* can compile layers, if there is one.

    *lenient* says that the cloud itself gives variables that are unset, as the local one does.
    """

    env_id: str
    functions: Sequence[WantedFunction]
    layers: Mapping[str, Layer]
    python: str | None
    lenient: bool = False
    recreate: bool = False


@dataclass(frozen=True)
class Found:
    """What the environment has; versions of layers are by their aliases, the newest first."""

    functions: Mapping[str, Function]
    versions: Mapping[str, Sequence[LayerVersion]]
    domain: str | None
    routes: Mapping[str, Route]
    rule: Rule


class Extra(NamedTuple):
    """One thing that is there and not wanted; *of* is the function of a timer or route."""

    kind: Literal["function", "timer", "route"]
    name: str
    of: str = ""

    @property
    def text(self) -> str:
        """The thing in words."""
        return f"{self.kind} {self.name}" + (f" of {self.of}" if self.of else "")


class Plan(NamedTuple):
    """What to change; what stands in the way; and what is there that the repository does not know."""

    changes: tuple[Change, ...]
    problems: tuple[str, ...]
    unknown: tuple[Extra, ...]


def plan(wanted: Wanted, found: Found) -> Plan:
    """Compare *wanted* with *found*."""
    changes = [
        *_layers(wanted, found),
        *(change for one in wanted.functions for change in _function(wanted, found, one)),
        *(change for one in wanted.functions for change in _timers(one, found.functions.get(one.name))),
        *_routes(wanted, found),
        *_rule(wanted, found),
    ]
    problems = [problem for one in wanted.functions for problem in _problems(wanted, found, one)]
    return Plan(tuple(changes), tuple(problems), tuple(unknown(wanted, found)))


def without_functions(planned: Plan) -> Plan:
    """Return what of *planned* is left where another tool deploys the functions: layers, and who may call."""
    kept = (change for change in planned.changes if change.kind in ("publish layer", "set rule"))
    return Plan(tuple(kept), (), planned.unknown)


def bound_version(wanted: Wanted, found: Found, alias: str) -> int | None:
    """Return the version that is the layer *alias* as it is here; None when it has to be published."""
    layer = wanted.layers[alias]
    for version in found.versions.get(alias, ()):
        told = _LAYER.search(version.description)
        if told and told[1] == layer.digest and (_BYTECODE in version.description or not wanted.python):
            return version.version
    return None


def settings_of(
    wanted: Wanted, function: WantedFunction, versions: Mapping[str, int], found: Found
) -> Settings:
    """Return how *function* is to be configured, its layers being of *versions*.

    A variable that is unset here keeps the value it has there: who deploys code need not know every secret.
    """
    existing = found.functions.get(function.name)
    kept = {key: existing.settings.variables.get(key) for key in function.unset} if existing else {}
    return Settings(
        handler=function.handler,
        timeout=function.timeout,
        memory_size=function.memory_size,
        variables={**function.variables, **{key: value for key, value in kept.items() if value is not None}},
        layers=tuple((layer_name(wanted.env_id, alias), versions[alias]) for alias in function.layers),
    )


def layer_name(env_id: str, alias: str) -> str:
    """Return what the layer *alias* is called in the account, where layers of all environments are."""
    return f"{alias}_{env_id}"


def layer_note(layer: Layer, *, compiled: bool) -> str:
    """Return the description of a version of *layer*, by which it is found again."""
    return f"layer {layer.digest}" + (f", {_BYTECODE}" if compiled else ", no bytecode")


def function_note(code: str) -> str:
    """Return the description of a function with *code*."""
    return f"code {code}"


def code_of(function: Function) -> str | None:
    """Return the digest of the code that *function* was deployed with, if it was from here."""
    told = _CODE.search(function.description)
    return told[1] if told else None


def unknown(wanted: Wanted, found: Found) -> Iterator[Extra]:
    """Yield what is there and not wanted: routes, timers of our functions, functions."""
    names = {one.name: one for one in wanted.functions}
    for path, route in sorted(found.routes.items()):
        declared = names.get(route.function)
        if declared is None or declared.path != path:
            yield Extra("route", path, route.function)
    for name, one in names.items():
        existing = found.functions.get(name)
        extra = set(existing.timers) - set(one.timers) if existing else set()
        yield from (Extra("timer", timer, name) for timer in sorted(extra))
    yield from (Extra("function", name) for name in sorted(set(found.functions) - set(names)))


def differences(wanted: Wanted, found: Found, function: WantedFunction, existing: Function) -> Iterator[str]:
    """Yield in words what differs of a function that exists, without the code."""
    versions = {alias: bound_version(wanted, found, alias) or 0 for alias in function.layers}
    should = settings_of(wanted, function, versions, found)
    has = existing.settings
    for name in ("handler", "timeout", "memory_size"):
        if getattr(has, name) != getattr(should, name):
            yield f"{name.replace('_s', 'S')} {getattr(has, name)} → {getattr(should, name)}"
    if has.layers != should.layers:
        yield f"layers {_layers_text(has.layers)} → {_layers_text(should.layers)}"
    yield from _variables(wanted.env_id, has.variables, should.variables)


def _layers(wanted: Wanted, found: Found) -> Iterator[Change]:
    for alias, layer in wanted.layers.items():
        if bound_version(wanted, found, alias) is None:
            told = "with bytecode" if wanted.python else "without bytecode: no Python 3.10 is on this machine"
            yield Change("publish layer", alias, (layer.digest, told))


def _function(wanted: Wanted, found: Found, function: WantedFunction) -> Iterator[Change]:
    existing = found.functions.get(function.name)
    if existing is None:
        yield Change("create function", function.name, (f"code {function.code}",))
        return
    if existing.runtime != function.runtime:
        yield Change(
            "recreate function", function.name, (f"runtime {existing.runtime} → {function.runtime}",)
        )
        return
    why = [*differences(wanted, found, function, existing)]
    if code_of(existing) != function.code:
        why.insert(0, f"code {code_of(existing) or 'of somewhere else'} → {function.code}")
    if why:
        yield Change("update function", function.name, tuple(why))


def _timers(function: WantedFunction, existing: Function | None) -> Iterator[Change]:
    """Yield the timers to make: with a function that is made anew, all of them."""
    keeps = existing is not None and existing.runtime == function.runtime
    has: Mapping[str, str] = existing.timers if existing and keeps else {}
    for name, cron in function.timers.items():
        if name not in has:
            yield Change("create timer", name, (cron,), of=function.name)
        elif has[name] != cron:
            yield Change("replace timer", name, (f"{has[name]} → {cron}",), of=function.name)


def _routes(wanted: Wanted, found: Found) -> Iterator[Change]:
    for one in wanted.functions:
        if one.path and found.routes.get(one.path) != Route(one.name, open=True):
            yield Change("set route", one.path, (f"to {one.name}",))


def _rule(wanted: Wanted, found: Found) -> Iterator[Change]:
    should = rule_of(wanted, found.rule)
    if should != found.rule:
        changed = sorted(name for name in should if should[name] != found.rule.get(name))
        opened = [name for name in changed if should[name]["invoke"]]
        closed = [f"{name} closed to clients" for name in changed if name not in opened]
        told = [f"{len(opened)} functions open to clients"] if opened else []
        yield Change("set rule", "invoke", (*closed, *told))


def rule_of(wanted: Wanted, rule: Rule) -> dict[str, Any]:
    """Return *rule* with what it must say of our functions; what it says of others stays."""
    ours = {one.name: {"invoke": OPEN if one.is_for_clients else False} for one in wanted.functions}
    return {**rule, **ours}


def _problems(wanted: Wanted, found: Found, function: WantedFunction) -> Iterator[str]:
    existing = found.functions.get(function.name)
    if existing and existing.runtime != function.runtime and not wanted.recreate:
        yield (
            f"{function.name}: the runtime {existing.runtime} of a function cannot be changed to "
            f"{function.runtime}: allow deleting and creating it with --recreate"
        )
    if existing and existing.status.endswith("Failed"):
        yield f"{function.name} is {existing.status}: the console says why; delete it there, and start again"
    has = existing.settings.variables if existing else {}
    lacking = [key for key in function.unset if key not in has]
    if lacking and not wanted.lenient:
        yield f"{function.name}: no value for {', '.join(lacking)}: set it, or name a file with --settings"


def _variables(env_id: str, has: Mapping[str, str], should: Mapping[str, str]) -> Iterator[str]:
    for key in sorted(set(has) | set(should)):
        old, new = (fingerprint(env_id, key, each[key]) if key in each else None for each in (has, should))
        if old != new:
            yield f"{key} {old or 'unset'} → {new or 'unset'}"


def _layers_text(layers: Sequence[tuple[str, int]]) -> str:
    return "[" + ", ".join(f"{name.partition('_')[0]} {version or 'new'}" for name, version in layers) + "]"
