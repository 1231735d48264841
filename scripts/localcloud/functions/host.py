"""The function host: takes an event for a function, lends it an instance, and says what came of it."""

import json
import math
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from localcloud.clock import Clock
from localcloud.credentials import Credentials

from .callers import OPERATOR, Caller, appid_of, context, invocation_environ
from .failures import Failure, FunctionNotFound, PayloadTooLarge, PermissionDenied, StatusAbnormal
from .instance import Instance
from .invocation import Invocation, new_request_id
from .launch import Launch, Launches
from .logs import WELL, Log, Report
from .pool import Pool
from .project import Function
from .timers import Retry, Timers

_INSPECT_SECONDS = 0.05
_MB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """The host's own limits; those of a function are in its configuration.

    The size of an event (bytes) is that of cloud.tencent.com/document/product/583/11637.
    """

    instances: int = 10
    queue_seconds: float = 5.0
    idle_seconds: float = 300.0
    init_seconds: float = 65.0
    event_bytes: int = 6 * _MB
    retry: Retry = field(default_factory=Retry)


class FunctionHost:
    """Runs the functions that *launcher* knows; `close` ends every process it started."""

    def __init__(
        self,
        launcher: Launches,
        *,
        credentials: Credentials,
        work_dir: Path,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        self.log = Log(work_dir / "logs" / "functions.log")
        self.launcher = launcher
        self._credentials = credentials
        self.clock = clock
        self._limits = limits or Limits()
        self.timers = Timers(self.launcher.project, self.invoke, clock=clock.utc, retry=self._limits.retry)
        self._pools: dict[str, Pool] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._inspector = threading.Thread(target=self._inspect, name="function-limits", daemon=True)
        self._inspector.start()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def routes(self) -> list[BaseRoute]:
        """Return the host's HTTP doors: functions, HTTP access, timers, logs."""
        from .routes import routes  # noqa: PLC0415  # Those doors open on this host.

        return routes(self)

    def start_timers(self) -> None:
        """Let the timers fire on their own."""
        self.timers.start()

    def invoke(
        self, name: str, event: Any, caller: Caller = OPERATOR, *, request_id: str | None = None
    ) -> Invocation:
        """Run the function *name* with *event* and wait for it; every kind of failure is in the result."""
        invocation = Invocation(name, request_id or new_request_id())
        started = time.perf_counter()
        try:
            self._run(invocation, event, caller)
        except Failure as failure:
            invocation.failure = failure
        invocation.duration_ms = (time.perf_counter() - started) * 1000
        self._report(invocation)
        return invocation

    def instances(self, name: str) -> int:
        """Return how many instances the function *name* has now."""
        pool = self._pools.get(name)
        return pool.size if pool else 0

    def retire(self, name: str) -> None:
        """End the idle instances of the function *name*, so that its next call is a cold one."""
        if name in self._pools:
            self._pools[name].retire(before=math.inf)

    def close(self) -> None:
        """Stop the timers and end all instances; log followers see the end of their stream."""
        self._closed.set()
        self.timers.close()
        self._inspector.join()
        for pool in list(self._pools.values()):
            pool.close()
        self.log.close()

    def _run(self, invocation: Invocation, event: Any, caller: Caller) -> None:
        if self.closed:
            raise StatusAbnormal("The function host is closed")
        project = self.launcher.project()
        function = project.function(invocation.function)
        if function is None:
            raise FunctionNotFound(f"Function [{invocation.function}] is not among those {project.origin}")
        if caller.kind == "member" and not project.admits(function.name):
            raise PermissionDenied(f"The security rule lets no client call the function [{function.name}]")
        launch = self.launcher.launch(function)
        call = self._call(launch, event, caller, invocation.request_id)
        with self._pool(function).instance(launch) as instance:
            invocation.cold = instance.cold
            try:
                invocation.payload = instance.call(invocation.request_id, call)
            finally:
                invocation.memory_mb = instance.memory_mb()

    def _call(self, launch: Launch, event: Any, caller: Caller, request_id: str) -> bytes:
        """Return one invocation as the line that the instance is sent."""
        process = launch.environ
        environ = invocation_environ(
            caller, process=process, credentials=self._credentials, request_id=request_id
        )
        event = caller.event(event, appid_of(process))
        text = json.dumps(event)
        limit = self._limits.event_bytes
        if len(text) > limit and _size(event) > limit:
            raise PayloadTooLarge(f"The event is larger than {limit} bytes")
        facts = {
            "id": request_id,
            "environ": environ,
            "context": context(launch.function, environ, request_id),
        }
        return b'{"event":%b,%b\n' % (text.encode(), json.dumps(facts).encode()[1:])

    def _pool(self, function: Function) -> Pool:
        with self._lock:
            if function.name not in self._pools:
                limits = self._limits
                start = partial(self._start, function.name)
                self._pools[function.name] = Pool(
                    start, limit=limits.instances, queue_seconds=limits.queue_seconds
                )
            return self._pools[function.name]

    def _start(self, name: str, launch: Launch) -> Instance:
        try:
            return Instance(launch, partial(self.log.write, name), init_seconds=self._limits.init_seconds)
        except OSError as error:
            raise StatusAbnormal(f"The function's process cannot be started: {error}") from error

    def _report(self, invocation: Invocation) -> None:
        report = Report(
            at=datetime.now(timezone.utc),
            function=invocation.function,
            request_id=invocation.request_id,
            outcome=invocation.failure.code if invocation.failure else WELL,
            start="cold" if invocation.cold else "warm",
            duration_ms=round(invocation.duration_ms, 2),
            memory_mb=invocation.memory_mb,
        )
        self.log.report(report)

    def _inspect(self) -> None:
        while not self._closed.wait(_INSPECT_SECONDS):
            for pool in list(self._pools.values()):
                now = time.monotonic()
                pool.inspect(now)
                pool.retire(before=now - self._limits.idle_seconds)


def _size(event: Any) -> int:
    """Return the bytes of *event* as JSON that escapes nothing it need not."""
    return len(json.dumps(event, ensure_ascii=False).encode(errors="surrogatepass"))
