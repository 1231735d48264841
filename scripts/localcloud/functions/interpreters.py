"""The Python that runs a function: its runtime's own where this machine has it, else the one that runs us."""

import re
import shutil
import subprocess
import sys
from functools import lru_cache

# The virtual environment's own launcher would, on Windows, be one more process between us and the function.
OWN: str = getattr(sys, "_base_executable", sys.executable)
"""The interpreter that runs the local cloud."""

_RUNTIME = re.compile(r"Python(3\.\d+)")
_ASK = "import sys as s; print('{}.{}'.format(*s.version_info), getattr(s, '_base_executable', s.executable))"
_SECONDS = 10


@lru_cache
def interpreter(runtime: str) -> str | None:
    """Return the interpreter for *runtime*; None when it is none of Python 3."""
    match = _RUNTIME.fullmatch(runtime)
    if match is None:
        return None
    version = match[1]
    if version == "{}.{}".format(*sys.version_info):
        return OWN
    return _found(version) or OWN


def _found(version: str) -> str | None:
    """Return the real path of the command ``python<version>``, which may be there and yet start nothing."""
    command = shutil.which(f"python{version}")
    if command is None:
        return None
    asked = [command, "-I", "-S", "-c", _ASK]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603
    told, _, path = done.stdout.strip().partition(" ")
    return path if done.returncode == 0 and told == version else None
