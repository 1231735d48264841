"""Going back to an earlier deployment: its code and versions of layers, under the variables of now.

Timers, routes, rules and collections stay as they are, because data that were written since may need them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from deploying.environment import Environment, Function
from deploying.errors import NotDeployable
from deploying.journal import Deployed, Entry, Journal
from deploying.plan import code_of, function_note
from deploying.watching import now


class Step(NamedTuple):
    """One function to bring back to *deployed*."""

    function: Function
    deployed: Deployed

    @property
    def has_other_code(self) -> bool:
        """Whether its code has to be replaced, too."""
        return code_of(self.function) != self.deployed.code

    @property
    def text(self) -> str:
        """The step in words."""
        old, new = (code or "of somewhere else" for code in (code_of(self.function), self.deployed.code))
        code = [f"code {old} → {new}"] if self.has_other_code else []
        layers = [
            f"layer {name} {version}"
            for name, version in self.deployed.layers
            if (name, version) not in self.function.settings.layers
        ]
        return f"update function {self.function.name}: {', '.join([*code, *layers]) or 'its configuration'}"


def target(entries: Sequence[Entry]) -> Entry:
    """Return the deployment before the last, and the same again where going back to it broke off."""
    complete = [entry for entry in entries if entry.complete]
    if entries and entries[-1].restores and not entries[-1].complete:
        return entries[-1]
    former = complete if entries and not entries[-1].complete else complete[:-1]
    if not former:
        raise NotDeployable("There is no earlier deployment from this machine to go back to.")
    return former[-1]


def steps(entry: Entry, functions: Mapping[str, Function]) -> Iterator[Step]:
    """Yield the functions that are not as they were in *entry*; those made since then stay."""
    for name, deployed in entry.functions.items():
        function = functions.get(name)
        if function is not None and not _is(function, deployed):
            yield Step(function, deployed)


def lacking(entry: Entry, wanted: Sequence[Step], journal: Journal, environment: Environment) -> list[str]:
    """Return why it is not possible to go back to *entry*, empty when it is."""
    names = {layer for step in wanted for layer in step.deployed.layers}
    has = {
        (name, one.version)
        for name in {name for name, _ in names}
        for one in environment.layer_versions(name)
    }
    gone = [f"layer {name} {version} is deleted" for name, version in sorted(names - has)]
    codes = {step.deployed.code for step in wanted if step.has_other_code}
    gone += [f"code {code} is not on this machine" for code in sorted(codes) if journal.code(code) is None]
    changed = [step for step in wanted if step.function.runtime != step.deployed.runtime]
    gone += [f"{step.function.name} had another runtime, {step.deployed.runtime}" for step in changed]
    return [f"The deployment of {entry.at} cannot be had back: {reason}." for reason in gone]


def run(entry: Entry, wanted: Sequence[Step], journal: Journal, environment: Environment) -> Iterator[Step]:
    """Go back, yielding each function that is done; it is a deployment of its own in the journal."""
    update = {
        "at": now().isoformat(timespec="seconds"),
        "complete": False,
        "restores": entry.restores or entry.at,
    }
    journal.begin(entry.model_copy(update=update), {})
    for step in wanted:
        deployed, settings = step.deployed, step.function.settings
        if step.has_other_code:
            environment.update_code(step.function.name, deployed.handler, journal.code(deployed.code) or b"")
        former = settings._replace(
            handler=deployed.handler,
            timeout=deployed.timeout,
            memory_size=deployed.memory_size,
            layers=deployed.layers,
        )
        environment.configure(step.function.name, former, function_note(deployed.code))
        yield step
    journal.end()


def _is(function: Function, deployed: Deployed) -> bool:
    has = function.settings
    return (
        code_of(function) == deployed.code
        and has.layers == deployed.layers
        and (
            (has.handler, has.timeout, has.memory_size)
            == (deployed.handler, deployed.timeout, deployed.memory_size)
        )
    )
