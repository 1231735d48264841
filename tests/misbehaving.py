"""A Cloud API that misbehaves on purpose, request by request, at the level of the connection."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 30.0


@dataclass
class Seen:
    """One request that was read to its end."""

    connection: int
    headers: dict[str, str]
    body: bytes

    @property
    def commands(self) -> list[Any]:
        """The native commands it carried."""
        return [json.loads(each["Command"]) for each in json.loads(self.body)["MgoCommands"]]


Act = Callable[[socket.socket], bool]
"""Answer the request just read; say whether the connection stays open."""


@dataclass
class Misbehaving:
    """Answers the first request by the first of *acts*, and so on; without an act left it hangs up."""

    acts: list[Act | None]
    """None: hang up before anything is read."""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        """Accept connections until *listener* is closed."""
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, suppress(ConnectionError):
                connection.settimeout(PATIENCE)
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        while self.acts:
            if self.acts[0] is None:
                self.acts.pop(0)
                return
            request = _read(connection, self.connections)
            if request is None:
                return
            self.seen.append(request)
            act = self.acts.pop(0)
            if act is None or not act(connection):
                return


@contextmanager
def misbehaving(*acts: Act | None) -> Iterator[Misbehaving]:
    """Serve on a free port of this machine."""
    server = Misbehaving(list(acts))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            listener.shutdown(socket.SHUT_RDWR)


def _read(connection: socket.socket, number: int) -> Seen | None:
    with connection.makefile("rb") as stream:
        if not stream.readline():
            return None
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return Seen(number, headers, stream.read(int(headers["content-length"])))


def send(body: bytes, *, status: str = "200 OK", length: int | None = None, stay: bool = True) -> Act:
    """Answer with *body*, announced as *length* bytes."""

    def act(connection: socket.socket) -> bool:
        announced = len(body) if length is None else length
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {announced}\r\n\r\n"
        connection.sendall(head.encode() + body)
        return stay

    return act


def respond(response: Any, *, stay: bool = True) -> Act:
    """Answer as the Cloud API does."""
    return send(json.dumps({"Response": response}).encode(), stay=stay)


def data(*elements: Any, stay: bool = True) -> Act:
    """Answer with *elements* as the reply's ``Data``."""
    return respond({"Data": list(elements), "RequestId": "r"}, stay=stay)


def error(code: str, message: str = "") -> Act:
    """Answer with an error of the Cloud API."""
    return respond({"Error": {"Code": code, "Message": message}, "RequestId": "r"})


def hang_up(_: socket.socket) -> bool:
    """Close after reading, without an answer."""
    return False


def greet(connection: socket.socket) -> bool:
    """Speak another protocol."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    return False
