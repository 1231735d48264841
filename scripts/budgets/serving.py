"""How many point reads a second the local cloud serves, beside a server that always answers the same.

Both are Starlette under uvicorn in this process. They are asked as functions ask, by `http.client` over one
kept connection, but with a request signed once, so that signing is not timed.
"""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from budgets.rows import Row
from budgets.stage import GOODS, Stage
from gardenshop.cloud.database import get
from gardenshop.cloud.tc3 import Credentials, authorization
from localcloud.server import HOST, BackgroundServer, listen

BUDGET_PERCENT = 40
CALLS = 300


class _Request(NamedTuple):
    headers: dict[str, str]
    body: bytes


def rows(stage: Stage, runs: int) -> list[Row]:
    """Return the calls a second of point reads in percent of those of constant replies."""
    with _connection(stage.cloud.url) as cloud:
        request = _point_read(stage)
        answer = _ask(cloud, request)
        with _constant_server(answer) as url, _connection(url) as constant:
            pairs = [(_seconds(constant, request), _seconds(cloud, request)) for _ in range(runs)]
    percent = median(100 * bare / read for bare, read in pairs)
    return [Row("point reads over HTTP, of constant replies", percent, BUDGET_PERCENT, "%", at_least=True)]


@contextmanager
def _connection(url: str) -> Iterator[HTTPConnection]:
    with closing(HTTPConnection(urlsplit(url).netloc)) as connection:
        yield connection


def _ask(connection: HTTPConnection, request: "_Request") -> bytes:
    connection.request("POST", "/", request.body, request.headers)
    return connection.getresponse().read()


def _seconds(connection: HTTPConnection, request: "_Request") -> float:
    """Return how long CALLS requests took, one after the other."""
    started = time.perf_counter()
    for _ in range(CALLS):
        _ask(connection, request)
    return time.perf_counter() - started


@contextmanager
def _constant_server(answer: bytes) -> Iterator[str]:
    async def constant(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    listener = listen(0)
    server = BackgroundServer(Starlette(routes=[Route("/", constant, methods=["POST"])]))
    server.start(listener)
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.leave()
        server.join()


def _point_read(stage: Stage) -> _Request:
    """Return a signed request that reads one document by its `_id`."""
    keys = stage.cloud.credentials
    command = {
        "TableName": "inventory",
        "CommandType": "QUERY",
        "Command": json.dumps(get("inventory", GOODS[0], fields=("available",))),
    }
    body = json.dumps({"EnvId": stage.cloud.env, "MgoCommands": [command]}).encode()
    host, timestamp = urlsplit(stage.cloud.url).netloc, int(time.time())
    credentials = Credentials(keys.secret_id, keys.secret_key, keys.session_token)
    headers = {
        "Host": host,
        "Content-Type": "application/json",
        "X-TC-Action": "RunCommands",
        "X-TC-Version": "2018-06-08",
        "X-TC-Region": "ap-shanghai",
        "X-TC-Timestamp": str(timestamp),
        "X-TC-Token": keys.session_token,
        "Authorization": authorization(credentials, service="tcb", host=host, body=body, timestamp=timestamp),
    }
    return _Request(headers, body)
