"""A headless Chromium, driven over its debugging pipe: what it loaded, its complaints, what it shows."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)
_PATIENCE = 20


class Browser:
    """One page. *events* are all that it told of since they were last cleared."""

    def __init__(self, send: int, receive: int) -> None:
        self._send = os.fdopen(send, "wb", buffering=0)
        self._receive = os.fdopen(receive, "rb", buffering=0)
        self._rest, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.do(f"{domain}.enable")

    def do(self, method: str, **parameters: Any) -> Any:
        """Carry out one command of the protocol and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._send.write(json.dumps(message).encode() + b"\0")
        while True:
            reply = self._next()
            if reply.get("id") == self._number:
                assert "error" not in reply, reply
                return reply["result"]
            self.events.append(reply)

    def open(self, url: str) -> None:
        """Go to *url* and wait until it is loaded."""
        self.do("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        """Return what *script* comes to in the page."""
        result = self.do("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, condition: str) -> None:
        """Wait until *condition* holds in the page."""
        end = time.monotonic() + _PATIENCE
        while not self.run(f"Boolean({condition})"):
            assert time.monotonic() < end, condition
            time.sleep(0.05)

    def view(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """Show the page at this size, in the scheme that the reader's system asks for."""
        self.do(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path) -> None:
        """Write what is shown, to its end, into *path*."""
        data = self.do("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def told(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of all events of one kind."""
        return [event["params"] for event in self.events if event.get("method") == method]

    def complaints(self) -> list[Any]:
        """Return errors and warnings of the console, and exceptions."""
        said = [
            each for each in self.told("Runtime.consoleAPICalled") if each["type"] in {"error", "warning"}
        ]
        entries = [each["entry"] for each in self.told("Log.entryAdded")]
        return [*said, *self.told("Runtime.exceptionThrown"), *(e for e in entries if e["level"] == "error")]

    def close(self) -> None:
        """Hang up."""
        self._send.close()
        self._receive.close()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = self._receive.read(1 << 16)
            assert chunk, "the browser is gone"
            self._rest += chunk
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Start a browser that has never been used before, with its data in *folder*."""
    assert CHROMIUM is not None
    commands, send = os.pipe()
    receive, replies = os.pipe()
    process = subprocess.Popen(
        [CHROMIUM, *_FLAGS, f"--user-data-dir={folder}"],
        preexec_fn=_at_three_and_four(commands, replies),  # noqa: PLW1509  # Chromium reads 3 and writes 4.
        pass_fds=(3, 4),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(commands)
    os.close(replies)
    browser = Browser(send, receive)
    try:
        yield browser
    finally:
        browser.close()
        process.terminate()
        process.wait()


def _at_three_and_four(commands: int, replies: int) -> Callable[[], None]:
    def move() -> None:
        away = [fcntl.fcntl(each, fcntl.F_DUPFD, 10) for each in (commands, replies)]
        for place, each in enumerate(away, start=3):
            os.dup2(each, place)

    return move
