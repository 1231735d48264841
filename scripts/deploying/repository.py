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
    python, lenient = building.platform_python(), is_loopback(access)
    here = lenient and runs_on_ours(python)
    return Wanted(
        env_id=access.env_id,
        functions=functions,
        layers={alias: building.build(root, alias, cache, here=here) for alias in aliases},
        python=python,
        lenient=lenient,
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


def runs_on_ours(python: str | None) -> bool:
    """Say whether a cloud on this machine runs functions on the Python that runs us: it has no other."""
    return python is None
