"""The `/admin` door: what `wx-server-sdk` and `@cloudbase/node-sdk` speak from inside a cloud function.

So functions of the former mini-programs, in Node, can live beside these in one environment. A body names its
`action`; queries, updates and documents in it are texts of canonical Extended JSON. Every reply is HTTP 200,
a refusal in it is a `code` and a `message`.

A Node function finds this door by one variable, ``TCB_CONTEXT_CNFG={"URL": "<this cloud>/admin"}``, beside
the platform's own.
"""

from starlette.routing import BaseRoute, Route

from localcloud.admin.door import Door
from localcloud.clock import Clock
from localcloud.cloudapi import Cloud
from localcloud.credentials import Credentials
from localcloud.functions import FunctionHost

__all__ = ["routes"]


def routes(cloud: Cloud, functions: FunctionHost, credentials: Credentials, clock: Clock) -> list[BaseRoute]:
    """Return the one route of the door."""
    return [Route("/admin", Door(cloud, functions, credentials, clock).answer, methods=["POST"])]
