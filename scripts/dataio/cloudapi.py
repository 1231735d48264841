"""The doorway to the official SDK: an environment's collections, indexes, permissions and documents.

Whatever is called here may be called again (creating is checked for first, writes are guarded), so every
failure that looks temporary is retried.
"""

import json
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.tcb.v20180608.tcb_client import TcbClient

from dataio.definitions import Index
from gardenshop.cloud.ejson import decode_items
from gardenshop.cloud.runcommands import target_of

Command = Mapping[str, Any]
Items = list[dict[str, Any]]

_PAGE = 100
_ATTEMPTS = 5
_TEMPORARY = (
    "ClientNetworkError",
    "FailedOperation.Timeout",
    "InternalError",
    "LimitExceeded.NoValidConnection",
    "LimitExceeded.Request",
    "RequestLimitExceeded",
    "ResourceInUse.IndexCreating",
)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class CloudError(Exception):
    """The cloud refused a call: its code and what it said."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code

    @property
    def is_duplicate(self) -> bool:
        """Whether a unique index stands in the way."""
        return "E11000" in str(self) or self.code == "FailedOperation.DuplicatedData"


class Access(NamedTuple):
    """Where an environment is and the keys to it; *tag* names its database where the cloud asks for it."""

    endpoint: str
    env_id: str
    secret_id: str
    secret_key: str
    region: str = "ap-shanghai"
    token: str | None = None
    tag: str | None = None


def connection(access: Access) -> tuple[Credential, str, ClientProfile]:
    """Return what a client of the SDK is made of, to reach *access*."""
    url = urlsplit(access.endpoint)
    if is_loopback(access):
        _bypass_proxies()
    http = HttpProfile(protocol=url.scheme, endpoint=url.netloc, keepAlive=True, reqTimeout=60)
    secret = Credential(access.secret_id, access.secret_key, access.token)
    return secret, access.region, ClientProfile(httpProfile=http)


def is_loopback(access: Access) -> bool:
    """Say whether *access* is a cloud on this machine."""
    return urlsplit(access.endpoint).hostname in _LOOPBACK


class ExistingIndex(NamedTuple):
    """An index as the cloud describes it, which leaves out whether it is sparse or partial."""

    name: str
    keys: tuple[tuple[str, int], ...]
    unique: bool


class CloudApi:
    """One environment. `calls` counts the round trips."""

    def __init__(self, access: Access, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = TcbClient(*connection(access))
        self._target = {"EnvId": access.env_id} | ({"Tag": access.tag} if access.tag else {})
        self._env = access.env_id
        self._sleep = sleep
        self.calls = 0

    def collections(self) -> list[str]:
        """Return the names of all collections."""
        names: list[str] = []
        while True:
            page = self._call("ListTables", **self._target, MgoLimit=_PAGE, MgoOffset=len(names))
            tables = page.get("Tables") or []
            names += [table["TableName"] for table in tables]
            if len(tables) < _PAGE:
                return names

    def create_collection(self, name: str, permission: str) -> None:
        """Create the collection *name* unless it exists."""
        granted = {"AclTag": permission, "EnvId": self._env}
        try:
            self._call("CreateTable", **self._target, TableName=name, PermissionInfo=granted)
        except CloudError:
            if name not in self.collections():
                raise

    def indexes(self, collection: str) -> list[ExistingIndex]:
        """Return the indexes of *collection* but for the one on ``_id``."""
        reply = self._call("DescribeTable", **self._target, TableName=collection)
        found = [
            ExistingIndex(
                index["Name"],
                tuple((key["Name"], int(key["Direction"])) for key in index["Keys"]),
                unique=bool(index.get("Unique")),
            )
            for index in reply.get("Indexes") or []
        ]
        return [index for index in found if index.keys != (("_id", 1),)]

    def create_index(self, collection: str, index: Index) -> None:
        """Create *index* unless there is one of that name."""
        schema: dict[str, Any] = {
            "MgoIndexKeys": [{"Name": name, "Direction": str(direction)} for name, direction in index.keys],
            "MgoIsUnique": index.unique,
            "MgoIsSparse": index.sparse,
        }
        if index.partial is not None:
            schema["PartialFilterExpression"] = json.dumps(index.partial, ensure_ascii=False)
        wanted = [{"IndexName": index.name, "MgoKeySchema": schema}]
        try:
            self._call("UpdateTable", **self._target, TableName=collection, CreateIndexes=wanted)
        except CloudError:
            if all(existing.name != index.name for existing in self.indexes(collection)):
                raise

    def permission(self, collection: str) -> str:
        """Return the permission tag of *collection*."""
        return str(self._call("DescribeDatabaseACL", EnvId=self._env, CollectionName=collection)["AclTag"])

    def set_permission(self, collection: str, tag: str) -> None:
        """Give *collection* the permission *tag*."""
        self._call("ModifyDatabaseACL", EnvId=self._env, CollectionName=collection, AclTag=tag)

    def run(self, commands: Sequence[Command]) -> list[Items]:
        """Run native *commands*, all reads or all safe to repeat, in one round trip."""
        parameters = [
            {
                "TableName": target_of(command).collection,
                "CommandType": target_of(command).kind,
                "Command": json.dumps(command, ensure_ascii=False),
            }
            for command in commands
        ]
        data = self._call("RunCommands", **self._target, MgoCommands=parameters).get("Data") or []
        if len(data) != len(commands):
            raise CloudError("InternalError", f"{len(commands)} commands got {len(data)} replies")
        replies = [decode_items(element) for element in data]
        for failed in (error for reply in replies for item in reply for error in item.get("writeErrors", ())):
            raise CloudError("FailedOperation", str(failed.get("errmsg")))
        return replies

    def _call(self, action: str, **parameters: Any) -> dict[str, Any]:
        for attempt in range(1, _ATTEMPTS + 1):
            self.calls += 1
            try:
                reply: dict[str, Any] = self._client.call_json(action, parameters)["Response"]
            except TencentCloudSDKException as error:
                code, message = str(error.get_code()), str(error.get_message())
                if attempt == _ATTEMPTS or not code.startswith(_TEMPORARY):
                    raise CloudError(code, message) from error
                self._sleep(random.uniform(0.5, 1) * 0.2 * 2**attempt)
            else:
                return reply
        raise AssertionError("the last attempt returns or raises")


def _bypass_proxies() -> None:
    """Keep loopback calls from a proxy of the developer's environment, which the SDK would use."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), *_LOOPBACK)))
