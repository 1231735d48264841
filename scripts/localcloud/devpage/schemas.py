"""The schemas of a project's functions, read in a process of its own so that they are those of now."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_SECONDS = 30


def read(root: Path) -> tuple[dict[str, Any], str]:
    """Return what is known of each function of the project at *root*, by name; or nothing, and why."""
    done = subprocess.run(  # noqa: S603  # No shell, and no argument from outside.
        [sys.executable, "-c", _START, json.dumps(sys.path), str(root)],
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS,
    )
    if done.returncode:
        return {}, done.stderr.strip().rpartition("\n")[2]
    known: dict[str, Any] = json.loads(done.stdout)
    return known, ""


_START = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
from localcloud.devpage.schemas import main
main()
"""


def main() -> None:
    """Print, as JSON, the schemas of the project named on the command line."""
    from clients.catalogue import read as catalogue  # noqa: PLC0415  # It imports the project's layer.

    known = {
        each.name: {"caller": each.caller, "schema": each.request, "about": each.about}
        for each in catalogue(Path(sys.argv[1]))
    }
    sys.stdout.buffer.write(json.dumps(known, ensure_ascii=False).encode())
