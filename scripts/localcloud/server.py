"""The local CloudBase: one process, one port, everything the back end talks to."""

import json
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from typing_extensions import Self

from localcloud import cloudapi
from localcloud.cloudapi import Cloud, Limits
from localcloud.credentials import Credentials
from localcloud.engine import Engine
from localcloud.functions import FunctionHost
from localcloud.wechat import WeChatStandIn

SelfT = TypeVar("SelfT", bound="LocalCloud")

HOST = "127.0.0.1"
_GRACE_SECONDS = 3


class StartError(Exception):
    """The local cloud cannot start; the message says in one line why and what to do."""


class LocalCloud:
    """A local cloud for the project at *root*.

    *data* is the folder that outlives the process; None keeps everything in memory and in a folder that
    `stop` removes. *port* 0 takes a free one. *settings* are environment variables for every function.
    """

    def __init__(
        self,
        root: Path,
        *,
        data: Path | None,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._root = root
        self._data = data
        self._port = port
        self._settings = dict(settings or {})
        self._limits = limits or Limits()
        self._running: ExitStack | None = None
        self.env = env_id(root)
        self.credentials = (
            Credentials.generate() if data is None else Credentials.load_or_create(data / "credentials.json")
        )

    @property
    def url(self) -> str:
        """Where it listens; known once it has started."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        """Listen and serve in a thread of its own; StartError if the port is taken."""
        with ExitStack() as stack:
            listener = stack.enter_context(_listen(self._port))
            self._port = listener.getsockname()[1]
            server = _Server(self._app(stack))
            stack.callback(server.stop)
            server.start(listener)
            self._running = stack.pop_all()
        return self

    def stop(self) -> None:
        """Stop serving and close everything that `start` opened; the port stays this cloud's own."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _app(self, stack: ExitStack) -> Starlette:
        work = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="localcloud-", ignore_cleanup_errors=True))
        )
        engine = Engine(None if self._data is None else self._data / "database.sqlite")
        stack.callback(engine.close)
        cloud = Cloud(engine, self.env, limits=self._limits)
        wechat = WeChatStandIn(self._data)
        stack.callback(wechat.close)
        functions = FunctionHost(
            self._root,
            endpoint_url=lambda: self.url,
            credentials=self.credentials,
            env_overrides={**wechat.settings(self.url), **self._settings},
            work_dir=work,
        )
        stack.callback(functions.close)
        routes = [
            *cloudapi.routes(cloud, self.credentials),
            Route("/healthz", self._health),
            *functions.routes(),
            *wechat.routes(),
        ]
        return Starlette(routes=routes)

    async def _health(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "envId": self.env})


class _Server(uvicorn.Server):
    """Uvicorn in a thread, on a socket that is bound already."""

    def __init__(self, app: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, listener: socket.socket) -> None:
        """Serve on *listener*; returns when requests are answered."""
        self._thread = threading.Thread(target=self.run, args=([listener],), name="localcloud", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Finish what is being answered, for a few seconds at most, and end the thread."""
        self.should_exit = True
        if self._thread is not None:
            self._thread.join()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


def env_id(root: Path) -> str:
    """Return the environment id of the project at *root*; StartError if its cloudbaserc.json has none."""
    path = root / "cloudbaserc.json"
    try:
        config: Any = json.loads(path.read_text(encoding="utf-8"))
        env = config["envId"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"{path} does not name an environment (envId): {error!r}") from error
    return str(env)


def _listen(port: int) -> socket.socket:
    """Return a socket that listens on *port* of this machine only."""
    listener = socket.socket()
    if sys.platform != "win32":  # There the option would let two servers share a port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise StartError(
            f"port {port} cannot be used ({error}): stop what uses it or choose another with --port"
        ) from error
    return listener
