"""The production adapter: tcb RunCommands over Cloud API 3.0.

What is retried: reads, and anything that failed before it was sent. A write whose reply was lost may have
been applied; it is reported as DatabaseUnavailable and the caller starts again from the top.
The connection outlives the invocation, the credentials do not.
"""

import http.client
import random
import select
import time
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

from gardenshop.cloud import ejson
from gardenshop.cloud.database import Command, Document
from gardenshop.cloud.errors import DatabaseRejected, DatabaseUnavailable, DuplicateKey
from gardenshop.cloud.settings import Settings
from gardenshop.cloud.tc3 import Credentials, authorization

VERSION = "2018-06-08"
SERVICE = "tcb"
DUPLICATE_KEY = 11000

_TYPES = {
    "find": "QUERY",
    "aggregate": "QUERY",
    "count": "QUERY",
    "insert": "INSERT",
    "update": "UPDATE",
    "delete": "DELETE",
}
_RETRIABLE = (
    "LimitExceeded",
    "RequestLimitExceeded",
    "InternalError",
    "FailedOperation.Timeout",
    "ResourceUnavailable",
)
_ATTEMPTS = 3
_CALL_TIMEOUT = 5.0

_connections: dict[str, http.client.HTTPConnection] = {}


class _Lost(Exception):
    """The connection broke. `sent` says whether the request may have arrived."""

    def __init__(self, *, sent: bool) -> None:
        super().__init__()
        self.sent = sent


class Target(NamedTuple):
    """A command's collection and kind, as RunCommands asks for them."""

    collection: str
    kind: str


def target_of(command: Command) -> Target:
    """Say which collection *command* is for and its CommandType."""
    name, collection = next(iter(command.items()))
    return Target(collection, _TYPES[name])


class RunCommands:
    """RunCommands with one invocation's credentials, giving up at *deadline* (`time.monotonic`)."""

    def __init__(self, settings: Settings, credentials: Credentials, *, deadline: float) -> None:
        self._settings = settings
        self._credentials = credentials
        self._deadline = deadline

    def run(self, commands: Sequence[Command]) -> list[list[Document]]:
        """Run *commands* in order in one round trip and return the reply items of each."""
        targets = [target_of(command) for command in commands]
        body = self._body(commands, targets)
        reading = all(target.kind == "QUERY" for target in targets)
        data = self._call(body, reading=reading)
        if len(data) != len(commands):
            raise DatabaseUnavailable
        return [_items(element) for element in data]

    def _body(self, commands: Sequence[Command], targets: Sequence[Target]) -> bytes:
        settings = self._settings
        request: dict[str, Any] = {
            "EnvId": settings.env_id,
            "MgoCommands": [
                {"TableName": target.collection, "CommandType": target.kind, "Command": ejson.encode(command)}
                for command, target in zip(commands, targets, strict=True)
            ],
        }
        if settings.tag:
            request["Tag"] = settings.tag
        if settings.mongo_instance:
            request["MongoConnector"] = {
                "InstanceId": settings.mongo_instance,
                "DatabaseName": settings.mongo_database,
            }
        return ejson.encode_bytes(request)

    def _call(self, body: bytes, *, reading: bool) -> list[Any]:
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(min(random.uniform(0.05, 0.2) * attempt, max(self._remaining(), 0)))
            try:
                response = self._post(body)
            except _Lost as lost:
                if lost.sent and not reading:
                    break
                continue
            error = response.get("Error")
            if not error:
                return list(response.get("Data") or [])
            code = str(error.get("Code", ""))
            if not code.startswith(_RETRIABLE):
                _refuse(code, str(error.get("Message", "")))
            if not reading:
                break
        raise DatabaseUnavailable

    def _post(self, body: bytes) -> dict[str, Any]:
        url = urlsplit(self._settings.endpoint)
        timestamp = int(time.time())
        headers = {
            "Host": url.netloc,
            "Content-Type": "application/json",
            "X-TC-Action": "RunCommands",
            "X-TC-Version": VERSION,
            "X-TC-Region": self._settings.region,
            "X-TC-Timestamp": str(timestamp),
            "Authorization": authorization(
                self._credentials, service=SERVICE, host=url.netloc, body=body, timestamp=timestamp
            ),
        }
        if self._credentials.token:
            headers["X-TC-Token"] = self._credentials.token
        return _response(*self._exchange(body, headers))

    def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        remaining = self._remaining()
        if remaining <= 0:
            raise DatabaseUnavailable
        connection = _connection(self._settings.endpoint, min(remaining, _CALL_TIMEOUT))
        sent = False
        try:
            if connection.sock is None:
                connection.connect()
            sent = True
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _Lost(sent=sent) from error

    def _remaining(self) -> float:
        return self._deadline - time.monotonic()


def _connection(endpoint: str, timeout: float) -> http.client.HTTPConnection:
    """Return the kept connection to *endpoint*, closed first when the other end has dropped it.

    An idle socket that is readable has been closed (or is out of step): a frozen instance wakes up to
    that, and noticing it before sending keeps writes from being lost needlessly.
    """
    connection = _connections.get(endpoint)
    if connection is None:
        url = urlsplit(endpoint)
        secure = url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = _connections[endpoint] = kind(url.netloc)
    connection.timeout = timeout
    if connection.sock is not None:
        connection.sock.settimeout(timeout)
        if select.select([connection.sock], [], [], 0)[0]:
            connection.close()
    return connection


def _response(status: int, payload: bytes) -> dict[str, Any]:
    """Return the ``Response`` of a reply. Raises _Lost for anything that the Cloud API would not say."""
    try:
        response = ejson.decode(payload)["Response"]
    except (ValueError, KeyError, TypeError):
        raise _Lost(sent=True) from None
    if status != http.client.OK or not isinstance(response, dict):
        raise _Lost(sent=True)
    if not isinstance(response.get("Error") or {}, dict) or not isinstance(response.get("Data") or [], list):
        raise _Lost(sent=True)
    return response


def _items(element: Any) -> list[Document]:
    try:
        items = ejson.decode_items(element)
    except (ValueError, TypeError):
        raise DatabaseUnavailable from None
    for item in items:
        if not isinstance(item, dict):
            raise DatabaseUnavailable
        for write_error in item.get("writeErrors") or ():
            if write_error.get("code") == DUPLICATE_KEY:
                raise DuplicateKey
            raise DatabaseRejected(reason=str(write_error.get("errmsg", "")))
    return items


def _refuse(code: str, message: str) -> NoReturn:
    if "E11000" in message or code == "FailedOperation.DuplicatedData":
        raise DuplicateKey
    raise DatabaseRejected(apiCode=code, reason=message)
