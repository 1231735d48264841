"""A small project of its own for every test of the function host."""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.clock import Clock
from localcloud.credentials import Credentials
from localcloud.functions import FunctionHost, Launcher, Limits

CREDENTIALS = Credentials("AKIDtest", "secret", "token")


class Workshop:
    """A project in a temporary folder, and the hosts that were opened on it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "项目 with spaces"
        self.work_dir = folder / "work"
        self.installed = folder / "installed"
        self.config: dict[str, Any] = {"envId": "test-env", "functions": []}
        self.hosts: list[FunctionHost] = []
        self.clock = Clock()
        self.root.mkdir()

    def function(self, name: str, code: str, **config: Any) -> Path:
        """Write a function and declare it; return its entry file."""
        entry = self.root / "functions" / name / "index.py"
        entry.parent.mkdir(parents=True, exist_ok=True)
        entry.write_text(textwrap.dedent(code), encoding="utf-8")
        self.config["functions"].append({"name": name, **config})
        self.declare()
        return entry

    def declare(self) -> None:
        """Write cloudbaserc.json."""
        (self.root / "cloudbaserc.json").write_text(json.dumps(self.config), encoding="utf-8")

    def layer(self, path: str, code: str) -> Path:
        """Write one source file of a layer; *path* starts with the layer's alias."""
        file = self.root / "layers" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code, encoding="utf-8")
        return file

    def host(self, limits: Limits | None = None, **overrides: str) -> FunctionHost:
        """Open a host on the project as it is."""
        launcher = Launcher(
            self.root,
            self.work_dir,
            endpoint_url=lambda: "http://127.0.0.1:9",
            overrides=overrides,
            clock=self.clock,
            installed_layers=self.installed,
        )
        host = FunctionHost(
            launcher, credentials=CREDENTIALS, work_dir=self.work_dir, clock=self.clock, limits=limits
        )
        self.hosts.append(host)
        return host


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    shop = Workshop(tmp_path)
    yield shop
    for host in shop.hosts:
        host.close()
