"""The version numbers of layers in cloudbaserc.json, which the platform's own command-line tool binds by.

They count in each environment on their own, so `apply` binds by content and leaves them alone, unless it is
asked to write those of the environment that it deployed to.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from localcloud.functions.project import CONFIG


def stale(root: Path, versions: Mapping[str, int]) -> dict[str, int]:
    """Return the aliases whose number in the file is not that of *versions*, with the number that is."""
    return {
        alias: versions[alias]
        for layer in _layers(json.loads((root / CONFIG).read_text("utf-8")))
        if (alias := layer["name"].partition("_")[0]) in versions and layer["version"] != versions[alias]
    }


def write(root: Path, versions: Mapping[str, int]) -> None:
    """Write *versions* into the file, and nothing else of it anew."""
    text = (root / CONFIG).read_text("utf-8")
    for alias, number in versions.items():
        found = re.compile(rf'("name":\s*"{alias}_[^"]*",\s*"version":\s*)\d+')
        text = found.sub(rf"\g<1>{number}", text)
    (root / CONFIG).write_text(text, encoding="utf-8", newline="\n")


def _layers(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [layer for function in config.get("functions", []) for layer in function.get("layers", [])]
