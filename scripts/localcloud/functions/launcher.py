"""Says, for every call anew, how a function of the working tree is started: edits take effect at once."""

from collections.abc import Callable, Mapping
from pathlib import Path

from localcloud.clock import Clock

from .failures import StatusAbnormal
from .interpreters import OWN
from .launch import Launch, process_environ
from .layers import Layers
from .project import CONFIG, ENV_FILES, Function, Project, load_project
from .signature import signature, stamp

DEFAULT_ENV_ID = "local"


class Launcher:
    """Turns the functions declared in *root* into launches; *overrides* win over their own variables."""

    def __init__(
        self,
        root: Path,
        work_dir: Path,
        *,
        endpoint_url: Callable[[], str],
        overrides: Mapping[str, str],
        clock: Clock,
        installed_layers: Path | None = None,
    ) -> None:
        self._root = root
        self._work_dir = work_dir
        self._endpoint_url = endpoint_url
        self._overrides = overrides
        self._clock = clock
        self._layers = Layers(root, work_dir, installed_layers)
        self._project: tuple[list[tuple[int, int]], Project] | None = None
        (work_dir / "tmp").mkdir(parents=True, exist_ok=True)

    def project(self) -> Project:
        """Return what cloudbaserc.json says now. Raises ProjectError."""
        stamps = [stamp(self._root / name) for name in (CONFIG, *ENV_FILES)]
        if self._project is None or self._project[0] != stamps:
            self._project = stamps, load_project(self._root)
        return self._project[1]

    def launch(self, function: Function) -> Launch:
        """Return how *function* is started now. Raises StatusAbnormal when it cannot be."""
        project = self.project()
        folder = self._root / project.function_root / (function.dir or function.name)
        layers = self._layers.paths(layer.alias for layer in function.layers)
        path = tuple(map(str, (folder, *layers)))
        environ = process_environ(
            function, folder, path, env_id=project.env_id or DEFAULT_ENV_ID, work_dir=self._work_dir
        )
        environ |= {"CLOUD_API_ENDPOINT": self._endpoint_url(), **self._overrides}
        stamps = tuple(map(stamp, layers))
        launch = Launch(function, folder, path, environ, signature(folder), stamps, self._clock.ahead, OWN)
        if not launch.entry[0].is_file():
            raise StatusAbnormal(f"{launch.entry[0]} is missing")
        return launch
