"""The developers' page: call functions as anybody, look into collections, follow what happens.

One page without a build step or anything from elsewhere. What it does that others do too (calling, timers,
payments, the clock, logs) goes through their doors; what only it needs is below ``/_dev``.
"""

from pathlib import Path

from starlette.routing import BaseRoute, Route

from localcloud.cloudapi import Cloud
from localcloud.devpage.door import Door
from localcloud.devpage.guard import Guard
from localcloud.functions import FunctionHost
from localcloud.traces import Traces

__all__ = ["Guard", "routes"]


def routes(root: Path, cloud: Cloud, functions: FunctionHost, traces: Traces) -> list[BaseRoute]:
    """Return the page and what it asks for."""
    door = Door(root, cloud, functions, traces)
    return [
        Route("/", door.page, methods=["GET"]),
        Route("/_dev", door.page, methods=["GET"]),
        Route("/_dev/functions", door.functions, methods=["GET"]),
        Route("/_dev/collections", door.collections, methods=["GET"]),
        Route("/_dev/find", door.find, methods=["POST"]),
        Route("/_dev/traces", door.traces, methods=["GET"]),
    ]
