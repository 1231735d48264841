"""The official SDK of functions pointed at a local cloud, and small zips to deploy through it."""

import base64
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tencentcloud.common import credential
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from localcloud.server import LocalCloud

Files = Mapping[str, str | bytes]
ECHO = "def main(event, context):\n    return event\n"


class Product:
    """One product of the Cloud API of one local cloud."""

    def __init__(self, cloud: LocalCloud, service: str, version: str) -> None:
        endpoint = cloud.url.removeprefix("http://")
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint))
        keys = credential.Credential(cloud.credentials.secret_id, cloud.credentials.secret_key)
        self.env = cloud.env
        self._client = CommonClient(service, version, keys, "ap-shanghai", profile)

    def call(self, action: str, **parameters: Any) -> dict[str, Any]:
        """Return the fields of the reply; TencentCloudSDKException for a refusal."""
        reply: dict[str, Any] = self._client.call_json(action, parameters)["Response"]
        assert reply.pop("RequestId")
        return reply


class Scf(Product):
    """The product scf, in the namespace of the environment."""

    def __init__(self, cloud: LocalCloud) -> None:
        super().__init__(cloud, "scf", "2018-04-16")

    def on(self, action: str, function: str, **parameters: Any) -> dict[str, Any]:
        """Call an action about one function."""
        return self.call(action, FunctionName=function, Namespace=self.env, **parameters)

    def create(self, name: str, code: str = ECHO, **parameters: Any) -> None:
        """Create a function of one file."""
        given = {"Runtime": "Python3.10", "Handler": "index.main", "Code": {"ZipFile": zipped(code)}}
        self.on("CreateFunction", name, **{**given, **parameters})

    def layer(self, name: str, files: Files, **parameters: Any) -> int:
        """Publish a version of a layer and return its number."""
        given = {"CompatibleRuntimes": ["Python3.10"], "Content": {"ZipFile": as_text(zip_of(files))}}
        version: int = self.call("PublishLayerVersion", LayerName=name, **{**given, **parameters})[
            "LayerVersion"
        ]
        return version

    def invoke(self, name: str, event: Any = None, **parameters: Any) -> dict[str, Any]:
        """Invoke a function and return the result."""
        parameters = {"LogType": "Tail", "ClientContext": json.dumps(event or {}), **parameters}
        result: dict[str, Any] = self.on("Invoke", name, **parameters)["Result"]
        return result


def zipped(index: str | None = None, **files: str | bytes) -> str:
    """Return a zip of *files*, by their names in it, as base64; *index* is the text of index.py."""
    if index is not None:
        files["index.py"] = index
    return as_text(zip_of(files))


def as_text(content: bytes) -> str:
    """Return *content* as base64."""
    return base64.b64encode(content).decode()


def zip_of(files: Files) -> bytes:
    """Return a zip of *files*."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in files.items():
            writer.writestr(name, content)
    return buffer.getvalue()


def refusal(call: Callable[[], object]) -> str:
    """Return the code with which *call* is refused."""
    with pytest.raises(TencentCloudSDKException) as refused:
        call()
    code: str = refused.value.code
    return code
