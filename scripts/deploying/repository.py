"""What `plan`, `apply` and `verify` work on: the repository as it is, and the environment beside it."""

import os
from pathlib import Path

from dataio.cloudapi import Access, is_loopback
from deploying import building, settings, wanted
from deploying.doors import Doors
from deploying.environment import Environment
from deploying.plan import Found, Wanted, layer_name


def read(root: Path, access: Access, *, file: Path | None = None, recreate: bool = False) -> Wanted:
    """Return what the repository in *root* wants; *file* gives values to its templates."""
    functions = wanted.read(root, access.env_id, settings.values(os.environ, file))
    aliases = dict.fromkeys(alias for one in functions for alias in one.layers)
    cache = root / ".local" / "deploy" / "wheels"
    return Wanted(
        env_id=access.env_id,
        functions=functions,
        layers={alias: building.build(root, alias, cache) for alias in aliases},
        python=building.platform_python(),
        lenient=is_loopback(access),
        recreate=recreate,
    )


def found(wants: Wanted, environment: Environment, doors: Doors) -> Found:
    """Return what the environment has of it."""
    domain, routes = doors.routes()
    return Found(
        functions=environment.functions(),
        versions={
            alias: environment.layer_versions(layer_name(wants.env_id, alias)) for alias in wants.layers
        },
        domain=domain,
        routes=routes,
        rule=doors.rule(),
    )
