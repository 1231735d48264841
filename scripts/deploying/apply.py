"""Bringing an environment to what is wanted, change by change.

Every change may be made again: broken off anywhere, the next plan has the rest. A function gets its code
before its description says so, so one whose description is right has the code, too.
"""

from collections.abc import Iterator

from deploying.archives import archive
from deploying.building import zipped
from deploying.doors import Doors
from deploying.environment import Environment, Settings
from deploying.journal import Deployed, Entry, Journal
from deploying.plan import (
    Change,
    Extra,
    Found,
    Plan,
    Wanted,
    bound_version,
    code_of,
    function_note,
    layer_name,
    layer_note,
    rule_of,
    settings_of,
)
from deploying.verify import digest_of
from deploying.wanted import WantedFunction
from deploying.watching import now


class Deployment:
    """One run of `apply`."""

    def __init__(self, wanted: Wanted, found: Found, environment: Environment, doors: Doors) -> None:
        self._wanted = wanted
        self._found = found
        self._environment = environment
        self._doors = doors
        self._functions = {one.name: one for one in wanted.functions}
        self._versions: dict[str, int] = {}
        for alias in wanted.layers:
            if (version := bound_version(wanted, found, alias)) is not None:
                self._versions[alias] = version

    @property
    def versions(self) -> dict[str, int]:
        """The versions of the layers, by alias, as far as they are published."""
        return dict(self._versions)

    def run(self, plan: Plan, journal: Journal | None) -> Iterator[Change]:
        """Make the changes of *plan*, yielding each when it is done, and write the deployment down.

        Layers come first, because only they give the versions that the journal names. Without a *journal*
        nothing is written down: what leaves the functions out is nothing to go back to.
        """
        later = [change for change in plan.changes if change.kind != "publish layer"]
        for change in plan.changes:
            if change.kind == "publish layer":
                self._publish(change.what)
                yield change
        kept = journal if journal and (later or journal.broke_off) else None
        if kept:
            kept.begin(self._entry(), {one.code: archive(one.files) for one in self._wanted.functions})
        for change in later:
            self._make(change)
            yield change
        if kept:
            kept.end()

    def prune(self, extra: Extra) -> None:
        """Delete what is there and not wanted."""
        if extra.kind == "route":
            self._doors.delete_route(self._found.domain, extra.name)
        elif extra.kind == "timer":
            self._environment.delete_timer(extra.of, extra.name)
        else:
            self._environment.delete_function(extra.name)

    def _publish(self, alias: str) -> None:
        layer, python = self._wanted.layers[alias], self._wanted.python
        note = layer_note(layer, compiled=python is not None)
        name = layer_name(self._wanted.env_id, alias)
        self._versions[alias] = self._environment.publish_layer(name, zipped(layer, python), note)

    def _make(self, change: Change) -> None:
        if change.kind == "set route":
            exists = change.what in self._found.routes
            function = next(one.name for one in self._wanted.functions if one.path == change.what)
            self._doors.set_route(self._found.domain, change.what, function, exists=exists)
        elif change.kind == "set rule":
            self._doors.set_rule(rule_of(self._wanted, self._found.rule))
        elif change.of:
            self._timer(change)
        else:
            self._function(change, self._functions[change.what])

    def _timer(self, change: Change) -> None:
        if change.kind == "replace timer":
            self._environment.delete_timer(change.of, change.what)
        cron = self._functions[change.of].timers[change.what]
        self._environment.create_timer(change.of, change.what, cron)

    def _function(self, change: Change, function: WantedFunction) -> None:
        settings, note = self._settings(function), function_note(function.code)
        if change.kind == "update function":
            if code_of(self._found.functions[function.name]) != function.code:
                self._environment.update_code(function.name, function.handler, archive(function.files))
            self._environment.configure(function.name, settings, note)
            return
        if change.kind == "recreate function":
            self._environment.delete_function(function.name)
        self._environment.create_function(
            function.name, function.runtime, archive(function.files), settings, note
        )

    def _settings(self, function: WantedFunction) -> Settings:
        return settings_of(self._wanted, function, self._versions, self._found)

    def _entry(self) -> Entry:
        functions = {name: self._deployed(one) for name, one in self._functions.items()}
        return Entry(at=now().isoformat(timespec="seconds"), complete=False, functions=functions)

    def _deployed(self, function: WantedFunction) -> Deployed:
        settings = self._settings(function)
        return Deployed(
            code=function.code,
            file=digest_of(function.files["index.py"]),
            runtime=function.runtime,
            handler=settings.handler,
            timeout=settings.timeout,
            memory_size=settings.memory_size,
            layers=settings.layers,
            digests={alias: self._wanted.layers[alias].digest for alias in function.layers},
        )
