"""A local cloud without functions, and a layer that keeps no connection between tests."""

import json
import os
import random
from collections.abc import Iterator

import pytest

from gardenshop.cloud import runcommands
from localcloud.server import LocalCloud

ENV = "test-env-1"


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One local cloud in memory."""
    root = tmp_path_factory.mktemp("project")
    (root / "cloudbaserc.json").write_text(json.dumps({"envId": ENV, "functions": []}), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            patch.delenv(name)
        with LocalCloud(root, data=None) as running:
            yield running


@pytest.fixture(autouse=True)
def _no_kept_connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin as a new instance does; wait for nothing between attempts."""
    monkeypatch.setattr(runcommands, "_connections", {})
    monkeypatch.setattr(random, "uniform", lambda *_: 0.0)
    yield
    for connection in runcommands._connections.values():
        connection.close()
