"""The HTTP proxy that tools are told to use: it connects them to the local cloud in place of Tencent's hosts.

Nothing passes to any other host: what asks for one is refused, so that a tool cannot leave the machine.
"""

import asyncio
import ssl
import threading
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from .certificates import certificates
from .hosts import CERTIFIED, is_served

_HOST = "127.0.0.1"
_HTTPS = "443"
_CHUNK = 64 * 1024
_CONNECTED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b"
)


class TencentHosts:
    """A proxy to the local cloud on *port*; its certificates are kept in *folder*."""

    def __init__(self, port: int, folder: Path) -> None:
        self._port = port
        self._files = certificates(folder, CERTIFIED)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._tls_port = 0
        self.url = ""

    @property
    def authority(self) -> Path:
        """The certificate that tools have to trust."""
        return self._files.authority

    def environment(self) -> dict[str, str]:
        """Return the environment variables that send the official tools here."""
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), self.url)
        return {**proxies, "NODE_EXTRA_CA_CERTS": str(self.authority), "NO_UPDATE_NOTIFIER": "1", "CI": "1"}

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._files.server, self._files.key)
        inner = await asyncio.start_server(self._to_cloud, _HOST, 0, ssl=context)
        outer = await asyncio.start_server(self._connect, _HOST, 0)
        self._tls_port = inner.sockets[0].getsockname()[1]
        self.url = f"http://{_HOST}:{outer.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._stop.wait()
        outer.close()
        inner.close()

    async def _connect(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer one request to the proxy: a tunnel to a host that is served, or a refusal."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, *_ = [*head.decode("latin-1").split(" ", 2), ""]
            host, _, port = target.rpartition(":")
            if method == "CONNECT" and port == _HTTPS and is_served(host):
                writer.write(_CONNECTED)
                await _join((reader, writer), await asyncio.open_connection(_HOST, self._tls_port))
            else:
                text = f"The local cloud does not answer for {target}, and lets nothing out.\n".encode()
                writer.write(_REFUSED % (len(text), text))
                await writer.drain()
        writer.close()

    async def _to_cloud(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry what came over TLS to the local cloud."""
        with suppress(OSError):
            await _join((reader, writer), await asyncio.open_connection(_HOST, self._port))
        writer.close()


async def _join(one: tuple[StreamReader, StreamWriter], other: tuple[StreamReader, StreamWriter]) -> None:
    """Carry bytes both ways until either side ends."""
    ways = [asyncio.create_task(_carry(one[0], other[1])), asyncio.create_task(_carry(other[0], one[1]))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        other[1].close()


async def _carry(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
