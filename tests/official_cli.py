"""The official command-line tool, as the operating guide says to install it, in a folder of these tests."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from harness import ROOT

VERSION = "2.12.10"
INSTALLING = f"npm install --global @cloudbase/cli@{VERSION}"
_INSTALLED = ROOT / ".local" / "tools" / f"cloudbase-cli-{VERSION}-global"


def installed() -> Path:
    """Return the folder of `tcb`, installed once, where there is npm and a registry; else skip the test."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not on this machine")
    if not _INSTALLED.exists():
        draft = _INSTALLED.with_name(f"{_INSTALLED.name}-{os.getpid()}")
        quiet = {"npm_config_loglevel": "silent", "npm_config_audit": "false", "npm_config_fund": "false"}
        environ = {**os.environ, **quiet, "npm_config_prefix": str(draft)}
        install = [npm, *INSTALLING.split()[1:]]
        if subprocess.run(install, env=environ, capture_output=True, check=False, timeout=300).returncode:
            pytest.skip("the command-line tool cannot be installed here")
        with suppress(OSError):  # Somebody else has installed it meanwhile.
            draft.rename(_INSTALLED)
    return _INSTALLED / "bin"
