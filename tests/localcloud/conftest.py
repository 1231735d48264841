"""A local cloud without functions, and the official SDK pointed at it."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.tcb.v20180608.tcb_client import TcbClient

from localcloud.credentials import Credentials
from localcloud.server import LocalCloud

from .scf import Scf

ENV = "test-env-1"

_names = count()

KINDS = {
    "find": "QUERY",
    "count": "QUERY",
    "aggregate": "QUERY",
    "insert": "INSERT",
    "update": "UPDATE",
    "findAndModify": "UPDATE",
    "delete": "DELETE",
}


class Sdk:
    """The official SDK for *env* of one local cloud: `typed` is the product's own client."""

    def __init__(self, url: str, keys: Credentials, env: str) -> None:
        profile = ClientProfile(
            httpProfile=HttpProfile(protocol="http", endpoint=url.removeprefix("http://"), keepAlive=True)
        )
        secret = credential.Credential(keys.secret_id, keys.secret_key)
        self.env = env
        self.typed = TcbClient(secret, "ap-shanghai", profile)
        self._common = CommonClient("tcb", "2018-06-08", secret, "ap-shanghai", profile)

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """Return the fields of the reply; TencentCloudSDKException for a refusal."""
        reply: dict[str, Any] = self._common.call_json(action, {"EnvId": self.env, **parameters})["Response"]
        assert reply.pop("RequestId")
        return reply

    def run(self, *commands: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
        """Run native commands in one call and return the items of each, numbers still canonical."""
        return items(self.call("RunCommands", MgoCommands=[mgo(command) for command in commands])["Data"])


def mgo(command: Mapping[str, Any], **changes: str) -> dict[str, str]:
    """Return *command* as RunCommands takes it."""
    name, table = next(iter(command.items()))
    kind = KINDS.get(name, "COMMAND")
    return {"TableName": table, "CommandType": kind, "Command": json.dumps(command), **changes}


def items(data: Sequence[str]) -> list[list[dict[str, Any]]]:
    """Undo the two inner levels of JSON of a RunCommands reply."""
    return [[json.loads(item) for item in json.loads(element)] for element in data]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has an environment and no functions."""
    root = tmp_path_factory.mktemp("project")
    (root / "cloudbaserc.json").write_text(json.dumps({"envId": ENV, "functions": []}), encoding="utf-8")
    return root


@pytest.fixture(scope="session", autouse=True)
def _no_proxy() -> Iterator[None]:
    """The SDK would send loopback calls through a proxy of the developer's environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def cloud(project: Path) -> Iterator[LocalCloud]:
    """One local cloud for all tests, in memory; they share no collection."""
    with LocalCloud(project, data=None) as running:
        yield running


@pytest.fixture(scope="session")
def sdk(cloud: LocalCloud) -> Sdk:
    """The official SDK for the shared cloud."""
    return Sdk(cloud.url, cloud.credentials, ENV)


@pytest.fixture(scope="session")
def deployed(project: Path) -> Iterator[LocalCloud]:
    """One cloud that serves what is deployed to it, in memory; tests share no function."""
    with LocalCloud(project, data=None, deployed=True) as running:
        yield running


@pytest.fixture(scope="session")
def scf(deployed: LocalCloud) -> Scf:
    """The official SDK of functions for the shared cloud."""
    return Scf(deployed)


@pytest.fixture
def name() -> str:
    """A function's name that no other test uses."""
    return f"function{next(_names)}"


@pytest.fixture
def table(sdk: Sdk) -> str:
    """A new collection of the shared cloud."""
    name = f"table_{next(_names)}"
    sdk.call("CreateTable", TableName=name)
    return name
