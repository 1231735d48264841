"""What every action works on: one environment, its engine, its functions, its permissions and its limits."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from hashlib import sha256
from typing import Any

from localcloud.cloudapi.errors import ApiError
from localcloud.cloudapi.params import Parameters
from localcloud.cloudapi.permissions import Permissions
from localcloud.deployed import Deployments
from localcloud.engine import Engine
from localcloud.functions import FunctionHost

_CHINA = timezone(timedelta(hours=8))
_TIME = "%Y-%m-%d %H:%M:%S"
FLEXDB = "flexdb"
"""The connector id under which official clients reach an environment's own database."""


@dataclass(frozen=True)
class Limits:
    """The platform's quotas; `requests_per_second` None means that no rate is enforced."""

    result_bytes: int = 16 * 1024 * 1024
    collections: int = 100
    indexes: int = 100
    requests_per_second: int | None = None
    functions: int = 50
    triggers: int = 10
    layers: int = 20
    layer_versions: int = 200


@dataclass(frozen=True)
class Cloud:
    """One environment of the local cloud; *secret* signs what it gives out."""

    engine: Engine
    env: str
    deployments: Deployments
    host: FunctionHost
    secret: str
    region: str = "ap-shanghai"
    limits: Limits = field(default_factory=Limits)
    opened_at: float = field(default_factory=time.time)

    @cached_property
    def permissions(self) -> Permissions:
        """The permissions of the environment's collections."""
        return Permissions(self.engine, self.env)

    @cached_property
    def instance_id(self) -> str:
        """The id of the environment's database, ``tnt-`` and nine letters as the platform's are."""
        return "tnt-" + sha256(self.env.encode()).hexdigest()[:9]

    @cached_property
    def opened(self) -> str:
        """When this environment was opened, as the API writes times."""
        return time_text(self.opened_at)

    def now(self) -> float:
        """Return the present instant of the cloud's clock, in epoch seconds."""
        return self.host.clock.now()

    def require_namespace(self, namespace: str | None) -> None:
        """Refuse functions outside of the environment; without a namespace the default one is meant."""
        if namespace != self.env:
            raise ApiError(
                "ResourceNotFound.Namespace", f"The namespace {namespace or 'default'} does not exist."
            )

    def database(self, target: "Target") -> str:
        """Return the engine's name of the database that a request aims at.

        A connector other than FLEXDB stands for the owner's own cluster: a database of its own.
        """
        self.require_env(target.EnvId, target.Tag)
        connector = target.MongoConnector
        if connector is None or connector.InstanceId == FLEXDB:
            return self.env
        return f"{connector.InstanceId}/{connector.DatabaseName}"

    def require_collection(self, name: str) -> None:
        """Refuse a collection that the environment does not have."""
        if name not in self.engine.list_collections(self.env):
            raise ApiError("ResourceNotFound.Table", f"Table {name} does not exist.")

    def require_env(self, env_id: str | None, tag: str | None = None) -> None:
        """Refuse a request for another environment, named by its id or else by its database instance."""
        if env_id is None and tag is None:
            raise ApiError("MissingParameter", "The request is missing a required parameter `EnvId`.")
        if env_id not in (self.env, None):
            raise ApiError("ResourceNotFound.EnvNotExist", f"Env {env_id} does not exist.")
        if env_id is None and tag != self.instance_id:
            raise ApiError("ResourceNotFound.InstanceNotFound", f"Instance {tag} does not exist.")


Reply = dict[str, Any]
Action = Callable[["Cloud", dict[str, Any]], Reply | Awaitable[Reply]]
"""What answers a call: with the fields of its reply, at once or later."""


def time_text(seconds: float) -> str:
    """Return an instant in epoch seconds as the API writes times."""
    return datetime.fromtimestamp(seconds, _CHINA).strftime(_TIME)


def instant(text: str) -> float:
    """Return an instant in the API's writing as epoch seconds."""
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=_CHINA).timestamp()
    except ValueError as error:
        raise ApiError("InvalidParameterValue", f"{text} is not a time like 2026-01-31 12:00:00.") from error


class Connector(Parameters):
    """A MongoDB cluster that the environment is connected to."""

    InstanceId: str
    DatabaseName: str


class Target(Parameters):
    """The database that a request aims at; EnvId decides where both are given."""

    EnvId: str | None = None
    Tag: str | None = None
    MongoConnector: Connector | None = None
