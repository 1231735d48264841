"""Everything deployed to one environment."""

from pathlib import Path

from localcloud.engine import Engine
from localcloud.records import Records

from .packages import Packages
from .records import DeployedFunction, LayerVersion, Published, Route, Rule
from .uploads import Uploads

FUNCTION = "FUNCTION"
"""The key of the functions' security rule: its kind of resource."""


class Deployments:
    """What was deployed to *env*; zips are kept in *folder*."""

    def __init__(self, engine: Engine, env: str, folder: Path) -> None:
        self.packages = Packages(folder)
        self.uploads = Uploads(folder / "uploads")
        self.functions = Records(engine, env, "functions", DeployedFunction)
        self.published = Records(engine, env, "functionVersions", Published)
        self.layers = Records(engine, env, "layerVersions", LayerVersion)
        self.routes = Records(engine, env, "httpRoutes", Route)
        self.rules = Records(engine, env, "securityRules", Rule)

    @property
    def state(self) -> int:
        """A number that is another one after every change to what is served."""
        return self.functions.changes + self.routes.changes + self.rules.changes

    def layer(self, name: str, version: int) -> LayerVersion | None:
        """Return one version of a layer, also a deleted one."""
        return self.layers.get(_key(name, version))

    def layer_versions(self, name: str) -> list[LayerVersion]:
        """Return the versions of a layer, deleted ones too, the newest first."""
        found = [one for one in self.layers.all() if one.name == name]
        return sorted(found, key=lambda one: -one.version)

    def versions(self, name: str) -> list[Published]:
        """Return the published versions of a function, the oldest first."""
        found = [one for one in self.published.all() if one.function.name == name]
        return sorted(found, key=lambda one: one.version)

    def keep_layer(self, version: LayerVersion) -> None:
        """Keep what is said of one version of a layer."""
        self.layers.put(_key(version.name, version.version), version)

    def publish(self, function: DeployedFunction, description: str, at: float) -> Published:
        """Keep *function* as it is under its next number."""
        number = function.latest + 1
        self.functions.put(function.name, function.model_copy(update={"latest": number}))
        published = Published(version=number, description=description, function=function, at=at)
        self.published.put(_key(function.name, number), published)
        return published

    def forget(self, function: DeployedFunction) -> None:
        """Forget a function and its versions."""
        self.functions.remove(function.name)
        for one in self.versions(function.name):
            self.published.remove(_key(function.name, one.version))


def _key(name: str, version: int) -> str:
    return f"{name}:{version}"
