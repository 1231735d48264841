"""One running instance of a function: a process of its own that serves one event at a time.

Time and memory limits are kept from outside, by `inspect`, which the host calls many times a second. Memory
is the resident set of the process: that is what containers count, and it can be read on Linux, macOS and
Windows alike, whereas limits on the address space count much more and hold on Linux only.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import psutil

from .failures import (
    Failure,
    FunctionRaised,
    MemoryLimitExceeded,
    ProcessExited,
    ResponseTooLarge,
    TimeLimitExceeded,
)
from .launch import Launch

_ARGUMENTS = ["-I", "-S", "-B", "-X", "utf8", str(Path(__file__).with_name("bootstrap.py"))]
_OWN_GROUP: dict[str, Any]
if sys.platform == "win32":
    _OWN_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
else:  # Ctrl-C in the terminal is for the host, which then ends its instances itself.
    _OWN_GROUP = {"start_new_session": True}
_READY = b"R"
_MARK = b"\x1e"
_LONGEST_LINE = 64 * 1024
_LOG_SECONDS = 1.0
_MB = 1024 * 1024

MAX_REPLY = 6 * _MB
"""What a function may answer, in bytes."""

WriteLog = Callable[[str, str], None]
"""Takes the request id and one line of text."""


class Instance:
    """A started process; `call` loads the function on its first use, which makes that call a cold one."""

    def __init__(self, launch: Launch, write_log: WriteLog, *, init_seconds: float) -> None:
        self.launch = launch
        self.cold = True
        self.idle_since = time.monotonic()
        self._init_seconds = init_seconds
        self._write_log = write_log
        self._request_id = ""
        self._limit = init_seconds
        self._deadline: float | None = None
        self._verdict: Failure | None = None
        self._lock = threading.Lock()
        self._logged = threading.Event()
        self._process = subprocess.Popen(  # noqa: S603  # Runs the developer's own function.
            [launch.python, *_ARGUMENTS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=launch.folder,
            env=dict(launch.environ),
            **_OWN_GROUP,
        )
        self._observer = psutil.Process(self._process.pid)
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    @property
    def fit(self) -> bool:
        """Whether this instance can serve another event."""
        return not self.cold and self._verdict is None and self._process.poll() is None

    def memory_mb(self) -> float:
        """Return the resident memory of the process in MB; 0 when it is gone."""
        try:
            return float(self._observer.memory_info().rss) / _MB
        except psutil.Error:
            return 0.0

    def call(self, request_id: str, call: bytes) -> bytes:
        """Run one invocation, a line for the bootstrap, and return the reply's JSON.

        Raises Failure; the process may then be gone.
        """
        self._request_id = request_id
        self._logged.clear()
        try:
            answer = self._load() if self.cold else _READY
            if answer[:1] == _READY:
                self.cold = False
                answer = self._ask(call, self.launch.function.timeout)
            self._logged.wait(timeout=_LOG_SECONDS)
        finally:
            self.idle_since = time.monotonic()
        return self._reply(answer)

    def inspect(self, now: float) -> None:
        """End the process if its invocation exceeds a limit; *now* is monotonic."""
        with self._lock:
            if self._deadline is None or self._verdict is not None:
                return
            function = self.launch.function
            if now >= self._deadline:
                self._verdict = TimeLimitExceeded(f"Invoking task timed out after {self._limit:g} seconds")
            elif self.memory_mb() > function.memory_size:
                self._verdict = MemoryLimitExceeded(f"Memory limit exceeded ({function.memory_size} MB)")
            else:
                return
        self._kill()

    def close(self) -> None:
        """End the process and release what belongs to it."""
        self._kill()
        self._reader.join(timeout=_LOG_SECONDS)
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # What a dead process did not read cannot be flushed.
                _opened(pipe).close()

    def _load(self) -> bytes:
        file, function = self.launch.entry
        start = {
            "path": self.launch.path,
            "file": str(file),
            "function": function,
            "ahead": self.launch.ahead,
        }
        return self._ask(json.dumps(start).encode() + b"\n", self._init_seconds)

    def _ask(self, line: bytes, seconds: float) -> bytes:
        """Send one line and return the line that answers it, empty when the process ended instead."""
        with self._lock:
            self._limit, self._deadline = seconds, time.monotonic() + seconds
        answer = b""
        with suppress(OSError, ValueError):  # The process has ended, or `close` has closed its pipes.
            pipe = _opened(self._process.stdin)
            pipe.write(line)
            pipe.flush()
            answer = _opened(self._process.stdout).readline()
        with self._lock:
            self._deadline = None
        return answer

    def _reply(self, answer: bytes) -> bytes:
        if self._verdict is not None:
            raise self._verdict
        if answer[:1] == b"+" and answer.endswith(b"\n"):
            if len(answer) > MAX_REPLY:
                raise ResponseTooLarge(f"The function's reply is larger than {MAX_REPLY} bytes")
            return answer[1:-1]
        if answer[:1] == b"-":
            error = json.loads(answer[1:])
            raise FunctionRaised(f"{error['type']}: {error['message']}\n{error['trace']}")
        status = self._process.wait()
        raise ProcessExited(f"The function's process exited while running (status {status})")

    def _kill(self) -> None:
        """End the process, and on POSIX whatever it started."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):  # Either says that it has just ended.
                if sys.platform == "win32":
                    self._process.kill()
                else:
                    os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _read_log(self) -> None:
        """Hand on what the process prints; a mark of the bootstrap closes each invocation."""
        with _opened(self._process.stderr) as pipe:
            while raw := pipe.readline(_LONGEST_LINE):
                text, mark, request_id = raw.rstrip(b"\r\n").partition(_MARK)
                if text or not mark:
                    self._write_log(self._request_id, text.decode(errors="replace"))
                if request_id.decode(errors="replace") == self._request_id:
                    self._logged.set()
        self._logged.set()


def _opened(pipe: IO[bytes] | None) -> IO[bytes]:
    """Return a pipe that Popen was asked for."""
    if pipe is None:
        raise ValueError("the process has no such pipe")
    return pipe
