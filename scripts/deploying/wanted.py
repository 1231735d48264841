"""What the repository wants an environment to have: cloudbaserc.json, the functions' files, their callers."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deploying import settings
from deploying.archives import Files, digest, read_folder
from deploying.errors import NotDeployable
from localcloud.functions.project import CONFIG, Project, with_defaults

CLIENTS = ("member", "operator")
"""Whom clients may be: operators come by the mini-program, too."""

_VARIABLES_LIMIT = 4096
_LAYERS_LIMIT = 5
_RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")


@dataclass(frozen=True)
class WantedFunction:
    """A function of the repository. *unset* are variables whose value was not given; empty ones are left out.

    *layers* are aliases; *caller* is whom it serves; *timers* are cron expressions by their names.
    """

    name: str
    runtime: str
    handler: str
    timeout: int
    memory_size: int
    variables: Mapping[str, str]
    unset: tuple[str, ...]
    layers: tuple[str, ...]
    timers: Mapping[str, str]
    path: str | None
    caller: str
    files: Files

    @property
    def code(self) -> str:
        """The digest of its files."""
        return digest(self.files)

    @property
    def is_for_clients(self) -> bool:
        """Whether clients may call it."""
        return self.caller in CLIENTS


def read(root: Path, env_id: str, given: Mapping[str, str]) -> tuple[WantedFunction, ...]:
    """Return the functions of the repository in *root* for the environment *env_id*.

    *given* are the values of templates. Raises NotDeployable, naming all that the platform would refuse.
    """
    raw = _parsed(root / CONFIG)
    values = {**given, "ENV_ID": env_id}
    try:
        project = Project.model_validate(with_defaults(settings.filled(raw, values)))
    except ValidationError as error:
        raise NotDeployable("\n".join(_told(error))) from None
    templates = {one["name"]: one.get("envVariables", {}) for one in with_defaults(raw)["functions"]}
    wanted = tuple(
        _function(root, project, one.name, templates[one.name], values) for one in project.functions
    )
    if problems := [f"{one.name}: {problem}" for one in wanted for problem in _problems(one)]:
        raise NotDeployable("\n".join(problems))
    return wanted


def _told(error: ValidationError) -> Iterator[str]:
    """Yield what is wrong in the file, without the values there, which may be secrets."""
    for one in error.errors(include_input=False, include_url=False):
        yield f"{CONFIG}: {'.'.join(map(str, one['loc']))}: {one['msg']}"


def _parsed(file: Path) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise NotDeployable(f"{file} is missing.") from None
    except ValueError as error:
        raise NotDeployable(f"{file}: {error}") from error
    return parsed


def _function(
    root: Path, project: Project, name: str, templates: Mapping[str, Any], values: Mapping[str, str]
) -> WantedFunction:
    declared = project.function(name)
    assert declared is not None, name  # noqa: S101  # It is one of the project's.
    folder = root / (declared.dir or f"{project.function_root}/{name}")
    files = read_folder(folder)
    if not files:
        raise NotDeployable(f"{name}: {folder} has no files.")
    unset = {
        key
        for key, text in templates.items()
        if any(asked not in values for asked in settings.names(str(text)))
    }
    return WantedFunction(
        name=name,
        runtime=declared.runtime,
        handler=declared.handler,
        timeout=declared.timeout,
        memory_size=declared.memory_size,
        variables={key: value for key, value in declared.env_variables.items() if value and key not in unset},
        unset=tuple(sorted(unset)),
        layers=tuple(layer.alias for layer in declared.layers),
        timers={timer.name: timer.config for timer in declared.triggers},
        path=declared.path,
        caller=_caller(files),
        files=files,
    )


def _caller(files: Files) -> str:
    """Return whom the function serves, by ``@cloud_function(caller=…)``; "" if it does not say."""
    for node in ast.walk(ast.parse(files.get("index.py", b""))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "cloud_function"
        ):
            for keyword in node.keywords:
                if keyword.arg == "caller" and isinstance(keyword.value, ast.Name):
                    return keyword.value.id.lower()
    return ""


def _problems(function: WantedFunction) -> Iterator[str]:
    """Yield what the platform would refuse: cloud.tencent.com/document/product/583/11637."""
    if not _NAME.fullmatch(function.name):
        yield "a name has 2 to 60 letters, digits, - and _, a letter first and no - or _ last"
    if function.memory_size != 64 and function.memory_size % 128:  # noqa: PLR2004  # The platform's steps.
        yield f"memorySize is {function.memory_size}: 64, or a multiple of 128"
    if len(function.layers) > _LAYERS_LIMIT:
        yield f"{len(function.layers)} layers: at most {_LAYERS_LIMIT}"
    for key in (*function.variables, *function.unset):
        if key.startswith(_RESERVED) or not _KEY.fullmatch(key):
            yield f"a variable cannot be called {key}: letters, digits and _, not beginning with {_RESERVED}"
    size = variables_size(function.variables)
    if size > _VARIABLES_LIMIT:
        names = ", ".join(function.variables)
        yield f"the variables come to {size} bytes, more than {_VARIABLES_LIMIT}: {names}"


def variables_size(variables: Mapping[str, str]) -> int:
    """Return what *variables* come to of the platform's 4 KB."""
    return sum(len(f"{key}{value}".encode()) for key, value in variables.items())
