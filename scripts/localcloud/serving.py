"""An ASGI application served by uvicorn in a thread of this process, on this machine only."""

import socket
import sys
import threading

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"
_GRACE_SECONDS = 3
_KEEP_ALIVE_SECONDS = 60


class StartError(Exception):
    """Something cannot be started; the message says in one line why and what to do."""


def listen(port: int) -> socket.socket:
    """Return a socket that listens on *port*, 0 for a free one; StartError if it is taken."""
    listener = socket.socket()
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
