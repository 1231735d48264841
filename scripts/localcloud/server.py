"""The local CloudBase: one process, one port, everything the back end talks to."""

import hmac
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from typing_extensions import Self

from localcloud import admin, clock, cloudapi, devpage, tencent
from localcloud.clock import Clock
from localcloud.cloudapi import Cloud, Limits
from localcloud.cos import CosStandIn
from localcloud.credentials import Credentials
from localcloud.deployed import Deployments
from localcloud.engine import Engine
from localcloud.functions import DeployedLauncher, FunctionHost, Launcher, ProjectError, load_project
from localcloud.functions.launch import Launches
from localcloud.functions.launcher import DEFAULT_ENV_ID
from localcloud.tencent import TencentHosts
from localcloud.traces import Traces
from localcloud.wechat import WeChatStandIn

HOST = "127.0.0.1"
_GRACE_SECONDS = 3
_KEEP_ALIVE_SECONDS = 60


class StartError(Exception):
    """Something cannot be started; the message says in one line why and what to do."""


class LocalCloud:
    """A local cloud for the project at *root*.

    *data* is the folder that outlives the process; None keeps everything in memory and in a folder that
    `stop` removes. *port* 0 takes a free one. *settings* are environment variables for every function.
    *timers* lets the timers fire on their own. *deployed* serves what was deployed, not the working tree.
    *tencent_hosts* opens a proxy that answers for Tencent's hosts. `cos` is started by who needs it.
    """

    def __init__(
        self,
        root: Path,
        *,
        data: Path | None,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        timers: bool = False,
        deployed: bool = False,
        tencent_hosts: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self._root = root
        self._data = data
        self._port = port
        self._settings = dict(settings or {})
        self._timers = timers
        self._deployed = deployed
        self._tencent_hosts = tencent_hosts
        self._limits = limits or Limits()
        self._running: ExitStack | None = None
        self.cos = CosStandIn()
        self.tencent: TencentHosts | None = None
        self.clock = Clock()
        self.env = _env_id(root)
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
            listener = stack.enter_context(listen(self._port))
            self._port = listener.getsockname()[1]
            engine = stack.enter_context(closing(Engine(self._kept("database.sqlite"))))
            wechat = stack.enter_context(closing(WeChatStandIn(self._kept("wechat"), now=self.clock.now)))
            deployments = Deployments(engine, self.env, self._kept("deployed") or _temporary(stack))
            functions = self._functions(deployments, wechat, self._kept("functions") or _temporary(stack))
            stack.callback(self.cos.stop)
            secret, traces = self.credentials.secret_key, Traces()
            cloud = Cloud(engine, self.env, deployments, functions, secret, limits=self._limits)
            routes = [
                *cloudapi.routes(cloud, self.credentials, self.clock, traces),
                *devpage.routes(self._root, cloud, functions, traces),
                *admin.routes(cloud, functions, self.credentials, self.clock),
                Route("/healthz", self._health),
                *functions.routes(),
                *wechat.routes(),
                *clock.routes(self.clock),
                *tencent.routes(deployments.uploads, secret),
            ]
            server = BackgroundServer(Starlette(routes=routes, middleware=[Middleware(devpage.Guard)]))
            # From the last: take no more calls, end the functions and the streams of their logs, wait for
            # the replies under way.
            stack.callback(server.join)
            stack.callback(functions.close)
            stack.callback(server.leave)
            server.start(listener)
            if self._tencent_hosts:
                hosts = TencentHosts(self._port, self._kept("tencent") or _temporary(stack))
                self.tencent = stack.enter_context(hosts)
            if self._timers:
                functions.start_timers()
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

    def _kept(self, name: str) -> Path | None:
        return None if self._data is None else self._data / name

    def _functions(self, deployments: Deployments, wechat: WeChatStandIn, work_dir: Path) -> FunctionHost:
        launcher: Launches
        common: dict[str, Any] = {
            "endpoint_url": lambda: self.url,
            "overrides": self._overrides(wechat),
            "clock": self.clock,
        }
        if self._deployed:
            launcher = DeployedLauncher(deployments, work_dir, env_id=self.env, **common)
        else:
            launcher = Launcher(self._root, work_dir, **common)
        return FunctionHost(launcher, credentials=self.credentials, work_dir=work_dir, clock=self.clock)

    def _overrides(self, wechat: WeChatStandIn) -> dict[str, str]:
        """Return the variables that every function gets, so that none reaches out of this cloud."""
        phone_key, link_key, board_key = (
            hmac.digest(self.credentials.secret_key.encode(), purpose, "sha256").hex()
            for purpose in (b"phone", b"link", b"board")
        )
        keys = {
            "PHONE_HASH_KEY": phone_key,
            "SHARE_LINK_KEYS": f"local:{link_key}",
            "BOARD_KEYS": f"local:{board_key}",
        }
        return {**keys, **wechat.settings(self.url), **self._settings}

    async def _health(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "envId": self.env})


class BackgroundServer(uvicorn.Server):
    """Uvicorn in a thread, on a socket that is bound already."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, listener: socket.socket) -> None:
        """Serve on *listener*; returns when requests are answered."""
        self._thread = threading.Thread(
            target=self._serve_on, args=(listener,), name="localcloud", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if not self.started:
            raise StartError("the server ended as it started: its reason is above")

    def leave(self) -> None:
        """Take no more calls; returns at once."""
        self.should_exit = True

    def join(self) -> None:
        """Wait, a few seconds at most, for the last replies and the end of the thread."""
        if self._thread is not None:
            self._thread.join()

    def _serve_on(self, listener: socket.socket) -> None:
        try:
            self.run([listener])
        finally:
            self._ready.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


def listen(port: int) -> socket.socket:
    """Return a socket that listens on *port*, 0 for a free one; StartError if it is taken."""
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # Named, or asyncio leaves TCP_NODELAY off.
    if sys.platform != "win32":  # There the option would let two servers share a port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # At once: until then another could bind to the same port.
    except (OSError, OverflowError) as error:
        listener.close()
        raise StartError(
            f"port {port} cannot be used ({error}): stop what uses it or choose another with --port"
        ) from error
    return listener


def _env_id(root: Path) -> str:
    try:
        return load_project(root).env_id or DEFAULT_ENV_ID
    except ProjectError as error:
        raise StartError(str(error)) from error


def _temporary(stack: ExitStack) -> Path:
    folder = tempfile.TemporaryDirectory(prefix="localcloud-", ignore_cleanup_errors=True)
    return Path(stack.enter_context(folder))
