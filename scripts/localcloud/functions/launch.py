"""How one instance of a function is started: its files, its `sys.path` and its process environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .project import Function, Project
from .signature import Signature

REGION = "ap-shanghai"
_FOR_THE_INTERPRETER = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_FOR_WINDOWS = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "NUMBER_OF_PROCESSORS")


@dataclass(frozen=True)
class Launch:
    """Everything an instance is made of; a running instance whose launch differs is out of date."""

    function: Function
    folder: Path
    path: tuple[str, ...]
    environ: Mapping[str, str]
    code: Signature
    layers: tuple[tuple[int, int], ...]
    ahead: float
    """Seconds that its clock is ahead of the computer's."""

    python: str
    """The interpreter that runs it."""

    @property
    def entry(self) -> tuple[Path, str]:
        """The entry file and the name of the handler in it."""
        module, _, name = self.function.handler.rpartition(".")
        return self.folder / f"{module}.py", name


class Launches(Protocol):
    """Says, for every call anew, which functions there are and how one is started."""

    def project(self) -> Project:
        """Return the functions that there are now. Raises StatusAbnormal when nobody can say."""

    def launch(self, function: Function) -> Launch:
        """Return how *function* is started now. Raises StatusAbnormal when it cannot be."""


def process_environ(
    function: Function, folder: Path, path: tuple[str, ...], *, env_id: str, work_dir: Path
) -> dict[str, str]:
    """Return the process environment as the platform sets it: built-in variables, then the function's own.

    Of the developer's shell only what the operating system needs gets through.
    """
    wanted = (*_FOR_THE_INTERPRETER, *_FOR_WINDOWS)
    shell = {key: os.environ[key] for key in wanted if key in os.environ}
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(work_dir / "tmp"))
    platform = {
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONDONTWRITEBYTECODE": "x",
        "TZ": "UTC",
        "USER_CODE_ROOT": str(folder) + os.sep,
        "_SCF_SERVER_PORT": "28902",
        "TENCENTCLOUD_RUNENV": "SCF",
        "TENCENTCLOUD_REGION": REGION,
        "SCF_NAMESPACE": env_id,
        "TCB_ENV": env_id,
    }
    return shell | temporary | platform | function.env_variables
