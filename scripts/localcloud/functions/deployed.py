"""Starts what was deployed, from its zip and its layers' zips, in place of the working tree."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from localcloud.clock import Clock
from localcloud.deployed import FUNCTION, DeployedFunction, Deployments

from .failures import StatusAbnormal
from .interpreters import interpreter
from .launch import Launch, process_environ
from .project import Function, Layer, Project, Trigger

_EVERYBODY = "*"


class DeployedProject(Project):
    """The deployed functions; *paths* are the HTTP access routes, *invokers* the functions' security rule."""

    origin: ClassVar[str] = "deployed here"

    paths: dict[str, str]
    invokers: dict[str, dict[str, Any]]

    def routes(self) -> Mapping[str, str]:
        """Return the names of functions by their HTTP access paths."""
        return self.paths

    def admits(self, name: str) -> bool:
        """Say whether the security rule lets members call a function; members are always logged in."""
        rule = self.invokers.get(name) or self.invokers.get(_EVERYBODY, {})
        return rule.get("invoke", True) is not False


class DeployedLauncher:
    """Turns what was deployed into launches; *overrides* win over the functions' own variables."""

    def __init__(
        self,
        deployments: Deployments,
        work_dir: Path,
        *,
        env_id: str,
        endpoint_url: Callable[[], str],
        overrides: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._deployments = deployments
        self._work_dir = work_dir
        self._env_id = env_id
        self._endpoint_url = endpoint_url
        self._overrides = overrides
        self._clock = clock
        self._project: tuple[int, DeployedProject] | None = None
        (work_dir / "tmp").mkdir(parents=True, exist_ok=True)

    def project(self) -> DeployedProject:
        """Return what is deployed now."""
        state = self._deployments.state
        if self._project is None or self._project[0] != state:
            self._project = state, self._read()
        return self._project[1]

    def launch(self, function: Function) -> Launch:
        """Return how *function* is started now. Raises StatusAbnormal when it cannot be."""
        deployed = self._deployments.functions.get(function.name)
        python = interpreter(function.runtime)
        if deployed is None or python is None:
            raise StatusAbnormal(f"{function.name} cannot be started: its runtime is {function.runtime}")
        folders = self._folders(deployed)
        folder, path = folders[0], tuple(map(str, folders))
        environ = process_environ(function, folder, path, env_id=self._env_id, work_dir=self._work_dir)
        environ |= {"CLOUD_API_ENDPOINT": self._endpoint_url(), **self._overrides}
        launch = Launch(function, folder, path, environ, (), (), self._clock.ahead, python)
        if not launch.entry[0].is_file():
            raise StatusAbnormal(f"{launch.entry[0].name} is missing in the zip of {function.name}")
        return launch

    def _read(self) -> DeployedProject:
        rule = self._deployments.rules.get(FUNCTION)
        return DeployedProject(
            env_id=self._env_id,
            functions=tuple(_function(one) for one in self._deployments.functions.all()),
            paths={one.path: one.function for one in self._deployments.routes.all() if one.enabled},
            invokers=json.loads(rule.text) if rule else {},
        )

    def _folders(self, function: DeployedFunction) -> list[Path]:
        """Return the function's own folder and, if it has layers, its /opt."""
        packages = self._deployments.packages
        found = [self._deployments.layer(ref.name, ref.version) for ref in function.layers]
        layers = [version.code for version in found if version is not None]
        return [packages.unpacked([function.code])] + ([packages.unpacked(layers)] if layers else [])


def _function(deployed: DeployedFunction) -> Function:
    return Function(
        name=deployed.name,
        runtime=deployed.runtime,
        handler=deployed.handler,
        timeout=deployed.timeout,
        memory_size=deployed.memory_size,
        env_variables=deployed.environment,
        layers=tuple(Layer(name=ref.name) for ref in deployed.layers),
        triggers=tuple(
            Trigger(name=one.name, config=one.cron, message=one.argument)
            for one in deployed.timers
            if one.enabled
        ),
    )
