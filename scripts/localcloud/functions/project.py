"""What cloudbaserc.json says of the functions, read as the platform's command-line tool reads it."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from .cron import Cron
from .failures import StatusAbnormal

CONFIG = "cloudbaserc.json"
ENV_FILES = (".env", ".env.local")

_TEMPLATE = re.compile(r"\{\{\s*env\.(\w+)\s*\}\}")


class ProjectError(StatusAbnormal):
    """cloudbaserc.json cannot be used; the message says where and why."""


class _Section(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, coerce_numbers_to_str=True
    )


class Layer(_Section):
    """A layer bound to a function: ``<alias>_<environment>``."""

    name: str

    @property
    def alias(self) -> str:
        """The layer's name without its environment."""
        return self.name.partition("_")[0]


class Trigger(_Section):
    """A timer; `config` is a 7-field cron expression in UTC+8, `message` what its event says."""

    name: str
    type: str = "timer"
    config: Cron
    message: str = ""


class Function(_Section):
    """One function: limits in seconds and MB."""

    name: str
    dir: str | None = None
    runtime: str = ""
    handler: str = "index.main"
    timeout: int = Field(default=15, ge=1, le=900)
    memory_size: int = Field(default=256, ge=64, le=3072)
    env_variables: dict[str, str] = {}
    layers: tuple[Layer, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    path: str | None = None

    def trigger(self, name: str | None) -> Trigger | None:
        """Return the trigger called *name*; the first one when no name is given."""
        return next((one for one in self.triggers if name in (None, one.name)), None)


class Project(_Section):
    """The whole configuration; *origin* says where it comes from, for messages."""

    origin: ClassVar[str] = f"of {CONFIG}"

    env_id: str = ""
    function_root: str = "./functions"
    functions: tuple[Function, ...] = ()

    def function(self, name: str) -> Function | None:
        """Return the function called *name*, if it is declared."""
        return next((one for one in self.functions if one.name == name), None)

    def route(self, path: str) -> Function | None:
        """Return the function whose HTTP access path is *path* or the longest whole-segment prefix of it."""
        found = [route for route in self.routes() if _covers(route, path)]
        return self.function(self.routes()[max(found, key=len)]) if found else None

    def routes(self) -> Mapping[str, str]:
        """Return the names of functions by their HTTP access paths."""
        return {one.path: one.name for one in self.functions if one.path}

    def admits(self, _name: str) -> bool:
        """Say whether clients may call a function: nothing in cloudbaserc.json forbids it."""
        return True


def load_project(root: Path, environ: Mapping[str, str] | None = None) -> Project:
    """Read cloudbaserc.json of *root*. Raises ProjectError when it is missing or wrong."""
    file = root / CONFIG
    try:
        text = file.read_text(encoding="utf-8")
        values = json.loads(render(text, template_values(root, os.environ if environ is None else environ)))
        return Project.model_validate(with_defaults(values))
    except FileNotFoundError:
        raise ProjectError(f"{file} is missing") from None
    except (ValidationError, ValueError) as error:
        raise ProjectError(f"{file}: {error}") from error


def template_values(root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what ``{{env.X}}`` may name: .env, .env.local, then *environ*; the last one wins."""
    values: dict[str, str] = {}
    for name in ENV_FILES:
        values.update(
            {key: value or "" for key, value in dotenv_values(root / name, interpolate=False).items()}
        )
    return values | dict(environ)


def render(text: str, values: Mapping[str, str]) -> str:
    """Fill the templates of *text*, unset names as "": plain replacement, exactly as the tool does it."""
    return _TEMPLATE.sub(lambda found: values.get(found[1], ""), text)


def merge(default: Any, value: Any) -> Any:
    """Lay *value* over *default* with the semantics of lodash.merge: objects by key, arrays by index."""
    if isinstance(default, dict) and isinstance(value, dict):
        return default | {key: merge(default.get(key), item) for key, item in value.items()}
    if isinstance(default, list) and isinstance(value, list):
        over = [merge(old, new) for old, new in zip(default, value, strict=False)]
        return over + (default if len(default) > len(value) else value)[len(over) :]
    return value


def with_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Give every function of *values*, the parsed file, what functionDefaultConfig says for all."""
    default = values.get("functionDefaultConfig", {})
    functions = [_flatten(merge(default, one)) for one in values.get("functions", [])]
    return values | {"functions": functions}


def _flatten(function: dict[str, Any]) -> dict[str, Any]:
    """Lift the old nested ``config`` object."""
    nested: dict[str, Any] = function.get("config", {})
    return function | nested


def _covers(route: str, path: str) -> bool:
    route = "/" + route.strip("/")
    return route in ("/", path) or path.startswith(route + "/")
